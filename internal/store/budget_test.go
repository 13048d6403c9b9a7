package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/fault"
	"learningloop/internal/governor"
	"learningloop/internal/improvement"
	"learningloop/internal/opsitem"
)

func TestBudget(t *testing.T) {
	r := newRig(t)
	n := 0
	save := func(d governor.Delta) error {
		n++
		return r.SaveBudgeted(t.Context(), opsitem.Episode{Improvement: sampleImprovement, N: n}, d)
	}
	use := func() governor.Use {
		u, err := r.BudgetUse(t.Context(), start)
		r.must(err)
		return u
	}
	r.must(save(governor.Delta{Month: "2026-02", Filed: 5, Held: 2}))
	r.must(save(governor.Delta{Month: "2026-03", Filed: 3, Folded: 1, Held: -1}))
	r.must(save(governor.Delta{Month: "2026-02", Gone: 2}))
	r.must(save(governor.Delta{Month: "2026-03", Out: "2026-02", Filed: 1}))
	seen := use()
	want := governor.Use{Month: "2026-03", Filed: 4, Folded: 1, Total: 6, Held: 1, Months: []governor.Month{
		{Name: "2026-02", Filed: 4, Gone: 2, Version: 3}, {Name: "2026-03", Filed: 4, Folded: 1, Version: 2},
	}}
	if d := cmp.Diff(want, seen); d != "" {
		t.Error(d)
	}

	// By what was seen, one is counted and the other told that it is late.
	m := seen.Current()
	r.must(save(governor.Delta{Month: "2026-03", Filed: 1, Seen: &m}))
	if err := save(governor.Delta{Month: "2026-03", Filed: 1, Seen: &m}); !fault.Is(err, fault.Conflict) {
		t.Errorf("counted by what is old: %v", err)
	}
	m = governor.Month{Name: "2026-04"} // a new one, too
	r.must(save(governor.Delta{Month: "2026-04", Filed: 1, Seen: &m}))
	if err := save(governor.Delta{Month: "2026-04", Filed: 1, Seen: &m}); !fault.Is(err, fault.Conflict) {
		t.Errorf("counted by what is old: %v", err)
	}

	// What OpsCenter was asked for is kept beside what is counted from then on.
	feb := use().Months[0]
	feb.Gone, feb.Looked = 4, start
	r.must(r.SaveMonth(t.Context(), feb))
	if err := r.SaveMonth(t.Context(), feb); !fault.Is(err, fault.Conflict) {
		t.Errorf("set right by what is old: %v", err)
	}
	r.must(r.SaveChange(t.Context(), improvement.Change{Improvement: anImprovement(), Budget: governor.Delta{Month: "2026-02", Filed: -1}}))
	if got := use(); got.Total != 5 || got.Months[0].Looked != start || got.Months[0].Gone != 4 {
		t.Errorf("%+v", got)
	}
}

// Until when OpsCenter said no is kept, the latest word of it, and counts as nothing else.
func TestBudgetShut(t *testing.T) {
	r := newRig(t)
	for n, until := range []time.Time{start.Add(time.Hour), start.Add(2 * time.Hour), {}} {
		r.must(r.SaveBudgeted(t.Context(), opsitem.Episode{Improvement: sampleImprovement, N: n + 1}, governor.Delta{Month: "2026-03", Held: 1, Shut: until}))
	}
	r.must(r.SaveBudgeted(t.Context(), opsitem.Episode{Improvement: sampleImprovement, N: 9}, governor.Delta{Month: "2026-03", Filed: 1}))
	got, err := r.BudgetUse(t.Context(), start)
	r.must(err)
	want := governor.Use{Month: "2026-03", Filed: 1, Total: 1, Held: 3, Shut: start.Add(2 * time.Hour), Months: []governor.Month{{Name: "2026-03", Filed: 1, Version: 1}}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
