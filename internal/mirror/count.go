package mirror

import (
	"context"
	"fmt"
	"slices"

	"learningloop/internal/fault"
	"learningloop/internal/governor"
)

// mostCounted bounds the calls that one check makes to count OpsItems: two months of AWS's quota, at 50 a call.
const mostCounted = 400

// recount asks OpsCenter how many of a month's OpsItems are left, once all that are there are near the limit: operators
// delete what is resolved, and OpsCenter tells nobody. It takes up the months that it has not looked at for longest, the
// earliest first, at least one of them, and the next check goes on with the others.
func (s *Service) recount(ctx context.Context) error {
	use, err := s.Store.BudgetUse(ctx, s.Now())
	if err != nil {
		return fmt.Errorf("load budget: %w", err)
	}
	if !governor.Crowded(s.Budget, use) {
		return nil
	}
	slices.SortStableFunc(use.Months, func(a, b governor.Month) int { return a.Looked.Compare(b.Looked) })
	calls := 0
	for _, m := range use.Months {
		if m.Filed == m.Gone {
			continue
		}
		left, n, err := s.left(ctx, m)
		if err != nil {
			return err
		}
		m.Gone, m.Looked = m.Filed-left, s.Now()
		// Where something was filed or deleted meanwhile, nobody knows whether it was listed: the next check looks again.
		if err := s.Store.SaveMonth(ctx, m); err != nil && !fault.Is(err, fault.Conflict) {
			return fmt.Errorf("store what is left of %s: %w", m.Name, err)
		}
		if calls += n; calls >= mostCounted {
			return nil
		}
	}
	return nil
}

// left counts what OpsCenter has of a month, and the calls that it takes.
func (s *Service) left(ctx context.Context, m governor.Month) (left, calls int, err error) {
	from, to, err := m.Span()
	if err != nil {
		return 0, 0, err
	}
	for cursor := ""; ; {
		n, next, err := s.Center.Filed(ctx, from, to, cursor)
		if err != nil {
			return 0, calls, fmt.Errorf("count OpsItems of %s: %w", m.Name, err)
		}
		left, calls = left+n, calls+1
		if cursor = next; cursor == "" {
			return left, calls, nil
		}
	}
}
