package improvement

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"learningloop/internal/fault"
	"learningloop/internal/opsitem"
)

// Verb is what somebody decides.
type Verb string

// The verbs.
const (
	Accept Verb = "accept"
	Plan   Verb = "plan"
	Start  Verb = "start"
	Ship   Verb = "ship"
	Reject Verb = "decline"
	Reopen Verb = "reopen"
)

// Verbs lists them all.
var Verbs = []Verb{Accept, Plan, Start, Ship, Reject, Reopen}

// steps says from where each verb leads, and where to.
var steps = map[Verb]struct {
	from []Status
	to   Status
}{
	Accept: {[]Status{Proposed}, Accepted},
	Plan:   {[]Status{Proposed, Accepted, Planned}, Planned},
	Start:  {[]Status{Accepted, Planned}, InProgress},
	Ship:   {[]Status{Accepted, Planned, InProgress}, Shipped},
	Reject: {[]Status{Proposed, Accepted, Planned, InProgress}, Declined},
	Reopen: {[]Status{Shipped, Validated, Declined}, Accepted},
}

// Next gives the verbs that fit a status.
func Next(s Status) []Verb {
	var out []Verb
	for _, v := range Verbs {
		if slices.Contains(steps[v].from, s) {
			out = append(out, v)
		}
	}
	return out
}

// Decision is what somebody decided about an Improvement.
type Decision struct {
	Verb    Verb        `json:"decision"`
	Reason  string      `json:"reason"`
	Owner   string      `json:"owner"`
	Due     Date        `json:"due"`
	Release string      `json:"release"`
	Kind    DeclineKind `json:"kind"`    // decline only
	Revisit Date        `json:"revisit"` // decline only
	Effort  float64     `json:"effort"`  // with any verb; 0 leaves the estimate
}

// check gives the Decision cleaned, or an Invalid error that names every bad field.
func (d Decision) check(im Improvement) (Decision, error) {
	var bad []fault.Field
	reject := func(pointer, detail string) { bad = append(bad, fault.Field{Pointer: pointer, Detail: detail}) }
	if !slices.Contains(Verbs, d.Verb) {
		reject("/decision", "must be one of accept, plan, start, ship, decline, reopen")
		return d, fault.Fields(bad...)
	}
	for _, f := range []struct {
		pointer string
		s       *string
		longest int
		oneLine bool
	}{{"/reason", &d.Reason, 1000, false}, {"/owner", &d.Owner, 100, true}, {"/release", &d.Release, 100, true}} {
		if f.oneLine {
			*f.s = strings.Join(strings.Fields(*f.s), " ")
		}
		if *f.s = strings.TrimSpace(*f.s); utf8.RuneCountInString(*f.s) > f.longest {
			reject(f.pointer, fmt.Sprintf("must be at most %d characters", f.longest))
		}
	}
	// Written so that what is no number (NaN) is refused too.
	if !(d.Effort >= 0 && d.Effort <= MaxEffort) {
		reject("/effort", "must be a number more than 0, at most 1,000,000")
	}
	if d.Kind != "" && !slices.Contains(DeclineKinds, d.Kind) {
		reject("/kind", "must be one of infeasible, tooCostly, offStrategy, duplicate")
	}
	switch d.Verb {
	case Plan:
		if d.Owner == "" && im.Owner == "" {
			reject("/owner", "is required to plan: who sees to it")
		}
		if d.Due.IsZero() && im.Due.IsZero() {
			reject("/due", "is required to plan: by when, as 2026-12-31")
		}
	case Reject:
		if d.Reason == "" {
			reject("/reason", "is required to decline: whoever asked will read it")
		}
	}
	return d, fault.Fields(bad...)
}

// Decide gives the Change that a decision makes of im. by is who decided. It is Conflict (code wrong_status) where the
// verb does not fit the status; the message says which ones do.
func Decide(im Improvement, d Decision, by string, now time.Time) (Change, error) {
	d, err := d.check(im)
	if err != nil {
		return Change{}, err
	}
	step := steps[d.Verb]
	if repeated(im, d, by) {
		return Change{Improvement: im}, nil
	}
	if !slices.Contains(step.from, im.Status) {
		return Change{}, wrongStatus(im.Status, d.Verb)
	}
	if d.Owner != "" {
		im.Owner = d.Owner
	}
	if !d.Due.IsZero() {
		im.Due = d.Due.Time
	}
	if d.Release != "" {
		im.Release = d.Release
	}
	if d.Effort > 0 {
		im.Effort = d.Effort
	}
	switch d.Verb {
	case Reject:
		im.Decline = Decline{Kind: d.Kind, Reason: d.Reason, Revisit: d.Revisit.Time}
	case Reopen:
		// The next episode starts clean: the last one's promise and release are in the history.
		im.Due, im.Release, im.Decline = time.Time{}, "", Decline{}
	}
	return move(im, string(d.Verb), step.to, by, d.Reason, now), nil
}

// repeated says whether d was just taken by the same person: a request sent twice is one decision.
func repeated(im Improvement, d Decision, by string) bool {
	return im.Status == steps[d.Verb].to && im.LastVerb == d.Verb && im.LastBy == by &&
		(d.Owner == "" || d.Owner == im.Owner) && (d.Due.IsZero() || d.Due.Equal(im.Due)) &&
		(d.Release == "" || d.Release == im.Release) && (d.Verb != Reject || d.Reason == im.Decline.Reason) &&
		(d.Effort == 0 || d.Effort == im.Effort)
}

// Empty says that nothing changes.
func (c Change) Empty() bool { return c.Entry == nil && c.Notice == nil && c.Episode == nil }

