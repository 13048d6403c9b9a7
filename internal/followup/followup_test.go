package followup_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/fault"
	"learningloop/internal/feedback"
	"learningloop/internal/followup"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/table/tabletest"
)

// Once per person, Improvement and status, however many pieces they gave and however often it is ordered.
func TestOncePerPersonAndStatus(t *testing.T) {
	w := newWorld(t)
	iid := w.propose(w.hear("a@example.com"), w.hear("a@example.com"), w.hear("A@Example.com"), w.hear("b@example.com"), w.hear(""))
	w.decide(iid, improvement.Decision{Verb: improvement.Accept})
	w.settle()
	plan := improvement.Decision{Verb: improvement.Plan, Owner: "ana", Due: improvement.Date{Time: began.AddDate(0, 1, 0)}}
	w.decide(iid, plan)
	w.settle()
	plan.Due = improvement.Date{Time: began.AddDate(0, 2, 0)} // the date moves: the page says so, nobody is told twice
	w.decide(iid, plan)
	w.settle()
	w.decide(iid, improvement.Decision{Verb: improvement.Ship})
	w.decide(iid, improvement.Decision{Verb: improvement.Reopen})
	w.settle()
	w.decide(iid, improvement.Decision{Verb: improvement.Ship})
	w.settle()
	w.settle()
	want := map[string]int{}
	for _, who := range []string{"a@example.com", "b@example.com"} {
		for _, what := range []string{"accepted 1", "planned 1", "shipped 1", "accepted 2", "shipped 2"} {
			want[who+" "+what] = 1
		}
	}
	got := w.post.to()
	for k, n := range got { // which spelling of the address is used does not matter
		if k[0] == 'A' || k[0] == 'a' && k[1] == '@' {
			delete(got, k)
			got["a@example.com"+k[len("a@example.com"):]] += n
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestWhoComesLateHearsWhereItStands(t *testing.T) {
	w := newWorld(t)
	iid := w.propose(w.hear("a@example.com"))
	w.decide(iid, improvement.Decision{Verb: improvement.Accept})
	w.settle()
	late := w.hear("late@example.com")
	for range 2 { // attached, undone, and attached again
		if err := w.team.Attach(t.Context(), iid, late.ID, ana); err != nil {
			t.Fatal(err)
		}
		w.settle()
		if err := w.team.Detach(t.Context(), iid, late.ID, ana); err != nil {
			t.Fatal(err)
		}
	}
	w.decide(iid, improvement.Decision{Verb: improvement.Ship})
	w.settle()
	want := map[string]int{"a@example.com accepted 1": 1, "late@example.com accepted 1": 1, "a@example.com shipped 1": 1}
	if d := cmp.Diff(want, w.post.to()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestWhoIsNotTold(t *testing.T) {
	tests := []struct {
		name  string
		first func(w *world, f feedback.Feedback) // before the word is owed
		then  func(w *world, f feedback.Feedback) // when the mail is ordered, not sent
	}{
		{"who stopped before", func(w *world, f feedback.Feedback) { w.stop(f) }, nil},
		{"who stopped while it waited", nil, func(w *world, f feedback.Feedback) { w.stop(f) }},
		{"whose address bounced before", func(w *world, f feedback.Feedback) { w.suppress(f) }, nil},
		{"whose address bounced meanwhile", nil, func(w *world, f feedback.Feedback) { w.suppress(f) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			f := w.hear("a@example.com")
			iid := w.propose(f, w.hear("b@example.com"))
			if tt.first != nil {
				tt.first(w, f)
			}
			im := w.decide(iid, improvement.Decision{Verb: improvement.Accept})
			n, err := w.st.Notice(t.Context(), iid, im.Entries, "")
			if err != nil {
				t.Fatal(err)
			}
			if err := w.FanOut(t.Context(), n); err != nil {
				t.Fatal(err)
			}
			if tt.then != nil {
				tt.then(w, f)
			}
			w.settle()
			if d := cmp.Diff(map[string]int{"b@example.com accepted 1": 1}, w.post.to()); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
	t.Run("who withdrew before the receipt went out", func(t *testing.T) {
		w := newWorld(t)
		f := w.hear("a@example.com")
		m := followup.ReceiptFor(f, w.now)
		if err := w.st.OrderMails(t.Context(), []followup.Mail{m}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.say.Withdraw(t.Context(), f.ID); err != nil {
			t.Fatal(err)
		}
		w.settle()
		if got, err := w.st.Mail(t.Context(), m.Owner, m.Name); err != nil || got.State != followup.Stopped || len(w.post.sent) != 0 {
			t.Errorf("%+v, %v", got, err)
		}
	})
	t.Run("who is no longer known", func(t *testing.T) {
		w := newWorld(t)
		m := followup.ReceiptFor(feedback.Feedback{ID: id.NewFeedback(w.p.ID, "gone")}, w.now)
		if err := w.st.OrderMails(t.Context(), []followup.Mail{m}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Sweep(t.Context()); err != nil || len(w.post.sent) != 0 {
			t.Errorf("%v", err)
		}
	})
	t.Run("who wants no digests", func(t *testing.T) {
		w := newWorld(t)
		did := "d-" + string(w.p.ID) + "-w2026-10"
		mails := []followup.Mail{}
		for _, who := range []string{"p1", "p2"} {
			mails = append(mails, followup.Mail{Owner: did, Name: who, Kind: followup.Digest, State: followup.Due, To: who + "@example.com", Person: "", Digest: did, Ordered: w.now})
		}
		mails[0].Person, mails[1].Person = "p1", "p2"
		if err := w.st.OrderMails(t.Context(), mails); err != nil {
			t.Fatal(err)
		}
		if err := w.st.StopDigest(t.Context(), w.p.ID, "p1", true, w.now); err != nil {
			t.Fatal(err)
		}
		w.settle()
		if d := cmp.Diff(map[string]int{"p2@example.com digest": 1}, w.post.to()); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	})
}

func (w *world) stop(f feedback.Feedback) {
	w.t.Helper()
	if _, err := w.say.HearBack(w.t.Context(), f.ID, false); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) suppress(f feedback.Feedback) {
	w.t.Helper()
	if err := w.st.Suppress(w.t.Context(), f.Submitter.Person, "bounced", w.now); err != nil {
		w.t.Fatal(err)
	}
}

func TestMoreFollowersThanAPage(t *testing.T) {
	w := newWorld(t)
	var pieces []feedback.Feedback
	want := map[string]int{}
	for i := range 130 {
		who := fmt.Sprintf("p%d@example.com", i%125)
		pieces = append(pieces, w.hear(who))
		want[who+" accepted 1"] = 1
	}
	iid := w.propose(pieces...)
	w.decide(iid, improvement.Decision{Verb: improvement.Accept})
	w.settle()
	if d := cmp.Diff(want, w.post.to()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestTheProviderFails(t *testing.T) {
	later := fault.New(fault.Unavailable, "mail_unavailable", "secret answer of the provider")
	tests := []struct {
		name   string
		before []error
		after  []error
		sent   int // in the end
		state  followup.MailState
	}{
		{"down three times", []error{later, later, later}, nil, 1, followup.Sent},
		{"throttled", []error{fault.New(fault.RateLimited, "x", "")}, nil, 1, followup.Sent},
		{"in the sandbox", []error{fault.New(fault.Forbidden, "x", "")}, nil, 1, followup.Sent},
		{"taken, and the answer is lost", nil, []error{later}, 2, followup.Sent}, // the one in flight repeats
		{"refuses for good", []error{fault.New(fault.Invalid, "mail_rejected", "")}, nil, 0, followup.Refused},
		{"an error nobody knows", []error{errors.New("x")}, nil, 1, followup.Sent},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			m := followup.ReceiptFor(w.hear("a@example.com"), w.now)
			if err := w.st.OrderMails(t.Context(), []followup.Mail{m, m}); err != nil {
				t.Fatal(err)
			}
			w.post.before, w.post.after = tt.before, tt.after
			failures := len(tt.before) + len(tt.after)
			for n := 1; n <= failures; n++ {
				if err := w.Send(t.Context(), m.Owner, m.Name); err != nil {
					t.Fatal(err)
				}
				got, err := w.st.Mail(t.Context(), m.Owner, m.Name)
				if err != nil || got.Error == "" || got.Attempts != n || w.meter.failed != n {
					t.Fatalf("%+v, %v, counted %d", got, err, w.meter.failed)
				}
				if tt.state == followup.Refused {
					break
				}
				if wait := got.RetryAt.Sub(w.now); wait != followup.Backoff(n) || got.State != followup.Due {
					t.Errorf("waits %v: %+v", wait, got)
				}
				if err := w.Send(t.Context(), m.Owner, m.Name); err != nil || w.meter.failed != n {
					t.Errorf("tried before its time: %v", err)
				}
				w.now = w.now.Add(followup.Backoff(n))
			}
			w.settle()
			got, err := w.st.Mail(t.Context(), m.Owner, m.Name)
			if err != nil || got.State != tt.state || len(w.post.sent) != tt.sent {
				t.Errorf("%+v, %v, sent %d", got, err, len(w.post.sent))
			}
			if tt.state == followup.Sent && (got.Provider == "" || got.Sent.IsZero() || got.Error != "") {
				t.Errorf("%+v", got)
			}
			if err := w.st.OrderMails(t.Context(), []followup.Mail{m}); err != nil {
				t.Fatal(err)
			}
			w.settle()
			if len(w.post.sent) != tt.sent {
				t.Error("ordering it again sent it again")
			}
		})
	}
}

func TestBackoff(t *testing.T) {
	for n, want := range map[int]time.Duration{1: 10 * time.Second, 2: 20 * time.Second, 3: 40 * time.Second, 10: time.Hour, 1 << 40: time.Hour} {
		if got := followup.Backoff(n); got != want {
			t.Errorf("after %d: %v", n, got)
		}
	}
}

func TestManySendersSendOnce(t *testing.T) {
	w := newWorld(t)
	m := followup.ReceiptFor(w.hear("a@example.com"), w.now)
	if err := w.st.OrderMails(t.Context(), []followup.Mail{m}); err != nil {
		t.Fatal(err)
	}
	var g sync.WaitGroup
	for range 8 {
		g.Go(func() {
			if err := w.Send(t.Context(), m.Owner, m.Name); err != nil {
				t.Error(err)
			}
		})
	}
	g.Wait()
	if len(w.post.sent) != 1 {
		t.Errorf("sent %d times", len(w.post.sent))
	}
}

// Whatever call of the port fails, lost or persisted: everybody is told, and at most the one in flight twice.
func TestEveryCallMayFail(t *testing.T) {
	for _, mode := range tabletest.Modes() {
		for k := 1; ; k++ {
			w := newWorld(t)
			iid := w.propose(w.hear("a@example.com"), w.hear("a@example.com"), w.hear("b@example.com"))
			w.decide(iid, improvement.Decision{Verb: improvement.Accept})
			w.port.Reset()
			w.port.FailAt(k, mode)
			_, _ = w.Sweep(t.Context())
			struck := len(w.port.Failed()) > 0
			w.port.Reset()
			w.now = w.now.Add(time.Hour)
			w.settle()
			got := w.post.to()
			a, b := got["a@example.com accepted 1"], got["b@example.com accepted 1"]
			if a < 1 || b < 1 || a+b > 3 || len(got) != 2 || !struck && a+b != 2 {
				t.Errorf("%s %d: %v", mode, k, got)
			}
			if !struck {
				break
			}
		}
	}
}

// One mail that cannot be sent keeps no other from its turn.
func TestSweepGoesOn(t *testing.T) {
	w := newWorld(t)
	bad, good := w.hear("bad@example.com"), w.hear("good@example.com")
	if err := w.st.OrderMails(t.Context(), []followup.Mail{followup.ReceiptFor(bad, w.now), followup.ReceiptFor(good, w.now)}); err != nil {
		t.Fatal(err)
	}
	w.port.FailWhen(func(c tabletest.Call) (tabletest.Mode, error) {
		if c.Method == readOne && c.Keys[0].P == string(bad.ID) {
			return tabletest.Before, errors.New("broken")
		}
		return tabletest.Before, nil
	})
	if _, err := w.Sweep(t.Context()); err == nil {
		t.Error("nothing failed")
	}
	if d := cmp.Diff(map[string]int{"good@example.com receipt": 1}, w.post.to()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
