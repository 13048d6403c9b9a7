package store

import (
	"context"
	"errors"
	"time"

	"learningloop/internal/fault"
	"learningloop/internal/id"
	"learningloop/internal/product"
	"learningloop/internal/table"
	"learningloop/internal/trail"
)

// cacheFor is how long a slug's product is remembered by a process: receiving should not cost a read of what changes
// once a month.
const cacheFor = 10 * time.Second

type cachedProduct struct {
	p  product.Product
	at time.Time
}

type slugRow struct {
	Product id.Product `json:"product"`
}

func versionProduct(p *product.Product, v int64) { p.Version = v }

// Product gives one, or NotFound.
func (s *Store) Product(ctx context.Context, pid id.Product) (product.Product, error) {
	p, v, err := get[product.Product](ctx, s.t, keyProduct(pid), "product")
	p.Version = v
	return p, err
}

// ProductBySlug gives the product that has the slug now, at most some seconds old, or NotFound.
func (s *Store) ProductBySlug(ctx context.Context, slug string) (product.Product, error) {
	s.mu.Lock()
	c, ok := s.slugs[slug]
	s.mu.Unlock()
	if ok && s.now().Sub(c.at) < cacheFor && !s.now().Before(c.at) {
		return c.p, nil
	}
	if product.CheckSlug(slug) != nil {
		return product.Product{}, notFound("product")
	}
	r, _, err := get[slugRow](ctx, s.t, keySlug(slug), "product")
	if err != nil {
		return product.Product{}, err
	}
	p, err := s.Product(ctx, r.Product)
	if err != nil {
		return p, err
	}
	s.mu.Lock()
	s.slugs[slug] = cachedProduct{p, s.now()}
	s.products[p.ID] = s.slugs[slug]
	s.mu.Unlock()
	return p, nil
}

// ProductLately gives one, at most some seconds old, or NotFound: what is asked of every piece should not cost a read each.
func (s *Store) ProductLately(ctx context.Context, pid id.Product) (product.Product, error) {
	s.mu.Lock()
	c, ok := s.products[pid]
	s.mu.Unlock()
	if ok && s.now().Sub(c.at) < cacheFor && !s.now().Before(c.at) {
		return c.p, nil
	}
	p, err := s.Product(ctx, pid)
	if err != nil {
		return p, err
	}
	s.mu.Lock()
	s.products[pid] = cachedProduct{p, s.now()}
	s.mu.Unlock()
	return p, nil
}

// Products gives all of them, in the order of ids. There are as many as teams can name: hundreds, not thousands.
func (s *Store) Products(ctx context.Context) ([]product.Product, error) {
	var out []product.Product
	cursor := ""
	for {
		page, err := s.t.Query(ctx, table.Query{P: globalProducts, Consistent: true, Cursor: cursor})
		if err != nil {
			return nil, err
		}
		ps, err := decodeAll(page.Rows, versionProduct)
		if err != nil {
			return nil, err
		}
		out = append(out, ps...)
		if cursor = page.Cursor; cursor == "" {
			return out, nil
		}
	}
}

// SaveProduct stores a product (Version 0 creates it, with its slug) and the line of the staff log, as a whole. Conflict
// where it changed since it was read, or the slug is taken.
func (s *Store) SaveProduct(ctx context.Context, p product.Product, log *trail.Entry) error {
	r, err := row(TypeProduct, keyProduct(p.ID), p)
	if err != nil {
		return err
	}
	ops := []table.Op{table.Put(r, table.VersionIs(p.Version))}
	if p.Version == 0 {
		slug, err := row(TypeSlug, keySlug(p.Slug), slugRow{p.ID})
		if err != nil {
			return err
		}
		ops = append(ops, table.Put(slug, table.Absent()))
	}
	if ops, err = withLog(ops, log); err != nil {
		return err
	}
	err = s.write(ctx, ops...)
	// Whatever the answer was, what is remembered may be old.
	s.mu.Lock()
	delete(s.slugs, p.Slug)
	delete(s.products, p.ID)
	s.mu.Unlock()
	return err
}

// EnsureProduct gives the product of a slug, made by make where there is none.
func (s *Store) EnsureProduct(ctx context.Context, slug string, create func() (product.Product, error)) (product.Product, error) {
	p, err := s.ProductBySlug(ctx, slug)
	if !fault.Is(err, fault.NotFound) {
		return p, err
	}
	if p, err = create(); err != nil {
		return p, err
	}
	if err := s.SaveProduct(ctx, p, nil); err != nil && !fault.Is(err, fault.Conflict) {
		return p, err
	}
	return s.ProductBySlug(ctx, slug)
}

// withLog adds the line of the staff log to a write.
func withLog(ops []table.Op, e *trail.Entry) ([]table.Op, error) {
	if e == nil {
		return ops, nil
	}
	r, err := logRow(*e)
	if err != nil {
		return nil, err
	}
	return append(ops, table.Put(r, table.Always("the line of one request: writing it again writes the same"))), nil
}

// isAbsent says that a row was not there.
func isAbsent(err error) bool { return errors.Is(err, table.ErrNotFound) }
