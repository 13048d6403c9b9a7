package followup_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/feedback"
	"learningloop/internal/followup"
	"learningloop/internal/improvement"
	"learningloop/internal/product"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestWords(t *testing.T) {
	received := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	notice := func(s improvement.Status) *improvement.Notice {
		return &improvement.Notice{Status: s, Title: "Export more than 10,000 rows", At: received.AddDate(0, 0, 9), Episode: 1}
	}
	letter := func(kind feedback.Kind, n *improvement.Notice) followup.Letter {
		l := followup.Letter{
			Mail: followup.Mail{Kind: followup.Status, Notice: n}, To: "a@example.com", ToName: "Ana", Product: product.Product{Name: "AnyCompany Retail"},
			Feedback: feedback.Feedback{Kind: kind, Text: "The export stops at 10,000 rows.", Received: received},
		}
		if n == nil {
			l.Mail.Kind = followup.Receipt
		}
		return l
	}
	planned, shipped, declined := notice(improvement.Planned), notice(improvement.Shipped), notice(improvement.Declined)
	planned.Due, shipped.Release = received.AddDate(0, 3, 0), "7.2"
	declined.Reason, declined.DeclineKind, declined.Revisit = "The format changes next year.", improvement.OffStrategy, received.AddDate(1, 0, 0)
	accepted := notice(improvement.Accepted)
	accepted.Reason = "Many ask for it."
	again, late := notice(improvement.Accepted), notice(improvement.Accepted) // what was done came back; late came to it only then
	again.Episode, again.Reason, late.Episode, late.Only = 2, "The new exporter has the old limit.", 2, "f-1"
	untitled := func(s improvement.Status) *improvement.Notice { // its title is a machine's, or somebody else's words
		n := notice(s)
		n.Title, n.Due = "", received.AddDate(0, 3, 0)
		return n
	}
	anonymous := letter(feedback.Problem, nil)
	anonymous.ToName = "  "
	letters := map[string]followup.Letter{
		"receipt-problem": letter(feedback.Problem, nil), "receipt-idea": letter(feedback.Idea, nil), "receipt-praise": letter(feedback.Praise, nil),
		"receipt-question": letter(feedback.Question, nil), "receipt-without-a-name": anonymous,
		"accepted": letter(feedback.Idea, accepted), "planned": letter(feedback.Idea, planned), "started": letter(feedback.Idea, notice(improvement.InProgress)),
		"shipped": letter(feedback.Idea, shipped), "shipped-without-release": letter(feedback.Idea, notice(improvement.Shipped)),
		"validated": letter(feedback.Idea, notice(improvement.Validated)), "declined": letter(feedback.Idea, declined),
		"again": letter(feedback.Problem, again), "accepted-late": letter(feedback.Problem, late),
		"accepted-without-title": letter(feedback.Idea, untitled(improvement.Accepted)), "planned-without-title": letter(feedback.Idea, untitled(improvement.Planned)),
		"started-without-title": letter(feedback.Idea, untitled(improvement.InProgress)), "shipped-without-title": letter(feedback.Idea, untitled(improvement.Shipped)),
		"declined-without-title": letter(feedback.Idea, untitled(improvement.Declined)), "validated-without-title": letter(feedback.Idea, untitled(improvement.Validated)),
		"declined-without-kind": letter(feedback.Idea, notice(improvement.Declined)),
	}
	for name, l := range letters {
		t.Run(name, func(t *testing.T) {
			got, err := json.MarshalIndent(followup.Compose(l), "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata", name+".json")
			if *update {
				if err := os.WriteFile(file, append(got, '\n'), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file) //nolint:gosec // a fixture
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), string(got)+"\n"); d != "" {
				t.Errorf("(-want +got; -update writes it anew):\n%s", d)
			}
		})
	}
}

func TestEveryDeclineKindIsSaid(t *testing.T) {
	for _, k := range improvement.DeclineKinds {
		l := followup.Letter{Mail: followup.Mail{Kind: followup.Status, Notice: &improvement.Notice{Status: improvement.Declined, DeclineKind: k}}}
		if got := followup.Compose(l).Paragraphs; len(got) != 1 || got[0] == "" {
			t.Errorf("%s: %q", k, got)
		}
	}
}

// A subject stays short enough to be read beside others, whatever people typed.
func TestSubjectsAreShort(t *testing.T) {
	long := strings.Repeat("語 ", 5000)
	for _, s := range append(improvement.Statuses, "") {
		l := followup.Letter{
			Mail: followup.Mail{Kind: followup.Status, Notice: &improvement.Notice{Status: s, Title: long, Release: "r"}}, ToName: long,
			Feedback: feedback.Feedback{Title: long, Text: long},
		}
		if s == "" {
			l.Mail.Notice = nil
		}
		got := followup.Compose(l)
		if n := len([]rune(got.Subject)); n > 120 || strings.ContainsAny(got.Subject, "\r\n") {
			t.Errorf("%q: subject of %d", s, n)
		}
		if n := len([]rune(got.First)); n > 400 {
			t.Errorf("%q: first sentence of %d", s, n)
		}
		if n := len([]rune(got.Quote)); n > 400 {
			t.Errorf("%q: quote of %d", s, n)
		}
	}
}
