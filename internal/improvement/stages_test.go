package improvement_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/feedback"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/opsitem"
	"learningloop/internal/product"
	"learningloop/internal/signal"
	"learningloop/internal/store"
)

// An incident as a team lives it: an alarm, complaints, somebody takes it on, it ends, and it comes back.
func TestStagesOfAnIncident(t *testing.T) {
	w := newWorld(t, product.Rules{Severity: 2})
	var told []opsitem.StepKind
	took := map[opsitem.StepKind]time.Duration{}
	w.st.Observe(func(_ context.Context, steps []opsitem.Step) {
		for _, s := range steps {
			told = append(told, s.Kind)
			took[s.Kind] = s.Took
			if s.Product != "shop" {
				t.Errorf("step of %q", s.Product)
			}
		}
	})
	complaint := w.hear("It fails.", "kim@example.org", "Acme") // four minutes before the alarm is heard of
	w.now = began.Add(4 * time.Minute)
	iid := w.alarm(signal.Firing, 1, began.Add(3*time.Minute))
	ep := w.episode(iid, 1)
	want := opsitem.Stages{Detected: began.Add(3 * time.Minute), Entry: 2, Severity: 1, Worst: 1, Source: opsitem.Machine}
	if d := cmp.Diff(want, ep.Stages); d != "" || !ep.Opened.Equal(began.Add(4*time.Minute)) {
		t.Fatalf("opened %v (-want +got):\n%s", ep.Opened, d)
	}
	w.now = began.Add(10 * time.Minute)
	if err := w.Attach(t.Context(), iid, complaint.ID, ana); err != nil {
		t.Fatal(err)
	}
	w.decide(iid, improvement.Decision{Verb: improvement.Start})
	want.Detected, want.Source = began, opsitem.Both // the complaint was first
	want.Acknowledged, want.AcknowledgedBy = w.now, ana.Who
	if d := cmp.Diff(want, w.episode(iid, 1).Stages); d != "" {
		t.Errorf("acknowledged (-want +got):\n%s", d)
	}
	w.now = began.Add(64 * time.Minute)
	w.decide(iid, improvement.Decision{Verb: improvement.Ship})
	want.PostIncident = w.now
	ep = w.episode(iid, 1)
	if d := cmp.Diff(want, ep.Stages); d != "" || !ep.Resolved.Equal(w.now) {
		t.Errorf("resolved %v (-want +got):\n%s", ep.Resolved, d)
	}
	order, err := w.st.PostIncident(t.Context(), iid, 1)
	if err != nil || !order.Due() || order.Severity != 1 || order.Slug != "shop" || !order.Detected.Equal(began) || !order.Resolved.Equal(w.now) {
		t.Errorf("%+v, %v", order, err)
	}
	// It returns within the quiet time, and the episode goes on; later it is the next one.
	w.now = w.now.Add(improvement.QuietTime / 2)
	w.alarm(signal.Firing, 1, w.now)
	if ep = w.episode(iid, 1); len(ep.Stages.Reopened) != 1 || !ep.Resolved.IsZero() {
		t.Errorf("went on: %+v", ep)
	}
	w.decide(iid, improvement.Decision{Verb: improvement.Ship})
	w.now = w.now.Add(240 * time.Hour)
	w.alarm(signal.Firing, 1, w.now.Add(-time.Minute))
	ep = w.episode(iid, 2)
	if !ep.Stages.Detected.Equal(w.now.Add(-time.Minute)) || !ep.Stages.Acknowledged.IsZero() || !ep.Stages.PostIncident.IsZero() {
		t.Errorf("next episode %+v", ep.Stages)
	}
	kinds := []opsitem.StepKind{opsitem.StepOpened, opsitem.StepAcknowledged, opsitem.StepResolved, opsitem.StepReopened, opsitem.StepResolved, opsitem.StepReopened}
	if d := cmp.Diff(kinds, told); d != "" {
		t.Errorf("told (-want +got):\n%s", d)
	}
	if took[opsitem.StepAcknowledged] != 6*time.Minute || took[opsitem.StepResolved] != 90*time.Minute {
		t.Errorf("took %v", took)
	}
}

