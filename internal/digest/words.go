package digest

import (
	"fmt"
	"strings"
	"time"

	"learningloop/internal/id"
	"learningloop/internal/number"
)

// verdict is the sentence that a report begins with.
func verdict(r Report) string {
	var s string
	switch {
	case !r.Facts.Begun.Before(r.Period.End) && r.Product == id.All:
		s = "Nothing had begun yet: there is nothing to report."
	case !r.Facts.Begun.Before(r.Period.End):
		s = fmt.Sprintf("%s had not begun yet: there is nothing to report.", r.Scope)
	case r.Quiet:
		s = fmt.Sprintf("A quiet %s: nobody said anything new, nothing is overdue.", r.Period.Kind)
	default:
		s = voiced(r) + deeds(r.Facts) + worse(r)
	}
	if !r.Fresh.Complete {
		s += " Not everything is counted yet, so these numbers are too low."
	}
	return s
}

// voiced says how much people said, and whether that is a change.
func voiced(r Report) string {
	n := r.Numbers[0]
	k := r.Facts.Now.Feedback
	said := quantity(k, "piece of feedback", "pieces of feedback")
	if !n.Has {
		if k == 0 {
			said = "Nobody said anything new"
		}
		return fmt.Sprintf("%s; there is no whole %s before to compare with.", said, r.Period.Kind)
	}
	was := number.Thousands(int64(n.Before))
	if k == 0 {
		switch {
		case fell(n):
			return fmt.Sprintf("Nobody said anything new. It was %s %s, and chance does not explain that: check that feedback still arrives.",
				was, before(r.Period))
		case n.Before == 0:
			return "Nobody said anything new."
		default:
			return fmt.Sprintf("Nobody said anything new (%s %s; within noise).", was, before(r.Period))
		}
	}
	if n.Like != n.Value {
		said += fmt.Sprintf("; without what is new %s", number.Thousands(int64(n.Like)))
	}
	switch {
	case n.Change == nil: // none of what could be compared, then and now
		return fmt.Sprintf("%s, all from what is new.", quantity(k, "piece of feedback", "pieces of feedback"))
	case n.Change.Noise && n.Before == 0:
		return fmt.Sprintf("%s, after none %s (within noise).", said, before(r.Period))
	case n.Change.Noise:
		return fmt.Sprintf("%s, about as many as %s (%s; within noise).", said, before(r.Period), was)
	case strings.HasSuffix(n.Said, "as many"):
		return fmt.Sprintf("%s, %s as %s (%s).", said, n.Said, before(r.Period), was)
	default:
		return fmt.Sprintf("%s, %s than %s (%s).", said, n.Said, before(r.Period), was)
	}
}

// fell says whether a number went to nothing, and not by chance.
func fell(n Number) bool { return n.Value == 0 && n.Change != nil && !n.Change.Noise }

// deeds says what was done and what was not.
func deeds(f Facts) string {
	var parts []string
	if f.Now.Shipped > 0 {
		parts = append(parts, quantity(f.Now.Shipped, "Improvement shipped", "Improvements shipped"))
	}
	if f.Late > 0 {
		parts = append(parts, quantity(int64(f.Late), "promise overdue", "promises overdue"))
	}
	if len(parts) == 0 {
		return ""
	}
	return " " + strings.Join(parts, ", ") + "."
}

// worse names what was bad: an incident, and what went up and is no noise.
func worse(r Report) string {
	var b strings.Builder
	if n := len(r.Series); n > 0 && r.Series[n-1].Incidents > 0 {
		b.WriteString(" An alarm of severity 1 fired.")
	}
	for _, n := range r.Numbers[1:] {
		if n.Change != nil && n.Change.Tone == Bad {
			fmt.Fprintf(&b, " %s went up: %s, after %s.", n.Label, n.Shown, n.Was)
		}
	}
	return b.String()
}

// subject is the news in a few words.
func subject(r Report) string {
	when := r.Period.short(false)
	if r.Quiet {
		return fmt.Sprintf("%s, %s: a quiet %s", r.Scope, when, r.Period.Kind)
	}
	n := r.Numbers[0]
	news := "no feedback"
	if k := r.Facts.Now.Feedback; k > 0 {
		news = quantity(k, "piece of feedback", "pieces of feedback")
	}
	if n.Change != nil && !n.Change.Noise && n.Like == n.Value {
		news += fmt.Sprintf(" after %s", number.Thousands(int64(n.Before)))
	}
	parts := []string{news}
	if f := r.Facts; f.Now.Shipped > 0 {
		parts = append(parts, fmt.Sprintf("%s shipped", number.Thousands(f.Now.Shipped)))
	}
	if r.Facts.Late > 0 {
		parts = append(parts, fmt.Sprintf("%d overdue", r.Facts.Late))
	}
	return fmt.Sprintf("%s, %s: %s", r.Scope, when, strings.Join(parts, ", "))
}

// Words says how fresh the numbers are.
func (f Freshness) Words() string {
	if f.Newest.IsZero() && f.Complete {
		return "Nothing has come in yet."
	}
	s := "Nothing is counted yet."
	if !f.Newest.IsZero() {
		s = fmt.Sprintf("The newest feedback counted is from %s-%s UTC.", f.Newest.UTC().Format("2 January 2006, 15:04"),
			f.Newest.UTC().Add(time.Hour).Format("15:04"))
	}
	if f.Complete {
		return s + " All that came in the period is counted."
	}
	return s + fmt.Sprintf(" Not all is: what came since %s UTC waits.", f.Since.UTC().Format("2 January, 15:04"))
}

// before names the period before: "the week before".
func before(p Period) string { return fmt.Sprintf("the %s before", p.Kind) }

func quantity(n int64, one, many string) string {
	if n == 1 {
		return number.Thousands(n) + " " + one
	}
	return number.Thousands(n) + " " + many
}

// lookedBack says how many retrospectives were opened.
func lookedBack(f Facts, p Period) string {
	switch f.Retros {
	case 0:
		return fmt.Sprintf("None was opened in the %s.", p.Kind)
	case 1:
		return fmt.Sprintf("1 was opened in the %s.", p.Kind)
	default:
		return fmt.Sprintf("%s were opened in the %s.", number.Thousands(int64(f.Retros)), p.Kind)
	}
}

func days(n int) string { return quantity(int64(n), "day", "days") }
