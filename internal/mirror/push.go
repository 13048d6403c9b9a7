package mirror

import (
	"context"
	"errors"
	"fmt"

	"learningloop/internal/improvement"
	"learningloop/internal/opsitem"
)

// tell works out what an episode's OpsItem should say now, and what of it OpsCenter has to be told. Where an operator may
// have set the same a moment ago, it looks first and reads the episode again: OpsCenter has no update that fails when
// somebody else was faster, and its events carry no level.
func (s *Service) tell(ctx context.Context, ep *opsitem.Episode) (want, ask opsitem.Patch, err error) {
	for looked := false; ; looked = true {
		im, err := s.Store.Improvement(ctx, ep.Improvement)
		if err != nil {
			return want, ask, fmt.Errorf("load improvement %s: %w", ep.Improvement, err)
		}
		if want, err = s.wanted(ctx, im, *ep); err != nil {
			return want, ask, err
		}
		if ask = ep.Ask(want); looked || !contested(im, *ep, ask) {
			return want, ask, nil
		}
		out, err := s.look(ctx, ep.Improvement, ep.N, ep.OpsItem, "")
		if err != nil || out == Same {
			return want, ask, err
		}
		now, err := s.Store.Episode(ctx, ep.Improvement, ep.N)
		if err != nil {
			return want, ask, fmt.Errorf("load episode %d of %s: %w", ep.N, ep.Improvement, err)
		}
		if *ep = now; now.Order != opsitem.Push {
			return want, ask, nil
		}
	}
}

// contested says whether telling could overwrite what nobody would know of afterwards: a level, which no event carries, and
// the status of an adopted OpsItem, where the events of our own changes look like an operator's.
func contested(im improvement.Improvement, ep opsitem.Episode, ask opsitem.Patch) bool {
	return ep.OpsItem != "" && (levels(im, ask) || ep.Adopted && ask.Status != "")
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
		w = modest(w, im)
	}
	return w, nil
}

// past is what the OpsItem of an earlier episode should say: the next one began because this one was closed. The rest
// stays as it was told last.
func past() opsitem.Patch { return opsitem.Patch{Status: opsitem.Resolved} }

// modest leaves the level of an OpsItem that somebody else created to them, but for what a person set here.
func modest(w opsitem.Patch, im improvement.Improvement) opsitem.Patch {
	l := im.Level
	if im.AndonUp() {
		l.Severity.By = "andon" // people stopped the line
	}
	for _, by := range []struct {
		who   string
		leave func()
	}{
		{l.Severity.By, func() { w.Level.Severity = 0 }},
		{l.Priority.By, func() { w.Level.Priority = 0 }},
		{l.Category.By, func() { w.Level.Category = "" }},
	} {
		if by.who == "" {
			by.leave()
		}
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
		switch {
		case errors.Is(err, opsitem.ErrNotFound):
			return s.lost(ctx, ep.Improvement, ep.N, ep.OpsItem)
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
