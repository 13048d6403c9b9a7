package improvement

import (
	"context"
	"fmt"
	"strings"
	"time"

	"learningloop/internal/governor"
	"learningloop/internal/id"
	"learningloop/internal/opsitem"
	"learningloop/internal/product"
)

// List is the Improvement that stands for what a product's budget of OpsItems had no room for in a week. week is
// "2026-W47", with ".2" and so on where the week has several.
func List(iid id.Improvement, week string, now time.Time) Improvement {
	year, w, _ := strings.Cut(week, "-W")
	return Improvement{
		ID: iid, Title: "Smaller things, week " + strings.TrimPrefix(w, "0") + " of " + year, Week: week, Status: Accepted, Episode: 1,
		Created: now, Updated: now, Entries: 1, Correlation: strings.Replace(string(iid), "i-", "c-", 1),
	}
}

// unfold orders an OpsItem of its own for an episode that is a line of a week's list and has become urgent since; else it
// stays a line, and OpsCenter hears nothing of it.
func (s *Service) unfold(ctx context.Context, c *Change, ep opsitem.Episode, p product.Product, now time.Time) error {
	r := s.Filer.Request(c.Improvement, p, now)
	if !governor.Urgent(r.Severity) || c.Improvement.Status.Closed() {
		return nil
	}
	list, err := s.Store.Improvement(ctx, ep.Parent)
	if err != nil {
		return fmt.Errorf("load list %s: %w", ep.Parent, err)
	}
	if list.OpsItem != "" {
		r.Related = append(r.Related, list.OpsItem)
	}
	ep.Request, ep.Want, ep.Asked, ep.Order = r, s.Filer.Want(c.Improvement), now, opsitem.File
	filed := ep.Want
	filed.Status = opsitem.Open // as every OpsItem begins
	ep.Sent = filed.Digest()
	c.Episode = &ep
	return nil
}
