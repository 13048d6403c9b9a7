package mirror_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"learningloop/internal/fault"
	"learningloop/internal/governor"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/opscenter/emulator"
	"learningloop/internal/opsitem"
	"learningloop/internal/score"
	"learningloop/internal/table/tabletest"
	"learningloop/internal/week"
)

// candidate stores a proposed Improvement of a severity and accepts it.
func (w *world) candidate(n, severity int) id.Improvement {
	w.t.Helper()
	now := w.now()
	iid := id.NewImprovement(w.p.ID, "candidate", fmt.Sprint(n))
	im := improvement.Improvement{
		ID: iid, Title: fmt.Sprintf("Candidate %d", n), Status: improvement.Proposed, Created: now, Updated: now, Entries: 1, Correlation: fmt.Sprintf("c-%d", n),
		Evidence: score.Evidence{Count: 1, Voices: 1, Mass: score.Mass(float64(1+n%40), now), Impact: score.ImpactOfSeverity(severity), People: true},
	}
	err := w.st.SaveChange(w.t.Context(), improvement.Change{Improvement: im, Entry: &improvement.Entry{Seq: 1, At: now, What: "proposed", To: improvement.Proposed}})
	if err != nil {
		w.t.Fatal(err)
	}
	w.decide(iid, improvement.Decision{Verb: improvement.Accept})
	return iid
}

func (w *world) use() governor.Use {
	w.t.Helper()
	u, err := w.st.BudgetUse(w.t.Context(), w.now())
	if err != nil {
		w.t.Fatal(err)
	}
	return u
}

// sweepOnce lets everything due have one turn.
func (w *world) sweepOnce() {
	w.t.Helper()
	if _, err := w.Sweep(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// described gives what an OpsItem says.
func (w *world) described(oid string) string { return w.item(oid).Description }

func TestFold(t *testing.T) {
	w := newWorld(t)
	w.Budget = governor.Budget{Month: 10}
	var urgent, low []id.Improvement
	for n := range 4 {
		urgent = append(urgent, w.candidate(n, 2))
	}
	for n := range 3 {
		low = append(low, w.candidate(100+n, 4))
	}
	w.sweepOnce()
	for _, iid := range urgent {
		if w.load(iid).OpsItem == "" {
			t.Errorf("%s is urgent and was not filed: %+v", iid, w.episode(iid, 1))
		}
	}
	list := governor.ParentID(w.p.ID, week.Name(w.now()))
	for _, iid := range low {
		ep := w.episode(iid, 1)
		if !ep.Folds() || ep.Parent != list || !strings.Contains(ep.Error, "Folded into the week's list: priority 4 is below the waterline") {
			t.Errorf("%+v", ep)
		}
		if said := w.said(iid, 2); len(said) != 1 || !strings.HasPrefix(said[0], "folded into the week's list: priority 4 is below the waterline") || w.load(iid).Ordered {
			t.Errorf("history %q", said)
		}
	}
	if u := w.use(); u.Filed != 4 || u.Folded != 3 || u.Held != 0 {
		t.Errorf("%+v", u)
	}

	// The list gathers for a while, then it is one OpsItem that names them all.
	w.wait(16 * time.Minute)
	w.sweepOnce()
	im := w.load(list)
	text := w.described(im.OpsItem)
	for _, want := range []string{"3 improvements", "Resolving this list closes none of them", "Candidate 100", "Candidate 101", "Candidate 102", "/team/shop/improvements/" + string(list)} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in the list:\n%s", want, text)
		}
	}
	if u := w.use(); u.Filed != 5 {
		t.Errorf("%+v", u)
	}

	// Another line is told later, with one update.
	w.candidate(103, 4)
	w.sweepOnce()
	w.forget()
	w.wait(16 * time.Minute)
	w.sweepOnce()
	if text := w.described(im.OpsItem); !strings.Contains(text, "4 improvements") || !strings.Contains(text, "Candidate 103") || w.calls["UpdateOpsItem"] != 1 {
		t.Errorf("%d updates:\n%s", w.calls["UpdateOpsItem"], text)
	}

	// What was closed meanwhile is no longer shown; nothing is told to OpsCenter about a line by itself.
	w.forget()
	w.decide(low[0], improvement.Decision{Verb: improvement.Ship, Release: "7"})
	w.sweepOnce()
	if len(w.calls) != 0 {
		t.Errorf("a line made calls: %v", w.calls)
	}
	w.candidate(104, 4)
	w.sweepOnce()
	w.wait(16 * time.Minute)
	w.sweepOnce()
	if text := w.described(im.OpsItem); strings.Contains(text, "Candidate 100") || !strings.Contains(text, "5 improvements") {
		t.Errorf("%s", text)
	}

	// A list that operations resolved takes no more lines.
	w.console(im.OpsItem, opsitem.Resolved)
	w.deliver()
	w.candidate(105, 4)
	w.sweepOnce()
	second := governor.ParentID(w.p.ID, week.Name(w.now())+".2")
	if ep := w.episode(second, 1); ep.Folded != 1 {
		t.Errorf("%+v", ep)
	}
}

