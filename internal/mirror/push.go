package mirror

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"learningloop/internal/improvement"
	"learningloop/internal/opsitem"
)

// tell works out what an episode's OpsItem should say now, and what of it OpsCenter has to be told. Where somebody may have
// set the same there, or where nobody knows what an attempt before came to, it looks first and reads the episode again:
// OpsCenter has no update that fails when somebody else was faster, and its events carry no level.
func (s *Service) tell(ctx context.Context, ep *opsitem.Episode) (want, ask opsitem.Patch, err error) {
	if want, ask, err = s.reckon(ctx, *ep); err != nil || ep.OpsItem == "" {
		return want, ask, err
	}
	joined, err := s.joins(ctx, ep, want.Resources)
	if err != nil {
		return want, ask, err
	}
	contest := contested(*ep, ask, s.Now())
	if contest {
		if _, _, err := s.look(ctx, ep.Improvement, ep.N, ep.OpsItem, ""); err != nil {
			return want, ask, err
		}
	}
	if !joined && !contest {
		return want, ask, nil
	}
	now, err := s.Store.Episode(ctx, ep.Improvement, ep.N)
	if err != nil {
		return want, ask, fmt.Errorf("load episode %d of %s: %w", ep.N, ep.Improvement, err)
	}
	now.Looked = ep.Looked
	now.Tried, now.TriedLevel = "", opsitem.Level{} // what is known of it is what is there
	if *ep = now; now.Order != opsitem.Push {
		return want, ask, nil
	}
	return s.reckon(ctx, now)
}

// reckon works out what an episode's OpsItem should say, and what of it is not known to be said there.
func (s *Service) reckon(ctx context.Context, ep opsitem.Episode) (want, ask opsitem.Patch, err error) {
	im, err := s.Store.Improvement(ctx, ep.Improvement)
	if err != nil {
		return want, ask, fmt.Errorf("load improvement %s: %w", ep.Improvement, err)
	}
	want, err = s.wanted(ctx, im, ep)
	return want, ep.Ask(want), err
}

// contested says whether telling could overwrite what nobody would know of afterwards: a level, which no event carries, the
// status of an adopted OpsItem, where the events of our own changes look like an operator's, a status that was decided a
// while ago, and anything that was set since an attempt before.
func contested(ep opsitem.Episode, ask opsitem.Patch, now time.Time) bool {
	late := now.Sub(ep.Asked) > lease
	return ask.Level != (opsitem.Level{}) || ask.Status != "" && (ep.Adopted || late) || ep.Unsure() || ep.Attempts > 0
}

// wanted is what an episode's OpsItem should say now.
func (s *Service) wanted(ctx context.Context, im improvement.Improvement, ep opsitem.Episode) (opsitem.Patch, error) {
	if im.Episode != ep.N {
		return past(), nil
	}
	p, err := s.Store.Product(ctx, im.Product())
	if err != nil {
		return opsitem.Patch{}, fmt.Errorf("load product %s: %w", im.Product(), err)
	}
	said, err := improvement.Said(ctx, s.Store, im, p, nil)
	if err != nil {
		return opsitem.Patch{}, err
	}
	w := s.Filer.Want(im, p, said)
	w.Related = ep.Related
	if ep.List {
		if w.Description, err = s.listText(ctx, im, p, ep); err != nil {
			return w, err
		}
	}
	if ep.Before != "" {
		w.Data[opsitem.KeyBefore] = ep.Before
	}
	if ep.Adopted {
		w = modest(w, im, ep)
	}
	return w, nil
}

// past is what the OpsItem of an earlier episode should say: the next one began because this one was closed. The rest
// stays as it was told last.
func past() opsitem.Patch { return opsitem.Patch{Status: opsitem.Resolved} }

// modest leaves the level of an OpsItem that somebody else created to them, but for what was set here, or got worse, since
// it was adopted.
func modest(w opsitem.Patch, im improvement.Improvement, ep opsitem.Episode) opsitem.Patch {
	l := im.Level
	ours := func(by string, at time.Time) bool { return by != "" || at.After(cmp.Or(ep.Taken, ep.Filed)) }
	stopped := !im.Andon.Pulled.IsZero() && im.Andon.Episode == im.Episode // then it was told 1, and whatever holds since
	if !stopped && !ours(l.Severity.By, l.Severity.At) {
		w.Level.Severity = 0
	}
	if !ours(l.Priority.By, l.Priority.At) {
		w.Level.Priority = 0
	}
	if !ours(l.Category.By, l.Category.At) {
		w.Level.Category = ""
	}
	return w
}

// push tells the OpsItem what it does not say yet, with one call or none.
func (s *Service) push(ctx context.Context, ep opsitem.Episode, want, ask opsitem.Patch) error {
	if ep.OpsItem == "" {
		return s.afterLoss(ctx, ep)
	}
	if !ask.Empty() {
		err := s.Center.Update(ctx, ep.OpsItem, ask)
		exists, taken := errors.AsType[*opsitem.ExistsError](err)
		switch {
		case errors.Is(err, opsitem.ErrNotFound):
			return s.lost(ctx, ep.Improvement, ep.N, ep.OpsItem)
		case taken:
			return s.succeeded(ctx, ep, exists.OpsItem)
		case err != nil:
			return &centerError{fmt.Errorf("update %s: %w", ep.OpsItem, err)}
		}
	}
	return s.again(ctx, ep.Improvement, ep.N, func(im improvement.Improvement, now opsitem.Episode) error {
		if now.OpsItem != ep.OpsItem || now.Order != opsitem.Push {
			return nil // it is another's by now
		}
		if !ask.Empty() {
			now = now.Told(want, ask, s.Now())
		}
		im, now, err := s.done(ctx, im, now)
		if err != nil {
			return err
		}
		c := improvement.Change{Improvement: im, Episode: &now}
		if len(want.Resources) > len(now.Request.Resources) {
			// What else it is about leads here from now on.
			now.Request.Resources = want.Resources
			return s.Store.SaveFiled(ctx, c)
		}
		return s.Store.SaveChange(ctx, c)
	})
}
