package improvement_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"learningloop/internal/fault"
	"learningloop/internal/feedback"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/opsitem"
	"learningloop/internal/product"
	"learningloop/internal/signal"
	"learningloop/internal/store"
	"learningloop/internal/table/tabletest"
)

// near forgives what the order of additions does to the last digits.
var near = cmpopts.EquateApprox(1e-12, 0)

func code(err error) string {
	if e, ok := errors.AsType[*fault.Error](err); ok {
		return e.Code
	}
	return ""
}

// Each piece is attached and detached again: the evidence, and so the score, is as if it had never been.
func TestDetachIsAsIfNeverAttached(t *testing.T) {
	w := newWorld(t, product.Rules{})
	pieces := []feedback.Feedback{}
	for i, who := range [][2]string{{"a@example.com", "AnyCompany"}, {"b@example.com", "anycompany "}, {"c@example.com", ""}, {"", ""}, {"c@example.com", ""}} {
		pieces = append(pieces, w.hear(fmt.Sprintf("Rows are missing %d", i), who[0], who[1]))
		w.now = w.now.Add(time.Hour)
	}
	for i, odd := range pieces {
		rest := append(append([]feedback.Feedback{}, pieces[:i]...), pieces[i+1:]...)
		im := w.propose(fmt.Sprintf("Without %d", i), rest...)
		want := w.load(im.ID)
		if err := w.Attach(t.Context(), im.ID, odd.ID, ana); err != nil {
			t.Fatal(err)
		}
		if got := w.load(im.ID); got.Evidence.Count != want.Evidence.Count+1 {
			t.Errorf("attached: %+v", got.Evidence)
		}
		for range 2 { // repeating is harmless
			if err := w.Detach(t.Context(), im.ID, odd.ID, ana); err != nil {
				t.Fatal(err)
			}
		}
		got := w.load(im.ID)
		if d := cmp.Diff(want.Evidence, got.Evidence, near); d != "" || !got.Latest.Equal(want.Latest) {
			t.Errorf("detached %d (-want +got):\n%s", i, d)
		}
		if f, err := w.st.Feedback(t.Context(), odd.ID); err != nil || f.Improvement != "" {
			t.Errorf("the piece still points to %s, %v", f.Improvement, err)
		}
		// Attaching it anew counts it as the first time did.
		if err := w.Attach(t.Context(), im.ID, odd.ID, ana); err != nil {
			t.Fatal(err)
		}
		if got := w.load(im.ID); got.Evidence.Count != len(pieces) || got.Evidence.Voices != 3 {
			t.Errorf("attached anew: %+v", got.Evidence)
		}
		for _, f := range pieces {
			if err := w.Detach(t.Context(), im.ID, f.ID, ana); err != nil {
				t.Fatal(err)
			}
		}
		if got := w.load(im.ID); got.Evidence.Count != 0 || got.Evidence.Voices != 0 || got.Evidence.Mass != 0 {
			t.Errorf("emptied: %+v", got.Evidence)
		}
	}
}

func TestAttachRefuses(t *testing.T) {
	w := newWorld(t, product.Rules{})
	f := w.hear("Rows are missing", "a@example.com", "")
	im, other := w.propose("One", f), w.propose("Other", w.hear("Else", "", ""))
	withdrawn := w.hear("Never mind", "", "")
	if _, err := w.say.Withdraw(t.Context(), withdrawn.ID); err != nil {
		t.Fatal(err)
	}
	elsewhere := id.NewImprovement(id.NewProduct("else"), "x")
	tests := []struct {
		name string
		iid  id.Improvement
		fid  id.Feedback
		kind fault.Kind
		code string
	}{
		{"again", im.ID, f.ID, fault.Unset, ""},
		{"what is attached elsewhere", other.ID, f.ID, fault.Conflict, "already_attached"},
		{"what was withdrawn", im.ID, withdrawn.ID, fault.Conflict, "withdrawn"},
		{"to another product", elsewhere, w.hear("More", "", "").ID, fault.Invalid, "other_product"},
		{"to nothing", id.NewImprovement(w.p.ID, "none"), w.hear("Still more", "", "").ID, fault.NotFound, "unknown_improvement"},
		{"nothing", im.ID, id.NewFeedback(w.p.ID, "none"), fault.NotFound, "unknown_feedback"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := w.Attach(t.Context(), tt.iid, tt.fid, ana); !fault.Is(err, tt.kind) || code(err) != tt.code {
				t.Errorf("%v", err)
			}
		})
	}
	if got := w.load(im.ID); got.Evidence.Count != 1 {
		t.Errorf("attached twice counts %d", got.Evidence.Count)
	}
}

