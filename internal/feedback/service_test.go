package feedback_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/fault"
	"learningloop/internal/feedback"
	"learningloop/internal/id"
	"learningloop/internal/product"
	"learningloop/internal/signal"
	"learningloop/internal/store"
	"learningloop/internal/table/embedded"
	"learningloop/internal/table/tabletest"
)

// rig is the service on the real store, on a table that fails where it is told to.
type rig struct {
	*feedback.Service

	store  *store.Store
	faulty *tabletest.Faulty
	shop   product.Product

	mu  sync.Mutex
	now time.Time
	n   int
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{now: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)}
	db, err := embedded.OpenMem(embedded.Options{Clock: r.clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	r.faulty = tabletest.Wrap(db)
	r.store = store.New(r.faulty, r.clock)
	if r.shop, err = product.New("shop", "seed", r.now); err != nil {
		t.Fatal(err)
	}
	if err := r.store.SaveProduct(t.Context(), r.shop, nil); err != nil {
		t.Fatal(err)
	}
	r.Service = &feedback.Service{Store: r.store, People: []byte("people"), Now: r.clock, Rand: func() string {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.n++
		return fmt.Sprint(r.n)
	}}
	return r
}

func (r *rig) clock() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now
}

func (r *rig) pass(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = r.now.Add(d)
}

// waiting counts the stored pieces that wait for triage: here, all there are.
func (r *rig) waiting(t *testing.T) int {
	t.Helper()
	n, err := r.store.PendingCount(t.Context(), store.TypeFeedback, 1000)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func (r *rig) submit(t *testing.T, d feedback.Draft, key string) feedback.Feedback {
	t.Helper()
	f, err := r.Submit(t.Context(), d, key, feedback.API)
	if err != nil {
		t.Fatalf("Submit: %v", err)
	}
	return f
}

func code(err error) string {
	if e, ok := errors.AsType[*fault.Error](err); ok {
		return e.Code
	}
	return ""
}

func TestSubmitStores(t *testing.T) {
	r := newRig(t)
	d := draft(func(d *feedback.Draft) { d.Text = "  <script>alert(1)</script>\x00  " })
	f := r.submit(t, d, "")
	got, err := r.Get(t.Context(), f.ID)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(f, got); diff != "" {
		t.Errorf("what was answered is not what is stored (-answered +stored):\n%s", diff)
	}
	if got.Text != "<script>alert(1)</script>" || got.Product() != r.shop.ID || got.Channel != feedback.API || !got.Todo {
		t.Errorf("stored %+v", got)
	}
	if other := r.submit(t, d, ""); other.ID == f.ID {
		t.Error("two requests without a key are one")
	}
}

func TestSubmitRefuses(t *testing.T) {
	tests := []struct {
		name string
		d    feedback.Draft
		key  string
		want []string // pointers
		code string
	}{
		{"a bad field", draft(func(d *feedback.Draft) { d.Text = "" }), "", []string{"/text"}, "invalid_fields"},
		{"an unknown product", draft(func(d *feedback.Draft) { d.Product = "nowhere" }), "", []string{"/product"}, "invalid_fields"},
		{"no slug at all", draft(func(d *feedback.Draft) { d.Product = "../\x00" }), "", []string{"/product"}, "invalid_fields"},
		{"a key too long", draft(nil), strings.Repeat("k", feedback.MaxKey+1), nil, "invalid_idempotency_key"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			_, err := r.Submit(t.Context(), tt.d, tt.key, feedback.API)
			if d := cmp.Diff(tt.want, pointers(t, err)); d != "" || code(err) != tt.code {
				t.Errorf("%v (-want +got):\n%s", err, d)
			}
			if n := r.waiting(t); n != 0 {
				t.Errorf("%d pieces stored", n)
			}
		})
	}
	r := newRig(t)
	r.submit(t, draft(nil), strings.Repeat("k", feedback.MaxKey))
}

