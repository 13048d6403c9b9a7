package digest_test

import (
	"context"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/digest"
	"learningloop/internal/followup"
	"learningloop/internal/governor"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/product"
)

func service(m *memory) *digest.Service {
	return &digest.Service{Store: m, People: []byte("a key for tests"), Now: func() time.Time { return monday.Add(time.Minute) }}
}

func twoProducts(t *testing.T) *memory {
	m := busy(t)
	m.products = append(m.products, search)
	return m
}

func TestRun(t *testing.T) {
	m := twoProducts(t)
	done, err := service(m).Run(t.Context(), digest.Week, monday)
	if err != nil {
		t.Fatal(err)
	}
	period := digest.PeriodBefore(digest.Week, monday)
	want := []digest.ID{digest.IDOf(checkout.ID, period), digest.IDOf(search.ID, period), digest.IDOf(id.All, period)}
	if d := cmp.Diff(want, done.Made); d != "" {
		t.Errorf("made (-want +got):\n%s", d)
	}
	// Ana leads two products, Ben one: only she gets the digest over all.
	wantTo := map[digest.ID][]string{
		want[0]: {"ana@example.com", "ben@example.com"}, want[1]: {"ana@example.com"}, want[2]: {"ana@example.com"},
	}
	gotTo := map[digest.ID][]string{}
	for _, key := range m.order {
		o := m.mails[key]
		if o.Kind != followup.Digest || o.State != followup.Due || o.Digest != o.Owner || o.Person == "" || o.Ordered.IsZero() {
			t.Errorf("order %s is %+v", key, o)
		}
		gotTo[digest.ID(o.Owner)] = append(gotTo[digest.ID(o.Owner)], o.To)
	}
	if d := cmp.Diff(wantTo, gotTo); d != "" {
		t.Errorf("orders (-want +got):\n%s", d)
	}
}

// Whatever call fails, before or after it is applied, the runs that follow lead to what one clean run leads to.
func TestRunAgainWhateverFails(t *testing.T) {
	clean := twoProducts(t)
	if _, err := service(clean).Run(t.Context(), digest.Week, monday); err != nil {
		t.Fatal(err)
	}
	for _, after := range []bool{false, true} {
		for k := 1; k <= clean.calls; k++ {
			m := twoProducts(t)
			m.failAt, m.after = k, after
			if _, err := service(m).Run(t.Context(), digest.Week, monday); err == nil {
				t.Fatalf("call %d failed, and the run did not say so", k)
			}
			// The schedule's retries, and the next firing within the same period.
			for range 2 {
				if _, err := service(m).Run(t.Context(), digest.Week, monday); err != nil {
					t.Fatalf("run after call %d failed: %v", k, err)
				}
			}
			if d := cmp.Diff(clean.digests, m.digests); d != "" {
				t.Fatalf("call %d failed (after it was applied: %v), digests (-want +got):\n%s", k, after, d)
			}
			if d := cmp.Diff(clean.mails, m.mails); d != "" {
				t.Fatalf("call %d failed (after it was applied: %v), mails (-want +got):\n%s", k, after, d)
			}
		}
	}
}

// What was frozen stays, though the world went on: no second mail, no other number, nobody new.
func TestRunAgainChangesNothing(t *testing.T) {
	m := twoProducts(t)
	s := service(m)
	if _, err := s.Run(t.Context(), digest.Week, monday); err != nil {
		t.Fatal(err)
	}
	for key, o := range m.mails {
		o.State = followup.Sent
		m.mails[key] = o
	}
	digests, mails := maps.Clone(m.digests), maps.Clone(m.mails)

	m.say(checkout, monday.AddDate(0, 0, -3), 1000)
	m.products[0].DigestTo = append(slices.Clone(m.products[0].DigestTo), "new@example.com")
	s.Now = func() time.Time { return monday.AddDate(0, 0, 6) }
	done, err := s.Run(t.Context(), digest.Week, monday.AddDate(0, 0, 6))
	if err != nil {
		t.Fatal(err)
	}
	if len(done.Made) > 0 {
		t.Errorf("made %v again", done.Made)
	}
	if d := cmp.Diff(digests, m.digests); d != "" {
		t.Errorf("digests (-before +after):\n%s", d)
	}
	if d := cmp.Diff(mails, m.mails); d != "" {
		t.Errorf("mails (-before +after):\n%s", d)
	}
}

// Two runs at once: the slower one mails what the faster one froze.
func TestRunBesideAnother(t *testing.T) {
	m := busy(t)
	did := digest.IDOf(checkout.ID, digest.PeriodBefore(digest.Week, monday))
	first := digest.Digest{ID: did, To: []string{"first@example.com"}, Made: monday, Report: digest.Report{Verdict: "The first one."}}
	s := service(m)
	s.Store = &raced{memory: m, first: first}
	if _, err := s.Run(t.Context(), digest.Week, monday); err != nil {
		t.Fatal(err)
	}
	if got := m.digests[did].Report.Verdict; got != "The first one." {
		t.Errorf("the digest says %q", got)
	}
	for _, o := range m.mails {
		if o.Owner == string(did) && o.To != "first@example.com" {
			t.Errorf("mail to %s, who is not among the frozen recipients", o.To)
		}
	}
}

// raced lets somebody else store a digest right before the first CreateDigest.
type raced struct {
	*memory
	first digest.Digest
}

