package api

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/digest"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/web"
)

func TestConsoleURL(t *testing.T) {
	tests := []struct{ region, want string }{
		{"us-east-1", "https://us-east-1.console.aws.amazon.com/systems-manager/opsitems/oi-1?region=us-east-1"},
		{"cn-north-1", "https://cn-north-1.console.amazonaws.cn/systems-manager/opsitems/oi-1?region=cn-north-1"},
		{"us-gov-west-1", "https://us-gov-west-1.console.amazonaws-us-gov.com/systems-manager/opsitems/oi-1?region=us-gov-west-1"},
	}
	for _, tt := range tests {
		if got := consoleURL(tt.region, "oi-1"); got != tt.want {
			t.Errorf("%s: %s", tt.region, got)
		}
	}
	if got, want := (&API{Local: true}).opsItemPath("oi-1"), "/_local/opscenter/items/oi-1"; got != want {
		t.Errorf("on this machine: %s", got)
	}
}

func TestTrendOf(t *testing.T) {
	now := time.Date(2026, 3, 4, 9, 0, 0, 0, time.UTC)
	// weeks gives so many pieces in each week, the running one last.
	weeks := func(counts ...int) (list []improvement.Attachment) {
		for i, n := range counts {
			for range n {
				list = append(list, improvement.Attachment{At: now.Add(-time.Duration(len(counts)-1-i)*week - time.Hour)})
			}
		}
		return list
	}
	tests := []struct {
		name     string
		list     []improvement.Attachment
		since    time.Duration
		compared int
		words    string
		tone     web.Tone
	}{
		{"first heard of this week", weeks(1), 0, 1, "new this week", ""},
		{"often in its first week", weeks(9), 0, 1, "9 this week, new", ""},
		{"as ever", weeks(2, 1, 2), 2 * week, 1, "2 this week, 1 to 2 a week before", ""},
		{"a little more is noise", weeks(1, 1, 3), 2 * week, 1, "3 this week, 1 a week before", ""},
		{"much more", weeks(1, 1, 1, 12), 3 * week, 1, "12 this week, 1 a week before", web.ToneBad},
		{"much more, but one of many that are looked at", weeks(1, 1, 1, 6), 3 * week, 100, "6 this week, 1 a week before", ""},
		{"silence after much", weeks(9, 9, 9, 0), 3 * week, 1, "0 this week, 9 a week before", web.ToneGood},
		{"a word from the future is not counted", []improvement.Attachment{{At: now.Add(time.Hour)}}, 0, 1, "new this week", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := trendOf(tt.list, now.Add(-tt.since-time.Hour), now, tt.compared)
			if got.Words != tt.words || got.Tone != tt.tone || len(got.Weeks) != trendWeeks {
				t.Errorf("%q %q %v", got.Words, got.Tone, got.Weeks)
			}
		})
	}
}