// What only people raised, and nobody grades as severe, is opened and resolved without looking back.
func TestStagesOfAnIdea(t *testing.T) {
	w := newWorld(t, product.Rules{})
	f, err := w.say.Submit(t.Context(), feedback.Draft{Product: "shop", Kind: feedback.Idea, Text: "A dark mode."}, "", feedback.API)
	if err != nil {
		t.Fatal(err)
	}
	w.now = began.AddDate(0, 0, 9)
	im := w.propose("A dark mode", f)
	w.decide(im.ID, improvement.Decision{Verb: improvement.Accept})
	w.now = began.AddDate(0, 0, 10)
	w.decide(im.ID, improvement.Decision{Verb: improvement.Ship})
	ep := w.episode(im.ID, 1)
	want := opsitem.Stages{Detected: began, Entry: 2, Severity: 3, Worst: 3, Source: opsitem.People}
	if d := cmp.Diff(want, ep.Stages); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if n, err := w.st.PendingCount(t.Context(), store.TypePostIncident, 5); n != 0 || err != nil {
		t.Errorf("%d retrospectives, %v", n, err)
	}
	// Reopened by a person with nothing new said: what was said before belongs to the first episode.
	w.now = began.AddDate(0, 0, 20)
	w.decide(im.ID, improvement.Decision{Verb: improvement.Reopen})
	w.decide(im.ID, improvement.Decision{Verb: improvement.Ship})
	if ep = w.episode(im.ID, 2); !ep.Stages.Detected.Equal(w.now) {
		t.Errorf("detected %v", ep.Stages.Detected)
	}
}

