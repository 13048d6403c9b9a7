package improvement

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"learningloop/internal/governor"
	"learningloop/internal/id"
	"learningloop/internal/opsitem"
)

// List is the Improvement that stands for what a product's budget of OpsItems had no room for in a week. week is
// "2026-W47", with ".2" and so on where the week has several.
func List(iid id.Improvement, week string, now time.Time) Improvement {
	year, w, _ := strings.Cut(week, "-W")
	return Improvement{
		ID: iid, Title: "Smaller things, week " + strings.TrimPrefix(w, "0") + " of " + year, Machine: true, Week: week, Status: Accepted, Episode: 1,
		Created: now, Updated: now, Entries: 1, Correlation: strings.Replace(string(iid), "i-", "c-", 1),
	}
}

// unfold orders an OpsItem of its own for an episode that is a line of a week's list and has become urgent since; else it
// stays a line, of which OpsCenter hears nothing, but the Change reaches its episode: it may be over.
func (s *Service) unfold(ctx context.Context, c *Change, ep opsitem.Episode, now time.Time) error {
	c.Improvement.raise(now)
	p, err := s.Store.Product(ctx, c.Improvement.Product())
	if err != nil {
		return fmt.Errorf("load product of %s: %w", c.Improvement.ID, err)
	}
	said, err := Said(ctx, s.Store, c.Improvement, p, nil)
	if err != nil {
		return err
	}
	r := s.Filer.Request(c.Improvement, p, said)
	if !governor.Urgent(r.Severity) || c.Improvement.Status.Closed() {
		c.Episode = &ep
		return nil
	}
	list, err := s.Store.Improvement(ctx, ep.Parent)
	if err != nil {
		return fmt.Errorf("load list %s: %w", ep.Parent, err)
	}
	if list.OpsItem != "" && !slices.Contains(ep.Related, list.OpsItem) {
		ep.Related = append(slices.Clip(ep.Related), list.OpsItem) // beside the episode before
	}
	if ep.Counted != "" {
		c.Budget = governor.Delta{Month: ep.Counted, Folded: -1}
	}
	r.Related = ep.Related
	ep.Request, ep.Asked, ep.Order, ep.Counted, ep.Parent, ep.Error = r, now, opsitem.File, "", "", ""
	c.Improvement.Ordered, c.Episode = true, &ep
	return nil
}