// TestUnfold: a line that becomes urgent gets an OpsItem of its own, related to the list.
func TestUnfold(t *testing.T) {
	w := newWorld(t)
	w.Budget = governor.Budget{Month: 2}
	first := w.candidate(1, 2)
	low := w.candidate(2, 4)
	w.sweepOnce()
	if w.load(first).OpsItem == "" || !w.episode(low, 1).Folds() {
		t.Fatalf("%+v", w.episode(low, 1))
	}
	w.wait(16 * time.Minute)
	w.sweepOnce()
	im := w.load(low)
	im.Evidence.Impact = score.ImpactOfSeverity(1)
	if err := w.st.SaveChange(t.Context(), improvement.Change{Improvement: im}); err != nil {
		t.Fatal(err)
	}
	w.Budget = governor.Budget{Month: 10}
	w.decide(low, improvement.Decision{Verb: improvement.Start})
	w.settle()
	oid := w.load(low).OpsItem
	out, err := w.client.GetOpsItem(t.Context(), &ssm.GetOpsItemInput{OpsItemId: &oid})
	if err != nil {
		t.Fatal(err)
	}
	list := w.load(governor.ParentID(w.p.ID, week.Name(began)))
	if rel := out.OpsItem.RelatedOpsItems; len(rel) != 1 || *rel[0].OpsItemId != list.OpsItem || out.OpsItem.Status != "InProgress" || *out.OpsItem.Severity != "1" {
		t.Errorf("%+v", out.OpsItem)
	}
}

// TestHeld: over the limit what is urgent waits, says so, and is filed once there is room; OpsCenter is not asked in vain.
func TestHeld(t *testing.T) {
	w := newWorld(t)
	w.Budget = governor.Budget{Month: 1}
	w.candidate(1, 1)
	w.sweepOnce()
	w.forget()
	held := w.candidate(2, 1)
	for range 3 {
		w.sweepOnce()
		w.wait(2 * time.Hour)
	}
	ep := w.episode(held, 1)
	if !ep.Held || ep.OpsItem != "" || !strings.Contains(ep.Error, "is used up") || len(w.calls) != 0 || w.use().Held != 1 {
		t.Errorf("%+v %v %+v", ep, w.calls, w.use())
	}
	w.wait(31 * 24 * time.Hour)
	w.sweepOnce()
	if ep := w.episode(held, 1); ep.OpsItem == "" || ep.Held || w.use().Held != 0 || w.use().Filed != 1 || w.use().Total != 2 {
		t.Errorf("%+v %+v", ep, w.use())
	}
}

// TestQuotaOfOthers: others file in the account, too, so that OpsCenter refuses before the loop's own count is used up.
func TestQuotaOfOthers(t *testing.T) {
	w := newWorld(t)
	w.ops.Faults().OverQuota(1)
	var all []id.Improvement
	for n := range 5 {
		all = append(all, w.candidate(n, 1))
	}
	w.sweepOnce()
	if w.calls["CreateOpsItem"] != 1 {
		t.Errorf("OpsCenter was asked %d times although it said no", w.calls["CreateOpsItem"])
	}
	if u := w.use(); u.Held != 5 || u.Filed != 0 {
		t.Errorf("%+v", u)
	}
	w.wait(2 * time.Hour)
	w.sweepOnce()
	for _, iid := range all {
		if w.load(iid).OpsItem == "" {
			t.Errorf("%s waits still", iid)
		}
	}
	if u := w.use(); u.Held != 0 || u.Filed != 5 {
		t.Errorf("%+v", u)
	}
}

