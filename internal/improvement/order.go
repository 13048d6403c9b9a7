package improvement

import (
	"context"
	"fmt"
	"slices"
	"time"

	"learningloop/internal/feedback"
	"learningloop/internal/id"
	"learningloop/internal/opsitem"
	"learningloop/internal/product"
	"learningloop/internal/signal"
)

// PushEvery is how often new evidence alone is told to OpsCenter, at the most. Every update mails whoever listens to the
// OpsItem's SNS topic: four an hour are read, and a burst of complaints is one. A raised severity does not wait.
const PushEvery = 15 * time.Minute

// ByAlarm says whether nothing but an alarm moved the Improvement: nobody decided or did anything.
func (e Entry) ByAlarm() bool { return e.What == resolved || e.What == rejoined }

// mirror adds to a Change the order that its OpsItem needs: a new episode is filed, an open one is updated. extra is a
// piece that is attached in the same step.
func (s *Service) mirror(ctx context.Context, c *Change, p product.Product, extra []Attachment, now time.Time) error {
	defer c.Stage(now)
	im := &c.Improvement
	if im.Episode == 0 {
		return nil
	}
	if !c.opens() {
		return s.orderPush(ctx, c, true, now)
	}
	said, err := Said(ctx, s.Store, *im, p, extra)
	if err != nil {
		return err
	}
	im.Ordered = true
	c.Episode = &opsitem.Episode{
		Improvement: im.ID, N: im.Episode, Order: opsitem.File, Request: s.Filer.Request(*im, p, said), Asked: now, Opened: now, Correlation: im.Correlation,
		List: im.Week != "",
	}
	return s.relate(ctx, c.Episode)
}

// orderPush orders that the OpsItem of the latest episode is told how things stand: at once, or when evidence may be told
// again.
func (s *Service) orderPush(ctx context.Context, c *Change, atOnce bool, now time.Time) error {
	im := &c.Improvement
	if im.Episode == 0 || im.Ordered && !atOnce {
		return nil // whoever carries out the order that is there tells this too
	}
	ep, err := s.Store.Episode(ctx, im.ID, im.Episode)
	if err != nil {
		return fmt.Errorf("load episode %d of %s: %w", im.Episode, im.ID, err)
	}
	if ep.Folds() {
		if atOnce {
			return s.unfold(ctx, c, ep, now)
		}
		return nil
	}
	im.Ordered = true
	if ep.Order != opsitem.None && !atOnce {
		return nil
	}
	if atOnce {
		ep.Asked = now
	}
	switch {
	case ep.Held: // it may have become urgent, or be closed: it asks for its turn at once
		ep.RetryAt = time.Time{}
	case ep.Order != opsitem.File:
		ep.Order, ep.Attempts, ep.RetryAt = opsitem.Push, 0, time.Time{}
		if next := ep.Pushed.Add(PushEvery); !atOnce && next.After(now) {
			ep.RetryAt = next
		}
	}
	c.Episode = &ep
	return nil
}

// news orders that new evidence is told, where an episode is open. A severity that rises says so in the history.
func (s *Service) news(ctx context.Context, c *Change, now time.Time) error {
	im := &c.Improvement
	if im.Episode == 0 || im.Status.Closed() {
		return nil
	}
	why, rose := im.raise(now)
	if rose {
		im.Entries++
		c.Entry = &Entry{Seq: im.Entries, At: now, By: rulePrefix + "the evidence is worse", What: "raised", Detail: why}
	}
	if err := s.orderPush(ctx, c, rose, now); err != nil {
		return err
	}
	c.Stage(now)
	return nil
}

// goesOn says whether somebody works on it, or a rule ended it no longer than the quiet time before a moment: then what is
// heard of the same takes it up again.
func (im Improvement) goesOn(at time.Time) bool {
	return !im.Status.Closed() || im.LastVerb == resolved && signal.SameEpisode(im.Closed, at, QuietTime)
}

