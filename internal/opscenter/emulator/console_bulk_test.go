package emulator

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ssm"
)

// titled makes an item with a title.
func (r *rig) titled(title string) string {
	return r.create(func(in *ssm.CreateOpsItemInput) { in.Title = &title })
}

// What is done with several OpsItems is asked first, with what it means and what it is about.
func TestBulkAsks(t *testing.T) {
	r := newRig(t)
	b := newBrowser(t, r)
	open, resolved, deleted := r.titled("One that is open"), r.titled("One that is resolved"), r.titled("One that was deleted")
	if err := r.Edit(t.Context(), resolved, Edit{Status: StatusResolved}); err != nil {
		t.Fatal(err)
	}
	if err := r.Delete(t.Context(), deleted); err != nil {
		t.Fatal(err)
	}
	const gone = "oi-0123456789ab"
	back := testPrefix + "?q=one&status=all"
	for _, tc := range []struct {
		action string
		says   []string
	}{
		{"resolve", []string{
			"<h1>Resolve 1 OpsItem?</h1>", "hears of it at once and may take the work as done", "3 OpsItems not resolved:", "It was resolved before.",
			"It is being deleted and can no longer be changed.", "It is not there any more.",
		}},
		{"delete", []string{"<h1>Delete 2 OpsItems?</h1>", "This cannot be undone", "2 OpsItems not deleted:", "It was deleted before.", "It is not there any more."}},
	} {
		t.Run(tc.action, func(t *testing.T) {
			_, page, _ := b.post(testPrefix+"/bulk", url.Values{"action": {tc.action}, "id": {open, resolved, deleted, gone, open}, "back": {back}})
			for _, want := range tc.says {
				if !strings.Contains(page, want) {
					t.Errorf("does not say %q", want)
				}
			}
			if it := r.look(open); it.Status != StatusOpen || it.Deleting {
				t.Error("did it without asking")
			}
			if sent := regexp.MustCompile(`name="id" value="`+gone).FindString(page) + regexp.MustCompile(`name="id" value="`+deleted).FindString(page); sent != "" {
				t.Errorf("would do it to %s", sent)
			}
			keep := regexp.MustCompile(`<a href="([^"]+)">Keep`).FindStringSubmatch(page)
			if keep == nil {
				t.Fatal("no way back")
			}
			_, page, at := b.open(strings.ReplaceAll(keep[1], "&amp;", "&"))
			if !strings.Contains(at, "q=one") || !strings.Contains(at, "status=all") {
				t.Errorf("the filter is lost: %s", at)
			}
			for _, id := range []string{open, resolved} {
				if !regexp.MustCompile(`value="` + id + `"[^>]* checked`).MatchString(page) {
					t.Error("the ticks are lost")
				}
			}
		})
	}
}

// One that cannot be changed does not keep the rest from it, and is named with the reason.
func TestBulkGoesOn(t *testing.T) {
	r := newRig(t)
	b := newBrowser(t, r)
	one, two, three := r.titled("One"), r.titled("Two"), r.titled("Three")
	const gone = "oi-0123456789ab"
	back := testPrefix + "?q=o&sort=oldest&status=all"
	bulk := func(action string, ids ...string) (string, string) {
		t.Helper()
		status, page, at := b.post(testPrefix+"/bulk", url.Values{"action": {action}, "sure": {"yes"}, "id": ids, "back": {back}})
		if status != http.StatusOK || !strings.Contains(at, "q=o") || !strings.Contains(at, "sort=oldest") {
			t.Errorf("%d, the filter is lost: %s", status, at)
		}
		return page, at
	}
	page, _ := bulk("resolve", gone, one, two)
	for _, want := range []string{"2 OpsItems resolved.", "1 OpsItem not resolved:", gone + "</span> It is not there any more."} {
		if !strings.Contains(page, want) {
			t.Errorf("does not say %q", want)
		}
	}
	for _, id := range []string{one, two} {
		if it := r.look(id); it.Status != StatusResolved || it.Version != 2 {
			t.Errorf("%+v", it)
		}
	}
	page, _ = bulk("resolve", one)
	if strings.Contains(page, "0 OpsItems") || !strings.Contains(page, "1 OpsItem not resolved:") || !strings.Contains(page, "It was resolved before.") || r.look(one).Version != 2 {
		t.Error("does not say why nothing was done, or did something")
	}
	page, _ = bulk("delete", one)
	if !strings.Contains(page, "1 OpsItem deleted. It disappears within a few minutes.") || !r.look(one).Deleting {
		t.Error("one deleted")
	}
	page, _ = bulk("delete", one, two, three)
	if !strings.Contains(page, "2 OpsItems deleted. They disappear within a few minutes.") || !strings.Contains(page, "1 OpsItem not deleted:") || !strings.Contains(page, "It was deleted before.") {
		t.Error("two deleted")
	}
	page, _ = bulk("resolve", three)
	if !strings.Contains(page, "It is being deleted and can no longer be changed.") {
		t.Error("resolved what is being deleted")
	}
}

