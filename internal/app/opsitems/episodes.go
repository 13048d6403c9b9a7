package opsitems

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"learningloop/internal/store"
)

// Episodes looks at all episodes at once, with each reconcile.
type Episodes struct {
	Store *store.Store
	Meter OpenMeter
}

// OpenMeter says how many episodes of a product are under way.
type OpenMeter interface {
	OpenEpisodes(ctx context.Context, product string, n int)
}

// Look gives the episodes of an older release their place in the index, once, and says how many are under way in each
// product, counted up to store.MaxSize.
func (e *Episodes) Look(ctx context.Context, log *slog.Logger) error {
	if e == nil {
		return nil
	}
	n, errs := e.Store.IndexEpisodes(ctx)
	if n > 0 {
		log.InfoContext(ctx, "episodes of an older release indexed", "episodes", n)
	}
	ps, err := e.Store.Products(ctx)
	if err != nil {
		return errors.Join(errs, fmt.Errorf("list products: %w", err))
	}
	for _, p := range ps {
		open, err := e.Store.OpenEpisodeCount(ctx, p.ID)
		if err != nil {
			errs = errors.Join(errs, fmt.Errorf("count open episodes of %s: %w", p.ID, err))
			continue
		}
		e.Meter.OpenEpisodes(ctx, p.Slug, open)
	}
	return errs
}
