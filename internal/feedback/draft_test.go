package feedback_test

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/fault"
	"learningloop/internal/feedback"
	"learningloop/internal/id"
	"learningloop/internal/person"
	"learningloop/internal/score"
	"learningloop/internal/signal"
)

func draft(change func(*feedback.Draft)) feedback.Draft {
	d := feedback.Draft{Product: "shop", Kind: feedback.Idea, Text: "More rows, please."}
	if change != nil {
		change(&d)
	}
	return d
}

// pointers gives the pointers of the bad fields that err names.
func pointers(t *testing.T, err error) []string {
	t.Helper()
	if err == nil {
		return nil
	}
	e, ok := errors.AsType[*fault.Error](err)
	if !ok || e.Kind != fault.Invalid {
		t.Fatalf("not Invalid: %v", err)
	}
	var out []string
	for _, f := range e.Fields {
		if f.Detail == "" {
			t.Errorf("%s has no detail", f.Pointer)
		}
		out = append(out, f.Pointer)
	}
	return out
}

func TestCheckRefuses(t *testing.T) {
	tests := []struct {
		name string
		d    feedback.Draft
		want []string
	}{
		{"the least there is", draft(nil), nil},
		{"nothing at all", feedback.Draft{}, []string{"/product", "/kind", "/text"}},
		{"an unknown kind", draft(func(d *feedback.Draft) { d.Kind = "complaint" }), []string{"/kind"}},
		{"a machine's kind", draft(func(d *feedback.Draft) { d.Kind = feedback.Signal }), []string{"/kind"}},
		{"a kind in another case", draft(func(d *feedback.Draft) { d.Kind = "Idea" }), []string{"/kind"}},
		{"white space", draft(func(d *feedback.Draft) { d.Text = " \r\n\t\u00a0\u2003" }), []string{"/text"}},
		{"control characters", draft(func(d *feedback.Draft) { d.Text = "\x00\x01\x7f\u202e" }), []string{"/text"}},
		{"nothing to see", draft(func(d *feedback.Draft) { d.Text = "\u200b\u200d\ufeff" }), []string{"/text"}},
		{"one character", draft(func(d *feedback.Draft) { d.Text = "!" }), nil},
		{"one sign of several characters", draft(func(d *feedback.Draft) { d.Text = "👩‍👩‍👧" }), nil},
		{"the longest text, in characters", draft(func(d *feedback.Draft) { d.Text = strings.Repeat("😀", feedback.MaxText) }), nil},
		{"the longest text, with room around it", draft(func(d *feedback.Draft) { d.Text = "\n " + strings.Repeat("é", feedback.MaxText) + "\x00 \n" }), nil},
		{"a longer text", draft(func(d *feedback.Draft) { d.Text = strings.Repeat("é", feedback.MaxText+1) }), []string{"/text"}},
		{"the longest title", draft(func(d *feedback.Draft) { d.Title = strings.Repeat("é", feedback.MaxTitle) }), nil},
		{"a longer title", draft(func(d *feedback.Draft) { d.Title = strings.Repeat("é", feedback.MaxTitle+1) }), []string{"/title"}},
		{"ratings from 1", draft(func(d *feedback.Draft) { d.Rating = 1 }), nil},
		{"ratings to 5", draft(func(d *feedback.Draft) { d.Rating = 5 }), nil},
		{"a rating above", draft(func(d *feedback.Draft) { d.Rating = 6 }), []string{"/rating"}},
		{"a rating below", draft(func(d *feedback.Draft) { d.Rating = -1 }), []string{"/rating"}},
		{"the longest names", draft(func(d *feedback.Draft) {
			d.Submitter = feedback.DraftSubmitter{Name: strings.Repeat("é", feedback.MaxName), Company: strings.Repeat("é", feedback.MaxName)}
			d.Context.Page = strings.Repeat("é", 500)
		}), nil},
		{"no e-mail address", draft(func(d *feedback.Draft) { d.Submitter.Email = "martha at example.com" }), []string{"/submitter/email"}},
		{"an address with another behind it", draft(func(d *feedback.Draft) { d.Submitter.Email = "martha@example.com\r\nBcc: all@example.com" }), []string{"/submitter/email"}},
		{"to hear back without an address", draft(func(d *feedback.Draft) { d.Submitter.HearBack = true }), []string{"/submitter/email"}},
		{"everything at once", draft(func(d *feedback.Draft) {
			long := strings.Repeat("x", 501)
			*d = feedback.Draft{
				Kind: "x", Title: long, Rating: 9, Submitter: feedback.DraftSubmitter{Name: long, Email: "x", Company: long},
				Context: feedback.Context{Release: long, Variant: long, Environment: long, Page: long, Component: long},
			}
		}), []string{
			"/product", "/kind", "/text", "/title", "/rating", "/submitter/name", "/submitter/company", "/submitter/email",
			"/context/release", "/context/variant", "/context/environment", "/context/page", "/context/component",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tt.d.Check()
			if d := cmp.Diff(tt.want, pointers(t, err)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestCheckCleans(t *testing.T) {
	in := feedback.Draft{
		Product: "shop", Kind: feedback.Problem, Text: "\ufeff one\r\ntwo\rthree\x00\x1b[31m\u202egpj.exe\u2066 <b>&amp; \n ", Title: " A\ttitle\r\non  lines\x07 ",
		Rating:    3,
		Submitter: feedback.DraftSubmitter{Name: " Martha \n Rivera", Email: " Martha@EXAMPLE.com ", Company: "Any  Company\u0085Inc", HearBack: true},
		Context:   feedback.Context{Page: " /basket?x=1 ", Component: "bas\x00ket"},
	}
	want := feedback.Draft{
		Product: "shop", Kind: feedback.Problem, Text: "\ufeff one\ntwo\nthree[31mgpj.exe <b>&amp;", Title: "A title on lines", Rating: 3,
		Submitter: feedback.DraftSubmitter{Name: "Martha Rivera", Email: "Martha@example.com", Company: "Any CompanyInc", HearBack: true},
		Context:   feedback.Context{Page: "/basket?x=1", Component: "basket"},
	}
	got, err := in.Check()
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	again, err := got.Check()
	if d := cmp.Diff(got, again); d != "" || err != nil {
		t.Errorf("checking again changes it: %v\n%s", err, d)
	}
	if got.Fingerprint() != again.Fingerprint() {
		t.Error("the same request has two fingerprints")
	}
}

// Every field makes another request.
func TestFingerprint(t *testing.T) {
	changes := []func(*feedback.Draft){
		nil,
		func(d *feedback.Draft) { d.Product = "other" },
		func(d *feedback.Draft) { d.Kind = feedback.Praise },
		func(d *feedback.Draft) { d.Text += "!" },
		func(d *feedback.Draft) { d.Title = "t" },
		func(d *feedback.Draft) { d.Rating = 1 },
		func(d *feedback.Draft) { d.Submitter.Name = "t" },
		func(d *feedback.Draft) { d.Submitter.Email = "t" },
		func(d *feedback.Draft) { d.Submitter.Company = "t" },
		func(d *feedback.Draft) { d.Submitter.HearBack = true },
		func(d *feedback.Draft) { d.Context.Release = "t" },
		func(d *feedback.Draft) { d.Context.Variant = "t" },
		func(d *feedback.Draft) { d.Context.Environment = "t" },
		func(d *feedback.Draft) { d.Context.Page = "t" },
		func(d *feedback.Draft) { d.Context.Component = "t" },
	}
	seen := map[string]int{}
	for i, change := range changes {
		fp := draft(change).Fingerprint()
		if was, twice := seen[fp]; twice || fp == "" {
			t.Errorf("changes %d and %d have one fingerprint", was, i)
		}
		seen[fp] = i
	}
}

func FuzzCheck(f *testing.F) {
	f.Add("shop", "idea", "text", "title", "martha@example.com", 3, true)
	f.Add("", "\x00", "\u202e\r\n", "\xff", "a@b.c\r\n", -1, false)
	f.Fuzz(func(t *testing.T, product, kind, text, title, email string, rating int, back bool) {
		d, err := feedback.Draft{
			Product: product, Kind: feedback.Kind(kind), Text: text, Title: title, Rating: rating,
			Submitter: feedback.DraftSubmitter{Name: title, Email: email, HearBack: back},
		}.Check()
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Fatalf("not Invalid: %v", err)
			}
			return
		}
		again, err := d.Check()
		if err != nil || cmp.Diff(d, again) != "" {
			t.Fatalf("what passed does not pass again as it is: %v\n%s", err, cmp.Diff(d, again))
		}
		if n := utf8.RuneCountInString(d.Text); n < 1 || n > feedback.MaxText {
			t.Errorf("a text of %d characters", n)
		}
		if strings.ContainsFunc(d.Title+d.Submitter.Name, unicode.IsControl) {
			t.Errorf("control characters in %q, %q", d.Title, d.Submitter.Name)
		}
	})
}

func TestNewAndBack(t *testing.T) {
	d := draft(func(d *feedback.Draft) {
		d.Title, d.Rating, d.Context = "Rows", 4, feedback.Context{Component: "table"}
		d.Submitter = feedback.DraftSubmitter{Name: "Martha", Email: "martha@example.com", Company: "AnyCompany", HearBack: true}
	})
	key, at := []byte("key"), time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	f := feedback.New(id.NewFeedback(id.NewProduct("p"), "x"), d, feedback.Form, key, at)
	if f.Submitter.Person != person.Of(key, "martha@example.com") || f.State != feedback.Received || !f.Todo || !f.Received.Equal(at) {
		t.Errorf("%+v", f)
	}
	if diff := cmp.Diff(d, f.Draft("shop")); diff != "" {
		t.Errorf("an edit form would show something else (-sent +shown):\n%s", diff)
	}
}

func TestImpact(t *testing.T) {
	tests := []struct {
		name string
		f    feedback.Feedback
		want float64
	}{
		{"a problem", feedback.Feedback{Kind: feedback.Problem}, 2},
		{"an idea", feedback.Feedback{Kind: feedback.Idea}, 1},
		{"a question", feedback.Feedback{Kind: feedback.Question}, 0.5},
		{"praise is no reason to change", feedback.Feedback{Kind: feedback.Praise, Rating: 1}, 0},
		{"the worst rating", feedback.Feedback{Kind: feedback.Problem, Rating: 1}, 3},
		{"a bad rating", feedback.Feedback{Kind: feedback.Idea, Rating: 2}, 1.5},
		{"a fair rating", feedback.Feedback{Kind: feedback.Idea, Rating: 3}, 1},
		{"an alarm", feedback.Feedback{Kind: feedback.Signal, Signal: &signal.Signal{Severity: 2}}, 2},
	}
	for _, tt := range tests {
		if got := tt.f.Impact(); got != tt.want {
			t.Errorf("%s: %g, want %g", tt.name, got, tt.want)
		}
	}
}

func TestVoice(t *testing.T) {
	p := id.NewProduct("p")
	of := func(name string, s feedback.Submitter, sig *signal.Signal) (string, float64) {
		return feedback.Feedback{ID: id.NewFeedback(p, name), Submitter: s, Signal: sig}.Voice()
	}
	same := func(name string, k1 string, w1 float64, k2 string, w2 float64, want bool, weight float64) {
		t.Helper()
		if (k1 == k2) != want || w1 != weight || w2 != weight {
			t.Errorf("%s: %s (%g) and %s (%g)", name, k1, w1, k2, w2)
		}
	}
	k1, w1 := of("a", feedback.Submitter{Company: "AnyCompany  Retail", Person: "1"}, nil)
	k2, w2 := of("b", feedback.Submitter{Company: " anycompany retail", Person: "2"}, nil)
	same("one company, two people", k1, w1, k2, w2, true, score.WeightCompany)
	if strings.Contains(strings.ToLower(k1), "any") {
		t.Errorf("the key tells the company: %s", k1)
	}
	k1, w1 = of("a", feedback.Submitter{Person: "1"}, nil)
	k2, w2 = of("b", feedback.Submitter{Person: "1"}, nil)
	same("one person", k1, w1, k2, w2, true, score.WeightPerson)
	k1, w1 = of("a", feedback.Submitter{}, nil)
	k2, w2 = of("b", feedback.Submitter{}, nil)
	same("nobody is not nobody", k1, w1, k2, w2, false, score.WeightAnonymous)
	k1, w1 = of("a", feedback.Submitter{}, &signal.Signal{Key: "alarm/1"})
	k2, w2 = of("b", feedback.Submitter{}, &signal.Signal{Key: "alarm/1"})
	same("one alarm", k1, w1, k2, w2, true, score.WeightMachine)
}

func TestCut(t *testing.T) {
	tests := []struct {
		name, s string
		n       int
		want    string
	}{
		{"short enough", "a b", 3, "a b"},
		{"one line", " a \n b ", 3, "a b"},
		{"at a word", "the basket loses rows", 13, "the basket…"},
		{"a long word is cut", strings.Repeat("x", 20), 10, strings.Repeat("x", 9) + "…"},
		{"characters, not bytes", strings.Repeat("é", 20), 10, strings.Repeat("é", 9) + "…"},
		{"no punctuation before the ellipsis", "well, there", 7, "well…"},
	}
	for _, tt := range tests {
		got := feedback.Cut(tt.s, tt.n)
		if got != tt.want || utf8.RuneCountInString(got) > tt.n {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestLifeOfAPiece(t *testing.T) {
	tests := []struct {
		name              string
		f                 feedback.Feedback
		open, loose, word bool
	}{
		{"received", feedback.Feedback{Kind: feedback.Problem, State: feedback.Received}, true, false, false},
		{"attached before triage", feedback.Feedback{Kind: feedback.Problem, State: feedback.Received, Improvement: "i"}, false, false, false},
		{"triaged", feedback.Feedback{Kind: feedback.Problem, State: feedback.Triaged}, true, true, false},
		{"praise waits for nobody", feedback.Feedback{Kind: feedback.Praise, State: feedback.Triaged}, true, false, false},
		{"attached", feedback.Feedback{Kind: feedback.Problem, State: feedback.Triaged, Improvement: "i"}, false, false, false},
		{"withdrawn", feedback.Feedback{Kind: feedback.Problem, State: feedback.Withdrawn}, false, false, false},
		{"a machine's", feedback.Feedback{Kind: feedback.Signal, State: feedback.Received, Signal: &signal.Signal{}}, false, false, false},
		{"asked to hear", feedback.Feedback{Submitter: feedback.Submitter{HearBack: true, Email: "a@example.com"}}, true, false, true},
		{"asked without an address", feedback.Feedback{Submitter: feedback.Submitter{HearBack: true}}, true, false, false},
	}
	for _, tt := range tests {
		if tt.f.Open() != tt.open || tt.f.Loose() != tt.loose || tt.f.WantsWord() != tt.word {
			t.Errorf("%s: open %v, loose %v, wants word %v", tt.name, tt.f.Open(), tt.f.Loose(), tt.f.WantsWord())
		}
	}
}
