package mirror

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"learningloop/internal/fault"
	"learningloop/internal/feedback"
	"learningloop/internal/governor"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/opsitem"
	"learningloop/internal/product"
	"learningloop/internal/week"
)

// BudgetStore is what the governor's business needs of storage.
type BudgetStore interface {
	Product(ctx context.Context, p id.Product) (product.Product, error)
	governor.Ledger
	// SaveBudgeted stores a changed episode and what it changes in the budget as a whole; Conflict where it changed since.
	SaveBudgeted(ctx context.Context, e opsitem.Episode, d governor.Delta) error
	// SaveFolded stores a Change with an episode that became a line of a list, the line, and the list's own episode as a
	// whole; Conflict where an episode changed since.
	SaveFolded(ctx context.Context, c improvement.Change, line governor.Folded, list opsitem.Episode) error
	// SaveMonth stores a month's counts; Conflict where they changed since they were read.
	SaveMonth(ctx context.Context, m governor.Month) error
	// Folded gives the lines of a list, best first, a page at a time.
	Folded(ctx context.Context, list id.Improvement, cursor string) ([]governor.Folded, string, error)
}

// admit asks the governor about an episode that this month's budget does not count, by the level in force. goOn is false
// where it was adopted, folded or waits; else delta is what filing it changes, to be stored with the attempt. A failure of
// OpsCenter is a *centerError.
func (s *Service) admit(ctx context.Context, im improvement.Improvement, ep *opsitem.Episode) (delta governor.Delta, goOn bool, err error) {
	now := s.Now()
	use, err := s.Store.BudgetUse(ctx, now)
	if err != nil {
		return delta, false, fmt.Errorf("load budget: %w", err)
	}
	level := im.InForce()
	// What was admitted once may be in OpsCenter, whatever it answered: it is folded no more.
	ask := governor.Ask{Severity: level.Severity, Priority: level.Priority, Parent: ep.List || ep.Counted != ""}
	d := governor.Decide(s.Budget, use, ask, now)
	if d.Verdict != governor.File {
		// An OpsItem that somebody else filed needs no room.
		if adopted, err := s.adopt(ctx, *ep); adopted || err != nil {
			return delta, false, err
		}
	}
	delta.Month, delta.Out = use.Month, ep.Counted
	switch d.Verdict {
	case governor.Fold:
		return delta, false, s.fold(ctx, *ep, d, delta)
	case governor.Hold:
		if !ep.Held {
			delta.Held = 1
		}
		ep.Held, ep.Counted, ep.Error, ep.RetryAt = true, "", d.Words(), d.Again
		return delta, false, s.budgeted(ctx, *ep, delta)
	default:
		if ep.Held {
			delta.Held = -1
		}
		delta.Filed = 1
		if governor.Tight(s.Budget, use) {
			m := use.Current()
			delta.Seen = &m
		}
		ep.Counted, ep.Held = use.Month, false
		return delta, true, nil
	}
}

// BudgetState says how the budget for OpsItems stands.
func (s *Service) BudgetState(ctx context.Context) (governor.State, error) {
	return governor.StateOf(ctx, s.Store, s.Budget, s.Now())
}

// budgeted stores an episode with its share of the budget. Somebody else having been faster is as good: theirs counts.
func (s *Service) budgeted(ctx context.Context, ep opsitem.Episode, d governor.Delta) error {
	if err := s.Store.SaveBudgeted(ctx, ep, d); err != nil && !fault.Is(err, fault.Conflict) {
		return fmt.Errorf("store budget of %s: %w", ep.Key(), err)
	}
	return nil
}

// shut takes an episode out of the budget again after OpsCenter refused it for a quota, and keeps everybody from trying
// for a while: others file in the account, too, so that its quota may be used up before the loop's own count is.
func (s *Service) shut(ctx context.Context, ep opsitem.Episode, cause error) error {
	s.Meter.FilingFailed(ctx, ep.Improvement, cause)
	d := governor.Delta{Month: ep.Counted, Filed: -1, Held: 1, Shut: s.Now().Add(governor.Again)}
	ep.Counted, ep.Held, ep.Error, ep.RetryAt = "", true, reason(cause), d.Shut
	return s.budgeted(ctx, ep, d)
}

// byBudget is who folds and opens lists.
const byBudget = "rule: budget of OpsItems"

// fold makes an episode a line of its product's list of the week.
func (s *Service) fold(ctx context.Context, ep opsitem.Episode, d governor.Decision, delta governor.Delta) error {
	now := s.Now()
	delta.Folded = 1
	if ep.Held {
		delta.Held = -1
	}
	line := governor.Folded{Improvement: ep.Improvement, Episode: ep.N, Title: ep.Request.Title, Priority: ep.Request.Priority, At: now}
	child := ep.Rest(d.Words())
	child.Held, child.Counted = false, delta.Month
	return fault.Anew(ctx, func() error {
		list, err := s.list(ctx, ep.Improvement.Product(), now)
		if err != nil {
			return err
		}
		list.Folded++
		if list.Order == opsitem.None {
			list.Order, list.Attempts, list.RetryAt = opsitem.Push, 0, now.Add(improvement.PushEvery)
		}
		child.Parent = list.Improvement
		im, err := s.Store.Improvement(ctx, ep.Improvement)
		if err != nil {
			return fmt.Errorf("load improvement %s: %w", ep.Improvement, err)
		}
		im.Entries++
		im.Updated = now
		if im.Episode == ep.N {
			im.Ordered = false
		}
		lost := s.Store.SaveFolded(ctx, improvement.Change{Improvement: im, Episode: &child, Budget: delta, Entry: &improvement.Entry{
			Seq: im.Entries, At: now, By: byBudget, What: "folded into the week's list", Detail: d.Why,
		}}, line, list)
		if !fault.Is(lost, fault.Conflict) {
			return lost
		}
		again, err := s.Store.Episode(ctx, ep.Improvement, ep.N)
		if err != nil {
			return fmt.Errorf("load %s: %w", ep.Key(), err)
		}
		if again.Version != ep.Version {
			return nil // it was decided about meanwhile; whoever did that asks again
		}
		return lost
	})
}

