package digest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"learningloop/internal/digest"
	"learningloop/internal/fault"
	"learningloop/internal/followup"
	"learningloop/internal/governor"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/incident"
	"learningloop/internal/product"
	"learningloop/internal/trend"
)

// memory is a store in memory that holds callers to the port's words and fails on demand.
type memory struct {
	t        *testing.T
	products []product.Product
	hours    map[id.Product]map[time.Time]trend.Counts
	ims      []improvement.Improvement
	entries  map[id.Improvement][]improvement.Entry
	looks    []incident.PostIncident
	waiting  time.Time
	use      governor.Use

	digests map[digest.ID]digest.Digest
	mails   map[string]followup.Mail
	order   []string // of mails

	calls  int
	failAt int  // the call that fails; 0: none
	after  bool // fails after it was applied
}

var errStore = errors.New("the store is gone")

func newMemory(t *testing.T) *memory {
	return &memory{
		t: t, hours: map[id.Product]map[time.Time]trend.Counts{}, entries: map[id.Improvement][]improvement.Entry{},
		digests: map[digest.ID]digest.Digest{}, mails: map[string]followup.Mail{},
	}
}

// call counts a call, and applies it unless it is to fail before that.
func (m *memory) call(ctx context.Context, apply func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.calls++
	if m.calls == m.failAt && !m.after {
		return errStore
	}
	err := apply()
	if m.calls == m.failAt {
		return errStore
	}
	return err
}

func (m *memory) Products(ctx context.Context) (out []product.Product, err error) {
	err = m.call(ctx, func() error { out = slices.Clone(m.products); return nil })
	return out, err
}

func (m *memory) Counts(ctx context.Context, p id.Product, d trend.Dimension, from, to time.Time) (out []trend.Hourly, err error) {
	if !from.Equal(from.Truncate(time.Hour)) || !to.Equal(to.Truncate(time.Hour)) {
		m.t.Errorf("Counts from %v to %v: no whole hours", from, to)
	}
	err = m.call(ctx, func() error {
		for h, c := range m.hours[p] {
			if !h.Before(from) && h.Before(to) {
				out = append(out, trend.Hourly{Hour: h, Dimension: d, Counts: c})
			}
		}
		slices.SortFunc(out, func(a, b trend.Hourly) int { return a.Hour.Compare(b.Hour) })
		return nil
	})
	return out, err
}

func (m *memory) Ranked(ctx context.Context, p id.Product, s improvement.Status, limit int) (out []improvement.Improvement, err error) {
	if limit < 1 || limit > 1000 {
		m.t.Errorf("Ranked with limit %d", limit)
	}
	err = m.call(ctx, func() error {
		for _, im := range m.ims {
			if im.Product() == p && im.Status == s {
				out = append(out, im)
			}
		}
		out = out[:min(len(out), limit)]
		return nil
	})
	return out, err
}

// Changed gives two a page, and one that it gave before again, as an index may that moves while it is read.
func (m *memory) Changed(ctx context.Context, p id.Product, since time.Time, cursor string) (out []improvement.Improvement, next string, err error) {
	err = m.call(ctx, func() error {
		var all []improvement.Improvement
		for _, im := range m.ims {
			if im.Product() == p && !im.Updated.Before(since) {
				all = append(all, im)
			}
		}
		slices.SortFunc(all, func(a, b improvement.Improvement) int { return a.Updated.Compare(b.Updated) })
		out, next = page(all, cursor, 2)
		if cursor != "" && len(out) > 0 {
			out = append(out, all[0])
		}
		return nil
	})
	return out, next, err
}

func (m *memory) History(ctx context.Context, iid id.Improvement, cursor string) (out []improvement.Entry, next string, err error) {
	err = m.call(ctx, func() error { out, next = page(m.entries[iid], cursor, 2); return nil })
	return out, next, err
}

func (m *memory) Improvement(ctx context.Context, iid id.Improvement) (im improvement.Improvement, err error) {
	err = m.call(ctx, func() error {
		i := slices.IndexFunc(m.ims, func(im improvement.Improvement) bool { return im.ID == iid })
		if i < 0 {
			return fault.New(fault.NotFound, "unknown_improvement", "There is no such improvement.")
		}
		im = m.ims[i]
		return nil
	})
	return im, err
}

func (m *memory) ListPostIncidents(ctx context.Context, p id.Product, since time.Time, limit int) (out []incident.PostIncident, err error) {
	if limit < 1 || limit > 1000 {
		m.t.Errorf("ListPostIncidents with limit %d", limit)
	}
	err = m.call(ctx, func() error {
		for _, pi := range m.looks {
			if pi.Improvement.Product() == p && !pi.At.Before(since) {
				out = append(out, pi)
			}
		}
		slices.SortFunc(out, func(a, b incident.PostIncident) int { return b.At.Compare(a.At) })
		out = out[:min(len(out), limit)]
		return nil
	})
	return out, err
}

func page[T any](all []T, cursor string, n int) ([]T, string) {
	at, _ := strconv.Atoi(cursor)
	end := min(len(all), at+n)
	if end == len(all) {
		return slices.Clone(all[at:end]), ""
	}
	return slices.Clone(all[at:end]), strconv.Itoa(end)
}

func (m *memory) OldestUncounted(ctx context.Context) (t time.Time, err error) {
	err = m.call(ctx, func() error { t = m.waiting; return nil })
	return t, err
}

func (m *memory) Digest(ctx context.Context, did digest.ID) (d digest.Digest, err error) {
	err = m.call(ctx, func() error {
		var ok bool
		if d, ok = m.digests[did]; !ok {
			return fault.New(fault.NotFound, "unknown_digest", "There is no such digest.")
		}
		return nil
	})
	return d, err
}

func (m *memory) CreateDigest(ctx context.Context, d digest.Digest) error {
	if _, err := digest.ParseID(string(d.ID)); err != nil {
		m.t.Errorf("CreateDigest of %q", d.ID)
	}
	return m.call(ctx, func() error {
		if _, there := m.digests[d.ID]; there {
			return fault.New(fault.Conflict, "exists", "There is one.")
		}
		m.digests[d.ID] = d
		return nil
	})
}

// OrderMails may fail in the midst of its orders, since it promises no whole.
func (m *memory) OrderMails(ctx context.Context, mails []followup.Mail) error {
	for _, o := range mails {
		if _, there := m.digests[digest.ID(o.Owner)]; !there {
			m.t.Errorf("mail %s of %s ordered before its digest is stored", o.Name, o.Owner)
		}
		if err := m.call(ctx, func() error {
			key := o.Owner + " " + o.Name
			if _, there := m.mails[key]; !there {
				m.mails[key] = o
				m.order = append(m.order, key)
			}
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}

// links are the pages of a deployment with a stage prefix.
type links struct{}

func (links) Digest(d string) string { return "https://loop.example.com/prod/team/digests/" + d }
func (links) Improvement(im improvement.Improvement, slug string) string {
	return fmt.Sprintf("https://loop.example.com/prod/team/%s/improvements/%s", slug, im.ID)
}

// BudgetUse is digest.Store's.
func (m *memory) BudgetUse(ctx context.Context, now time.Time) (use governor.Use, err error) {
	err = m.call(ctx, func() error {
		use = m.use
		use.Month = governor.MonthOf(now)
		return nil
	})
	return use, err
}