func TestIdempotencyKey(t *testing.T) {
	r := newRig(t)
	first := r.submit(t, draft(nil), "key")
	r.pass(feedback.KeepKey - 1)

	// The same request gives the same answer; white space that is cleaned away makes no other request.
	again := r.submit(t, draft(func(d *feedback.Draft) { d.Text += "  \r\n" }), "key")
	if d := cmp.Diff(first, again); d != "" {
		t.Errorf("the answer differs (-first +again):\n%s", d)
	}
	_, err := r.Submit(t.Context(), draft(func(d *feedback.Draft) { d.Text += "!" }), "key", feedback.API)
	if !fault.Is(err, fault.Invalid) || code(err) != "idempotency_key_reused" {
		t.Errorf("another request under the key: %v", err)
	}
	if other := r.submit(t, draft(nil), "key2"); other.ID == first.ID {
		t.Error("two keys are one")
	}
	if n := r.waiting(t); n != 2 {
		t.Errorf("%d pieces stored, want 2", n)
	}

	// After 24 hours the key is free again, for any request, and is kept as long again.
	r.pass(1)
	second := r.submit(t, draft(func(d *feedback.Draft) { d.Text += "!" }), "key")
	if second.ID == first.ID {
		t.Error("the key is still kept after 24 hours")
	}
	if again := r.submit(t, draft(func(d *feedback.Draft) { d.Text += "!" }), "key"); again.ID != second.ID {
		t.Error("the second generation makes another piece each time")
	}
	r.pass(feedback.KeepKey)
	if third := r.submit(t, draft(nil), "key"); third.ID == first.ID || third.ID == second.ID {
		t.Error("the third generation is no new one")
	}
}

// Whoever changes or withdraws what they sent, and then sends the first request again, gets the same answer.
func TestKeyOutlivesChanges(t *testing.T) {
	r := newRig(t)
	first := r.submit(t, draft(nil), "key")
	if _, err := r.Edit(t.Context(), first.ID, draft(func(d *feedback.Draft) { d.Text = "Less rows." })); err != nil {
		t.Fatal(err)
	}
	if got := r.submit(t, draft(nil), "key"); got.ID != first.ID || got.Text != "Less rows." {
		t.Errorf("after an edit: %+v", got)
	}
	if _, err := r.Withdraw(t.Context(), first.ID); err != nil {
		t.Fatal(err)
	}
	if got := r.submit(t, draft(nil), "key"); got.ID != first.ID || got.State != feedback.Withdrawn {
		t.Errorf("after it was withdrawn: %+v", got)
	}
}

func TestConcurrentSubmits(t *testing.T) {
	r := newRig(t)
	const clients = 32
	for round, age := range []time.Duration{0, feedback.KeepKey} { // the second round takes the next generation
		r.pass(age)
		ids := make([]id.Feedback, clients)
		var wg sync.WaitGroup
		for i := range clients {
			wg.Go(func() {
				f, err := r.Submit(context.Background(), draft(nil), "key", feedback.API)
				if err != nil {
					t.Errorf("client %d: %v", i, err)
				}
				ids[i] = f.ID
			})
		}
		wg.Wait()
		for _, got := range ids {
			if got != ids[0] {
				t.Fatalf("round %d: pieces %s and %s", round, ids[0], got)
			}
		}
		if n := r.waiting(t); n != round+1 {
			t.Errorf("round %d: %d pieces stored", round, n)
		}
	}
}

// every way a call of the table can fail, for each call that do makes in a clean run.
func failures(t *testing.T, setUp func(t *testing.T) *rig, do func(*rig) error, check func(*testing.T, *rig)) {
	t.Helper()
	clean := setUp(t)
	clean.faulty.Reset()
	if err := do(clean); err != nil {
		t.Fatalf("clean run: %v", err)
	}
	calls := clean.faulty.Calls()
	check(t, clean)
	for k := 1; k <= calls; k++ {
		for _, mode := range tabletest.Modes() {
			t.Run(fmt.Sprintf("call %d fails %s", k, mode), func(t *testing.T) {
				r := setUp(t)
				r.faulty.Reset()
				r.faulty.FailAt(k, mode)
				if err := do(r); err == nil {
					t.Error("the failure is not told")
				} else if !fault.Retry(err) {
					t.Errorf("not worth a retry: %v", err)
				}
				if len(r.faulty.Failed()) != 1 {
					t.Fatal("nothing failed")
				}
				if err := do(r); err != nil {
					t.Fatalf("tried again: %v", err)
				}
				r.faulty.Reset()
				check(t, r)
			})
		}
	}
}

func TestSubmitLostAndPersisted(t *testing.T) {
	want := id.NewFeedback(id.NewProduct("seed"), "key", "key", "0")
	failures(t, newRig, func(r *rig) error {
		f, err := r.Submit(context.Background(), draft(nil), "key", feedback.API)
		if err == nil && f.ID != want {
			return fmt.Errorf("piece %s, want %s", f.ID, want)
		}
		return err
	}, func(t *testing.T, r *rig) {
		if n := r.waiting(t); n != 1 {
			t.Errorf("%d pieces", n)
		}
		if f, err := r.Get(t.Context(), want); err != nil || f.Version != 1 {
			t.Errorf("%+v, %v", f, err)
		}
	})
}