func TestTwentyAtOnceLoseNone(t *testing.T) {
	w := newWorld(t, product.Rules{})
	im := w.propose("Rows", w.hear("first", "", ""))
	var pieces []feedback.Feedback
	for i := range 20 {
		pieces = append(pieces, w.hear(fmt.Sprint("Rows ", i), fmt.Sprintf("p%d@example.com", i%7), ""))
	}
	var g sync.WaitGroup
	for _, f := range pieces {
		g.Go(func() {
			if err := w.Attach(t.Context(), im.ID, f.ID, ana); err != nil {
				t.Error(err)
			}
		})
	}
	g.Wait()
	got := w.load(im.ID)
	if got.Evidence.Count != 21 || got.Evidence.Voices != 8 || len(all(t, w.st.Attachments, im.ID)) != 21 {
		t.Errorf("%+v, %d attachments", got.Evidence, len(all(t, w.st.Attachments, im.ID)))
	}
}

// A piece that wants word is attached to what was decided, detached, and attached again: it is no race with anybody.
func TestAttachAgainToWhatWasDecided(t *testing.T) {
	w := newWorld(t, product.Rules{})
	im := w.propose("Rows", w.hear("first", "", ""))
	w.decide(im.ID, improvement.Decision{Verb: improvement.Accept})
	f := w.hear("me too", "a@example.com", "")
	for range 3 {
		if err := w.Attach(t.Context(), im.ID, f.ID, ana); err != nil {
			t.Fatal(err)
		}
		n, err := w.st.Notice(t.Context(), im.ID, w.load(im.ID).Entries, f.ID)
		if err != nil || n.Status != improvement.Accepted || n.Only != f.ID {
			t.Fatalf("the word owed to the late one: %+v, %v", n, err)
		}
		if err := w.Detach(t.Context(), im.ID, f.ID, ana); err != nil {
			t.Fatal(err)
		}
	}
}

func TestPropose(t *testing.T) {
	w := newWorld(t, product.Rules{})
	a, b := w.hear("Rows are missing", "", ""), w.hear("More rows", "", "")
	im := w.propose("Export more rows", a, b)
	w.now = w.now.Add(time.Hour)
	again := w.propose(" Export more\trows ", b, a)
	if d := cmp.Diff(im, again); d != "" {
		t.Errorf("proposed again, in another order:\n%s", d)
	}
	if im.Correlation != a.ID.Correlation() || im.Evidence.Count != 2 || im.Status != improvement.Proposed {
		t.Errorf("proposed %+v", im)
	}
	if h := all(t, w.st.History, im.ID); len(h) != 1 || h[0].What != "proposed" || h[0].By != ana.Who {
		t.Errorf("history %+v", h)
	}
	untitled := w.propose("", w.hear("The third row is gone", "", ""))
	if untitled.Title != "The third row is gone" {
		t.Errorf("title %q", untitled.Title)
	}
	gone := w.hear("gone", "", "")
	if _, err := w.say.Withdraw(t.Context(), gone.ID); err != nil {
		t.Fatal(err)
	}
	stranger := id.NewFeedback(id.NewProduct("else"), "x")
	many := make([]id.Feedback, improvement.MaxProposal+1)
	tests := []struct {
		name string
		p    improvement.Proposal
		want string // first pointer, or code
	}{
		{"nothing", improvement.Proposal{}, "/title"},
		{"too long", improvement.Proposal{Title: strings.Repeat("é", 201)}, "/title"},
		{"a long outcome", improvement.Proposal{Title: "x", Outcome: strings.Repeat("é", 1001)}, "/outcome"},
		{"too many", improvement.Proposal{Title: "x", Feedback: many}, "/feedbackIds"},
		{"one twice", improvement.Proposal{Title: "x", Feedback: []id.Feedback{gone.ID, gone.ID}}, "/feedbackIds/0"},
		{"no id", improvement.Proposal{Title: "x", Feedback: []id.Feedback{"../x"}}, "/feedbackIds/0"},
		{"none there", improvement.Proposal{Title: "x", Feedback: []id.Feedback{stranger}}, "/feedbackIds/0"},
		{"attached elsewhere", improvement.Proposal{Title: "x", Feedback: []id.Feedback{a.ID}}, "already_attached"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := w.Propose(t.Context(), w.p, tt.p, ana)
			e, ok := errors.AsType[*fault.Error](err)
			if !ok || e.Code != tt.want && (len(e.Fields) == 0 || e.Fields[0].Pointer != tt.want) {
				t.Errorf("%v", err)
			}
		})
	}
}

