package digest

import (
	"cmp"
	"context"
	"fmt"

	"learningloop/internal/fault"
	"learningloop/internal/product"
)

// maxLooks is how many retrospectives of a product are read, the latest first: of more, the earliest are not counted.
const maxLooks = 1000

// looksOf gives the retrospectives that were opened within the period, the latest first.
func looksOf(ctx context.Context, r Reader, p product.Product, period Period) ([]Look, error) {
	all, err := r.ListPostIncidents(ctx, p.ID, period.Start, maxLooks)
	if err != nil {
		return nil, fmt.Errorf("list retrospectives of %s: %w", p.ID, err)
	}
	var out []Look
	for _, pi := range all {
		if pi.At.Before(period.Start) || !pi.At.Before(period.End) {
			continue
		}
		l := Look{Improvement: pi.Improvement, Episode: pi.Episode, Slug: p.Slug, Product: line(p.Name), Severity: pi.Severity, At: pi.At}
		if len(out) < MaxListed { // the others are only counted
			im, err := r.Improvement(ctx, pi.Improvement)
			if err != nil && !fault.Is(err, fault.NotFound) {
				return nil, fmt.Errorf("load improvement %s: %w", pi.Improvement, err)
			}
			l.Title = cmp.Or(line(im.Title), string(pi.Improvement))
		}
		out = append(out, l)
	}
	return out, nil
}
