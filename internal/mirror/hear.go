package mirror

import (
	"context"
	"errors"
	"fmt"
	"time"

	"learningloop/internal/fault"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/opsitem"
)

// Word is what an OpsItem event says. It never decides anything: it says where to look, and whether a look is worth its
// call to OpsCenter.
type Word struct {
	OpsItem   string
	Created   bool // it is about a new one, not about a change
	CreatedBy string
	By        string // who changed it
	Status    opsitem.Status
	Source    string
	At        time.Time // OpsCenter's time of the change
}

// Hear takes in an event. What only echoes what was told costs no call: nobody but us writes into an OpsItem under the
// name of who created it, and the reconcile sees whatever this rule might miss.
func (s *Service) Hear(ctx context.Context, w Word) (Outcome, error) {
	iid, n, err := s.Store.EpisodeOf(ctx, w.OpsItem)
	if fault.Is(err, fault.NotFound) {
		return s.hearOthers(ctx, w)
	}
	if err != nil {
		return "", fmt.Errorf("find episode of %s: %w", w.OpsItem, err)
	}
	ep, err := s.Store.Episode(ctx, iid, n)
	if err != nil {
		return "", fmt.Errorf("load episode %d of %s: %w", n, iid, err)
	}
	known := w.Status != "" && ep.OpsItem == w.OpsItem && (w.Status == ep.Status || w.Status == ep.Tried)
	if known && (w.Created || w.By != "" && w.By == w.CreatedBy && !ep.Adopted) {
		return Same, nil
	}
	out, item, err := s.seen(ctx, iid, n, w.OpsItem, w.By)
	// What was written over it was ours: else an operator just changed their mind. Into an adopted one we write under another
	// name than its creator's, so that nobody can tell, and look before every status.
	if err == nil && out == Same && w.By != w.CreatedBy && item.By == item.CreatedBy && !w.At.After(item.Modified) {
		err = s.overtaken(ctx, iid, n, w)
	}
	return out, err
}

// hearOthers takes in an event about an OpsItem that is no episode's.
func (s *Service) hearOthers(ctx context.Context, w Word) (Outcome, error) {
	if !w.Created || w.Source == opsitem.FiledBy {
		return NotOurs, nil
	}
	item, err := s.Center.Get(ctx, w.OpsItem)
	if errors.Is(err, opsitem.ErrNotFound) {
		return NotOurs, nil
	}
	if err != nil {
		return "", fmt.Errorf("get %s: %w", w.OpsItem, err)
	}
	return s.alongside(ctx, item)
}

// overtaken writes down what an operator set, and a later decision here had overwritten before anybody looked.
func (s *Service) overtaken(ctx context.Context, iid id.Improvement, n int, w Word) error {
	return s.again(ctx, iid, n, func(im improvement.Improvement, ep opsitem.Episode) error {
		if ep.OpsItem != w.OpsItem || im.Episode != n || w.Status == "" || w.Status == ep.Status || w.By == "" || !w.At.After(ep.Seen) {
			return nil
		}
		im.Entries++
		im.Updated, ep.Seen = s.Now(), w.At
		return s.Store.SaveChange(ctx, improvement.Change{Improvement: im, Episode: &ep, Entry: &improvement.Entry{
			Seq: im.Entries, At: im.Updated, By: w.By, What: "set " + string(w.Status) + " in OpsCenter", Detail: "not taken over: it is " + string(im.Status) + " by a later decision",
		}})
	})
}
