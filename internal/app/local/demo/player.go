package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"time"

	"learningloop/internal/app/local"
	"learningloop/internal/config"
	"learningloop/internal/feedback"
	"learningloop/internal/id"
	"learningloop/internal/product"
)

// Tale says how much a history holds.
type Tale struct {
	Said     int `json:"said"`     // pieces of feedback from people
	Events   int `json:"events"`   // from AWS and others
	Decided  int `json:"decided"`  // steps of staff and operators
	Digests  int `json:"digests"`  // runs of the schedules
	Attached int `json:"attached"` // pieces attached in reviews
}

// String says it for people.
func (t Tale) String() string {
	return fmt.Sprintf("%d words of customers, %d events, %d attached in reviews, %d decisions, %d digest runs", t.Said, t.Events, t.Attached, t.Decided, t.Digests)
}

// step is something that happens at a moment.
type step struct {
	at      time.Time
	settled bool // everything before has to be triaged, filed and told first
	do      func(context.Context) error
}

// player plays a history into a World.
type player struct {
	w     *local.World
	clock *clock
	cfg   Config
	start time.Time
	r     *rand.Rand
	told  Tale

	steps []step
	loose map[string][]id.Feedback  // by theme: said, and not looked at in a review yet
	made  map[string]id.Improvement // by theme
	byKey map[string]theme
	slugs map[string]product.Product
	dirty bool // something was done since the loop last came to rest
	web   http.Handler
}

func newPlayer(w *local.World, c *clock, cfg Config, start time.Time) *player {
	p := &player{
		w: w, clock: c, cfg: cfg, start: start, r: rand.New(rand.NewPCG(cfg.Seed, 0x10097)), //nolint:gosec // a story, not a secret
		loose: map[string][]id.Feedback{}, made: map[string]id.Improvement{}, byKey: map[string]theme{}, slugs: map[string]product.Product{},
		web: w.Handler(),
	}
	for _, t := range themes() {
		p.byKey[t.key] = t
	}
	p.tell()
	return p
}

// at is a moment of the history: a week and a day from 0, Monday.
func (p *player) at(week, day, hour, minute int) time.Time {
	return p.start.AddDate(0, 0, 7*week+day).Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute)
}

// then notes a step; what lies after the end does not happen.
func (p *player) then(at time.Time, settled bool, do func(context.Context) error) {
	if at.Before(p.cfg.End) {
		p.steps = append(p.steps, step{at, settled, do})
	}
}

// tell lays out everything that happens.
func (p *player) tell() {
	for _, t := range themes() {
		p.tellTheme(t)
	}
	p.tellReviews()
	p.tellSignals()
	p.tellIncident()
	p.tellSetAside()
	p.tellSmallThings()
	p.tellRules()
	p.tellDigests()
	slices.SortStableFunc(p.steps, func(a, b step) int { return a.at.Compare(b.at) })
}

func (p *player) tellDigests() {
	const due = 7 // o'clock, as the schedules have it
	for day := p.start.AddDate(0, 0, 7); day.Before(p.cfg.End); day = day.AddDate(0, 0, 1) {
		at := day.Add(due * time.Hour)
		if day.Weekday() == time.Monday {
			p.then(at, true, func(ctx context.Context) error { return p.digest(ctx, config.ScheduleDigestWeekly, at) })
		}
		if day.Day() == 1 {
			p.then(at, true, func(ctx context.Context) error { return p.digest(ctx, config.ScheduleDigestMonthly, at) })
		}
	}
}

func (p *player) digest(ctx context.Context, schedule string, at time.Time) error {
	p.told.Digests++
	return p.w.RunSchedule(ctx, schedule, at)
}

// play does every step at its time. The loop comes to rest within each hour in which something happened, as it does when
// it runs by itself.
func (p *player) play(ctx context.Context) error {
	week := -1
	for i, s := range p.steps {
		if err := ctx.Err(); err != nil {
			return err
		}
		if w := int(s.at.Sub(p.start) / (7 * 24 * time.Hour)); w != week {
			week = w
			_, _ = fmt.Fprintf(p.cfg.Progress, "Playing week %d of %d ...\n", week+1, p.cfg.Weeks)
		}
		if s.settled || i > 0 && !p.steps[i-1].at.Truncate(time.Hour).Equal(s.at.Truncate(time.Hour)) {
			if err := p.rest(ctx); err != nil {
				return err
			}
		}
		p.clock.set(s.at)
		if err := s.do(ctx); err != nil {
			return fmt.Errorf("at %s: %w", s.at.Format(time.RFC3339), err)
		}
		p.dirty = true
	}
	if err := p.rest(ctx); err != nil {
		return err
	}
	return p.w.RunSchedule(ctx, config.ScheduleOpsItemsReconcile, p.clock.now())
}

