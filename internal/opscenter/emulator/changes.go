package emulator

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// otherChange is a change of a member that AWS's events do not carry. It is kept beside an event for the console's
// history alone.
type otherChange struct {
	What string `json:"what"` // the member; of operational data, with the key
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"` // both "" where they are too long for a line
}

// maxOtherValue is how long a value may be, in bytes, to stand in the history.
const maxOtherValue = 60

// otherChanges lists what differs between two versions of an item besides what an event carries.
func otherChanges(old, it *item) []otherChange {
	var out []otherChange
	add := func(what, from, to string) {
		if max(len(from), len(to)) > maxOtherValue || oneLine(from+to) != from+to {
			from, to = "", ""
		}
		out = append(out, otherChange{What: what, From: from, To: to})
	}
	keys := slices.Collect(maps.Keys(old.Data))
	for k := range it.Data {
		if _, there := old.Data[k]; !there {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	for _, k := range keys {
		if from, to := old.Data[k], it.Data[k]; from != to {
			add(dataChange(k, from.Value, to.Value))
		}
	}
	if !slices.Equal(old.Notifications, it.Notifications) {
		add("notified topics", "", "")
	}
	if !slices.Equal(old.Related, it.Related) {
		add("related OpsItems", strings.Join(old.Related, " "), strings.Join(it.Related, " "))
	}
	for _, t := range []struct {
		what     string
		from, to time.Time
	}{
		{"actual start", old.ActualStart, it.ActualStart},
		{"actual end", old.ActualEnd, it.ActualEnd},
		{"planned start", old.PlannedStart, it.PlannedStart},
		{"planned end", old.PlannedEnd, it.PlannedEnd},
	} {
		if !t.from.Equal(t.to) {
			add(t.what, exactIfSet(t.from), exactIfSet(t.to))
		}
	}
	return out
}

// dataChange is a change of operational data. Lists that the page shows in another form are no values to read.
func dataChange(key, from, to string) (what, shownFrom, shownTo string) {
	switch key {
	case keyResources:
		return "related resources", "", ""
	case keyAutomations:
		return "runbooks", "", ""
	}
	return "data " + key, from, to
}

func exactIfSet(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return exact(t)
}

// text words the change.
func (c otherChange) text() string {
	if c.From == "" && c.To == "" {
		return c.What
	}
	return fmt.Sprintf("%s %s → %s", c.What, cmp.Or(c.From, "none"), cmp.Or(c.To, "none"))
}

// TextChange is the part of a text that changed, whole lines of it: what stands above and below is alike in both.
type TextChange struct{ Before, After string }

// textChange gives nil where there is nothing to show: the texts are alike, but for empty lines.
func textChange(from, to string) *TextChange {
	a, b := strings.Split(from, "\n"), strings.Split(to, "\n")
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	c := &TextChange{Before: strings.Join(a, "\n"), After: strings.Join(b, "\n")}
	if strings.TrimSpace(c.Before+c.After) == "" {
		return nil
	}
	return c
}