// list gives the episode of the product's list that takes lines now, which it opens where there is none. A list that
// operations resolved or deleted takes no more; the week goes on in another one.
func (s *Service) list(ctx context.Context, pid id.Product, now time.Time) (opsitem.Episode, error) {
	first := week.Name(now)
	name := first
	for part := 2; ; part++ {
		iid := governor.ParentID(pid, name)
		im, err := s.Store.Improvement(ctx, iid)
		if fault.Is(err, fault.NotFound) {
			if err := s.openList(ctx, pid, iid, name, now); err != nil {
				return opsitem.Episode{}, err
			}
			im, err = s.Store.Improvement(ctx, iid)
		}
		if err != nil {
			return opsitem.Episode{}, fmt.Errorf("load list %s: %w", iid, err)
		}
		ep, err := s.Store.Episode(ctx, iid, im.Episode)
		if err != nil {
			return ep, fmt.Errorf("load episode %d of list %s: %w", im.Episode, iid, err)
		}
		deleted := ep.OpsItem == "" && len(ep.Lost) > 0 && ep.Order != opsitem.File
		if ep.List && ep.Status != opsitem.Resolved && !deleted && !im.Status.Closed() {
			return ep, nil
		}
		name = first + "." + strconv.Itoa(part)
	}
}

func (s *Service) openList(ctx context.Context, pid id.Product, iid id.Improvement, week string, now time.Time) error {
	p, err := s.Store.Product(ctx, pid)
	if err != nil {
		return fmt.Errorf("load product %s: %w", pid, err)
	}
	im := improvement.List(iid, week, now)
	c := improvement.Change{
		Improvement: im,
		Entry:       &improvement.Entry{Seq: 1, At: now, By: byBudget, What: "opened the week's list", To: im.Status},
		Episode: &opsitem.Episode{
			Improvement: iid, N: 1, Order: opsitem.File, Request: s.Filer.Request(im, p, nil),
			Asked: now, Opened: now, RetryAt: now.Add(improvement.PushEvery), Correlation: im.Correlation, List: true,
		},
	}
	if err := s.Store.SaveChange(ctx, c); err != nil && !fault.Is(err, fault.Conflict) {
		return fmt.Errorf("open list %s: %w", iid, err)
	}
	return nil
}

// listText words a list from its lines.
func (s *Service) listText(ctx context.Context, im improvement.Improvement, p product.Product, ep opsitem.Episode) (string, error) {
	open, err := s.openLines(ctx, im.ID)
	if err != nil {
		return "", err
	}
	return s.Filer.List(im, p, ep.Folded, open), nil
}

// mostLines is how many lines of a list are read to find those that are shown in its OpsItem.
const mostLines = 100

// openLines gives the Improvements of a list's best lines that nobody has closed, and that have no OpsItem of their own by
// now.
func (s *Service) openLines(ctx context.Context, list id.Improvement) ([]improvement.Improvement, error) {
	lines, _, err := s.Store.Folded(ctx, list, "")
	if err != nil {
		return nil, fmt.Errorf("list lines of %s: %w", list, err)
	}
	var open []improvement.Improvement
	for _, l := range lines[:min(len(lines), mostLines)] {
		if len(open) == MaxLines {
			break
		}
		im, err := s.Store.Improvement(ctx, l.Improvement)
		if err != nil {
			return nil, fmt.Errorf("load improvement %s: %w", l.Improvement, err)
		}
		if !im.Status.Closed() && im.OpsItem == "" {
			open = append(open, im)
		}
	}
	return open, nil
}

// MaxLines is how many lines of a list its OpsItem shows; its page shows them all.
const MaxLines = 12

// List words the OpsItem of a week's list: how many lines it has, and the best of those that are open.
func (f Filer) List(im improvement.Improvement, p product.Product, n int, open []improvement.Improvement) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s of %s, each too small for an OpsItem of its own while the budget for OpsItems is tight. Resolving this list closes none of them: each is decided about on its own page. [All of them](%s)\n\n",
		plural(n, "improvement", "improvements"), Harmless(p.Name), f.Links.Improvement(im, p.Slug))
	for _, line := range open {
		next := fmt.Sprintf("- [%s](%s), priority %d\n", Harmless(feedback.Cut(title(line, p), 60)), f.Links.Improvement(line, p.Slug), line.Score(im.Updated).Priority)
		if len([]rune(b.String()))+len([]rune(next)) > MaxDescription {
			break
		}
		b.WriteString(next)
	}
	return b.String()
}
