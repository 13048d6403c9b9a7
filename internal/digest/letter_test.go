package digest_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/digest"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/product"
)

var update = flag.Bool("update", false, "write the golden files")

func TestLetters(t *testing.T) {
	tests := []struct {
		name    string
		world   func(t *testing.T) *memory
		kind    digest.Kind
		at      time.Time
		product id.Product
	}{
		{"busy_week", busy, digest.Week, monday, checkout.ID},
		{"week_within_noise", func(t *testing.T) *memory {
			m := newMemory(t)
			m.products = []product.Product{checkout}
			m.say(checkout, monday.AddDate(0, 0, -90), 1)
			m.say(checkout, monday.AddDate(0, 0, -10), 8, "kind_problem")
			m.say(checkout, monday.AddDate(0, 0, -3), 12, "kind_problem", "rating_1")
			return m
		}, digest.Week, monday, checkout.ID},
		{"quiet_week", func(t *testing.T) *memory {
			m := newMemory(t)
			m.products = []product.Product{checkout}
			m.say(checkout, monday.AddDate(0, 0, -10), 2, "kind_idea")
			return m
		}, digest.Week, monday, checkout.ID},
		// Silence after much talk is no quiet week but a question to the form.
		{"silence", func(t *testing.T) *memory {
			m := newMemory(t)
			m.products = []product.Product{checkout}
			m.say(checkout, monday.AddDate(0, 0, -10), 30, "kind_idea")
			return m
		}, digest.Week, monday, checkout.ID},
		{"first_week", func(t *testing.T) *memory {
			m := newMemory(t)
			p := checkout
			p.Created = monday.AddDate(0, 0, -4)
			m.products = []product.Product{p}
			m.say(p, monday.AddDate(0, 0, -3), 3, "kind_question")
			return m
		}, digest.Week, monday, checkout.ID},
		// The run of a product's first hours, asked for the week before.
		{"not_begun", func(t *testing.T) *memory {
			m := newMemory(t)
			p := checkout
			p.Created = monday.Add(-time.Hour)
			m.products = []product.Product{p}
			return m
		}, digest.Week, monday, checkout.ID},
		{"not_all_counted", func(t *testing.T) *memory {
			m := newMemory(t)
			m.products = []product.Product{checkout}
			m.say(checkout, monday.AddDate(0, 0, -40), 1)
			m.waiting = monday.AddDate(0, 0, -2)
			return m
		}, digest.Week, monday, checkout.ID},
		{"month", func(t *testing.T) *memory {
			m := newMemory(t)
			m.products = []product.Product{checkout}
			for i := range 14 {
				first := time.Date(2026, time.Month(11-i), 1, 0, 0, 0, 0, time.UTC)
				m.say(checkout, first.Add(30*time.Hour), int64(100+i*7), "kind_problem", "rating_3")
			}
			return m
		}, digest.Month, time.Date(2026, 12, 1, 6, 0, 0, 0, time.UTC), checkout.ID},
		{"hostile", func(t *testing.T) *memory {
			m := newMemory(t)
			p := checkout
			p.Name = "Check\u202eout</title>\r\nBcc: all@example.com"
			m.products = []product.Product{p}
			m.say(p, monday.AddDate(0, 0, -3), 1)
			m.improve(p, "<script>alert(1)</script> [free](http://evil.example) \u202etxt.exe\r\nX-Header: yes\x00"+strings.Repeat(" and so on", 30),
				"<b>Ana</b>\n.\n", 9, day("2026-11-01"), 30, step{improvement.Accepted, 20, ""}, step{improvement.Planned, 1, "a\nb"})
			return m
		}, digest.Week, monday, checkout.ID},
		{"overall", func(t *testing.T) *memory {
			m := busy(t)
			fresh := newProduct("fresh", "Fresh", monday.AddDate(0, 0, -5), "ana@example.com")
			m.products = append(m.products, search, fresh)
			m.say(search, monday.AddDate(0, 0, -11), 5, "kind_problem")
			m.say(search, monday.AddDate(0, 0, -2), 7, "kind_problem")
			m.say(fresh, monday.AddDate(0, 0, -2), 40, "kind_idea")
			m.improve(search, "Find by order number", "Cleo", 30, day("2026-11-10"), 90, step{improvement.Accepted, 80, ""}, step{improvement.InProgress, 4, ""})
			return m
		}, digest.Week, monday, id.All},
		{"overall_of_nothing", newMemory, digest.Week, monday, id.All},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := tt.world(t)
			if _, err := service(m).Run(t.Context(), tt.kind, tt.at); err != nil {
				t.Fatal(err)
			}
			d, ok := m.digests[digest.IDOf(tt.product, digest.PeriodBefore(tt.kind, tt.at))]
			if !ok {
				t.Fatalf("no digest of %s among %v", tt.product, m.digests)
			}
			// What is frozen is read back from JSON before anybody words it.
			b, err := json.Marshal(d)
			if err != nil {
				t.Fatal(err)
			}
			var frozen digest.Digest
			if err := json.Unmarshal(b, &frozen); err != nil {
				t.Fatal(err)
			}
			golden(t, tt.name, plain(digest.LetterOf(frozen, links{})))
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s (-want +got):\n%s", path, d)
	}
}

// plain writes all of a letter, every text quoted, so that nothing hides in a golden file.
func plain(l digest.Letter) string {
	var b strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	p("subject  %+q\nscope    %+q\nperiod   %q\nverdict  %+q\nquiet    %v\n", l.Subject, l.Scope, l.Period, l.Verdict, l.Quiet)
	for _, n := range l.Numbers {
		p("number   %q: %q; %q tone %q noise %v", n.Label, n.Value, n.Words, n.Tone, n.Noise)
	}
	if l.Ask != nil {
		p("\nask      %+q\n         %+q\n         %s", l.Ask.Question, l.Ask.Why, l.Ask.Link)
	}
	p("\nchart    %q\nalt      %q", l.Chart.Title, l.Alt)
	for _, r := range l.Chart.Rows() {
		p("         %s: %s %s", r.Label, r.Value, r.Marks)
	}
	for _, s := range []digest.Section{l.Top, l.Overdue, l.Changes, l.Retros} {
		p("\n%s (empty: %q, more: %q)", s.Heading, s.Empty, s.More)
		for _, e := range s.Entries {
			p("- %+q\n  %+q\n  %s", e.Title, e.Facts, e.Link)
		}
	}
	p("\nfresh    %q\narchive  %s\nfootnote %q\nwhy      %+q", l.Fresh, l.Archive, l.Footnote, l.Why)
	return b.String()
}
