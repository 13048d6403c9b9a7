package mirror_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/google/go-cmp/cmp"

	"learningloop/internal/improvement"
	"learningloop/internal/mirror"
	"learningloop/internal/opscenter/emulator"
	"learningloop/internal/opsitem"
	"learningloop/internal/product"
	"learningloop/internal/signal"
)

// write updates an OpsItem under an access key; "" is our own.
func (w *world) write(in *ssm.UpdateOpsItemInput, as string) {
	w.t.Helper()
	if _, err := w.client.UpdateOpsItem(w.t.Context(), in, func(o *ssm.Options) {
		if as != "" {
			o.Credentials = credentials.NewStaticCredentialsProvider(as, "secret", "")
		}
	}); err != nil {
		w.t.Fatal(err)
	}
}

// told has an event's words heard, and sees what they come to.
func (w *world) told(want mirror.Outcome, word mirror.Word) {
	w.t.Helper()
	if o, err := w.Hear(w.t.Context(), word); o != want || err != nil {
		w.t.Errorf("%s, %v, want %s", o, err, want)
	}
}

// reconciled reconciles, and sees how many OpsItems it took over.
func (w *world) reconciled(want int) {
	w.t.Helper()
	if took, err := w.Reconcile(w.t.Context()); took != want || err != nil {
		w.t.Errorf("took over %d of %d, %v", took, want, err)
	}
}

// unsigned answers Get without saying who changed it.
type unsigned struct{ opsitem.Center }

func (u *unsigned) Get(ctx context.Context, oid string) (opsitem.Item, error) {
	item, err := u.Center.Get(ctx, oid)
	item.By = ""
	return item, err
}

// Who did it is what OpsCenter says, else what the event says, else OpsCenter itself.
func TestWhoDidIt(t *testing.T) {
	for by, want := range map[string]string{"arn:of-the-event": "arn:of-the-event", " ": "OpsCenter", "": "OpsCenter"} {
		w := newWorld(t)
		iid, oid := w.filed()
		w.console(oid, opsitem.InProgress)
		w.Center = &unsigned{w.Center}
		w.told(mirror.Took, mirror.Word{OpsItem: oid, By: by, Status: opsitem.InProgress})
		if got := w.load(iid).LastBy; got != want {
			t.Errorf("by %q: %q, want %q", by, got, want)
		}
	}
}

// Two edits of the same moment are both taken over.
func TestTwoEditsOfAMoment(t *testing.T) {
	w := newWorld(t)
	iid, oid := w.filed()
	w.edit(oid, emulator.Edit{Severity: "1"})
	w.deliver()
	w.edit(oid, emulator.Edit{Severity: "3"})
	w.deliver()
	if got := w.load(iid).InForce().Severity; got != 3 {
		t.Errorf("severity %d", got)
	}
}

// Of two words of the same moment, the console's wins: whoever sees it there did not see ours.
func TestSameMoment(t *testing.T) {
	w := newWorld(t)
	iid, oid := w.filed()
	w.decide(iid, improvement.Decision{Verb: improvement.Start})
	w.edit(oid, emulator.Edit{Status: string(opsitem.Resolved)})
	w.deliver()
	w.heal()
	if w.load(iid).Status != improvement.Shipped || w.item(oid).Status != "Resolved" {
		t.Errorf("%s here, %s there", w.load(iid).Status, w.item(oid).Status)
	}
}

// When it was resolved, and since when a level holds, goes by OpsCenter's clock, however late it is heard; what was resolved
// here before stays resolved since then.
func TestSinceWhen(t *testing.T) {
	w := newWorld(t)
	iid, oid := w.filed()
	w.ops.Faults().LoseEvents(2)
	w.edit(oid, emulator.Edit{Severity: "1"})
	w.console(oid, opsitem.Resolved)
	at := w.item(oid).Modified
	w.wait(3 * time.Hour)
	w.reconciled(1)
	if got := w.episode(iid, 1).Resolved; !got.Equal(at) {
		t.Errorf("resolved at %s, want %s", got, at)
	}
	if got := w.load(iid).Level.Severity.At; !got.Equal(at) {
		t.Errorf("its severity since %s, want %s", got, at)
	}
	other, otherID := w.filed()
	w.decide(other, improvement.Decision{Verb: improvement.Ship})
	at = w.now()
	w.console(otherID, opsitem.Resolved)
	w.deliver()
	w.heal()
	if got := w.episode(other, 1).Resolved; !got.Equal(at) {
		t.Errorf("shipped here at %s, resolved at %s", at, got)
	}
}

