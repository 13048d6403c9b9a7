package followup

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"learningloop/internal/feedback"
	"learningloop/internal/improvement"
)

// Text is what a mail to a submitter says, before anybody lays it out. Every string may hold people's words as they typed
// them.
type Text struct {
	Subject    string
	First      string   // the sentence a person would say
	Paragraphs []string // what else there is to say
	Words      string   // the people's own words: the reason of a decision; "" for none
	Quote      string   // what the reader told us
	Steps      []Step   // the line of steps, as on the status page
	Button     string   // its label; it leads to the status page
	Why        string   // why the reader gets this
}

// Step is one stop on the way of a piece of feedback.
type Step struct {
	Name string
	Done bool // reached
	Now  bool // the last one reached
	At   time.Time
}

// month is how a promised date is said: nobody plans to the day in a subject line.
const month = "January 2006"

// Compose words a receipt or a status mail. product is the product's name.
func Compose(l Letter) Text {
	t := Text{
		Quote: feedback.Cut(l.Feedback.Text, 400), Button: "See where it stands",
		Why: "You get this because you told us about " + l.Product.Name + " and asked to hear back.",
	}
	if l.Mail.Kind == Receipt || l.Mail.Notice == nil {
		t.Subject = "We have your " + noun(l.Feedback.Kind) + ": " + short(l.Feedback.Headline())
		t.First = greet(l.ToName) + "thank you. We have your " + noun(l.Feedback.Kind) + " about " + l.Product.Name + "."
		t.Paragraphs = []string{
			"The team reads it in its next review and decides with what others say about the same thing. You hear from us when something is decided, whatever it is.",
			"Until then you can change it or take it back on its page.",
		}
		t.Steps = steps(improvement.Notice{Status: improvement.Proposed}, l.Feedback.Received)
		return t
	}
	n := *l.Mail.Notice
	t.Subject, t.First, t.Paragraphs = say(n, l.Product.Name, l.Feedback.Headline())
	t.First = greet(l.ToName) + t.First
	t.Words = n.Reason
	t.Steps = steps(n, l.Feedback.Received)
	return t
}

// say words a status. Without a title that the team worded it speaks of what the reader told us, whose headline is own.
func say(n improvement.Notice, product, own string) (subject, first string, more []string) {
	title := short(cmp.Or(n.Title, own))
	told := "what you told us about " + product
	either := func(named, unnamed string) string {
		if n.Title != "" {
			return named
		}
		return unnamed
	}
	switch n.Status {
	case improvement.Accepted:
		// Whoever comes to it in a later episode hears of it for the first time.
		if n.Episode > 1 && n.Only == "" {
			return "Taken up again: " + title,
				told + " came back: the team takes it up again" + either(" as \""+title+"\"", "") + ".",
				[]string{"There is no date yet. You hear from us when there is one."}
		}
		return "Decided: we will work on " + title,
			told + " was decided: the team takes it up" + either(" as \""+title+"\"", "") + ".",
			[]string{"There is no date yet. You hear from us when there is one."}
	case improvement.Planned:
		by := " should be there by " + n.Due.Format("2 January 2006") + "."
		return "Planned for " + n.Due.Format(month) + ": " + title,
			either("what you asked for is planned: \""+title+"\""+by, told+" is planned: it"+by),
			[]string{"If the date moves, the page below says so."}
	case improvement.InProgress:
		return "Started: " + title, either("somebody is working on it now: \""+title+"\".", "somebody is working now on "+told+"."), nil
	case improvement.Shipped:
		first := either("it is done: \""+title+"\"", told+" is done")
		if n.Release != "" {
			first += ", with release " + n.Release
		}
		return "Shipped: " + title, first + ".", []string{"Does it do what you hoped for? A reply to this mail reaches the team."}
	case improvement.Validated:
		return "What it did: " + title, "we measured what came of " + either("it: \""+title+"\".", told+"."), nil
	case improvement.Declined:
		more := []string{}
		if why := declineWords[n.DeclineKind]; why != "" {
			more = append(more, why)
		}
		if !n.Revisit.IsZero() {
			more = append(more, "We look at it again in "+n.Revisit.Format(month)+".")
		}
		return "Not this time: " + title, "we decided not to " + either("do it: \""+title+"\".", "act on "+told+"."), more
	default:
		return "News about " + title, "there is news about " + either("what you told us: \""+title+"\".", told+"."), nil
	}
}

var declineWords = map[improvement.DeclineKind]string{
	improvement.Infeasible:  "As things stand it cannot be done.",
	improvement.TooCostly:   "It would cost more than it brings.",
	improvement.OffStrategy: "It is not where the product is going.",
	improvement.Duplicate:   "Something else on our list covers it.",
}

// steps is the line of a status: what is behind and what is ahead. What was passed over is left out.
func steps(n improvement.Notice, received time.Time) []Step {
	s, at := n.Status, n.At
	line := []struct {
		name string
		s    improvement.Status
	}{
		{"Received", improvement.Proposed},
		{"Decided", improvement.Accepted},
		{"Planned", improvement.Planned},
		{"Started", improvement.InProgress},
		{"Shipped", improvement.Shipped},
	}
	if s == improvement.Declined {
		return []Step{{Name: "Received", Done: true, At: received}, {Name: "Declined", Done: true, Now: true, At: at}}
	}
	out := make([]Step, 0, len(line))
	done := true
	for _, l := range line {
		if done && l.s != s && (l.s == improvement.Planned && n.Due.IsZero() || l.s == improvement.InProgress && !n.Started) && s != improvement.Proposed {
			continue
		}
		st := Step{Name: l.name, Done: done, Now: l.s == s}
		if l.s == improvement.Proposed {
			st.At = received
		}
		if st.Now {
			if st.At.IsZero() {
				st.At = at
			}
			done = false
		}
		out = append(out, st)
	}
	return out
}

func noun(k feedback.Kind) string {
	switch k {
	case feedback.Problem:
		return "problem report"
	case feedback.Idea:
		return "idea"
	case feedback.Praise:
		return "praise"
	case feedback.Question:
		return "question"
	default:
		return "feedback"
	}
}

func greet(name string) string {
	if name = strings.TrimSpace(name); name == "" {
		return "Hello, "
	}
	return fmt.Sprintf("Hello %s, ", feedback.Cut(name, 60))
}

func short(s string) string { return feedback.Cut(s, 70) }
