package triage_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/fault"
	"learningloop/internal/feedback"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/product"
	"learningloop/internal/signal"
	"learningloop/internal/store"
	"learningloop/internal/table/tabletest"
)

// set changes the shop's settings.
func (w *world) set(s product.Settings) {
	w.t.Helper()
	p, err := w.store.Product(w.t.Context(), w.shop.ID)
	w.must(err)
	p, err = p.With(s)
	w.must(err)
	w.must(w.store.SaveProduct(w.t.Context(), p, nil))
	w.shop = p
}

// parts are a shop of two components, as its team set them.
func (w *world) parts() {
	w.t.Helper()
	w.set(product.Settings{Components: []product.Component{
		{Name: "Checkout", Rules: []signal.Rule{{Name: "checkout-*"}, {Resource: "arn:aws:lambda:*:function:pay"}}},
		{Name: "Search", Rules: []signal.Rule{{Name: "search-*"}}},
	}})
}

// at moves the clock to so many minutes after the start.
func (w *world) at(minute int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = start.Add(time.Duration(minute) * time.Minute)
}

// fires receives what an alarm says at a minute.
func (w *world) fires(name string, st signal.State, minute int, resources ...string) feedback.Feedback {
	w.t.Helper()
	w.at(minute)
	f, err := w.say.Receive(w.t.Context(), w.shop.ID, signal.Signal{
		ID: fmt.Sprint(name, st, minute), Key: "alarm/" + name, Name: name, Title: name + " is in alarm", Text: "x", State: st, Severity: 2,
		Time: start.Add(time.Duration(minute) * time.Minute), Resources: append([]string{"arn:aws:cloudwatch:us-east-1:111122223333:alarm:" + name}, resources...),
	})
	w.must(err)
	return f
}

// reports receives a problem of a component at a minute; who is an address, "" for nobody.
func (w *world) reports(who, component string, minute int) feedback.Feedback {
	w.t.Helper()
	return w.tells(feedback.Problem, who, component, minute)
}

func (w *world) tells(kind feedback.Kind, who, component string, minute int) feedback.Feedback {
	w.t.Helper()
	w.at(minute)
	f, err := w.say.Submit(w.t.Context(), feedback.Draft{
		Product: "shop", Kind: kind, Text: fmt.Sprintf("%s at %d", component, minute), Context: feedback.Context{Component: component},
		Submitter: feedback.DraftSubmitter{Email: who, HearBack: who != ""},
	}, fmt.Sprint(who, component, minute, kind), feedback.API)
	w.must(err)
	return f
}

func (w *world) run(pieces ...feedback.Feedback) {
	w.t.Helper()
	w.must(w.Run(w.t.Context(), pieces))
}

// settle sweeps until nothing waits: what lost a race is taken up again.
func (w *world) settle() {
	w.t.Helper()
	for range 10 {
		if _, err := w.Sweep(w.t.Context()); err != nil {
			w.t.Fatal(err)
		}
		if w.waiting() == 0 {
			return
		}
	}
	w.t.Fatalf("%d wait for ever", w.waiting())
}

func (w *world) improvements() []improvement.Improvement {
	w.t.Helper()
	page, err := w.store.ListImprovements(w.t.Context(), w.shop.ID, store.ImprovementFilter{}, false, "", 100)
	w.must(err)
	return page.Items
}

// only gives the one Improvement there is.
func (w *world) only() improvement.Improvement {
	w.t.Helper()
	all := w.improvements()
	if len(all) != 1 {
		w.t.Fatalf("%d Improvements, want one: %+v", len(all), all)
	}
	return all[0]
}

// homes says of each piece to which of the alarms' Improvements it is attached: the alarm's name, "-" for none.
func (w *world) homes(pieces []feedback.Feedback) []string {
	w.t.Helper()
	names := map[id.Improvement]string{"": "-"}
	for _, f := range pieces {
		if f.Signal != nil {
			names[id.NewImprovement(w.shop.ID, "signal", f.Signal.Key)] = f.Signal.Name
		}
	}
	var out []string
	for _, f := range pieces {
		iid := w.get(f.ID).Improvement
		if name, known := names[iid]; known {
			out = append(out, name)
		} else {
			out = append(out, string(iid))
		}
	}
	return out
}