// Both sides set the same: nobody overruled anybody, and the history does not say so.
func TestBothSetTheSame(t *testing.T) {
	w := newWorld(t)
	iid, oid := w.filed()
	w.only = iid
	w.ops.Faults().LoseEvents(2)
	w.edit(oid, emulator.Edit{Severity: "1"})
	w.console(oid, opsitem.Resolved)
	w.rate(improvement.Edit{Severity: new(1)})
	w.decide(iid, improvement.Decision{Verb: improvement.Ship})
	w.heal()
	if d := cmp.Diff([]string{"edited: severity 1 (was: 2)", "ship"}, w.said(iid, 2)); d != "" {
		t.Error(d)
	}
}

// The later word about priority and category, too; and evidence that got worse since is later than an operator's milder word.
func TestLaterPriorityAndCategory(t *testing.T) {
	w := newWorld(t)
	iid, oid := w.filed()
	w.only = iid
	w.ops.Faults().LoseEvents(1)
	w.edit(oid, emulator.Edit{Priority: 2, Category: "Security"})
	w.wait(time.Minute)
	w.rate(improvement.Edit{Priority: new(4), Category: new("Cost")})
	w.heal()
	if it := w.item(oid); it.Priority != 4 || it.Category != "Cost" {
		t.Errorf("set here later: %d, %s", it.Priority, it.Category)
	}

	w = newWorld(t)
	iid, oid = w.filed()
	w.ops.Faults().LoseEvents(1)
	w.edit(oid, emulator.Edit{Priority: 4})
	w.wait(time.Minute)
	for i := range 40 {
		w.complain(iid, fmt.Sprintf("Company %d", i), "Rows are missing here, too.")
	}
	evident := w.load(iid).Evident().Priority
	if evident >= 4 {
		t.Fatalf("the evidence says %d", evident)
	}
	w.heal()
	if it := w.item(oid); it.Priority != evident {
		t.Errorf("the evidence says %d, and priority is %d", evident, it.Priority)
	}
}

// Whoever rates it after an andon is later than an operator who did before them, though after the andon.
func TestRatedHereAfterAnAndon(t *testing.T) {
	w := newWorld(t)
	w.checkout()
	w.only = w.alarm("errors", signal.Firing, 2)
	w.run(w.only, 1)
	w.pull("Checkout", 3)
	w.heal()
	oid := w.load(w.only).OpsItem
	w.wait(time.Minute)
	w.ops.Faults().LoseEvents(1)
	w.edit(oid, emulator.Edit{Severity: "4"})
	w.wait(time.Minute)
	w.rate(improvement.Edit{Severity: new(3)})
	w.heal()
	if got := w.item(oid).Severity; got != "3" || w.load(w.only).InForce().Severity != 3 {
		t.Errorf("%s there, %d here", got, w.load(w.only).InForce().Severity)
	}
}

// What was asked with an order whose answer is lost is no operator's word when it is found.
func TestRatedWhileFiling(t *testing.T) {
	w := newWorld(t)
	w.only = w.accepted()
	w.ops.Faults().FailNext("CreateOpsItem", 1, emulator.Fault{After: true})
	w.run(w.only, 1)
	w.wait(time.Second)
	w.rate(improvement.Edit{Severity: new(1)})
	w.heal()
	if d := cmp.Diff([]string{"edited: severity 1 (was: 2)"}, w.said(w.only, 2)); d != "" || w.item(w.load(w.only).OpsItem).Severity != "1" {
		t.Error(d)
	}
}

// An operator sets what was tried here, which nobody knows whether it came through, and taken back: it is the later word.
func TestOperatorSetsWhatWasTried(t *testing.T) {
	w := newWorld(t)
	iid, oid := w.filed()
	w.decide(iid, improvement.Decision{Verb: improvement.Start})
	w.ops.Faults().FailNext("UpdateOpsItem", 1, emulator.Fault{})
	w.run(iid, 1)
	if got := w.episode(iid, 1).Tried; got != opsitem.InProgress {
		t.Fatalf("tried %q", got)
	}
	w.wait(time.Second)
	w.decide(iid, improvement.Decision{Verb: improvement.Ship})
	w.console(oid, opsitem.InProgress)
	w.heal()
	if w.load(iid).Status != improvement.InProgress || w.item(oid).Status != "InProgress" {
		t.Errorf("%s here, %s there: %q", w.load(iid).Status, w.item(oid).Status, w.said(iid, 2))
	}
}

