package improvement

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/fault"
	"learningloop/internal/feedback"
	"learningloop/internal/opsitem"
	"learningloop/internal/product"
	"learningloop/internal/score"
	"learningloop/internal/signal"
)

var decidedAt = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// in gives an Improvement as it is in a status.
func in(s Status) Improvement {
	im := Improvement{ID: editID, Title: "Export more rows", Status: s, Entries: 4, Version: 9, Episode: 1, OpsItem: "oi-000000000001", Created: editedAt}
	switch s {
	case Proposed:
		im.Episode, im.OpsItem = 0, ""
	case Planned, InProgress:
		im.Owner, im.Due = "ana", decidedAt.AddDate(0, 1, 0)
	case Shipped, Validated:
		im.Owner, im.Due, im.Release, im.Closed = "ana", decidedAt.AddDate(0, 1, 0), "7.1", editedAt
	case Declined:
		im.Decline, im.Closed = Decline{Kind: TooCostly, Reason: "no money"}, editedAt
	}
	return im
}

// fit is a decision with all that its verb needs.
func fit(v Verb) Decision {
	d := Decision{Verb: v}
	switch v {
	case Plan:
		d.Owner, d.Due = "bea", Date{decidedAt.AddDate(0, 2, 0)}
	case Ship:
		d.Release = "7.2"
	case Reject:
		d.Kind, d.Reason = OffStrategy, "another product does it"
	}
	return d
}

