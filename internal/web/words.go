package web

import (
	"fmt"
	"strings"
)

var stateWords = map[State]string{
	StateReceived: "received", StateWithdrawn: "withdrawn", StateProposed: "proposed", StateAccepted: "accepted",
	StatePlanned: "planned", StateInProgress: "in progress", StateShipped: "shipped", StateValidated: "validated",
	StateDeclined: "declined",
}

// word is a state as people say it. One this package does not know is shown as it is.
// It takes any string type: templates name states by constants too.
func word(s any) string {
	name := fmt.Sprint(s)
	if w, ok := stateWords[State(name)]; ok {
		return w
	}
	return plain(name)
}

var headlines = map[State]string{
	StateReceived:   "We have it. Somebody will look at it soon.",
	StateWithdrawn:  "You took this back. Nobody will act on it.",
	StateProposed:   "It is being weighed against everything else.",
	StateAccepted:   "Decided: we will do something about it.",
	StatePlanned:    "It is planned.",
	StateInProgress: "It is being worked on right now.",
	StateShipped:    "It is done and out.",
	StateValidated:  "It is out, and we looked at what it did.",
	StateDeclined:   "We decided not to do this.",
}

// headline is the answer to "what became of it" in one sentence.
func headline(s State, own string) string {
	if own != "" {
		return own
	}
	return headlines[s]
}

var kindWords = map[FeedbackKind]string{
	KindProblem: "Problem", KindIdea: "Idea", KindPraise: "Praise", KindQuestion: "Question", KindSignal: "Signal",
	KindSurvey: "Survey answer",
}

func kindWord(k any) string {
	name := fmt.Sprint(k)
	if w, ok := kindWords[FeedbackKind(name)]; ok {
		return w
	}
	return plain(name)
}

type choice struct{ Value, Label, Hint string }

// kinds are what a person may send, with what each is for.
func kinds() []choice {
	return []choice{
		{string(KindProblem), "Problem", "Something does not work as it should"},
		{string(KindIdea), "Idea", "Something could be better"},
		{string(KindPraise), "Praise", "Something is good as it is"},
		{string(KindQuestion), "Question", "Something is not clear"},
	}
}

func declines() []choice {
	return []choice{
		{"infeasible", "Infeasible", "cannot be done"},
		{"tooCostly", "Too costly", "costs more than it brings"},
		{"offStrategy", "Off strategy", "not where this product goes"},
		{"duplicate", "Duplicate", "another Improvement covers it"},
	}
}

// severities are what a rule may file by itself.
func severities() []choice {
	return []choice{
		{"0", "never", ""}, {"1", "1, critical", ""}, {"2", "2, high, or worse", ""}, {"3", "3, medium, or worse", ""}, {"4", "4, low, or worse", ""},
	}
}

func bands() []choice {
	return []choice{{"0", "never", ""}, {"1", "1", ""}, {"2", "2 or better", ""}, {"3", "3 or better", ""}, {"4", "4 or better", ""}, {"5", "5: all of them", ""}}
}

// doing is how a decision is offered.
type doing struct{ Verb, Heading, Past, Effect string }

var doings = map[string]doing{
	"accept":  {"Accept", "Accept", "accepted", "An OpsItem is filed, and everybody who asked to hear is told."},
	"plan":    {"Plan", "Plan", "planned", "Everybody who asked to hear is told, with the date."},
	"start":   {"Start", "Start work", "started", "The OpsItem goes to InProgress, and everybody who asked is told."},
	"ship":    {"Ship", "Ship", "shipped", "The OpsItem is resolved, and everybody who asked is told."},
	"decline": {"Decline", "Decline", "declined", "Everybody who asked to hear is told, with the reason in your words."},
	"reopen":  {"Reopen", "Reopen", "reopened", "The next episode starts, with an OpsItem of its own, related to the last, and everybody who asked is told."},
	"promote": {"Promote", "Promote to an Improvement", "promoted", "The Feedback becomes its evidence. Can be undone."},
	"attach":  {"Attach", "Attach to an Improvement", "attached", "Counts as evidence there. Can be undone."},
}

func doWord(do string) doing {
	if d, ok := doings[do]; ok {
		return d
	}
	w := plain(do)
	return doing{Verb: w, Heading: w, Past: w}
}

type failure struct{ Heading, Detail string }

var failures = map[int]failure{
	400: {"That did not come through", "The address or the form is not as it should be."},
	401: {"Please sign in", "This page is for the team."},
	403: {"Not yours to see", "You are signed in, but this needs rights that you do not have. An administrator can give them."},
	404: {"Nothing here", "The address is wrong, or what was here is gone."},
	405: {"Not that way", "This address does not take that kind of request."},
	409: {"Somebody was faster", "What you changed has changed in the meantime. Look again, then decide."},
	413: {"Too much at once", "That is more than fits. Shorten it and send it again."},
	429: {"A moment, please", "That was too much in too short a time. Try again in a minute."},
	500: {"That is our fault", "Something went wrong here, and we have a note of it. Try again in a minute."},
	503: {"Back in a moment", "Something we need does not answer. Nothing is lost; try again in a minute."},
}

func failureText(f Failure) failure {
	t, ok := failures[f.Code]
	if !ok {
		t = failures[500]
		if f.Code >= 400 && f.Code < 500 {
			t = failures[400]
		}
	}
	if s := strings.TrimSpace(f.Heading); s != "" {
		t.Heading = s
	}
	if s := strings.TrimSpace(f.Detail); s != "" {
		t.Detail = s
	}
	return t
}

// formFor is what was typed, if it was typed into the form of this decision; the other forms of a page start empty.
func formFor(f DecisionForm, do string) DecisionForm {
	if f.Decision == "" || f.Decision == do {
		return f
	}
	return DecisionForm{Decision: do, Members: f.Members}
}
