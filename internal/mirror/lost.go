package mirror

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"learningloop/internal/fault"
	"learningloop/internal/governor"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/opsitem"
)

// missed says whether an episode that has no OpsItem gets one, while it is open: where it never had one, because it was
// closed before its turn and goes on after all; or where somebody deleted it, as fate says.
func missed(im improvement.Improvement, ep opsitem.Episode) bool {
	if im.Episode != ep.N || im.Status.Closed() {
		return false
	}
	again, _ := fate(im, ep, false)
	return len(ep.Lost) == 0 || again
}

// fate says whether the OpsItem of an episode that was deleted is filed again, and why: where people asked for it, or it is
// critical or high, or, untold, it is a list of more than OpsCenter was told. Once: whoever deletes it again means it.
func fate(im improvement.Improvement, ep opsitem.Episode, untold bool) (again bool, why string) {
	switch {
	case im.Status.Closed():
		return false, "nobody works on it any more"
	case len(ep.Lost) > 1:
		return false, "it was deleted once before"
	case untold:
		return true, "it lists what nobody has seen there"
	case ep.List:
		return false, "it listed nothing else"
	case im.Evidence.People:
		return true, "people asked for it"
	default:
		severity := im.InForce().Severity
		return severity <= 2, fmt.Sprintf("only machines raised it, and its severity is %d", severity)
	}
}

// lost takes in that an episode's OpsItem was deleted in OpsCenter, which tells nobody: it is filed again or let go, and
// the history says which and why.
func (s *Service) lost(ctx context.Context, iid id.Improvement, n int, oid string) error {
	return s.again(ctx, iid, n, func(im improvement.Improvement, ep opsitem.Episode) error {
		if ep.OpsItem != "" && ep.OpsItem != oid || slices.Contains(ep.Lost, oid) {
			return nil
		}
		if ep.OpsItem == "" && ep.Order == opsitem.File {
			// It was found while it was being deleted: the next attempt makes another.
			d := gone(&ep, oid)
			return s.Store.SaveBudgeted(ctx, ep, d)
		}
		d, untold := gone(&ep, oid), ep.List && ep.Order == opsitem.Push
		ep = ep.Rest("The OpsItem was deleted in OpsCenter.")
		if im.Episode != n {
			return s.Store.SaveBudgeted(ctx, ep, d)
		}
		now := s.Now()
		if ep.Adopted {
			im = improvement.Forsaken(im, cmp.Or(ep.Taken, ep.Filed), now)
		}
		again, why := fate(im, ep, untold)
		im.Entries++
		e := improvement.Entry{Seq: im.Entries, At: now, By: "OpsCenter", What: "OpsItem deleted", Detail: oid + ", let go: " + why}
		ep.OpsItem, im.OpsItem, im.Ordered = "", "", false
		if again {
			e.Detail = oid + ", filed again: " + why
			if err := s.fileAgain(ctx, &im, &ep); err != nil {
				return err
			}
		}
		im.Updated = now
		return s.Store.SaveChange(ctx, improvement.Change{Improvement: im, Entry: &e, Episode: &ep, Budget: d})
	})
}

// gone notes that an OpsItem of an episode is gone, and gives back its place among all that the account can have.
func gone(ep *opsitem.Episode, oid string) governor.Delta {
	ep.Lost = append(slices.Clip(ep.Lost), oid)
	if ep.Counted == "" {
		return governor.Delta{}
	}
	d := governor.Delta{Month: ep.Counted, Gone: 1}
	ep.Counted = "" // another one is another one of the budget's
	return d
}

// fileAgain orders an OpsItem for an episode at rest that has none any more, as things stand now. Its deduplication string is
// another: the deleted one may go on answering to its own for minutes (API_DeleteOpsItem: eventually consistent).
func (s *Service) fileAgain(ctx context.Context, im *improvement.Improvement, ep *opsitem.Episode) error {
	p, err := s.Store.Product(ctx, im.Product())
	if err != nil {
		return fmt.Errorf("load product %s: %w", im.Product(), err)
	}
	said, err := improvement.Said(ctx, s.Store, *im, p, nil)
	if err != nil {
		return err
	}
	ep.Request = s.Filer.Request(*im, p, said)
	if len(ep.Lost) > 0 {
		ep.Request.Dedup += "/again"
	}
	ep.Request.Related = ep.Related
	ep.Order, ep.Known = opsitem.File, opsitem.Known{}
	im.Ordered = true
	return nil
}

// afterLoss carries out a push where there is no OpsItem any more: one is filed where by now there should be one.
func (s *Service) afterLoss(ctx context.Context, ep opsitem.Episode) error {
	return s.again(ctx, ep.Improvement, ep.N, func(im improvement.Improvement, ep opsitem.Episode) error {
		if ep.OpsItem != "" || ep.Order != opsitem.Push {
			return nil
		}
		ep, im.Ordered = ep.Rest(ep.Error), false
		if missed(im, ep) {
			if err := s.fileAgain(ctx, &im, &ep); err != nil {
				return err
			}
		}
		return s.Store.SaveChange(ctx, improvement.Change{Improvement: im, Episode: &ep})
	})
}

// checkEvery is how often all that is open is compared with OpsCenter, which tells nobody that an OpsItem was deleted.
const checkEvery = 24 * time.Hour

// Check compares what is open here with what is open in OpsCenter, and looks at each that OpsCenter does not list: it was
// deleted, or resolved and the event was lost. It costs a call for every 50 open OpsItems, one for each it looks at, and
// those of recount. However many are open, all are compared: reading them here costs less than listing them there.
func (s *Service) Check(ctx context.Context) error {
	return errors.Join(s.compare(ctx), s.recount(ctx))
}

func (s *Service) compare(ctx context.Context) error {
	open, err := s.open(ctx) // first, so that what is filed meanwhile is not missed
	if err != nil || len(open) == 0 {
		return err
	}
	for cursor := ""; ; {
		ids, next, err := s.Center.OpenOnes(ctx, cursor)
		if err != nil {
			return fmt.Errorf("list open OpsItems: %w", err)
		}
		for _, oid := range ids {
			delete(open, oid)
		}
		if cursor = next; cursor == "" {
			break
		}
	}
	var errs error
	for oid, of := range open {
		_, _, err := s.seen(ctx, of.iid, of.n, oid, "")
		if err != nil && !fault.Is(err, fault.NotFound) {
			errs = errors.Join(errs, fmt.Errorf("check %s: %w", oid, err))
		}
	}
	return errs
}

// episode names one.
type episode struct {
	iid id.Improvement
	n   int
}

// open gives the episodes that are open here, by OpsItem.
func (s *Service) open(ctx context.Context) (map[string]episode, error) {
	products, err := s.Store.Products(ctx)
	if err != nil {
		return nil, fmt.Errorf("list products: %w", err)
	}
	out := map[string]episode{}
	for _, p := range products {
		for _, st := range improvement.Statuses {
			if st.OpsStatus() == "" || st.Closed() {
				continue
			}
			for cursor := ""; ; {
				ims, next, err := s.Store.InStatus(ctx, p.ID, st, cursor)
				if err != nil {
					return nil, fmt.Errorf("list %s improvements: %w", st, err)
				}
				for _, im := range ims {
					if im.OpsItem != "" {
						out[im.OpsItem] = episode{im.ID, im.Episode}
					}
				}
				if cursor = next; cursor == "" {
					break
				}
			}
		}
	}
	return out, nil
}