func TestEveryVerbInEveryStatus(t *testing.T) {
	// Where a verb leads from a status; what is not named does not fit.
	table := map[Status]map[Verb]Status{
		Proposed:   {Accept: Accepted, Plan: Planned, Reject: Declined},
		Accepted:   {Plan: Planned, Start: InProgress, Ship: Shipped, Reject: Declined},
		Planned:    {Plan: Planned, Start: InProgress, Ship: Shipped, Reject: Declined},
		InProgress: {Ship: Shipped, Reject: Declined},
		Shipped:    {Reopen: Accepted},
		Validated:  {Reopen: Accepted},
		Declined:   {Reopen: Accepted},
	}
	for _, s := range Statuses {
		for _, v := range Verbs {
			t.Run(string(s)+" "+string(v), func(t *testing.T) {
				to, fits := table[s][v]
				if fits != slices.Contains(Next(s), v) {
					t.Errorf("Next says %v", Next(s))
				}
				c, err := Decide(in(s), fit(v), "ana@example.com", decidedAt)
				if !fits {
					e, ok := errors.AsType[*fault.Error](err)
					if !ok || e.Kind != fault.Conflict || e.Code != "wrong_status" || !c.Empty() {
						t.Fatalf("%+v, %v", c, err)
					}
					for _, n := range Next(s) {
						if !strings.Contains(e.Msg, string(n)) || !strings.Contains(e.Msg, string(s)) {
							t.Errorf("%q names neither %s nor what fits: %s", e.Msg, s, n)
						}
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				im := c.Improvement
				if im.Status != to || im.Entries != 5 || !im.Updated.Equal(decidedAt) || im.Version != 9 {
					t.Errorf("became %+v", im)
				}
				e := c.Entry
				if e.Seq != 5 || e.By != "ana@example.com" || e.What != string(v) || e.From != s || e.To != to || e.Reason != fit(v).Reason || !e.At.Equal(decidedAt) {
					t.Errorf("entry %+v", *e)
				}
				if n := c.Notice; n == nil || n.Status != to || n.Seq != 5 || n.Episode != im.Episode || n.Title != im.Title || n.Only != "" {
					t.Errorf("notice %+v", n)
				}
				begins := s == Proposed && v != Reject || v == Reopen
				if was := in(s); im.Episode != was.Episode+map[bool]int{true: 1}[begins] || (im.OpsItem == "") != (begins || was.OpsItem == "") {
					t.Errorf("episode %d of OpsItem %q", im.Episode, im.OpsItem)
				}
				if to.Closed() != im.Closed.Equal(decidedAt) {
					t.Errorf("closed %v", im.Closed)
				}
			})
		}
	}
}

func TestReopenStartsClean(t *testing.T) {
	for _, s := range []Status{Shipped, Validated, Declined} {
		c, err := Decide(in(s), Decision{Verb: Reopen}, "ana", decidedAt)
		if err != nil {
			t.Fatal(err)
		}
		im := c.Improvement
		if !im.Due.IsZero() || im.Release != "" || im.Decline != (Decline{}) || im.Episode != 2 || im.OpsItem != "" {
			t.Errorf("from %s: %+v", s, im)
		}
	}
}

func TestRequiredFields(t *testing.T) {
	long := strings.Repeat("é", 101)
	tests := []struct {
		name string
		im   Improvement
		d    Decision
		want []string // pointers; none: it is taken
	}{
		{"no verb", in(Proposed), Decision{}, []string{"/decision"}},
		{"an unknown verb", in(Proposed), Decision{Verb: "delete"}, []string{"/decision"}},
		{"a plan without owner and date", in(Accepted), Decision{Verb: Plan}, []string{"/owner", "/due"}},
		{"a plan without date", in(Accepted), Decision{Verb: Plan, Owner: "ana"}, []string{"/due"}},
		{"a plan of spaces", in(Accepted), Decision{Verb: Plan, Owner: " \n ", Due: Date{decidedAt}}, []string{"/owner"}},
		{"a plan that keeps both", in(Planned), Decision{Verb: Plan}, nil},
		{"declined without a reason", in(Accepted), Decision{Verb: Reject}, []string{"/reason"}},
		{"declined for an unknown kind", in(Accepted), Decision{Verb: Reject, Reason: "no", Kind: "mood"}, []string{"/kind"}},
		{"an unknown kind, though nothing is declined", in(Accepted), Decision{Verb: Start, Kind: "mood"}, []string{"/kind"}},
		{"declined with a kind unsaid", in(Accepted), Decision{Verb: Reject, Reason: "no"}, nil},
		{"accept needs nothing", in(Proposed), Decision{Verb: Accept}, nil},
		{"start needs nothing", in(Accepted), Decision{Verb: Start}, nil},
		{"ship needs nothing", in(Accepted), Decision{Verb: Ship}, nil},
		{"reopen needs nothing", in(Shipped), Decision{Verb: Reopen}, nil},
		{"too long", in(Proposed), Decision{Verb: Accept, Reason: strings.Repeat("x", 1001), Owner: long, Release: long}, []string{"/reason", "/owner", "/release"}},
		{"less effort than none", in(Proposed), Decision{Verb: Accept, Effort: -1}, []string{"/effort"}},
		{"effort that is no number", in(Proposed), Decision{Verb: Accept, Effort: math.NaN()}, []string{"/effort"}},
		{"endless effort", in(Proposed), Decision{Verb: Accept, Effort: math.Inf(1)}, []string{"/effort"}},
		{"fields before status", in(Proposed), Decision{Verb: Plan}, []string{"/owner", "/due"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Decide(tt.im, tt.d, "ana", decidedAt)
			var got []string
			if e, ok := errors.AsType[*fault.Error](err); ok {
				for _, f := range e.Fields {
					got = append(got, f.Pointer)
				}
			}
			if d := cmp.Diff(tt.want, got); d != "" || (err == nil) != (tt.want == nil) {
				t.Errorf("%v (-want +got):\n%s", err, d)
			}
		})
	}
	c, err := Decide(in(Accepted), Decision{Verb: Plan, Owner: " ana \n maria ", Due: Date{decidedAt}}, "bea", decidedAt)
	if err != nil || c.Improvement.Owner != "ana maria" {
		t.Errorf("owner %q, %v", c.Improvement.Owner, err)
	}
}

func TestRepeatedDecisionIsOne(t *testing.T) {
	from := map[Verb]Status{Accept: Proposed, Plan: Accepted, Start: Planned, Ship: InProgress, Reject: Proposed, Reopen: Shipped}
	for _, v := range Verbs {
		t.Run(string(v), func(t *testing.T) {
			first, err := Decide(in(from[v]), fit(v), "ana", decidedAt)
			if err != nil {
				t.Fatal(err)
			}
			again, err := Decide(first.Improvement, fit(v), "ana", decidedAt.Add(time.Second))
			if err != nil || !again.Empty() {
				t.Fatalf("%+v, %v", again, err)
			}
			if d := cmp.Diff(first.Improvement, again.Improvement); d != "" {
				t.Errorf("changed:\n%s", d)
			}
			// Somebody else's is no repetition; it fits, or it is refused, by its own right.
			other, err := Decide(first.Improvement, fit(v), "bea", decidedAt)
			if v == Plan {
				if err != nil || other.Empty() {
					t.Errorf("planned anew by another: %+v, %v", other, err)
				}
			} else if !fault.Is(err, fault.Conflict) {
				t.Errorf("by another: %v", err)
			}
		})
	}
	planned, err := Decide(in(Accepted), fit(Plan), "ana", decidedAt)
	if err != nil {
		t.Fatal(err)
	}
	d := fit(Plan)
	d.Due = Date{d.Due.AddDate(0, 0, 7)}
	if c, err := Decide(planned.Improvement, d, "ana", decidedAt); err != nil || c.Empty() || !c.Improvement.Due.Equal(d.Due.Time) {
		t.Errorf("the same person moves the date: %+v, %v", c, err)
	}
}

func TestMirrored(t *testing.T) {
	unplanned := func(s Status) Improvement {
		im := in(s)
		im.Owner, im.Due = "", time.Time{}
		return im
	}
	tests := []struct {
		name string
		im   Improvement
		says opsitem.Status
		want Status // "": nothing moves
	}{
		{"begun", in(Accepted), opsitem.InProgress, InProgress},
		{"begun as planned", in(Planned), opsitem.InProgress, InProgress},
		{"done", in(InProgress), opsitem.Resolved, Shipped},
		{"done at once", in(Accepted), opsitem.Resolved, Shipped},
		{"put back, with an owner and a date", in(InProgress), opsitem.Open, Planned},
		{"put back, without", unplanned(InProgress), opsitem.Open, Accepted},
		{"taken up again", unplanned(Shipped), opsitem.Open, Accepted},
		{"taken up again at once", in(Shipped), opsitem.InProgress, InProgress},
		{"a declined one taken up again", in(Declined), opsitem.Open, Accepted},
		{"nothing new: accepted is open", in(Accepted), opsitem.Open, ""},
		{"nothing new: planned is open", in(Planned), opsitem.Open, ""},
		{"nothing new: shipped is resolved", in(Shipped), opsitem.Resolved, ""},
		{"nothing new: declined is resolved", in(Declined), opsitem.Resolved, ""},
		{"a status of another type of OpsItem", in(Accepted), "Approved", ""},
		{"what was never filed", in(Proposed), opsitem.Resolved, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, moved := Mirrored(tt.im, tt.says, "arn:operator", decidedAt)
			if moved != (tt.want != "") {
				t.Fatalf("moved %v: %+v", moved, c.Entry)
			}
			if !moved {
				return
			}
			im := c.Improvement
			if im.Status != tt.want || im.Episode != tt.im.Episode || im.OpsItem != tt.im.OpsItem {
				t.Errorf("became %+v", im)
			}
			if c.Entry.By != "arn:operator" || !strings.Contains(c.Entry.What, string(tt.says)) || c.Notice == nil {
				t.Errorf("entry %+v, notice %v", *c.Entry, c.Notice)
			}
			if tt.im.Status.Closed() && (im.Release != "" || im.Decline != (Decline{})) {
				t.Errorf("still closed with %q, %+v", im.Release, im.Decline)
			}
		})
	}
}

func TestOpsStatusOfEveryStatus(t *testing.T) {
	got := map[Status]opsitem.Status{}
	for _, s := range Statuses {
		got[s] = s.OpsStatus()
	}
	want := map[Status]opsitem.Status{
		Proposed: "", Accepted: opsitem.Open, Planned: opsitem.Open, InProgress: opsitem.InProgress,
		Shipped: opsitem.Resolved, Validated: opsitem.Resolved, Declined: opsitem.Resolved,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestRule(t *testing.T) {
	firing := func(severity int, at time.Time) feedback.Feedback {
		return feedback.Feedback{Signal: &signal.Signal{State: signal.Firing, Severity: severity, Time: at}}
	}
	strong := func(s Status) Improvement {
		im := in(s)
		im.Evidence = score.Evidence{Count: 40, Voices: 40, Mass: 40 * score.Mass(1, decidedAt), Impact: 2, People: true}
		return im
	}
	closed := func(s Status) Improvement { im := in(s); im.Closed = decidedAt.Add(-2 * time.Hour); return im }
	tests := []struct {
		name string
		im   Improvement
		r    product.Rules
		f    feedback.Feedback
		want Verb
		why  string // part of what it says
	}{
		{"severe enough", in(Proposed), product.Rules{Severity: 2}, firing(2, decidedAt), Accept, "alarm severity 2 is 2 or worse"},
		{"worse", in(Proposed), product.Rules{Severity: 2}, firing(1, decidedAt), Accept, "severity 1"},
		{"not severe enough", in(Proposed), product.Rules{Severity: 2}, firing(3, decidedAt), "", ""},
		{"severity is off", in(Proposed), product.Rules{}, firing(1, decidedAt), "", ""},
		{"a recovery files nothing", in(Proposed), product.Rules{Severity: 4}, feedback.Feedback{Signal: &signal.Signal{State: signal.Recovered, Severity: 1}}, "", ""},
		{"people's words are no alarm", in(Proposed), product.Rules{Severity: 4}, feedback.Feedback{}, "", ""},
		{"the band is reached", strong(Proposed), product.Rules{Band: 1}, feedback.Feedback{}, Accept, "reached band 1"},
		{"the band is not reached", in(Proposed), product.Rules{Band: 1}, feedback.Feedback{}, "", ""},
		{"the band is off until set", strong(Proposed), product.Rules{}, feedback.Feedback{}, "", ""},
		{"no score, and any band would do", in(Proposed), product.Rules{Band: 5}, feedback.Feedback{}, "", ""},
		{"accepted already", strong(Accepted), product.Rules{Band: 1, Severity: 4}, firing(1, decidedAt), "", ""},
		{"back after the quiet time", closed(Shipped), product.Rules{Severity: 2}, firing(2, decidedAt), Reopen, "after the quiet time"},
		{"declined, and back", closed(Declined), product.Rules{Severity: 2}, firing(2, decidedAt), Reopen, "returned"},
		{"back within the quiet time", closed(Shipped), product.Rules{Severity: 2}, firing(2, decidedAt.Add(-2*time.Hour+QuietTime)), "", ""},
		{"from before it was closed, and late", closed(Shipped), product.Rules{Severity: 2}, firing(2, decidedAt.Add(-3*time.Hour)), "", ""},
		{"back, but not severe", closed(Shipped), product.Rules{Severity: 2}, firing(3, decidedAt), Reopen, "after the quiet time"},
		{"back, and severity is off", closed(Validated), product.Rules{}, firing(4, decidedAt), Reopen, "after the quiet time"},
		{"not severe, within the quiet time", closed(Shipped), product.Rules{Severity: 2}, firing(3, decidedAt.Add(-2*time.Hour+QuietTime)), "", ""},
		{"declined, and back, but not severe", closed(Declined), product.Rules{Severity: 2}, firing(3, decidedAt), "", ""},
		{"closed ones do not reopen by score", strong(Shipped), product.Rules{Band: 1}, feedback.Feedback{}, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			verb, why := rule(tt.im, tt.r, tt.f, decidedAt)
			if verb != tt.want || !strings.Contains(why, tt.why) || (verb != "") != byRule(why) {
				t.Errorf("%q, %q", verb, why)
			}
		})
	}
	if WouldFile(strong(Proposed).Evidence, 0, decidedAt, 0) || !WouldFile(strong(Proposed).Evidence, 0, decidedAt, 1) || WouldFile(score.Evidence{}, 0, decidedAt, 5) {
		t.Error("the dry run decides otherwise than the rule")
	}
}

func TestDate(t *testing.T) {
	tests := []struct {
		name, in, want string // "": refused
	}{
		{"a day", `"2026-12-31"`, "2026-12-31"},
		{"a time", `"2026-12-31T23:30:00-02:00"`, "2027-01-01"},
		{"null", `null`, "0001-01-01"},
		{"empty", `""`, "0001-01-01"},
		{"no day", `"2026-02-30"`, ""},
		{"a number", `20261231`, ""},
		{"words", `"tomorrow"`, ""},
		{"long ago", `"1999-12-31"`, ""},
		{"never", `"9999-01-01"`, ""},
		{"half a string", `"`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var d Date
			err := d.UnmarshalJSON([]byte(tt.in))
			if (err == nil) != (tt.want != "") || err == nil && d.Format(time.DateOnly) != tt.want {
				t.Errorf("%v, %v", d, err)
			}
		})
	}
}

func FuzzDate(f *testing.F) {
	for _, s := range []string{`"2026-12-31"`, `""`, `"`, `null`, `"2026-12-31T00:00:00Z"`, ``} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var d Date
		if d.UnmarshalJSON([]byte(s)) == nil && !d.IsZero() && (d.Year() < 1999 || d.Year() > 2201) {
			t.Errorf("%q is %v", s, d)
		}
	})
}

func TestOverdue(t *testing.T) {
	due := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name string
		s    Status
		now  time.Time
		want bool
	}{
		{"on the day", Planned, due.Add(23 * time.Hour), false},
		{"the day after", Planned, due.Add(25 * time.Hour), true},
		{"shipped", Shipped, due.AddDate(0, 0, 9), false},
	} {
		if got := (Improvement{Due: due, Status: tt.s}).Overdue(tt.now); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
	if (Improvement{Status: Planned}).Overdue(due) {
		t.Error("no date is overdue")
	}
}
