package mirror_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/feedback"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/product"
	"learningloop/internal/signal"
)

// An OpsItem carries the runbooks that the product keeps for the signals that raised it, the alarm as its resource, and the
// tags it is allocated by.
func TestRunbooksAndResources(t *testing.T) {
	w := newWorld(t)
	w.rules(func(p *product.Product) {
		p.Rules.Severity = 2
		p.Runbooks = product.Runbooks{
			{Match: signal.Rule{Name: "err*"}, Automation: "AWS-RestartEC2Instance"}, {Match: signal.Rule{Name: "other"}, Automation: "AWS-StopEC2Instance"},
		}
	})
	iid := w.alarm("errors", signal.Firing, 1)
	w.run(iid, 1)
	it := w.item(w.load(iid).OpsItem)
	if d := cmp.Diff([]string{"AWS-RestartEC2Instance"}, it.Automations); d != "" {
		t.Errorf("runbooks:\n%s", d)
	}
	if d := cmp.Diff([]string{alarmARN}, it.Resources); d != "" {
		t.Errorf("resources:\n%s", d)
	}
	if it.Title != "errors is in alarm" || it.Severity != "1" || it.Category != "Availability" || it.Tags["learningloop:product"] != "shop" {
		t.Errorf("%+v", it)
	}
}

// A proposal that nobody titled has a customer's headline: that stays here.
func TestUntitledProposal(t *testing.T) {
	for _, title := range []string{"", "My secret is 12345"} { // pages offer the headline as the title
		w := newWorld(t)
		say := &feedback.Service{Store: w.st, People: []byte("key"), Now: w.now, Rand: w.rand}
		f, err := say.Submit(t.Context(), feedback.Draft{Product: "shop", Kind: feedback.Problem, Title: "My secret is 12345", Text: "It fails.", Context: feedback.Context{Component: "checkout"}}, "", feedback.API)
		if err != nil {
			t.Fatal(err)
		}
		im, err := w.team.Propose(t.Context(), w.p, improvement.Proposal{Title: title, Feedback: []id.Feedback{f.ID}}, ana)
		if err != nil {
			t.Fatal(err)
		}
		w.decide(im.ID, improvement.Decision{Verb: improvement.Accept})
		w.run(im.ID, 1)
		it := w.item(w.load(im.ID).OpsItem)
		if it.Title != "Problem reported about checkout (1 voice)" || strings.Contains(it.Description, "secret") {
			t.Errorf("%q\n%s", it.Title, it.Description)
		}
		words := "Checkout loses the basket"
		if _, err := w.team.Edit(t.Context(), im.ID, improvement.Edit{Title: &words}, ana); err != nil {
			t.Fatal(err)
		}
		w.settle()
		if it = w.item(it.ID); !strings.Contains(it.Description, words) {
			t.Errorf("the staff's words are not in\n%s", it.Description)
		}
	}
}