// Our own description is looked at while its answer is on its way: it is nobody's, and evidence is told on.
func TestOurWordsOnTheirWay(t *testing.T) {
	w := newWorld(t)
	iid, oid := w.filed()
	w.wait(time.Hour)
	w.complain(iid, "One", "One more.")
	w.Center = &meanwhile{Center: w.Center, update: func() {
		if _, err := w.Sync(t.Context(), oid, ""); err != nil {
			t.Error(err)
		}
	}}
	w.run(iid, 1)
	w.wait(time.Hour)
	w.complain(iid, "Two", "Another one.")
	w.heal()
	if !strings.Contains(w.described(oid), "3 complaints") {
		t.Errorf("%q", w.described(oid))
	}
}

// A level that is set on a past episode's OpsItem is noted, and moves nothing.
func TestPastOneIsEdited(t *testing.T) {
	w := newWorld(t)
	iid, oid := w.filed()
	w.decide(iid, improvement.Decision{Verb: improvement.Ship})
	w.settle()
	w.decide(iid, improvement.Decision{Verb: improvement.Reopen})
	w.settle()
	want := w.load(iid)
	w.forget()
	w.edit(oid, emulator.Edit{Severity: "1"})
	if d := cmp.Diff([]mirror.Outcome{mirror.Noted}, w.deliver()); d != "" {
		t.Error(d)
	}
	if ep := w.episode(iid, 1); ep.Level.Severity != 1 || ep.Status != opsitem.Resolved || ep.Resolved.IsZero() {
		t.Errorf("%+v", ep.Known)
	}
	if d := cmp.Diff(want, w.load(iid)); d != "" {
		t.Errorf("the Improvement changed:\n%s", d)
	}
}

// A level that is set on what was resolved long ago begins no episode; with a status that does, it comes along.
func TestLevelOfWhatWasResolved(t *testing.T) {
	w := newWorld(t)
	iid, oid := w.filed()
	w.decide(iid, improvement.Decision{Verb: improvement.Ship})
	w.settle()
	w.wait(72 * time.Hour)
	w.forget()
	w.edit(oid, emulator.Edit{Severity: "4"})
	if d := cmp.Diff([]mirror.Outcome{mirror.Took}, w.deliver()); d != "" || w.load(iid).Episode != 1 || w.load(iid).InForce().Severity != 4 {
		t.Errorf("%sepisode %d, severity %d", d, w.load(iid).Episode, w.load(iid).InForce().Severity)
	}
	w.ops.Faults().LoseEvents(1)
	w.edit(oid, emulator.Edit{Severity: "1", Status: string(opsitem.Open)})
	w.reconciled(1)
	if im := w.load(iid); im.Episode != 2 || im.InForce().Severity != 1 {
		t.Errorf("episode %d, severity %d", im.Episode, im.InForce().Severity)
	}
}

// What an event says costs a call only where it may be news.
func TestWhatIsWorthALook(t *testing.T) {
	w := newWorld(t)
	iid, oid := w.filed()
	ours := w.item(oid).CreatedBy
	// Somebody else under our own name: the status is none that we know of.
	w.write(&ssm.UpdateOpsItemInput{OpsItemId: &oid, Status: types.OpsItemStatusInProgress}, "")
	w.told(mirror.Took, mirror.Word{OpsItem: oid, By: ours, CreatedBy: ours, Status: opsitem.InProgress, At: w.now()})
	// The echo of what is on its way.
	w.decide(iid, improvement.Decision{Verb: improvement.Ship})
	w.Center = &meanwhile{Center: w.Center, update: func() {
		w.forget()
		w.told(mirror.Same, mirror.Word{OpsItem: oid, By: ours, CreatedBy: ours, Status: opsitem.Resolved, At: w.now()})
		if w.called() != 0 {
			t.Errorf("for our own echo: %v", w.calls)
		}
	}}
	w.run(iid, 1)
	// A new one of another stage's loop, and one that there is not.
	w.forget()
	w.told(mirror.NotOurs, mirror.Word{OpsItem: "oi-0123456789ab", Created: true, Source: opsitem.FiledBy})
	if w.called() != 0 {
		t.Errorf("for one of a loop: %v", w.calls)
	}
	w.told(mirror.NotOurs, mirror.Word{OpsItem: "oi-0123456789ab", Created: true, Source: "x"})
}