// rest has the loop do all that is due, some seconds later.
func (p *player) rest(ctx context.Context) error {
	if !p.dirty {
		return nil
	}
	p.dirty = false
	p.clock.set(p.clock.now().Add(20 * time.Second))
	return p.w.Settle(ctx)
}

// tellTheme has people say a theme through the weeks.
func (p *player) tellTheme(t theme) {
	const usual = 1.3 // makes some 3,000 of the whole history
	for week := range Weeks {
		for range poisson(p.r, usual*p.cfg.Volume*t.weekly(week)) {
			p.say(t, moment(p.r, p.start.AddDate(0, 0, 7*week)))
		}
	}
	if t.plan == nil {
		return
	}
	// However little is said, nothing is proposed that nobody asked for.
	first := t.plan.moves[0]
	p.say(t, p.at(first.week, first.day, first.hour-1, 17))
	for _, m := range t.plan.moves {
		p.then(p.at(m.week, m.day, m.hour, 5+len(t.key)), true, func(ctx context.Context) error { return p.move(ctx, t, m) })
	}
}

// say notes that somebody says t at a moment. Everything that chance decides is decided here, in order.
func (p *player) say(t theme, at time.Time) {
	title, text := t.say(p.r)
	d := feedback.Draft{
		Product: t.product, Kind: t.kind, Title: title, Text: text, Rating: t.rate(p.r), Submitter: somebody(p.r, 0.3),
		Context: feedback.Context{Component: t.component, Page: t.page, Environment: "production", Release: releaseAt(t.product, at.Sub(p.start))},
	}
	channel := feedback.Form
	if p.r.Float64() < 0.4 {
		channel = feedback.API
	}
	key := fmt.Sprintf("demo-%d-%d", p.cfg.Seed, len(p.steps))
	p.then(at, false, func(ctx context.Context) error {
		f, err := p.w.Intake.Receiver.Submit(ctx, d, key, channel)
		if err != nil {
			return fmt.Errorf("submit about %s: %w", t.key, err)
		}
		p.told.Said++
		p.loose[t.key] = append(p.loose[t.key], f.ID)
		return nil
	})
}

// products makes the set of products, by the API, as its admin would.
func (p *player) products(ctx context.Context) error {
	p.clock.set(p.start.Add(5 * time.Minute))
	for _, s := range []struct{ slug, name, about, lead string }{
		{"checkout", "Checkout", "Basket, payment and order confirmation of AnyCompany Retail.", "checkout-lead@example.com"},
		{"search", "Search", "Finding things in the shop of AnyCompany Retail.", "search-lead@example.com"},
		{"orders", "Orders", "Delivery, tracking, returns and the order history of AnyCompany Retail.", "orders-lead@example.com"},
	} {
		if err := p.call(ctx, http.MethodPut, "/v1/products/"+s.slug, map[string]any{
			"name": s.name, "about": s.about, "routing": []map[string]string{{"name": s.slug + "-*"}}, "rules": map[string]int{"severity": 2},
			"quotes": "redacted", "digestTo": []string{"leadership@example.com", s.lead},
		}); err != nil {
			return err
		}
	}
	// What alarms and people say of paying within an hour is one cause.
	if err := p.call(ctx, http.MethodPut, "/v1/products/checkout", map[string]any{
		"components": []map[string]any{{"name": "payment", "rules": []map[string]string{{"name": "checkout-payment-*"}}}},
	}); err != nil {
		return err
	}
	ps, err := p.w.Store.Products(ctx)
	for _, each := range ps {
		p.slugs[each.Slug] = each
	}
	return err
}

// call makes a request of the API as the local member of staff.
func (p *player) call(ctx context.Context, method, path string, body any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	token, err := p.w.Issuer.Token(p.clock.now())
	if err != nil {
		return err
	}
	r := httptest.NewRequestWithContext(ctx, method, p.cfg.Public+path, bytes.NewReader(raw))
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Request-Id", fmt.Sprintf("demo-%d", p.clock.now().UnixNano()))
	rec := httptest.NewRecorder()
	p.web.ServeHTTP(rec, r)
	if rec.Code >= http.StatusBadRequest {
		return fmt.Errorf("%s %s: %d %s", method, path, rec.Code, rec.Body)
	}
	return nil
}