// What meets in a cluster, and what does not.
func TestClusters(t *testing.T) {
	const pay = "arn:aws:lambda:us-east-1:111122223333:function:other"
	firing, ok := signal.Firing, signal.Recovered
	tests := []struct {
		name string
		play func(w *world) []feedback.Feedback
		want []string
	}{
		{"people after the alarm", func(w *world) []feedback.Feedback {
			return []feedback.Feedback{w.fires("checkout-p99", firing, 0), w.reports("a@example.com", " CHECKOUT ", 59), w.reports("", "checkout", 118)}
		}, []string{"checkout-p99", "checkout-p99", "checkout-p99"}},
		{"the window after the latest word is over", func(w *world) []feedback.Feedback {
			return []feedback.Feedback{w.fires("checkout-p99", firing, 0), w.reports("a@example.com", "checkout", 61)}
		}, []string{"checkout-p99", "-"}},
		{"people before the alarm, as far as the window goes", func(w *world) []feedback.Feedback {
			return []feedback.Feedback{w.reports("a@example.com", "Checkout", 0), w.reports("b@example.com", "checkout", 10), w.fires("checkout-p99", firing, 65)}
		}, []string{"-", "checkout-p99", "checkout-p99"}},
		{"another component", func(w *world) []feedback.Feedback {
			return []feedback.Feedback{w.reports("a@example.com", "search", 0), w.fires("checkout-p99", firing, 1), w.reports("a@example.com", "search", 2)}
		}, []string{"-", "checkout-p99", "-"}},
		{"no component, an unknown one, and what is no problem", func(w *world) []feedback.Feedback {
			return []feedback.Feedback{
				w.fires("checkout-p99", firing, 0), w.reports("a@example.com", "", 1), w.reports("a@example.com", "basket", 2),
				w.tells(feedback.Idea, "a@example.com", "checkout", 3), w.tells(feedback.Question, "a@example.com", "checkout", 4),
			}
		}, []string{"checkout-p99", "-", "-", "-", "-"}},
		{"two alarms of one component, and the recoveries of both", func(w *world) []feedback.Feedback {
			return []feedback.Feedback{
				w.fires("checkout-p99", firing, 0), w.fires("checkout-errors", firing, 5), w.fires("checkout-errors", ok, 20), w.fires("checkout-p99", ok, 200),
			}
		}, []string{"checkout-p99", "checkout-p99", "checkout-p99", "checkout-p99"}},
		{"two alarms of one component, far apart", func(w *world) []feedback.Feedback {
			return []feedback.Feedback{w.fires("checkout-p99", firing, 0), w.fires("checkout-errors", firing, 100), w.fires("checkout-p99", ok, 101)}
		}, []string{"checkout-p99", "checkout-errors", "checkout-p99"}},
		{"an alarm that burns stays where it is", func(w *world) []feedback.Feedback {
			return []feedback.Feedback{w.fires("checkout-p99", firing, 0), w.fires("checkout-errors", firing, 100), w.fires("checkout-p99", firing, 110), w.fires("checkout-p99", ok, 120)}
		}, []string{"checkout-p99", "checkout-errors", "checkout-p99", "checkout-p99"}},
		{"an alarm that flaps stays where it was", func(w *world) []feedback.Feedback {
			return []feedback.Feedback{
				w.fires("checkout-p99", firing, 0), w.fires("checkout-errors", firing, 10), w.fires("checkout-errors", ok, 20), w.fires("checkout-errors", firing, 70),
				w.fires("checkout-errors", ok, 75), w.reports("a@example.com", "checkout", 100),
			}
		}, []string{"checkout-p99", "checkout-p99", "checkout-p99", "checkout-p99", "checkout-p99", "checkout-p99"}},
		{"an alarm that comes back another day has its own", func(w *world) []feedback.Feedback {
			return []feedback.Feedback{w.fires("checkout-p99", firing, 0), w.fires("checkout-errors", firing, 10), w.fires("checkout-errors", ok, 20), w.fires("checkout-errors", firing, 600), w.fires("checkout-errors", ok, 610)}
		}, []string{"checkout-p99", "checkout-p99", "checkout-p99", "checkout-errors", "checkout-errors"}},
		{"two alarms about one resource of no component", func(w *world) []feedback.Feedback {
			return []feedback.Feedback{w.fires("one", firing, 0, pay), w.fires("two", firing, 10, "i-1", pay), w.fires("three", firing, 11, "i-1"), w.fires("two", ok, 12, pay)}
		}, []string{"one", "one", "three", "one"}},
		{"a chain: by the resource to one, by the component to another", func(w *world) []feedback.Feedback {
			return []feedback.Feedback{w.fires("one", firing, 0, pay), w.fires("checkout-p99", firing, 1, pay), w.fires("checkout-errors", firing, 2), w.reports("", "checkout", 3)}
		}, []string{"one", "one", "one", "one"}},
		{"a component by its resource, the more specific rule", func(w *world) []feedback.Feedback {
			return []feedback.Feedback{w.reports("", "checkout", 0), w.fires("search-errors", firing, 1, "arn:aws:lambda:us-east-1:111122223333:function:pay")}
		}, []string{"search-errors", "search-errors"}},
		{"an old event clusters with its own time", func(w *world) []feedback.Feedback {
			f := w.fires("checkout-p99", firing, 0)
			p := w.reports("", "checkout", 500)
			return []feedback.Feedback{p, f}
		}, []string{"-", "checkout-p99"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, how := range []string{"one by one", "in one batch", "each twice", "by the sweep"} {
				w := newWorld(t)
				w.parts()
				pieces := tt.play(w)
				switch how {
				case "one by one":
					for _, f := range pieces {
						w.run(f)
					}
				case "in one batch":
					w.run(pieces...)
				case "each twice":
					for _, f := range pieces {
						w.run(f)
						w.run(f) // as it was before the first time
					}
					w.run(append(pieces, pieces...)...)
				}
				w.settle()
				got := w.homes(pieces)
				if how == "by the sweep" {
					// It goes by shards, so another alarm may be the first one; who is together is the same.
					if strings.Contains(tt.name, "burns") {
						continue
					}
					tt.want, got = together(tt.want), together(got)
				}
				if d := cmp.Diff(tt.want, got); d != "" {
					t.Errorf("%s (-want +got):\n%s", how, d)
				}
				if n := w.countedAll(); n != len(pieces) {
					t.Errorf("%s: %d counted", how, n)
				}
			}
		})
	}
}