// byReport is who takes up again what a rule had ended: in the other order it would not have been ended.
const byReport = rulePrefix + "a person reported it within the quiet time"

// onWord lets a word end an episode that only machines opened, or take it up again within the quiet time, and says whether
// it did. latest says whether it is a signal, and the latest of its key.
func onWord(c *Change, f feedback.Feedback, latest bool, now time.Time) bool {
	im := c.Improvement
	why := rulePrefix + "the signal returned within the quiet time"
	switch {
	case f.Signal == nil && f.Kind == feedback.Problem && im.Status.Closed() && im.goesOn(f.Received):
		why = byReport
	case !latest:
		return false
	case f.Signal.Ends() && im.quiet():
		*c = onward(*c, resolve(im, now))
		return true
	case f.Signal.Ends() || !im.Status.Closed() || im.Status == Declined || !returned(im, f.Counts()):
		return false
	}
	to := im.restored()
	goOn(&im)
	*c = onward(*c, move(im, rejoined, to, why, "", now))
	if why, rose := c.Improvement.raise(now); rose {
		c.Entry.Detail = why
	}
	return true
}

// quiet says whether only machines opened its episode, all of them say that it is over, and nobody took it up: then a rule
// may resolve it.
func (im Improvement) quiet() bool {
	return im.Status == Accepted && im.Owner == "" && !im.Evidence.People && !im.Firing() && !im.Crowded
}

// resolve makes the Change of a rule that resolves what is quiet.
func resolve(im Improvement, now time.Time) Change {
	reason := "every alarm of it is OK again, no person asked for it, and nobody took it up"
	return move(im, resolved, Shipped, rulePrefix+"all is OK again", reason, now)
}

// onward keeps of a Change what the next one in the same step does not say.
func onward(before, c Change) Change {
	c.Log = before.Log
	return c
}

// returned says whether a firing signal belongs to the episode that was closed. After a rule closed it, whatever is newer
// than the OK it was closed for does; after a person did, only what happened since: the alarm they worked on may still be
// on its way.
func returned(im Improvement, at time.Time) bool {
	return signal.SameEpisode(im.Closed, at, QuietTime) && (im.LastVerb == resolved || at.After(im.Closed))
}

// quoted is how many pieces are read for quotes: the Filer takes the newest few.
const quoted = 3

// SaidStore is what gathering quotes needs of storage.
type SaidStore interface {
	Attachments(ctx context.Context, iid id.Improvement, cursor string) ([]Attachment, string, error)
}

// Said gives what people said that may be quoted in an OpsItem, the newest first; nothing where the product quotes nobody.
// It looks at the first page of the evidence. extra are pieces that are not stored yet.
func Said(ctx context.Context, st SaidStore, im Improvement, p product.Product, extra []Attachment) ([]Attachment, error) {
	if p.Quotes != product.QuotesRedacted || !im.Evidence.People {
		return nil, nil
	}
	said, _, err := st.Attachments(ctx, im.ID, "")
	if err != nil {
		return nil, fmt.Errorf("list attachments of %s: %w", im.ID, err)
	}
	said = slices.DeleteFunc(append(said, extra...), func(a Attachment) bool { return a.Signal || a.Headline == "" })
	slices.SortStableFunc(said, func(a, b Attachment) int { return b.At.Compare(a.At) })
	return said[:min(len(said), quoted)], nil
}

// relate names the OpsItem of the episode before, where it has one. A list goes on with its lines.
func (s *Service) relate(ctx context.Context, ep *opsitem.Episode) error {
	if ep.N < 2 {
		return nil
	}
	last, err := s.Store.Episode(ctx, ep.Improvement, ep.N-1)
	if err != nil {
		return fmt.Errorf("load episode %d of %s: %w", ep.N-1, ep.Improvement, err)
	}
	if ep.List {
		ep.Folded = last.Folded
	}
	if last.OpsItem != "" {
		ep.Related = []string{last.OpsItem}
		ep.Request.Related = ep.Related
	}
	return nil
}
