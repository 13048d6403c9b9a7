package demo

import (
	"context"
	"fmt"

	"learningloop/internal/governor"
	"learningloop/internal/improvement"
)

// smallThings are worth doing and not worth an OpsItem each while there is room for few.
var smallThings = []string{
	"The tracking page says \"parcel(s)\"", "The return label prints with a wide margin", "Dates of delivery lack the weekday",
	"The order history forgets the page one was on",
}

// tellSmallThings has the orders team accept several small things in a week in which finance had cut the budget for OpsItems
// to the bone: they are one list. A day later the budget is back, and the list is filed.
func (p *player) tellSmallThings() {
	p.then(p.at(10, 0, 9, 0), true, func(ctx context.Context) error {
		st, err := p.w.Mirror.BudgetState(ctx)
		p.w.SetBudget(governor.Budget{Month: max(st.Use.Filed, 1)})
		return err
	})
	for i, title := range smallThings {
		p.then(p.at(10, 0, 9, 10+5*i), true, func(ctx context.Context) error {
			by := improvement.By{Who: ordersLead}
			im, err := p.w.Improvements.Propose(ctx, p.slugs["orders"], improvement.Proposal{Product: "orders", Title: title}, by)
			if err != nil {
				return fmt.Errorf("propose %q: %w", title, err)
			}
			p.told.Decided++
			_, err = p.w.Improvements.Decide(ctx, im.ID, improvement.Decision{Verb: improvement.Accept, Reason: "An hour each, when somebody has one."}, by)
			return err
		})
	}
	p.then(p.at(10, 1, 9, 0), true, func(context.Context) error { p.w.SetBudget(governor.Budget{}); return nil })
}