func TestReceive(t *testing.T) {
	sig := signal.Signal{ID: "s1", Key: "alarm/1", Title: "It burns", Text: "Really", State: signal.Firing, Severity: 1, Release: "7"}
	failures(t, newRig, func(r *rig) error {
		_, err := r.Receive(context.Background(), r.shop.ID, sig)
		return err
	}, func(t *testing.T, r *rig) {
		first, err := r.Receive(t.Context(), r.shop.ID, sig)
		if err != nil {
			t.Fatal(err)
		}
		later := sig
		later.Title = "The same word, delivered again"
		r.pass(48 * time.Hour) // events have no end of being the same
		again, err := r.Receive(t.Context(), r.shop.ID, later)
		if d := cmp.Diff(first, again); d != "" || err != nil {
			t.Errorf("%v (-first +again):\n%s", err, d)
		}
		other := sig
		other.ID = "s2"
		if f, err := r.Receive(t.Context(), r.shop.ID, other); err != nil || f.ID == first.ID {
			t.Errorf("another word of the same alarm: %s, %v", f.ID, err)
		}
		if first.Kind != feedback.Signal || first.Context.Release != "7" || first.Channel != feedback.Event || !first.Todo {
			t.Errorf("%+v", first)
		}
	})
}

// submitted is a rig with one piece, asked to hear of.
func submitted(t *testing.T) (*rig, feedback.Feedback) {
	t.Helper()
	r := newRig(t)
	return r, r.submit(t, draft(func(d *feedback.Draft) {
		d.Submitter = feedback.DraftSubmitter{Name: "Martha", Email: "martha@example.com", HearBack: true}
	}), "key")
}