// together names homes by the first that is there.
func together(homes []string) []string {
	out := make([]string, len(homes))
	for i, h := range homes {
		if out[i] = h; h != "-" {
			out[i] = fmt.Sprint(slices.Index(homes, h))
		}
	}
	return out
}

// countedAll holds the counts against a recount, and gives how many pieces they hold, over however long they came.
func (w *world) countedAll() int {
	w.t.Helper()
	diff, err := w.store.Recount(w.t.Context(), w.shop.ID, start)
	w.must(err)
	if len(diff) > 0 {
		w.t.Errorf("a recount finds differences: %v", diff)
	}
	hours, err := w.store.Counts(w.t.Context(), w.shop.ID, "all", start.Add(-time.Hour), start.AddDate(0, 0, 20))
	w.must(err)
	n := 0
	for _, h := range hours {
		n += int(h.Counts["n"])
	}
	return n
}

// An alarm and the people around it are one Improvement in whatever order and company their words arrive.
func TestClusterInAnyOrder(t *testing.T) {
	for seed := range uint64(25) {
		w := newWorld(t)
		w.parts()
		pieces := []feedback.Feedback{
			w.reports("a@example.com", "checkout", 1), w.reports("b@example.com", "Checkout", 2), w.reports("", "checkout", 3),
			w.fires("checkout-p99", signal.Firing, 10), w.reports("c@example.com", "checkout ", 12), w.reports("d@example.com", "checkout", 40),
		}
		order := slices.Clone(pieces)
		order = append(order, pieces[:4]...)
		rnd := rand.New(rand.NewPCG(seed, 1))
		rnd.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		for len(order) > 0 {
			n := 1 + rnd.IntN(len(order))
			w.run(order[:n]...)
			order = order[n:]
		}
		w.settle()
		im := w.only()
		if got := im.Evidence.Words(); got != "1 incident, 5 complaints" || im.Component != "Checkout" {
			t.Errorf("seed %d: %s about %q", seed, got, im.Component)
		}
	}
}

