package emulator

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// notice is what a page says of the post before. It travels in the address.
type notice struct {
	Done string
	Left leftOver
}

// What an address has for the next page only.
const (
	keyDone = "done"
	keyN    = "n"
	keyLeft = "left" // "WHY.ID"
	keyTick = "tick" // an id, or tickAll
)

const tickAll = "all"

// withNotice adds to an address of the console what was done, to how many OpsItems, and which were left as they are. It
// takes out what the address had to say before.
func withNotice(back, what string, n int, rest []left) string {
	u, err := url.Parse(back)
	if err != nil {
		return back
	}
	q := u.Query()
	q.Del(keyTick)
	q.Set(keyDone, what)
	q.Set(keyN, strconv.Itoa(n))
	q.Del(keyLeft)
	for _, l := range rest {
		q.Add(keyLeft, l.Why+"."+l.ID)
	}
	u.RawQuery = q.Encode()
	return u.String()
}

// ticked is an address of the list with what was ticked there; others stay as they are.
func (c *console) ticked(back string, ids []string) string {
	u, err := url.Parse(back)
	if err != nil || strings.TrimSuffix(u.Path, "/") != c.prefix {
		return back
	}
	q := u.Query()
	q[keyTick] = ids
	u.RawQuery = q.Encode()
	return u.String()
}

func readLeft(q url.Values) []left {
	var out []left
	for _, v := range q[keyLeft] {
		if why, id, ok := strings.Cut(v, "."); ok && len(out) < defaultMaxResults {
			out = append(out, left{ID: id, Why: why})
		}
	}
	return out
}

// ticksOf says which boxes of a list are ticked: those that the address names, and those where a deed may be tried again.
func ticksOf(q url.Values) func(id string) bool {
	ids := slices.Clone(q[keyTick])
	for _, l := range readLeft(q) {
		if l.Why == leftFailed {
			ids = append(ids, l.ID)
		}
	}
	all := slices.Contains(ids, tickAll)
	return func(id string) bool { return all || slices.Contains(ids, id) }
}

func (c *console) noticeOf(r *http.Request) notice {
	q := r.URL.Query()
	n, _ := strconv.Atoi(q.Get(keyN)) // 0 reads as none
	d, ok := deedOf(q.Get(keyDone))
	if !ok {
		return notice{Done: doneText(q.Get(keyDone))}
	}
	var out notice
	rest := readLeft(q)
	if len(rest) > 0 {
		out.Left = c.leftOver(r.Context(), d, rest)
	}
	if n > 0 || len(rest) == 0 {
		out.Done = counted(n) + " " + d.Past + "."
	}
	if d.Action == "delete" && n > 0 {
		they := "They disappear"
		if n == 1 {
			they = "It disappears"
		}
		out.Done += " " + they + " within a few minutes."
	}
	return out
}

func doneText(what string) string {
	switch what {
	case "saved":
		return "Saved."
	case "same":
		return "Nothing changed: the OpsItem was like this already."
	case "none":
		return "Nothing was selected."
	case "view":
		return "View saved."
	case "noview":
		return "View deleted."
	}
	return ""
}

func counted(n int) string {
	if n == 1 {
		return "1 OpsItem"
	}
	return fmt.Sprintf("%d OpsItems", n)
}

// refusalText says in a person's words why the emulator refused something, and with which HTTP status the page says so.
func refusalText(err error) (int, string) {
	refusal, ok := errors.AsType[*Error](err)
	if !ok || refusal.Status >= http.StatusInternalServerError {
		return http.StatusInternalServerError, "Something went wrong here; the log says what."
	}
	switch refusal.Code {
	case "OpsItemNotFoundException":
		return http.StatusNotFound, refusal.Message
	case "OpsItemConflictException":
		return http.StatusConflict, "It is being deleted and can no longer be changed."
	case "OpsItemAlreadyExistsException":
		return http.StatusConflict, fmt.Sprintf("%v is about the same (it has the same deduplication string) and is not resolved. Resolve that one first.", refusal.Members["OpsItemId"])
	}
	return refusal.Status, refusal.Message
}

// whyLeft is refusalText for what travels in an address.
func whyLeft(err error) string {
	refusal, _ := errors.AsType[*Error](err)
	switch {
	case refusal == nil:
	case refusal.Code == "OpsItemNotFoundException":
		return leftGone
	case refusal.Code == "OpsItemConflictException":
		return leftDeleting
	}
	return leftFailed
}
