package demo

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"learningloop/internal/fault"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/opscenter/emulator"
	"learningloop/internal/store"
)

// move takes one step of a plan.
func (p *player) move(ctx context.Context, t theme, m move) error {
	iid := p.made[t.key]
	p.told.Decided++
	by := improvement.By{Who: m.who}
	switch m.verb {
	case propose:
		n := min(len(p.loose[t.key]), improvement.MaxProposal)
		im, err := p.w.Improvements.Propose(ctx, p.slugs[t.product], improvement.Proposal{
			Product: t.product, Title: t.plan.title, Outcome: t.plan.outcome, Feedback: p.loose[t.key][:n],
		}, by)
		p.made[t.key], p.loose[t.key] = im.ID, p.loose[t.key][n:]
		return err
	case inConsole:
		return p.operate(ctx, iid, m.ops)
	}
	d := improvement.Decision{Verb: m.verb, Reason: m.reason, Owner: m.owner, Release: m.release, Kind: m.kind, Effort: m.effort}
	if m.due > 0 {
		d.Due.Time = p.start.AddDate(0, 0, m.due)
	}
	if m.revisit > 0 {
		d.Revisit.Time = p.start.AddDate(0, 0, m.revisit)
	}
	if _, err := p.w.Improvements.Decide(ctx, iid, d, by); err != nil {
		return fmt.Errorf("%s %s: %w", m.verb, t.key, err)
	}
	return nil
}

// operate sets the status of an Improvement's OpsItem as an operator would, in the console.
func (p *player) operate(ctx context.Context, iid id.Improvement, status string) error {
	im, err := p.w.Store.Improvement(ctx, iid)
	if err != nil {
		return err
	}
	if err := p.w.Emulator.Edit(ctx, im.OpsItem, emulator.Edit{Status: status}); err != nil {
		return fmt.Errorf("set %s of %q to %s: %w", im.OpsItem, im.Title, status, err)
	}
	return p.w.Emulator.Drain(ctx)
}

// byAlarm finds the Improvement that an alarm raised.
func (p *player) byAlarm(ctx context.Context, slug, alarm string) (improvement.Improvement, error) {
	all, err := store.Everything(func(cursor string) ([]improvement.Improvement, string, error) {
		page, err := p.w.Store.ListImprovements(ctx, p.slugs[slug].ID, store.ImprovementFilter{}, false, cursor, 100)
		return page.Items, page.Next, err
	})
	if err != nil {
		return improvement.Improvement{}, err
	}
	for _, im := range all {
		if strings.HasSuffix(im.SignalKey, "/"+alarm) {
			return im, nil
		}
	}
	return improvement.Improvement{}, fmt.Errorf("no improvement of alarm %s", alarm)
}

// tellReviews has each team sit down twice a week, look at what was said, and attach what belongs to an Improvement.
func (p *player) tellReviews() {
	teams := []struct {
		slug, lead string
		hour       int
	}{{"checkout", checkoutLead, 10}, {"search", searchLead, 13}, {"orders", ordersLead, 15}}
	for week := range Weeks {
		for _, day := range []int{1, 3} {
			for _, team := range teams {
				p.then(p.at(week, day, team.hour, 40), true, func(ctx context.Context) error { return p.review(ctx, team.slug, team.lead) })
			}
		}
	}
}

func (p *player) review(ctx context.Context, slug, lead string) error {
	if err := p.call(ctx, http.MethodGet, "/v1/feedback?limit=50&product="+slug, nil); err != nil {
		return err
	}
	for _, t := range themes() {
		iid := p.made[t.key]
		if t.product != slug || iid == "" {
			continue
		}
		for _, fid := range p.loose[t.key] {
			if p.r.Float64() >= t.plan.share {
				continue // nobody saw that it belongs there
			}
			p.clock.set(p.clock.now().Add(7 * time.Second))
			err := p.w.Improvements.Attach(ctx, iid, fid, improvement.By{Who: lead})
			if fault.Is(err, fault.Conflict) {
				continue // an alarm's cluster has it
			}
			if err != nil {
				return fmt.Errorf("attach to %s: %w", t.key, err)
			}
			p.told.Attached++
		}
		p.loose[t.key] = nil
	}
	return nil
}

// tellRules has orders try a band on its history and, content with what comes out, set it.
func (p *player) tellRules() {
	const band = 2
	p.then(p.at(6, 2, 14, 0), true, func(ctx context.Context) error {
		return p.call(ctx, http.MethodPost, "/v1/products/orders/dry-run", map[string]int{"band": band})
	})
	p.then(p.at(6, 2, 14, 10), true, func(ctx context.Context) error {
		return p.call(ctx, http.MethodPut, "/v1/products/orders", map[string]any{"rules": map[string]int{"band": band}})
	})
}