// A rule's start is nobody's acknowledgement; a status set in OpsCenter counts from OpsCenter's time.
func TestStage(t *testing.T) {
	now := began.Add(time.Hour)
	iid := id.NewImprovement(id.NewProduct("p"), "x")
	base := opsitem.Episode{
		Improvement: iid, N: 1, Opened: began, Version: 3, Stages: opsitem.Stages{Detected: began, Severity: 2, Worst: 2, Source: opsitem.Machine},
	}
	tests := []struct {
		name   string
		entry  improvement.Entry
		change func(e *opsitem.Episode)
		want   func(e *opsitem.Episode)
		steps  []opsitem.StepKind
		order  bool
	}{
		{"a rule starts it", improvement.Entry{By: "rule: x", What: "start", From: improvement.Accepted, To: improvement.InProgress}, nil, nil, nil, false},
		{
			"an operator starts it, and the event was lost for a while",
			improvement.Entry{By: "arn:x", What: "set InProgress in OpsCenter", From: improvement.Accepted, To: improvement.InProgress},
			func(e *opsitem.Episode) { e.Seen = began.Add(time.Minute) },
			func(e *opsitem.Episode) {
				e.Stages.Acknowledged, e.Stages.AcknowledgedBy = began.Add(time.Minute), "arn:x"
			},
			[]opsitem.StepKind{opsitem.StepAcknowledged},
			false,
		},
		{
			"OpsCenter's clock is ahead",
			improvement.Entry{By: "arn:x", What: "set InProgress in OpsCenter", From: improvement.Accepted, To: improvement.InProgress},
			func(e *opsitem.Episode) { e.Seen = now.Add(time.Minute) },
			func(e *opsitem.Episode) { e.Stages.Acknowledged, e.Stages.AcknowledgedBy = now, "arn:x" },
			[]opsitem.StepKind{opsitem.StepAcknowledged},
			false,
		},
		{
			"acknowledged once",
			improvement.Entry{By: "ana", What: "start", From: improvement.Planned, To: improvement.InProgress},
			func(e *opsitem.Episode) { e.Stages.Acknowledged, e.Stages.AcknowledgedBy = began, "kim" }, nil, nil, false,
		},
		{
			"resolved",
			improvement.Entry{By: "rule: OK again", What: "ship", From: improvement.Accepted, To: improvement.Shipped},
			nil, func(e *opsitem.Episode) { e.Resolved, e.Stages.PostIncident = now, now },
			[]opsitem.StepKind{opsitem.StepResolved},
			true,
		},
		{
			"resolved again after it went on: one retrospective is enough",
			improvement.Entry{By: "ana", What: "ship", From: improvement.Accepted, To: improvement.Shipped},
			func(e *opsitem.Episode) { e.Stages.PostIncident = began },
			func(e *opsitem.Episode) { e.Resolved = now },
			[]opsitem.StepKind{opsitem.StepResolved},
			false,
		},
		{
			"goes on after all",
			improvement.Entry{By: "arn:x", What: "set Open in OpsCenter", From: improvement.Shipped, To: improvement.Accepted},
			func(e *opsitem.Episode) { e.Resolved = began.Add(time.Minute) },
			func(e *opsitem.Episode) {
				e.Stages.Reopened = []opsitem.Span{{Resolved: began.Add(2 * time.Minute), Reopened: now}}
			},
			[]opsitem.StepKind{opsitem.StepReopened},
			false,
		},
		{
			"an alarm that flaps was never over",
			improvement.Entry{By: "rule: x", What: "rejoined", From: improvement.Shipped, To: improvement.Accepted},
			func(e *opsitem.Episode) { e.Resolved, e.Stages.ByAlarm = began.Add(time.Minute), true }, func(*opsitem.Episode) {},
			[]opsitem.StepKind{opsitem.StepTakenBack},
			false,
		},
		{
			"a person sets a worse severity",
			improvement.Entry{By: "arn:x", What: "set severity 1 in OpsCenter"},
			func(e *opsitem.Episode) { e.Level.Severity = 1 }, func(e *opsitem.Episode) { e.Stages.Worst = 1 }, nil, false,
		},
		{"nothing moves", improvement.Entry{By: "ana", What: "edited"}, nil, nil, nil, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ep := base
			if tt.change != nil {
				tt.change(&ep)
			}
			want := ep
			if tt.want != nil {
				if tt.want(&want); tt.entry.From.Closed() {
					want.Resolved = time.Time{}
				}
			}
			im := improvement.Improvement{ID: iid, Status: tt.entry.To, Episode: 1, Closed: began.Add(2 * time.Minute)}
			im.Evidence.Machines, im.Evidence.Impact = true, 1
			c := improvement.Change{Improvement: im, Entry: &tt.entry, Episode: &ep}
			c.Stage(now)
			if d := cmp.Diff(want, ep); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			var kinds []opsitem.StepKind
			for _, s := range c.Steps {
				kinds = append(kinds, s.Kind)
			}
			if d := cmp.Diff(tt.steps, kinds); d != "" || (c.PostIncident != nil) != tt.order {
				t.Errorf("order %v, steps (-want +got):\n%s", c.PostIncident, d)
			}
		})
	}
	// A further line of the same step counts as the first one does.
	ep := base
	also := improvement.Change{
		Improvement: improvement.Improvement{ID: iid, Status: improvement.InProgress, Episode: 1}, Episode: &ep, Entry: &improvement.Entry{By: "arn:x", What: "OpsItem adopted"},
		Also: []improvement.Entry{{By: "arn:x", What: "set InProgress in OpsCenter", From: improvement.Accepted, To: improvement.InProgress}},
	}
	also.Stage(now)
	if ep.Stages.Acknowledged != now || ep.Stages.AcknowledgedBy != "arn:x" || len(also.Steps) != 1 || also.Steps[0].Kind != opsitem.StepAcknowledged {
		t.Errorf("by a further line: %+v, %+v", ep.Stages, also.Steps)
	}
	none := improvement.Change{Entry: &improvement.Entry{}}
	none.Stage(now)
	if none.Steps != nil || none.PostIncident != nil {
		t.Errorf("without an episode: %+v", none)
	}
}