// A decision stores all that follows from it, and the next episode gets an OpsItem of its own, related to the last.
func TestDecisionsAndTheirOrders(t *testing.T) {
	w := newWorld(t, product.Rules{})
	im := w.propose("Rows", w.hear("Rows are missing", "a@example.com", ""))
	accepted := w.decide(im.ID, improvement.Decision{Verb: improvement.Accept, Reason: "many ask"})
	ep := w.episode(im.ID, 1)
	if ep.Order != opsitem.File || ep.Request.Dedup != opsitem.EpisodeKey(im.ID, 1) || ep.Request.Related != nil || !accepted.Ordered {
		t.Errorf("first episode %+v", ep)
	}
	again := w.decide(im.ID, improvement.Decision{Verb: improvement.Accept, Reason: "many ask"})
	if d := cmp.Diff(accepted, again); d != "" {
		t.Errorf("decided again:\n%s", d)
	}
	if d := cmp.Diff(w.load(im.ID), again); d != "" {
		t.Errorf("given is not what is stored:\n%s", d)
	}
	if h := all(t, w.st.History, im.ID); len(h) != 2 {
		t.Errorf("%d entries", len(h))
	}
	// As the mirror does when it has filed.
	im = w.load(im.ID)
	ep.OpsItem, ep.Order, im.OpsItem = "oi-000000000001", opsitem.None, "oi-000000000001"
	if err := w.st.SaveFiled(t.Context(), improvement.Change{Improvement: im, Episode: &ep}); err != nil {
		t.Fatal(err)
	}
	w.decide(im.ID, improvement.Decision{Verb: improvement.Ship})
	if ep = w.episode(im.ID, 1); ep.Order != opsitem.Push || !w.load(im.ID).Ordered {
		t.Errorf("shipped: %+v", ep)
	}
	w.decide(im.ID, improvement.Decision{Verb: improvement.Reopen, Reason: "it is back"})
	next := w.episode(im.ID, 2)
	if next.Order != opsitem.File || next.OpsItem != "" || next.Request.Dedup == ep.Request.Dedup || next.Correlation != ep.Correlation {
		t.Errorf("second episode %+v", next)
	}
	if d := cmp.Diff([]string{"oi-000000000001"}, next.Request.Related); d != "" {
		t.Errorf("related (-want +got):\n%s", d)
	}
	if now := w.load(im.ID); now.Episode != 2 || now.OpsItem != "" || now.Status != improvement.Accepted {
		t.Errorf("reopened: %+v", now)
	}
	if before := w.episode(im.ID, 1); before.Order != opsitem.Push || before.OpsItem != "oi-000000000001" {
		t.Errorf("the first episode became %+v", before)
	}
	var logged []string
	day, err := w.st.ListLog(t.Context(), began, store.LogFilter{Subject: string(im.ID)}, "", 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range day.Items {
		logged = append(logged, e.Action)
		if e.By != ana.Who || e.Request != ana.Request {
			t.Errorf("log %+v", e)
		}
	}
	if len(logged) != 5 { // proposed, attached, accept, ship, reopen
		t.Errorf("logged %q", logged)
	}
}

// Whatever call of the port fails, lost or persisted, trying again ends in the state of a clean run.
func TestEveryCallMayFail(t *testing.T) {
	for _, mode := range tabletest.Modes() {
		for k := 1; ; k++ {
			w := newWorld(t, product.Rules{})
			f := w.hear("Rows are missing", "a@example.com", "AnyCompany")
			w.port.Reset()
			w.port.FailAt(k, mode)
			again := func(what string, do func() error) {
				for range 3 {
					if err := do(); err == nil {
						return
					} else if !fault.Is(err, fault.Unavailable) {
						t.Fatalf("%s %d, %s: %v", mode, k, what, err)
					}
				}
				t.Fatalf("%s %d: %s never succeeds", mode, k, what)
			}
			var im improvement.Improvement
			again("propose", func() (err error) {
				im, err = w.Propose(t.Context(), w.p, improvement.Proposal{Title: "Rows", Feedback: []id.Feedback{f.ID}}, ana)
				return err
			})
			again("accept", func() error {
				_, err := w.Decide(t.Context(), im.ID, improvement.Decision{Verb: improvement.Accept}, ana)
				return err
			})
			struck := len(w.port.Failed()) > 0
			w.port.Reset()
			got := w.load(im.ID)
			h := all(t, w.st.History, im.ID)
			if got.Status != improvement.Accepted || got.Episode != 1 || got.Evidence.Count != 1 || got.Evidence.Voices != 1 || len(h) != 2 || len(all(t, w.st.Episodes, im.ID)) != 1 {
				t.Errorf("%s %d: %+v, history %+v", mode, k, got, h)
			}
			if !struck {
				break
			}
		}
	}
}

// What machines and rules say, and what one customer said, is not what another one is told.
func TestNoticesAreTheTeamsWords(t *testing.T) {
	last := func(w *world, im improvement.Improvement) improvement.Notice {
		n, err := w.st.Notice(t.Context(), im.ID, im.Entries, "")
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	w := newWorld(t, product.Rules{Severity: 2})
	raised := w.load(w.alarm(signal.Firing, 2, began))
	if n := last(w, raised); n.Title != "" || n.Reason != "" || n.Status != improvement.Accepted {
		t.Errorf("a rule filed an alarm: %+v", n)
	}
	quoted := w.propose("Rows are missing ", w.hear("Rows are missing", "", ""))
	if n := last(w, w.decide(quoted.ID, improvement.Decision{Verb: improvement.Accept, Reason: "many ask"})); n.Title != "" || n.Reason != "many ask" {
		t.Errorf("a customer's words: %+v", n)
	}
	ours := w.propose("Export more rows", w.hear("Rows are gone", "", ""))
	if n := last(w, w.decide(ours.ID, improvement.Decision{Verb: improvement.Accept})); n.Title != "Export more rows" {
		t.Errorf("the team's: %+v", n)
	}
	for _, im := range []improvement.Improvement{raised, quoted} {
		if _, err := w.Edit(t.Context(), im.ID, improvement.Edit{Title: new("Rows stay")}, ana); err != nil {
			t.Fatal(err)
		}
		if n := last(w, w.decide(im.ID, improvement.Decision{Verb: improvement.Ship})); n.Title != "Rows stay" {
			t.Errorf("worded by the team since: %+v", n)
		}
	}
}

func TestRulesDecideAndSaySo(t *testing.T) {
	t.Run("alarm severity", func(t *testing.T) {
		w := newWorld(t, product.Rules{Severity: 2})
		iid := w.alarm(signal.Firing, 2, began)
		im := w.load(iid)
		h := all(t, w.st.History, iid)
		if im.Status != improvement.Accepted || len(h) != 2 || !strings.HasPrefix(h[1].By, "rule: alarm severity 2") || h[1].Reason == "" {
			t.Errorf("%+v, %+v", im, h)
		}
		ep := w.episode(iid, 1)
		if ep.Order != opsitem.File || ep.Request.Severity != 2 || ep.Request.Category != "Availability" || len(ep.Request.Resources) != 1 {
			t.Errorf("filed as %+v", ep.Request)
		}
		day, err := w.st.ListLog(t.Context(), began, store.LogFilter{}, "", 0)
		if err != nil || len(day.Items) != 1 || !strings.HasPrefix(day.Items[0].By, "rule: ") {
			t.Errorf("log %+v, %v", day.Items, err)
		}
	})
	t.Run("band", func(t *testing.T) {
		for _, band := range []int{0, 4} {
			w := newWorld(t, product.Rules{Band: band})
			im := w.propose("Rows", w.hear("Rows are missing", "", "C0"))
			for i := 1; i < 9; i++ {
				if err := w.Attach(t.Context(), im.ID, w.hear("Rows are missing", "", fmt.Sprint("C", i)).ID, ana); err != nil {
					t.Fatal(err)
				}
			}
			got, h := w.load(im.ID), all(t, w.st.History, im.ID)
			if band == 0 {
				if got.Status != improvement.Proposed {
					t.Errorf("a band that nobody set filed: %+v", h)
				}
				continue
			}
			if got.Status != improvement.Accepted || !strings.Contains(h[len(h)-1].By, "reached band 4") || !strings.Contains(h[len(h)-1].By, "reach") {
				t.Errorf("%+v, %+v", got, h)
			}
			if got.Evidence.Count != 9 || got.Episode != 1 {
				t.Errorf("%+v", got)
			}
		}
	})
}

func TestSignals(t *testing.T) {
	t.Run("the same event twice is one", func(t *testing.T) {
		w := newWorld(t, product.Rules{})
		iid := w.alarm(signal.Firing, 3, began)
		if w.alarm(signal.Firing, 3, began) != iid || w.load(iid).Evidence.Count != 1 {
			t.Errorf("%+v", w.load(iid))
		}
	})
	t.Run("a flapping alarm is one episode", func(t *testing.T) {
		w := newWorld(t, product.Rules{Severity: 3})
		var iid id.Improvement
		for i := range 10 {
			w.now = began.Add(time.Duration(i) * time.Minute)
			iid = w.alarm([]signal.State{signal.Firing, signal.Recovered}[i%2], 3, w.now)
		}
		if im := w.load(iid); im.Episode != 1 || im.Evidence.Count != 10 || im.Evidence.Voices != 1 || im.Firing() || im.Status != improvement.Shipped {
			t.Errorf("%+v", im)
		}
	})
	t.Run("what returns", func(t *testing.T) {
		w := newWorld(t, product.Rules{Severity: 3})
		iid := w.alarm(signal.Firing, 3, began)
		w.now = began.Add(time.Hour)
		w.decide(iid, improvement.Decision{Verb: improvement.Ship})
		w.now = w.now.Add(30 * time.Minute)
		w.alarm(signal.Firing, 3, w.now)
		if im := w.load(iid); im.Status != improvement.Accepted || im.Episode != 1 || !im.Ordered {
			t.Errorf("within the quiet time: %+v", im)
		}
		w.decide(iid, improvement.Decision{Verb: improvement.Ship})
		w.now = w.now.Add(2 * time.Hour)
		w.alarm(signal.Firing, 3, w.now)
		im, h := w.load(iid), all(t, w.st.History, iid)
		if im.Status != improvement.Accepted || im.Episode != 2 || !strings.Contains(h[len(h)-1].By, "after the quiet time") {
			t.Errorf("after the quiet time: %+v, %+v", im, h)
		}
	})
	t.Run("a recovery of what never fired", func(t *testing.T) {
		w := newWorld(t, product.Rules{Severity: 4})
		if iid := w.alarm(signal.Recovered, 1, began); iid != "" {
			t.Errorf("attached to %s", iid)
		}
		page, err := w.st.ListImprovements(t.Context(), w.p.ID, store.ImprovementFilter{}, false, "", 0)
		if err != nil || len(page.Items) != 0 {
			t.Errorf("%+v, %v", page.Items, err)
		}
	})
	t.Run("a late word does not say how it is", func(t *testing.T) {
		w := newWorld(t, product.Rules{})
		iid := w.alarm(signal.Firing, 3, began)
		w.alarm(signal.Recovered, 3, began.Add(10*time.Minute))
		w.alarm(signal.Firing, 3, began.Add(5*time.Minute))
		if im := w.load(iid); im.Firing() || im.Evidence.Count != 3 {
			t.Errorf("%+v", im)
		}
	})
	t.Run("one that a person attached elsewhere", func(t *testing.T) {
		w := newWorld(t, product.Rules{})
		w.alarm(signal.Firing, 3, began)
		f, err := w.say.Receive(t.Context(), w.p.ID, signal.Signal{ID: "x", Key: "alarm/111122223333/us-east-1/errors", Title: "t", State: signal.Firing, Severity: 3, Time: began})
		if err != nil {
			t.Fatal(err)
		}
		im := w.propose("By hand", f)
		if f, err = w.st.Feedback(t.Context(), f.ID); err != nil {
			t.Fatal(err)
		}
		if iid, err := w.AttachSignal(t.Context(), f); err != nil || iid != im.ID {
			t.Errorf("%s, %v", iid, err)
		}
	})
	t.Run("no signal", func(t *testing.T) {
		w := newWorld(t, product.Rules{})
		if _, err := w.AttachSignal(t.Context(), w.hear("words", "", "")); !fault.Is(err, fault.Invalid) {
			t.Error(err)
		}
	})
}