// When the emulator itself is at fault, what was selected stays selected, to be tried again.
func TestBulkFails(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Dir = t.TempDir() })
	b := newBrowser(t, r)
	one, two := r.titled("One"), r.titled("Two")
	if err := r.Close(); err != nil { // nothing can be written any more
		t.Fatal(err)
	}
	_, page, _ := b.post(testPrefix+"/bulk", url.Values{"action": {"resolve"}, "sure": {"yes"}, "id": {one, two}, "back": {testPrefix}})
	if !strings.Contains(page, "2 OpsItems not resolved:") || strings.Count(page, "Something went wrong here; the log says what.") != 2 {
		t.Error("does not say that it failed")
	}
	if n := strings.Count(page, " checked>"); n != 2 {
		t.Errorf("%d ticked", n)
	}
}

func TestBulkAnswers(t *testing.T) {
	r := newRig(t)
	b := newBrowser(t, r)
	one, two := r.create(), r.create()
	bulk := testPrefix + "/bulk"
	if _, page, at := b.post(bulk, url.Values{"action": {"resolve"}, "back": {testPrefix + "?status=all"}}); !strings.Contains(page, "Nothing was selected.") || !strings.Contains(at, "status=all") {
		t.Error("nothing said about nothing")
	}
	if _, page, at := b.post(bulk, url.Values{"action": {"delete"}, "sure": {"yes"}, "id": {two}, "back": {testPrefix + "/items/" + two}}); !strings.HasPrefix(at, testPrefix+"/items/"+two) || !strings.Contains(page, "is being deleted") {
		t.Errorf("deleted from its page: at %s", at)
	}
	if _, page, _ := b.open(testPrefix + "/items/" + two); strings.Contains(page, ">Save</button>") {
		t.Error("an item on its way out can be edited")
	}
	if _, _, at := b.post(bulk, url.Values{"action": {"resolve"}, "sure": {"yes"}, "id": {one}, "back": {"https://evil.example/"}}); !strings.HasPrefix(at, testPrefix) {
		t.Errorf("went to %s", at)
	}
	if status, _, _ := b.post(bulk, url.Values{"action": {"explode"}, "id": {two}}); status != http.StatusBadRequest {
		t.Errorf("unknown action: %d", status)
	}
	many := url.Values{"action": {"resolve"}, "sure": {"yes"}}
	for range defaultMaxResults + 1 {
		many.Add("id", r.create())
	}
	if status, page, _ := b.post(bulk, many); status != http.StatusBadRequest || !strings.Contains(page, "At most 50 OpsItems") {
		t.Errorf("more than a page lists: %d", status)
	}
	if it := r.look(many.Get("id")); it.Status != StatusOpen {
		t.Error("resolved all the same")
	}
}

// Everything on the page can be selected, and nothing, by links that need no script.
func TestSelectAll(t *testing.T) {
	r := newRig(t)
	b := newBrowser(t, r)
	for range defaultMaxResults + 5 {
		r.create()
	}
	_, page, _ := b.open(testPrefix + "?q=&severity=")
	for _, tc := range []struct {
		link string
		want int
	}{{"Select all 50", 50}, {"Select none", 0}} {
		m := regexp.MustCompile(`<a href="([^"]+)">` + tc.link).FindStringSubmatch(page)
		if m == nil {
			t.Fatalf("no link %q", tc.link)
		}
		path, _, _ := strings.Cut(strings.ReplaceAll(m[1], "&amp;", "&"), "#")
		if _, page, _ = b.open(path); strings.Count(page, " checked>") != tc.want {
			t.Errorf("%s: %d", tc.link, strings.Count(page, " checked>"))
		}
	}
	m := regexp.MustCompile(`href="([^"]+)" rel="next"`).FindStringSubmatch(page)
	_, page, _ = b.open(strings.ReplaceAll(m[1], "&amp;", "&"))
	if m = regexp.MustCompile(`<a href="([^"]+)">Select all 5</a>`).FindStringSubmatch(page); m == nil || !strings.Contains(m[1], "cursor=") {
		t.Error("does not stay on its page")
	}
}