// Between counting and looking for a cluster, or between opening one and looking for problems, the other may come: one of
// the two sees the other.
func TestClusterRace(t *testing.T) {
	for _, first := range []string{"the problem", "the alarm"} {
		t.Run(first+" is interrupted", func(t *testing.T) {
			clean := newWorld(t)
			clean.parts()
			problem, alarm := clean.reports("a@example.com", "checkout", 1), clean.fires("checkout-p99", signal.Firing, 2)
			calls := func(w *world, f feedback.Feedback) int {
				w.faulty.Reset()
				w.run(f)
				return w.faulty.Calls()
			}
			n := calls(clean, problem)
			if first == "the alarm" {
				n = calls(clean, alarm)
			}
			for k := 1; k <= n; k++ {
				w := newWorld(t)
				w.parts()
				one, two := w.reports("a@example.com", "checkout", 1), w.fires("checkout-p99", signal.Firing, 2)
				if first == "the alarm" {
					one, two = two, one
				}
				w.faulty.Reset()
				seen := 0
				w.faulty.FailWhen(func(tabletest.Call) (tabletest.Mode, error) {
					if seen++; seen == k {
						w.run(two) // the other is triaged as a whole in between
					}
					return tabletest.Before, nil
				})
				w.run(one)
				w.faulty.Reset()
				w.settle()
				if im := w.only(); im.Evidence.Count != 2 {
					t.Errorf("before call %d of %d: %s", k, n, im.Evidence.Words())
				}
			}
		})
	}
}

// Two alarms of one component that are triaged at once make one Improvement, and leave no empty one behind.
func TestTwoAlarmsAtOnce(t *testing.T) {
	for k := 1; k < 40; k++ {
		w := newWorld(t)
		w.parts()
		one, two := w.fires("checkout-p99", signal.Firing, 1), w.fires("checkout-errors", signal.Firing, 1)
		w.faulty.Reset()
		seen := 0
		w.faulty.FailWhen(func(tabletest.Call) (tabletest.Mode, error) {
			if seen++; seen == k {
				w.run(two)
			}
			return tabletest.Before, nil
		})
		w.run(one)
		w.faulty.Reset()
		w.settle()
		if im := w.only(); im.Evidence.Words() != "2 incidents" {
			t.Errorf("before call %d: %s", k, im.Evidence.Words())
		}
		if seen < k {
			break
		}
	}
}

// What a person took out stays out, whatever is told again.
func TestTakenOut(t *testing.T) {
	w := newWorld(t)
	w.parts()
	before, alarm := w.reports("a@example.com", "checkout", 0), w.fires("checkout-p99", signal.Firing, 1)
	after := w.reports("b@example.com", "checkout", 2)
	w.run(before, alarm, after)
	im := w.only()
	ana := improvement.By{Who: "ana@example.com"}
	team := w.team
	for _, f := range []feedback.Feedback{before, after, alarm} {
		w.must(team.Detach(t.Context(), im.ID, f.ID, ana))
	}
	w.run(before, alarm, after)
	w.run(w.fires("checkout-p99", signal.Firing, 3))
	w.settle()
	for _, f := range []feedback.Feedback{before, after, alarm} {
		if got := w.get(f.ID).Improvement; got != "" {
			t.Errorf("%s is attached again", f.Text)
		}
	}
	// Its submitter may word it anew; it stays out all the same.
	edited, err := w.say.Edit(t.Context(), after.ID, feedback.Draft{Product: "shop", Kind: feedback.Problem, Text: "again", Context: feedback.Context{Component: "checkout"}})
	w.must(err)
	w.run(edited)
	if got := w.get(after.ID).Improvement; got != "" {
		t.Error("edited, it is attached again")
	}
	// A person may put it back, and take out again.
	w.must(team.Attach(t.Context(), im.ID, before.ID, ana))
	if got := w.get(before.ID).Improvement; got != im.ID {
		t.Error("a person cannot put it back")
	}
}