// Mirrored gives the Change that a status set in OpsCenter makes of im, and whether it makes one. by is who set it
// there. Nothing is pushed back: OpsCenter said it first.
func Mirrored(im Improvement, s opsitem.Status, by string, now time.Time) (Change, bool) {
	to := im.Status
	switch s {
	case opsitem.Open:
		if im.Status == InProgress || im.Status.Closed() {
			to = im.restored()
		}
	case opsitem.InProgress:
		if im.Status != InProgress {
			to = InProgress
		}
	case opsitem.Resolved:
		if !im.Status.Closed() {
			to = Shipped
		}
	}
	if to == im.Status || im.Status == Proposed {
		return Change{}, false
	}
	goOn(&im)
	return move(im, "set "+string(s)+" in OpsCenter", to, by, "", now), true
}

// goOn clears what a closed Improvement was closed with, which is in the history: it goes on after all.
func goOn(im *Improvement) {
	if im.Status.Closed() {
		im.Release, im.Decline = "", Decline{}
	}
}

// Resumed gives the Change of an operator who sets a resolved OpsItem back to work long after: the next episode, which
// goes on with the same OpsItem. moved is false where nothing of it is to be done.
func Resumed(im Improvement, s opsitem.Status, by string, now time.Time) (c Change, moved bool) {
	if !im.Status.Closed() {
		return Change{}, false
	}
	to := Accepted
	switch {
	case s == opsitem.InProgress:
		to = InProgress
	case s != opsitem.Open:
		return Change{}, false
	}
	// The next episode starts clean, as after Reopen.
	im.Due, im.Release, im.Decline, im.Started = time.Time{}, "", Decline{}, false
	im.Episode++
	im.settle(now)
	return move(im, "set "+string(s)+" in OpsCenter", to, by, "It comes back after the quiet time: the next episode, with the same OpsItem.", now), true
}

// restored is where an Improvement goes on when it is taken up again within its episode.
func (im Improvement) restored() Status {
	if im.Owner != "" && !im.Due.IsZero() {
		return Planned
	}
	return Accepted
}

// What rules do besides deciding, as the history says it.
const (
	resolved = "resolved"
	rejoined = "rejoined"
)

// opens says whether the Change begins an episode that has to be filed.
func (c Change) opens() bool {
	e := c.Entry
	return e != nil && c.Improvement.Episode > 0 && !c.Improvement.Status.Closed() && (e.From == Proposed || e.What == string(Reopen))
}

// OpsStatus is what the OpsItem of an Improvement in a status says (DESIGN, "One status, three views"); "" where there
// is nothing to file.
func (s Status) OpsStatus() opsitem.Status {
	switch s {
	case Accepted, Planned:
		return opsitem.Open
	case InProgress:
		return opsitem.InProgress
	case Shipped, Validated, Declined:
		return opsitem.Resolved
	default:
		return ""
	}
}

// move makes the Change from im's status to another.
func move(im Improvement, what string, to Status, by, reason string, now time.Time) Change {
	from := im.Status
	im.Status, im.Updated, im.LastVerb, im.LastBy = to, now, Verb(what), by
	if to.Closed() {
		im.Closed = now
	}
	if from == Proposed && !to.Closed() || what == string(Reopen) {
		im.Episode++
		im.OpsItem, im.Started = "", false
		im.settle(now)
	}
	im.Started = im.Started || to == InProgress
	im.Entries++
	c := Change{Improvement: im, Entry: &Entry{
		Seq: im.Entries, At: now, By: by, What: what, From: from, To: to, Reason: reason, Detail: detail(im, to),
	}}
	if to != from || to == Planned {
		if byRule(by) {
			reason = "" // that is for the team
		}
		c.Notice = NoticeOf(im, reason, now)
	}
	return c
}

func detail(im Improvement, to Status) string {
	switch {
	case to == Planned:
		return im.Owner + ", by " + im.Due.UTC().Format("2 January 2006")
	case to == Shipped && im.Release != "":
		return "release " + im.Release
	case to == Declined:
		return string(im.Decline.Kind)
	default:
		return ""
	}
}

// NoticeOf is the word that its followers are owed about im as it stands.
func NoticeOf(im Improvement, reason string, now time.Time) *Notice {
	return &Notice{
		Improvement: im.ID, Episode: im.Episode, Seq: im.Entries, Status: im.Status, Title: im.TeamTitle(), At: now, Due: im.Due,
		Release: im.Release, Started: im.Started, Reason: reason, DeclineKind: im.Decline.Kind, Revisit: im.Decline.Revisit,
	}
}

func wrongStatus(s Status, v Verb) error {
	var fit []string
	for _, n := range Next(s) {
		fit = append(fit, string(n))
	}
	return fault.New(fault.Conflict, "wrong_status", fmt.Sprintf("This improvement is %s, so %q does not fit. What fits: %s.", s, v, strings.Join(fit, ", ")))
}

// Date is a day, read from 2026-12-31 or an RFC 3339 time.
type Date struct{ time.Time }

// UnmarshalText reads the day.
func (d *Date) UnmarshalText(b []byte) error {
	s := strings.TrimSpace(string(b))
	if s == "" {
		d.Time = time.Time{}
		return nil
	}
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		if t, err = time.Parse(time.RFC3339, s); err != nil {
			return fmt.Errorf("must be a date like 2026-12-31")
		}
	}
	if t.Year() < 2000 || t.Year() > 2200 {
		return fmt.Errorf("must be a date between 2000 and 2200")
	}
	d.Time = t.UTC()
	return nil
}

// UnmarshalJSON reads the day from a JSON string.
func (d *Date) UnmarshalJSON(b []byte) error {
	if len(b) < 2 || b[0] != '"' {
		if string(b) == "null" {
			return nil
		}
		return fmt.Errorf("must be a date like 2026-12-31")
	}
	return d.UnmarshalText(b[1 : len(b)-1])
}