func TestEdit(t *testing.T) {
	r, f := submitted(t)
	r.pass(time.Minute)
	got, err := r.Edit(t.Context(), f.ID, feedback.Draft{
		Product: "shop", Kind: feedback.Problem, Text: "The rows are gone.", Rating: 1,
		Submitter: feedback.DraftSubmitter{Name: "M. Rivera", Email: "attacker@example.com", Company: "AnyCompany"},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := f
	want.Kind, want.Text, want.Rating, want.Edited, want.Version = feedback.Problem, "The rows are gone.", 1, r.clock(), 2
	want.Submitter.Name, want.Submitter.Company, want.Submitter.HearBack = "M. Rivera", "AnyCompany", false
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	stored, err := r.Get(t.Context(), f.ID)
	if d := cmp.Diff(want, stored); d != "" || err != nil {
		t.Errorf("%v (-want +stored):\n%s", err, d)
	}
	if _, err := r.Edit(t.Context(), f.ID, draft(func(d *feedback.Draft) { d.Text = "" })); !cmp.Equal(pointers(t, err), []string{"/text"}) {
		t.Errorf("a bad edit: %v", err)
	}
	if _, err := r.Edit(t.Context(), id.NewFeedback(r.shop.ID, "none"), draft(nil)); !fault.Is(err, fault.NotFound) {
		t.Errorf("an edit of nothing: %v", err)
	}
}

func TestWithdraw(t *testing.T) {
	r, f := submitted(t)
	got, err := r.Withdraw(t.Context(), f.ID)
	if err != nil {
		t.Fatal(err)
	}
	want := feedback.Feedback{
		ID: f.ID, Kind: f.Kind, Text: "(withdrawn)", Channel: f.Channel, Received: f.Received, Edited: r.clock(), Fingerprint: f.Fingerprint,
		State: feedback.Withdrawn, Todo: true, Version: 2,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("what was said, or by whom, is kept (-want +got):\n%s", d)
	}
	again, err := r.Withdraw(t.Context(), f.ID)
	if d := cmp.Diff(want, again); d != "" || err != nil {
		t.Errorf("again: %v\n%s", err, d)
	}
	if _, err := r.Edit(t.Context(), f.ID, draft(nil)); !errors.Is(err, feedback.ErrClosed) {
		t.Errorf("an edit of what was withdrawn: %v", err)
	}
	if _, err := r.HearBack(t.Context(), f.ID, true); !cmp.Equal(pointers(t, err), []string{"/submitter/email"}) {
		t.Errorf("to hear of what was withdrawn: %v", err)
	}
}

func TestClosedOnceTakenUp(t *testing.T) {
	tests := []struct {
		name string
		take func(*feedback.Feedback)
	}{
		{"attached after triage", func(f *feedback.Feedback) {
			f.State, f.Todo, f.Improvement = feedback.Triaged, false, id.NewImprovement(f.Product(), "x")
		}},
		{"attached", func(f *feedback.Feedback) { f.Improvement = id.NewImprovement(f.Product(), "x") }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, f := submitted(t)
			tt.take(&f)
			if err := r.store.SaveFeedback(t.Context(), f); err != nil {
				t.Fatal(err)
			}
			if _, err := r.Edit(t.Context(), f.ID, draft(nil)); !errors.Is(err, feedback.ErrClosed) || !fault.Is(err, fault.Conflict) {
				t.Errorf("Edit: %v", err)
			}
			if _, err := r.Withdraw(t.Context(), f.ID); !errors.Is(err, feedback.ErrClosed) {
				t.Errorf("Withdraw: %v", err)
			}
			// Whether to hear back stays theirs to say.
			got, err := r.HearBack(t.Context(), f.ID, false)
			if err != nil || got.Submitter.HearBack || got.Submitter.Email == "" {
				t.Errorf("HearBack: %+v, %v", got.Submitter, err)
			}
		})
	}
}

// The piece changes between the read and the write of its submitter's change. Being triaged closes nothing, so the change
// goes through all the same; being taken up by the team does. Whether they hear back they may say at any time.
func TestChangeRaces(t *testing.T) {
	changes := map[string]func(*rig, id.Feedback) error{
		"edit":     func(r *rig, fid id.Feedback) error { _, err := r.Edit(t.Context(), fid, draft(nil)); return err },
		"withdraw": func(r *rig, fid id.Feedback) error { _, err := r.Withdraw(t.Context(), fid); return err },
		"hear":     func(r *rig, fid id.Feedback) error { _, err := r.HearBack(t.Context(), fid, false); return err },
	}
	for name, change := range changes {
		for _, with := range []string{"triage", "the team"} {
			t.Run(name+" with "+with, func(t *testing.T) {
				r, f := submitted(t)
				raced := false
				r.faulty.FailWhen(func(c tabletest.Call) (tabletest.Mode, error) {
					if c.Method == "Write" && !raced {
						raced = true
						f.State, f.Todo = feedback.Triaged, false
						if with == "the team" {
							f.Improvement = id.NewImprovement(f.Product(), "x")
						}
						if err := r.store.SaveFeedback(context.Background(), f); err != nil {
							t.Errorf("%s: %v", with, err)
						}
					}
					return tabletest.Before, nil
				})
				err := change(r, f.ID)
				got, loadErr := r.Get(t.Context(), f.ID)
				if loadErr != nil {
					t.Fatal(loadErr)
				}
				switch {
				case name == "hear": // at any time
					if err != nil || got.Submitter.HearBack || got.State != f.State || got.Improvement != f.Improvement {
						t.Errorf("%v, %+v", err, got)
					}
				case with == "the team":
					if !errors.Is(err, feedback.ErrClosed) || got.Text != f.Text {
						t.Errorf("%v, %+v", err, got)
					}
				case err != nil || got.Edited.IsZero():
					t.Errorf("%v, %+v", err, got)
				}
			})
		}
	}
}

func TestChangesLostAndPersisted(t *testing.T) {
	fid := id.NewFeedback(id.NewProduct("seed"), "key", "key", "0")
	setUp := func(t *testing.T) *rig { t.Helper(); r, _ := submitted(t); return r }
	tests := []struct {
		name  string
		do    func(*rig) error
		check func(feedback.Feedback) bool
	}{
		{"edit", func(r *rig) error {
			_, err := r.Edit(context.Background(), fid, draft(func(d *feedback.Draft) { d.Text = "Less." }))
			return err
		}, func(f feedback.Feedback) bool { return f.Text == "Less." && f.Todo && f.State == feedback.Received }},
		{"withdraw", func(r *rig) error { _, err := r.Withdraw(context.Background(), fid); return err }, func(f feedback.Feedback) bool {
			return f.State == feedback.Withdrawn && f.Todo && f.Submitter == feedback.Submitter{}
		}},
		{"hear back", func(r *rig) error { _, err := r.HearBack(context.Background(), fid, false); return err }, func(f feedback.Feedback) bool {
			return !f.Submitter.HearBack && f.Submitter.Email != ""
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			failures(t, setUp, tt.do, func(t *testing.T, r *rig) {
				if f, err := r.Get(t.Context(), fid); err != nil || !tt.check(f) {
					t.Errorf("%+v, %v", f, err)
				}
				if n := r.waiting(t); n != 1 {
					t.Errorf("%d wait for triage", n)
				}
			})
		})
	}
}
