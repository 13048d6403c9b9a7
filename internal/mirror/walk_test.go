package mirror_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"learningloop/internal/governor"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/opscenter/emulator"
	"learningloop/internal/opsitem"
	"learningloop/internal/product"
	"learningloop/internal/signal"
	"learningloop/internal/store"
	"learningloop/internal/table/tabletest"
)

// walk does whatever people, machines and networks may do to both sides, in any order.
type walk struct {
	*world
	r      *rand.Rand
	script []string // what was done, for whoever reads a failure

	asked    []id.Improvement // by people
	met      map[string]int   // what became of episodes, over all walks
	clock    sync.RWMutex     // held while a function runs
	status   map[id.Improvement]opsitem.Status
	category map[id.Improvement]string // as last set by anybody
}

func (w *walk) do(format string, args ...any) {
	w.script = append(w.script, w.now().Format("02 15:04:05 ")+fmt.Sprintf(format, args...))
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

// one gives an Improvement, and its OpsItem where it has one.
func (w *walk) one(r *rand.Rand) (id.Improvement, string) {
	iid := pick(r, w.asked...)
	oid := w.load(iid).OpsItem
	if _, err := w.ops.Item(w.t.Context(), oid); err != nil {
		oid = ""
	}
	return iid, oid
}

// sweep carries out what is due; OpsCenter may be down.
func (w *walk) sweep() { _, _ = w.Sweep(w.t.Context()) }

func (w *walk) reconcile() { _, _ = w.Reconcile(w.t.Context()) }

func (w *walk) decide() {
	iid, _ := w.one(w.r)
	was := w.load(iid)
	d := improvement.Decision{Verb: pick(w.r, improvement.Plan, improvement.Start, improvement.Ship, improvement.Reopen), Reason: "It is so."}
	if _, err := w.team.Decide(w.t.Context(), iid, d, ana); err != nil {
		return // not from there
	}
	w.do("%s of %s here", d.Verb, iid)
	if im := w.load(iid); im.Entries > was.Entries {
		w.status[iid] = im.Status.OpsStatus()
	}
	if d.Verb == improvement.Reopen {
		delete(w.category, iid) // another OpsItem, which says what was known
	}
	w.sweep()
}

func (w *walk) rate() {
	iid, _ := w.one(w.r)
	var e improvement.Edit
	switch w.r.IntN(3) {
	case 0:
		e.Severity = new(w.r.IntN(5))
		w.do("severity %d of %s here", *e.Severity, iid)
	case 1:
		e.Priority = new(w.r.IntN(6))
		w.do("priority %d of %s here", *e.Priority, iid)
	default:
		e.Category = new(pick(w.r, "Cost", "Performance", "Security"))
		w.do("category %s of %s here", *e.Category, iid)
	}
	was := w.load(iid)
	if _, err := w.team.Edit(w.t.Context(), iid, e, ana); err != nil {
		return // somebody was faster
	}
	if e.Category != nil && w.load(iid).Entries > was.Entries {
		w.category[iid] = *e.Category
	}
	w.sweep()
}

func (w *walk) operate() {
	iid, oid := w.one(w.r)
	if oid == "" {
		return
	}
	im, it := w.load(iid), w.item(oid)
	known := w.episode(iid, im.Episode)
	if im.Ordered { // OpsCenter dates no field, so that any edit makes what nobody heard yet look later than what is on its way
		delete(w.status, iid)
		delete(w.category, iid)
	}
	var e emulator.Edit
	switch w.r.IntN(5) {
	case 0:
		e.Severity = strconv.Itoa(1 + w.r.IntN(4))
	case 1:
		e.Priority = 1 + w.r.IntN(5)
	case 2:
		e.Category = pick(w.r, "Cost", "Performance", "Security")
		if e.Category != it.Category && (!im.Ordered || e.Category != known.Level.Category) {
			w.category[iid] = e.Category
		}
	case 3:
		w.do("%s described in the console", oid)
		w.ops.Faults().Clear() // an operator tries again until it is done
		w.describe(oid, "Of the operator "+w.rand())
		return
	default:
		s := pick(w.r, opsitem.Open, opsitem.InProgress, opsitem.Resolved)
		e.Status = string(s)
		// What takes back what is on its way, before anybody knows that it came through, looks like nothing happened.
		if e.Status != it.Status && (!im.Ordered || s != known.Status) {
			w.status[iid] = s
		}
	}
	w.do("%s %+v in the console", oid, e)
	w.edit(oid, e)
}

// hears delivers some of the events, some twice, in any order.
func (w *walk) hears() {
	events := w.forget()
	w.r.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
	cut := w.r.IntN(len(events) + 1)
	w.do("%d of %d events", cut, len(events))
	for _, e := range append(events[:cut:cut], events[:cut/2]...) {
		_, _ = w.Hear(w.t.Context(), wordOf(e)) // what fails is delivered again by the queue, or reconciled
	}
	w.mu.Lock()
	w.events = append(events[cut:], w.events...)
	w.mu.Unlock()
	w.sweep()
}

func (w *walk) fails() {
	f := w.ops.Faults()
	switch w.r.IntN(6) {
	case 0:
		w.do("an event is lost")
		f.LoseEvents(1)
	case 1:
		w.do("an event comes twice")
		f.RepeatEvents(1)
	case 2:
		w.do("throttled")
		f.Throttle(emulator.Any, 1+w.r.IntN(3))
	case 3:
		op := pick(w.r, "UpdateOpsItem", "CreateOpsItem")
		w.do("the answer to the next %s is lost", op)
		f.FailNext(op, 1, emulator.Fault{After: true})
	case 4:
		k, mode := 1+w.r.IntN(20), pick(w.r, tabletest.Modes()...)
		w.do("call %d of the storage fails %s, while events come", k, mode)
		w.port.Reset()
		w.port.FailAt(k, mode)
		w.hears()
		w.reconcile()
		w.sweep()
		w.port.Reset()
	default:
		w.do("the next call fails")
		f.FailNext(emulator.Any, 1, emulator.Fault{})
	}
}

// cord has people stop the line, or stands down what was stopped.
func (w *walk) cord() {
	for _, im := range w.cases() {
		if !im.AndonUp() {
			continue
		}
		w.do("%s is stood down", im.ID)
		_, _ = w.team.StandDown(w.t.Context(), im.ID, "It was a test.", ana) // somebody may be faster
		w.sweep()
		return
	}
	w.do("three people stop the line")
	w.pull("Checkout", 3)
	w.sweep()
}

func (w *walk) cases() []improvement.Improvement {
	page, err := w.st.ListImprovements(w.t.Context(), w.p.ID, store.ImprovementFilter{}, false, "", 100)
	if err != nil {
		w.t.Fatal(err)
	}
	return page.Items
}

func (w *walk) step() {
	w.clock.Lock() // no call takes a minute
	w.wait(time.Minute + time.Duration(w.r.IntN(600))*time.Second)
	w.clock.Unlock()
	switch n := w.r.IntN(100); {
	case n < 14:
		w.decide()
	case n < 24:
		w.rate()
	case n < 44:
		w.operate()
	case n < 64:
		w.hears()
	case n < 72:
		w.fails()
	case n < 78:
		iid, _ := w.one(w.r)
		w.do("a complaint about %s", iid)
		if w.load(iid).Status.Closed() {
			delete(w.status, iid) // it may come back
		}
		w.complain(iid, "Company "+w.rand(), "It is still so.")
		w.sweep()
	case n < 84:
		name, state, severity := pick(w.r, "errors", "latency"), pick(w.r, signal.Firing, signal.Recovered), 1+w.r.IntN(4)
		w.do("%s is %s, severity %d", name, state, severity)
		w.alarm(name, state, severity)
		there := slices.ContainsFunc(w.items(), func(it emulator.Item) bool { return it.Source != opsitem.FiledBy && it.Status != "Resolved" })
		if !there && w.r.IntN(2) == 0 {
			w.do("OpsCenter has another about it")
			w.ops.Faults().Clear()
			w.theirs(strings.Replace(alarmARN, "errors", name, 1))
		}
		w.sweep()
	case n < 86:
		if iid, oid := w.one(w.r); oid != "" {
			w.do("%s of %s is deleted", oid, iid)
			w.remove(oid)
			delete(w.status, iid)
			delete(w.category, iid)
		}
	case n < 88:
		w.cord()
	case n < 90:
		if _, oid := w.one(w.r); oid != "" {
			w.do("%s names a resource more", oid)
			w.ops.Faults().Clear()
			w.name(oid, "arn:aws:ec2:us-east-1:111122223333:instance/i-"+w.rand())
		}
	case n < 93:
		w.do("hours pass")
		w.clock.Lock()
		w.wait(time.Duration(w.r.IntN(180)) * time.Minute)
		w.clock.Unlock()
		w.sweep()
	default:
		w.do("reconciled")
		w.reconcile()
		w.sweep()
	}
}

// rests lets everything that is under way end.
func (w *walk) rests() {
	w.ops.Faults().Clear()
	w.Budget = governor.Budget{} // there is room again
	w.wait(2 * time.Hour)
	w.heal()
	w.wait(25 * time.Hour)
	w.heal()
}

// meet counts what a walk led to, so that a reader sees that it leads everywhere.
func (w *walk) meet(im improvement.Improvement, ep opsitem.Episode) {
	for what, is := range map[string]bool{
		"reopened": im.Episode > 1, "on the OpsItem before": ep.Before != "", "adopted": ep.Adopted, "deleted": len(ep.Lost) > 0, "reworded": ep.Reworded,
		"folded": ep.Parent != "", "lists": ep.List, "stopped": !im.Andon.Pulled.IsZero(), "let go": ep.OpsItem == "" && len(ep.Lost) > 0, "related": len(ep.Related) > 0,
	} {
		if is {
			w.met[what]++
		}
	}
	for _, e := range w.history(im.ID) {
		if strings.HasPrefix(e.Detail, "not taken over") {
			w.met["overruled"]++
		}
	}
	w.met["cases"]++
}

// agree says what both sides do not agree on.
func (w *walk) agree() (wrong []string) {
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	current := map[string]bool{}
	for _, im := range w.cases() {
		ep := w.episode(im.ID, im.Episode)
		w.meet(im, ep)
		if ep.Order != opsitem.None || im.Ordered {
			say("%s: an order is left: %+v", im.ID, ep)
		}
		if im.OpsItem != ep.OpsItem {
			say("%s names %q, its episode %q", im.ID, im.OpsItem, ep.OpsItem)
		}
		if ep.OpsItem == "" {
			if len(ep.Lost) == 0 && !im.Status.Closed() && !ep.Folds() {
				say("%s is %s and has no OpsItem", im.ID, im.Status)
			}
			continue
		}
		current[ep.OpsItem] = true
		it, err := w.ops.Item(w.t.Context(), ep.OpsItem)
		if err != nil {
			if !im.Status.Closed() { // else nobody needs to know
				say("%s: %v", im.ID, err)
			}
			continue
		}
		if want := im.Status.OpsStatus(); it.Status != string(want) {
			say("%s is %s, its OpsItem %s", im.ID, im.Status, it.Status)
		}
		l := im.InForce()
		if has := (opsitem.Level{Severity: int(it.Severity[0] - '0'), Priority: it.Priority, Category: it.Category}); has != l && !ep.Adopted {
			say("%s has the level %+v, its OpsItem %+v", im.ID, l, has)
		}
		if want := w.status[im.ID]; want != "" && it.Status != string(want) {
			say("%s: the last word was %s, and it is %s", im.ID, want, it.Status)
		}
		if want := w.category[im.ID]; want != "" && it.Category != want {
			say("%s: the last word was %s, and it is %s", im.ID, want, it.Category)
		}
	}
	for _, it := range w.items() {
		if it.Status != "Resolved" && !current[it.ID] && it.Source == opsitem.FiledBy {
			say("%s is %s and nobody's: %v", it.ID, it.Status, w.data(it.ID))
		}
	}
	return wrong
}

const steps = 60 // of a walk

// newWalk begins with three cases that are filed.
func newWalk(t *testing.T, seed uint64) *walk {
	t.Helper()
	w := &walk{
		world: newWorld(t), r: rand.New(rand.NewPCG(seed, 7)), //nolint:gosec // repeatable on purpose
		met: map[string]int{}, status: map[id.Improvement]opsitem.Status{}, category: map[id.Improvement]string{},
	}
	w.checkout()
	w.rules(func(p *product.Product) {
		p.Rules.Severity = 4
		if seed%2 == 0 { // one cluster of alarms and people
			p.Components[0].Rules = append(p.Components[0].Rules, signal.Rule{Name: "latency"})
		}
	})
	w.skew = pick(w.r, 0, 30*time.Second, -30*time.Second)
	if seed%3 == 0 {
		w.Budget = governor.Budget{Month: 4}
	}
	for range 3 {
		iid, _ := w.filed()
		w.asked = append(w.asked, iid)
	}
	return w
}

// ends lets everything end, and fails the test where both sides do not agree, or do not come to rest.
func (w *walk) ends() {
	w.t.Helper()
	w.rests()
	wrong := w.agree()
	w.forget()
	lines := 0
	for _, iid := range w.asked {
		lines += len(w.history(iid))
	}
	for range 3 {
		w.wait(time.Hour)
		w.heal()
	}
	if n := w.calls["UpdateOpsItem"] + w.calls["CreateOpsItem"]; n > 0 {
		wrong = append(wrong, fmt.Sprintf("%d calls after all was said", n))
	}
	for _, iid := range w.asked {
		lines -= len(w.history(iid))
	}
	if lines != 0 {
		wrong = append(wrong, "the history grows after all was said")
	}
	if len(wrong) > 0 {
		slices.Sort(wrong)
		w.t.Errorf("%s\nafter\n%s", strings.Join(wrong, "\n"), strings.Join(w.script, "\n"))
	}
}

// TestAnyOrder has people on both sides, alarms, lost and doubled events, failures, deletions and clocks that disagree meet
// in any order: both sides end alike, by whoever said something last, and then nobody says anything any more.
func TestAnyOrder(t *testing.T) {
	seeds := uint64(100)
	if testing.Short() {
		seeds = 5
	}
	met := map[string]int{}
	for seed := range seeds {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			w := newWalk(t, seed)
			w.met = met
			for range steps {
				w.step()
			}
			w.ends()
		})
	}
	said := fmt.Sprintf("%d of %d steps each", seeds, steps)
	for _, what := range slices.Sorted(maps.Keys(met)) {
		said += fmt.Sprintf(", %d %s", met[what], what)
	}
	t.Attr("walks", said)
}

// TestAtOnce is TestAnyOrder while four functions sweep, reconcile and hear events all the time. Who was last is not
// looked at.
func TestAtOnce(t *testing.T) {
	seeds := uint64(20)
	if testing.Short() {
		seeds = 2
	}
	for seed := range seeds {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			w := newWalk(t, seed)
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			var functions sync.WaitGroup
			for range 4 {
				functions.Go(func() {
					for ctx.Err() == nil {
						w.clock.RLock()
						w.sweep()
						w.mu.Lock()
						events := slices.Clone(w.events)
						w.mu.Unlock()
						for _, e := range events {
							_, _ = w.Hear(t.Context(), wordOf(e)) // as above
						}
						w.reconcile()
						w.clock.RUnlock()
					}
				})
			}
			for range steps {
				w.step()
				clear(w.status)
				clear(w.category)
			}
			stop()
			functions.Wait()
			w.ends()
		})
	}
}
