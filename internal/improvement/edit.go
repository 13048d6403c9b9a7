package improvement

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"learningloop/internal/fault"
	"learningloop/internal/id"
	"learningloop/internal/opsitem"
)

// MaxOutcome is the longest outcome, in characters.
const MaxOutcome = 1000

// MaxEffort is the largest estimate of effort.
const MaxEffort = 1e6

// Edit is what a person words or estimates anew; nil leaves as it is.
type Edit struct {
	Title   *string
	Outcome *string
	Effort  *float64 // more than 0
	// Severity 1..4, Priority 1..5 and Category, OpsCenter's: from now on only worse evidence changes them. 0 and "" hand
	// them back to the evidence.
	Severity *int
	Priority *int
	Category *string
	// Seen is how many entries its history had when the person read it; 0 is not compared. Evidence that comes in meanwhile
	// adds no entry, so it is in nobody's way.
	Seen int
}

// check gives the Edit cleaned, or an Invalid error that names every bad field.
func (e Edit) check() (Edit, error) {
	var bad []fault.Field
	if e.Title != nil {
		title := strings.Join(strings.Fields(*e.Title), " ")
		if n := utf8.RuneCountInString(title); n == 0 || n > MaxTitle {
			bad = append(bad, fault.Field{Pointer: "/title", Detail: fmt.Sprintf("must be 1 to %d characters", MaxTitle)})
		}
		e.Title = &title
	}
	if e.Outcome != nil {
		outcome := strings.TrimSpace(*e.Outcome)
		if utf8.RuneCountInString(outcome) > MaxOutcome {
			bad = append(bad, fault.Field{Pointer: "/outcome", Detail: "must be at most 1,000 characters"})
		}
		e.Outcome = &outcome
	}
	// Written so that what is no number (NaN) is refused too.
	if e.Effort != nil && !(*e.Effort > 0 && *e.Effort <= MaxEffort) {
		bad = append(bad, fault.Field{Pointer: "/effort", Detail: "must be a number more than 0, at most 1,000,000"})
	}
	if e.Severity != nil && (*e.Severity < 0 || *e.Severity > 4) {
		bad = append(bad, fault.Field{Pointer: "/severity", Detail: "must be 1 to 4, or 0 for what the evidence says"})
	}
	if e.Priority != nil && (*e.Priority < 0 || *e.Priority > 5) {
		bad = append(bad, fault.Field{Pointer: "/priority", Detail: "must be 1 to 5, or 0 for what the evidence says"})
	}
	if e.Category != nil && *e.Category != "" && !slices.Contains(opsitem.Categories, *e.Category) {
		bad = append(bad, fault.Field{Pointer: "/category", Detail: "must be one of " + strings.Join(opsitem.Categories, ", ") + ", or empty"})
	}
	return e, fault.Fields(bad...)
}

// apply changes im and says what it changed, for the history (with what was there before) and for the staff log (names
// only: a title may be a customer's words).
func (e Edit) apply(im *Improvement, by string, now time.Time) (history, names []string) {
	note := func(name, was string) {
		names = append(names, name)
		if was != "" {
			name += " (was: " + was + ")"
		}
		history = append(history, name)
	}
	if e.Outcome != nil && *e.Outcome != im.Outcome {
		note("outcome", "")
		im.Outcome = *e.Outcome
	}
	// No estimate counts as 1, so saying 1 then changes nothing.
	if e.Effort != nil && *e.Effort != im.Effort && !(im.Effort == 0 && *e.Effort == 1) {
		was := im.Effort
		if was == 0 {
			was = 1
		}
		note("effort", fmt.Sprintf("%g", was))
		im.Effort = *e.Effort
	}
	ev, was, unrated := im.Evident(), im.InForce(), im.Unrated()
	whose := "evidence"
	if im.AndonUp() {
		whose = "andon"
	}
	if v := e.Severity; v != nil && changes(im.Level.Severity, *v, was.Severity) {
		note(level("severity", *v, unrated.Severity, whose), fmt.Sprint(was.Severity))
		im.Level.Severity = set(*v, ev.Severity, by, now)
	}
	if v := e.Priority; v != nil && changes(im.Level.Priority, *v, was.Priority) {
		note(level("priority", *v, unrated.Priority, "evidence"), fmt.Sprint(was.Priority))
		im.Level.Priority = set(*v, ev.Priority, by, now)
	}
	if v := e.Category; v != nil && changes(im.Level.Category, *v, was.Category) {
		note(level("category", *v, unrated.Category, "evidence"), was.Category)
		im.Level.Category = set(*v, ev.Category, by, now)
	}
	if e.Title != nil && *e.Title != im.Title { // last: nothing of ours comes after words that may be a customer's
		note("title", im.Title)
		im.Title, im.Quoted, im.Machine = *e.Title, false, false
	}
	return history, names
}

// changes says whether setting v changes anything: saying what is in force already sets nothing, and there is nothing to
// hand back that nobody set.
func changes[T comparable](s Setting[T], v, inForce T) bool {
	var zero T
	if v == zero {
		return s.By != ""
	}
	return v != inForce
}

func level[T comparable](name string, v, unrated T, whose string) string {
	var zero T
	if v == zero {
		return fmt.Sprintf("%s as the %s says, %v", name, whose, unrated)
	}
	return fmt.Sprintf("%s %v", name, v)
}

// Edit words, estimates or rates an Improvement anew. Its status stays, and nobody is told; its OpsItem keeps the title it
// was filed with, and says the rest. What changes nothing is stored nowhere. It is Conflict (code edited_meanwhile) where the history has grown
// since the person read it.
func (s *Service) Edit(ctx context.Context, iid id.Improvement, e Edit, by By) (Improvement, error) {
	e, err := e.check()
	if err != nil {
		return Improvement{}, err
	}
	var out Improvement
	err = fault.Anew(ctx, func() error {
		im, err := s.Store.Improvement(ctx, iid)
		if err != nil {
			return err
		}
		seen := im.Entries
		now := s.Now()
		history, names := e.apply(&im, by.Who, now)
		if out = im; len(names) == 0 {
			return nil
		}
		if e.Seen != 0 && e.Seen != seen {
			return fault.New(fault.Conflict, "edited_meanwhile", "Somebody decided about it or edited it meanwhile. Look at it again, then save.")
		}
		im.Updated = now
		im.Entries++
		c := Change{
			Improvement: im, Log: s.log(by, now, "edited improvement", im),
			Entry: &Entry{Seq: im.Entries, At: now, By: by.Who, What: "edited", Detail: strings.Join(history, ", ")},
		}
		c.Log.Detail = strings.Join(names, ", ")
		if err := s.orderPush(ctx, &c, true, now); err != nil {
			return err
		}
		c.Stage(now)
		if err := s.Store.SaveChange(ctx, c); err != nil {
			return err
		}
		out = c.Improvement
		out.Version++
		return nil
	})
	return out, err
}