func (r *raced) CreateDigest(ctx context.Context, d digest.Digest) error {
	if d.ID == r.first.ID {
		r.digests[d.ID] = r.first
	}
	return r.memory.CreateDigest(ctx, d)
}

// Recipients are mailboxes: the same one spelled in two cases, in one product or two, is one.
func TestRecipients(t *testing.T) {
	m := newMemory(t)
	a := newProduct("a", "A", monday.AddDate(-1, 0, 0), "Ana@example.com", "ana@example.com", "cy@example.com")
	b := newProduct("b", "B", monday.AddDate(-1, 0, 0), "CY@example.com")
	m.products = []product.Product{a, b}
	if _, err := service(m).Run(t.Context(), digest.Month, monday); err != nil {
		t.Fatal(err)
	}
	period := digest.PeriodBefore(digest.Month, monday)
	got := map[id.Product][]string{}
	for _, p := range []id.Product{a.ID, b.ID, id.All} {
		got[p] = m.digests[digest.IDOf(p, period)].To
	}
	want := map[id.Product][]string{a.ID: {"Ana@example.com", "cy@example.com"}, b.ID: {"CY@example.com"}, id.All: {"cy@example.com"}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// An Improvement that went to and fro within a period counts once, and every page of its history is read.
func TestChangesCountOnce(t *testing.T) {
	m := newMemory(t)
	m.products = []product.Product{checkout}
	m.improve(checkout, "To and fro", "Ana", 1, time.Time{}, 30,
		step{improvement.Accepted, 10, ""}, step{improvement.Shipped, 9, ""}, step{improvement.Accepted, 6, ""},
		step{improvement.Shipped, 5, "release 1"}, step{improvement.Accepted, 4, ""}, step{improvement.Shipped, 3, "release 2"})
	// Decided after the period: its change moved it up the index, but what it was in the period still counts.
	m.improve(checkout, "Moved on", "Ben", 1, time.Time{}, 30, step{improvement.Accepted, 4, ""}, step{improvement.Declined, 0, ""})
	r, err := digest.Build(t.Context(), m, checkout, digest.PeriodBefore(digest.Week, monday), monday)
	if err != nil {
		t.Fatal(err)
	}
	now, before := r.Facts.Now, r.Facts.Before
	if now.Shipped != 1 || now.Decided != 2 || before.Shipped != 1 || before.Decided != 1 {
		t.Errorf("now %+v, before %+v", now, before)
	}
	var got []string
	for _, c := range r.Changes {
		got = append(got, c.Title+" "+string(c.Status)+" "+c.Detail)
	}
	if d := cmp.Diff([]string{"To and fro shipped release 2", "Moved on accepted "}, got); d != "" {
		t.Errorf("changes (-want +got):\n%s", d)
	}
}

func TestAsk(t *testing.T) {
	tests := []struct {
		name string
		add  func(m *memory)
		want string // title, "" for nothing
	}{
		{"nothing", func(*memory) {}, ""},
		{"proposed not long ago", func(m *memory) { m.improve(checkout, "new", "", 9, time.Time{}, digest.PatienceDays) }, ""},
		{"the highest score that waits", func(m *memory) {
			m.improve(checkout, "low", "", 2, time.Time{}, 90)
			m.improve(checkout, "high", "", 9, time.Time{}, digest.PatienceDays+1)
		}, "high"},
		{"a promise comes first", func(m *memory) {
			m.improve(checkout, "high", "", 90, time.Time{}, 90)
			m.improve(checkout, "late", "Ana", 1, day("2026-11-20"), 30, step{improvement.Planned, 29, ""})
		}, "late"},
		{"due today is not late", func(m *memory) {
			m.improve(checkout, "due", "Ana", 1, day("2026-11-23"), 30, step{improvement.Planned, 29, ""})
		}, ""},
		{"shipped is not late", func(m *memory) {
			m.improve(checkout, "done", "Ana", 1, day("2026-11-01"), 30, step{improvement.Shipped, 2, ""})
		}, ""},
		{"what nobody wants is not asked about", func(m *memory) { m.improve(checkout, "no voice", "", 0, time.Time{}, 90) }, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := newMemory(t)
			tt.add(m)
			r, err := digest.Build(t.Context(), m, checkout, digest.PeriodBefore(digest.Week, monday), monday)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if r.Ask != nil {
				got = r.Ask.Item.Title
			}
			if got != tt.want {
				t.Errorf("asks about %q, want %q", got, tt.want)
			}
		})
	}
}

// Where the budget for OpsItems nears its end, or things were folded because of it, every report says so; else none does.
func TestRunSaysTheBudget(t *testing.T) {
	for _, tt := range []struct {
		name string
		use  governor.Use
		want string
	}{
		{"calm", governor.Use{Filed: 12}, ""},
		{"folded", governor.Use{Filed: 12, Folded: 4}, "12 of the month's 100 OpsItems are filed, 4 folded into weekly lists."},
		{"at the edge", governor.Use{Filed: 85, Held: 1}, "85 of the month's 100 OpsItems are filed, 1 wait for room."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := twoProducts(t)
			m.use = tt.use
			s := service(m)
			s.Budget = governor.Budget{Month: 100}
			if _, err := s.Run(t.Context(), digest.Week, monday); err != nil {
				t.Fatal(err)
			}
			for did, d := range m.digests {
				if d.Report.Filing != tt.want || digest.LetterOf(d, links{}).Filing != tt.want {
					t.Errorf("%s says %q", did, d.Report.Filing)
				}
			}
		})
	}
}