// everyNow fails one call in a hundred, half of them after they took effect.
func everyNow(c tabletest.Call) (tabletest.Mode, error) {
	if c.N%97 != 0 {
		return tabletest.Before, nil
	}
	return tabletest.Modes()[c.N/97%2], fault.New(fault.Unavailable, "injected", "A test made this call fail.")
}

// opsItems counts what OpsCenter has.
func (w *world) opsItems() int {
	w.t.Helper()
	n := 0
	for p := ssm.NewDescribeOpsItemsPaginator(w.client, &ssm.DescribeOpsItemsInput{}); p.HasMorePages(); {
		page, err := p.NextPage(w.t.Context())
		if err != nil {
			w.t.Fatal(err)
		}
		n += len(page.OpsItemSummaries)
	}
	return n
}

// TestMonthOfCandidates plays a month with three times as many candidates as OpsCenter's quota, while OpsCenter throttles,
// loses answers and the storage fails, and both start anew each day: every one is filed, folded or waits.
func TestMonthOfCandidates(t *testing.T) {
	perDay, budget := 1000, governor.Budget{}
	if raceEnabled {
		t.Log("a small month under the race detector; make test plays the whole without it")
		perDay, budget = 24, governor.Budget{Month: 240}
	}
	w := newWorld(t)
	w.Budget = budget
	dir := t.TempDir()
	w.restart(dir)
	w.at = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	limit, _ := budget.Limit()
	var all []id.Improvement
	for day := range 30 {
		for range 8 {
			for range perDay / 8 {
				n := len(all)
				severity := 3 + n%2
				if n%25 < 9 { // more than there is room for are urgent
					severity = 1 + n%2
				}
				all = append(all, w.candidate(n, severity))
			}
			w.ops.Faults().Throttle("CreateOpsItem", 5+day)
			if day%3 == 0 {
				w.ops.Faults().FailNext("CreateOpsItem", 2, emulator.Fault{After: true})
				w.port.FailWhen(everyNow)
			}
			_, err := w.Sweep(t.Context())
			if err != nil && day%3 != 0 {
				t.Fatal(err)
			}
			w.port.Reset()
			w.wait(3 * time.Hour)
		}
		w.restart(dir)
	}
	u := w.use()
	t.Logf("%d candidates: %d filed with the lists, %d folded, %d wait", len(all), u.Filed, u.Folded, u.Held)
	w.ops.Faults().Clear()
	for range 3 { // what was throttled at last
		w.wait(20 * time.Minute)
		w.sweepOnce()
	}
	filed, folded, held := 0, 0, 0
	for _, iid := range all {
		switch ep := w.episode(iid, 1); {
		case ep.OpsItem != "":
			filed++
		case ep.Folds():
			folded++
		case ep.Held:
			held++
		default:
			t.Errorf("%s is nowhere: %+v", iid, ep)
		}
	}
	t.Attr("candidates", fmt.Sprintf("%d filed + %d folded + %d waiting = %d", filed, folded, held, filed+folded+held))
	if filed+folded+held != len(all) || filed == 0 || folded == 0 || held == 0 {
		t.Errorf("%d candidates", len(all))
	}
	lines := map[id.Improvement]int{}
	for _, iid := range all {
		if ep := w.episode(iid, 1); ep.Folds() {
			lines[ep.Parent]++
		}
	}
	u = w.use()
	lists := 0
	for list := range lines {
		if w.episode(list, 1).Held {
			lists++
		}
	}
	if u.Filed > limit || u.Held != held+lists || u.Folded != folded {
		t.Errorf("the budget says %+v", u)
	}
	for _, err := range w.meter.failed {
		if strings.Contains(err.Error(), "quota") {
			t.Fatalf("a quota error reached somebody: %v", err)
		}
	}
	if got := w.opsItems(); got != u.Filed {
		t.Errorf("OpsCenter has %d OpsItems, the budget counted %d", got, u.Filed)
	}
	for list, n := range lines {
		ep := w.episode(list, 1)
		if ep.Folded != n || ep.OpsItem == "" && !ep.Held {
			t.Errorf("list %s counts %d lines of %d: %+v", list, ep.Folded, n, ep)
		}
	}
	if len(lines) < 4 || len(lines) > 6 {
		t.Errorf("%d lists in a month", len(lines))
	}
	// The next month has room again for what waits.
	w.wait(48 * time.Hour)
	w.settle()
	if u := w.use(); u.Held != 0 || u.Filed < held || u.Total != w.opsItems() {
		t.Errorf("in the next month %+v, of %d that waited", u, held)
	}
}