func TestSharedWords(t *testing.T) {
	tests := []struct {
		name, x, y string
		want       []string
	}{
		{"the longest first", "Export all Orders", "Can I export orders, EXPORT them all?", []string{"export", "orders"}},
		{"short and common words say nothing", "I want this and that from you", "you want that from this", nil},
		{"at most three", "alpha bravo charly delta", "delta charly bravo alpha", []string{"charly", "delta", "bravo"}},
		{"other letters", "заказы нельзя выгрузить", "Выгрузить заказы", []string{"выгрузить", "заказы"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, sharedWords(tt.x, tt.y)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// How to read the intervals is said where there are any, as in the mail.
func TestDigestViewFootnote(t *testing.T) {
	number := digest.Number{Change: &digest.Comparison{}}
	if got := digestView(digest.Digest{Report: digest.Report{Numbers: []digest.Number{number}}}).Footnote; !strings.Contains(got, "with 95% certainty") {
		t.Errorf("it says %q", got)
	}
	if got := digestView(digest.Digest{}).Footnote; got != "" {
		t.Errorf("without a change it says %q", got)
	}
}

// A digest about more than one product says which one each thing is of.
func TestDigestViewNamesProducts(t *testing.T) {
	r := digest.Report{
		Product: id.All, Changes: []digest.Change{{Product: "Checkout"}}, Overdue: []digest.Item{{Product: "Orders"}}, Looks: []digest.Look{{Product: "Search"}},
	}
	named := func() []string {
		v := digestView(digest.Digest{Report: r})
		return []string{v.Changes[0].Product, v.Overdue[0].Product, v.Looks[0].Product}
	}
	if d := cmp.Diff([]string{"Checkout", "Orders", "Search"}, named()); d != "" {
		t.Errorf("of all (-want +got):\n%s", d)
	}
	r.Product = "r9kfg9d3"
	if d := cmp.Diff([]string{"", "", ""}, named()); d != "" {
		t.Errorf("of one (-want +got):\n%s", d)
	}
}

func TestNumberView(t *testing.T) {
	tests := []struct {
		name string
		n    digest.Number
		want web.Number
	}{
		{"nothing to compare with", digest.Number{Shown: "4"}, web.Number{Value: "4", Change: "nothing to compare it with yet"}},
		{"none and none", digest.Number{Shown: "0", Has: true, Was: "0 the week before"}, web.Number{Value: "0", Was: "0 the week before", Change: "none, as before"}},
		{"no matter of chance", digest.Number{Shown: "2", Has: true, Like: 2, Before: 1}, web.Number{Value: "2", Change: "not compared: it is no matter of chance"}},
		{
			"a change",
			digest.Number{Shown: "30", Has: true, Like: 30, Before: 10, Said: "more", Change: &digest.Comparison{From: 15, To: 60, Tone: digest.Bad}},
			web.Number{Value: "30", Change: "more", Tone: web.ToneBad, At: 30, Low: 15, High: 60, Before: 10, Max: 63, HasBefore: true},
		},
		{
			"without an upper end nothing is drawn",
			digest.Number{Shown: "3", Has: true, Like: 3, Said: "at least 1.1 times as many", Change: &digest.Comparison{Open: true}},
			web.Number{Value: "3", Change: "at least 1.1 times as many"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, numberView(tt.n)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// An alarm that flaps is one step, however often; what a person does in between stays.
func TestCaseStepsFoldFlaps(t *testing.T) {
	at := time.Date(2026, 3, 4, 9, 0, 0, 0, time.UTC)
	var history []improvement.Entry
	add := func(by, what, reason string, from, to improvement.Status) {
		n := len(history) + 1
		history = append(history, improvement.Entry{Seq: n, At: at.Add(time.Duration(n) * time.Minute), By: by, What: what, Reason: reason, From: from, To: to})
	}
	flap := func() {
		add("rule: all is OK again", "resolved", "every alarm is OK", improvement.Accepted, improvement.Shipped)
		add("ana", "edited", "", "", "")
		add("rule: it returned", "rejoined", "", improvement.Shipped, improvement.Accepted)
	}
	add("rule: severity 2", "accept", "severity 2", improvement.Proposed, improvement.Accepted)
	flap()
	flap()
	flap()
	add("arn:aws:sts::111122223333:assumed-role/operator/console", "set InProgress in OpsCenter", "", improvement.Accepted, improvement.InProgress)
	type step struct {
		State     web.State
		By, Words string
	}
	var got []step
	for _, s := range caseSteps(improvement.Improvement{Status: improvement.InProgress}, history) {
		if s.Phase != web.StepAhead {
			got = append(got, step{s.State, s.By, s.Words})
		}
	}
	want := []step{
		{web.StateAccepted, "a rule", "severity 2"},
		{web.StateShipped, "a rule", "every alarm is OK\nBefore that it was OK and came back 2 times."},
		{web.StateAccepted, "a rule", "it returned"},
		{web.StateInProgress, "operator/console", ""},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// Of a long history the newest lines stand open, the rest folds by episode; each line is there once, in its order.
func TestFoldHistory(t *testing.T) {
	tests := []struct {
		name     string
		episodes []int // how many entries each has
		open     int
		folds    []string // "title lines"
	}{
		{"none", nil, 0, nil},
		{"short", []int{8, 4}, 12, nil},
		{"a fold of few lines saves nothing", []int{15}, 15, nil},
		{"one episode", []int{16}, 12, []string{"Earlier 4"}},
		{"the newest lines end within the last episode", []int{3, 20}, 12, []string{"Earlier in episode 2 8", "Episode 1 3"}},
		{"and within the first", []int{20, 3}, 12, []string{"Earlier in episode 1 11"}},
		{"and with an episode", []int{5, 9, 12}, 12, []string{"Episode 2 9", "Episode 1 5"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var history []improvement.Entry
			var episode []int
			for n, entries := range tt.episodes {
				for range entries {
					history = append(history, improvement.Entry{By: fmt.Sprint(len(history))})
					episode = append(episode, n+1)
				}
			}
			newest, earlier := foldHistory(history, episode)
			var folds []string
			lines := newest
			for _, f := range earlier {
				folds = append(folds, fmt.Sprintf("%s %d", f.Title, len(f.Entries)))
				lines = append(lines, f.Entries...)
			}
			if d := cmp.Diff(tt.folds, folds); d != "" || len(newest) != tt.open {
				t.Errorf("%d are open (-want +got):\n%s", len(newest), d)
			}
			for i, l := range lines {
				if want := fmt.Sprint(len(history) - 1 - i); l.Who != want {
					t.Errorf("line %d is %s, not %s", i, l.Who, want)
				}
			}
			if len(lines) != len(history) {
				t.Errorf("%d lines of %d", len(lines), len(history))
			}
		})
	}
}

func TestToldSteps(t *testing.T) {
	at := func(minute int) time.Time { return time.Date(2026, 3, 4, 9, minute, 0, 0, time.UTC) }
	one := func(s web.State, episode, minute int, outcome string) web.ToldStep {
		return web.ToldStep{State: s, Episode: episode, At: at(minute), People: []web.Told{{Outcome: outcome, At: at(minute)}}}
	}
	got := toldSteps([]web.ToldStep{
		one(web.StateAccepted, 1, 1, "sent"), one(web.StateShipped, 1, 5, "waits"), one(web.StateShipped, 1, 3, "sent"), one(web.StateShipped, 1, 2, "sent"), one(web.StateAccepted, 2, 4, "sent"),
	})
	want := []web.ToldStep{
		{State: web.StateShipped, Episode: 1, At: at(5), Sums: []web.ToldSum{{N: 2, Outcome: "sent"}, {N: 1, Outcome: "waits"}}, People: []web.Told{{Outcome: "waits", At: at(5)}, {Outcome: "sent", At: at(3)}, {Outcome: "sent", At: at(2)}}},
		{State: web.StateAccepted, Episode: 2, At: at(4), Sums: []web.ToldSum{{N: 1, Outcome: "sent"}}, People: []web.Told{{Outcome: "sent", At: at(4)}}},
		{State: web.StateAccepted, Episode: 1, At: at(1), Sums: []web.ToldSum{{N: 1, Outcome: "sent"}}, People: []web.Told{{Outcome: "sent", At: at(1)}}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