// What a person put elsewhere stays there.
func TestAttachedElsewhere(t *testing.T) {
	w := newWorld(t)
	w.parts()
	f := w.reports("a@example.com", "checkout", 0)
	w.run(f)
	mine, err := w.team.Propose(t.Context(), w.shop, improvement.Proposal{Title: "Mine", Feedback: []id.Feedback{f.ID}}, improvement.By{Who: "ana@example.com"})
	w.must(err)
	w.run(w.fires("checkout-p99", signal.Firing, 1), f)
	if got := w.get(f.ID).Improvement; got != mine.ID {
		t.Errorf("attached to %s", got)
	}
}

// A cluster whose Improvement nobody works on any more takes in nobody.
func TestClosedCluster(t *testing.T) {
	w := newWorld(t)
	w.parts()
	w.run(w.fires("checkout-p99", signal.Firing, 0))
	im := w.only()
	_, err := w.team.Decide(t.Context(), im.ID, improvement.Decision{Verb: improvement.Ship}, improvement.By{Who: "ana@example.com"})
	w.must(err)
	late := w.reports("a@example.com", "checkout", 5)
	w.run(late)
	if got := w.get(late.ID).Improvement; got != "" {
		t.Errorf("attached to %s", got)
	}
	// Another alarm opens the next one, and that person is in it.
	w.run(w.fires("checkout-errors", signal.Firing, 6))
	if got, want := w.get(late.ID).Improvement, id.NewImprovement(w.shop.ID, "signal", "alarm/checkout-errors"); got != want {
		t.Errorf("attached to %s", got)
	}
}

// A product that set nothing pays nothing: a piece costs what it cost before.
func TestWatchingCostsNothing(t *testing.T) {
	cost := func(component string, set func(w *world)) int {
		w := newWorld(t)
		if set != nil {
			set(w)
		}
		w.run(w.reports("warm@example.com", component, 0))
		f := w.reports("a@example.com", component, 0)
		w.faulty.Reset()
		w.run(f)
		return w.faulty.Calls()
	}
	bare := cost("", nil)
	for name, got := range map[string]int{
		"a component, nothing set": cost("checkout", nil),
		"no component, but set":    cost("", (*world).parts),
		"another component":        cost("basket", (*world).parts),
	} {
		if got != bare {
			t.Errorf("%s: %d calls, without %d", name, got, bare)
		}
	}
	if got := cost("checkout", (*world).parts); got != bare+1 {
		t.Errorf("a component that is watched: %d calls, without %d", got, bare)
	}
	if got := cost("checkout", func(w *world) { w.set(product.Settings{Andon: &product.AndonSettings{People: new(5)}}) }); got > bare+5 {
		t.Errorf("with an andon: %d calls, without %d", got, bare)
	}
}

// However the storage fails, sweeping again ends where a clean run does.
func TestClusterLostAndPersisted(t *testing.T) {
	fill := func(w *world) []feedback.Feedback {
		w.parts()
		return []feedback.Feedback{
			w.reports("a@example.com", "checkout", 0), w.fires("checkout-p99", signal.Firing, 1), w.fires("checkout-errors", signal.Firing, 2),
			w.reports("b@example.com", "checkout", 3), w.fires("checkout-errors", signal.Recovered, 4),
		}
	}
	clean := newWorld(t)
	fill(clean)
	clean.faulty.Reset()
	clean.settle()
	calls, want := clean.faulty.Calls(), clean.only()
	for k := 1; k <= calls; k++ {
		for _, mode := range tabletest.Modes() {
			w := newWorld(t)
			fill(w)
			w.faulty.Reset()
			w.faulty.FailAt(k, mode)
			if _, err := w.Sweep(t.Context()); err != nil && !fault.Is(err, fault.Unavailable) {
				t.Errorf("call %d of %d fails %s: %v", k, calls, mode, err)
			}
			w.faulty.Reset()
			w.settle()
			if got := w.only(); got.Evidence.Words() != want.Evidence.Words() {
				t.Errorf("call %d of %d fails %s: %s, want %s", k, calls, mode, got.Evidence.Words(), want.Evidence.Words())
			}
		}
	}
}