// Whoever created an adopted OpsItem is somebody else: what they set is news.
func TestCreatorOfAnAdoptedOne(t *testing.T) {
	w := newWorld(t)
	w.rules(func(p *product.Product) { p.Rules.Severity = 2 })
	oid := w.theirs(alarmARN)
	iid := w.alarm("errors", signal.Firing, 1)
	w.run(iid, 1)
	w.wait(time.Minute)
	w.settle()
	w.deliver()
	severity := "4"
	w.write(&ssm.UpdateOpsItemInput{OpsItemId: &oid, Severity: &severity}, "SERVICE")
	if d := cmp.Diff([]mirror.Outcome{mirror.Took}, w.deliver()); d != "" || w.load(iid).InForce().Severity != 4 {
		t.Errorf("%sseverity %d", d, w.load(iid).InForce().Severity)
	}
	// What they never said stays unsaid until the evidence is worse than it was.
	w.wait(time.Hour)
	w.only = iid
	w.rate(improvement.Edit{Outcome: new("Exports end")})
	w.heal()
	if it := w.item(oid); it.Priority != 0 || it.Category != "" {
		t.Errorf("priority %d, category %q", it.Priority, it.Category)
	}
	// An operator's status that a decision here overrules is in the history, though nobody heard of it.
	w.ops.Faults().LoseEvents(1)
	w.console(oid, opsitem.InProgress)
	lines := len(w.history(iid))
	w.decide(iid, improvement.Decision{Verb: improvement.Ship})
	w.heal()
	if d := cmp.Diff([]string{"ship", "set status InProgress in OpsCenter: not taken over: it is shipped by a later decision here"}, w.said(iid, lines)); d != "" {
		t.Error(d)
	}
}

// What an operator set, and we overwrote before anybody looked, is written down once; a word that says less than that, or
// that comes from before what is known, writes nothing.
func TestOvertaken(t *testing.T) {
	word := mirror.Word{By: operator, CreatedBy: "x", Status: opsitem.Resolved}
	tests := []struct {
		name   string
		change func(w *mirror.Word)
		lines  int
	}{
		{"an operator's", func(*mirror.Word) {}, 1},
		{"nobody's", func(w *mirror.Word) { w.By = "" }, 0},
		{"its creator's, which we are", func(w *mirror.Word) { w.By = w.CreatedBy }, 0},
		{"of no status", func(w *mirror.Word) { w.Status = "" }, 0},
		{"of the status it has", func(w *mirror.Word) { w.Status = opsitem.InProgress }, 0},
		{"of before it was there", func(w *mirror.Word) { w.At = time.Time{} }, 0},
		{"of a time to come", func(w *mirror.Word) { w.At = w.At.Add(time.Hour) }, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			iid, oid := w.filed()
			w.decide(iid, improvement.Decision{Verb: improvement.Start})
			w.wait(time.Minute)
			w.run(iid, 1)
			word := word
			word.OpsItem, word.At = oid, w.now().Add(-30*time.Second)
			tt.change(&word)
			for range 2 {
				if _, err := w.Hear(t.Context(), word); err != nil {
					t.Fatal(err)
				}
			}
			if h := w.said(iid, 3); len(h) != tt.lines || w.load(iid).Status != improvement.InProgress {
				t.Errorf("%q, %s", h, w.load(iid).Status)
			}
		})
	}
}

// OpsCenter lists changes in no stated order: the next reconcile begins at the latest of them.
func TestReconcileInAnyOrder(t *testing.T) {
	w := newWorld(t)
	_, first := w.filed()
	_, second := w.filed()
	w.console(first, opsitem.InProgress)
	w.console(second, opsitem.InProgress)
	items, _, err := w.Center.ChangedSince(t.Context(), time.Time{}, "")
	if err != nil || len(items) != 2 {
		t.Fatal(items, err)
	}
	latest := w.item(second).Modified
	for range 2 {
		items[0], items[1] = items[1], items[0]
		w.Center = &outdated{Center: w.Center, items: items}
		if _, err := w.Reconcile(t.Context()); err != nil || !w.mark().Equal(latest) {
			t.Errorf("seen until %s, want %s; %v", w.mark(), latest, err)
		}
		if err := w.st.SaveWatermark(t.Context(), time.Time{}); err != nil {
			t.Fatal(err)
		}
	}
}
