package mirror

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"learningloop/internal/fault"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/opsitem"
)

// spoken gives the first ARN of an alarm or a finding: what others who file about the same name, too.
func spoken(arns []string) string {
	if i := slices.IndexFunc(arns, opsitem.Named); i >= 0 {
		return arns[i]
	}
	return ""
}

// looked is what adopt looks for, as an episode remembers it.
func looked(ep opsitem.Episode) []string {
	if arn := spoken(ep.Request.Resources); arn != "" {
		return []string{arn}
	}
	return nil
}

// foreign says whether an OpsItem is none of a loop's.
func foreign(item opsitem.Item) bool {
	return item.Data[opsitem.KeyEpisode] == "" && item.Data[opsitem.KeyImprovement] == ""
}

// creator is who created an OpsItem, for the history.
func creator(item opsitem.Item) string { return operator(cmp.Or(item.CreatedBy, item.Source)) }

// holding gives the open OpsItems about an ARN, whoever filed them. An error is a *centerError.
func (s *Service) holding(ctx context.Context, arn string) ([]opsitem.Item, error) {
	held, err := s.Center.Holding(ctx, arn)
	if err != nil {
		return nil, &centerError{fmt.Errorf("look for OpsItems about %s: %w", arn, err)}
	}
	// OpsCenter finds longer names, too.
	return slices.DeleteFunc(held, func(item opsitem.Item) bool { return !slices.Contains(item.Resources, arn) }), nil
}

// adopt looks whether somebody else has an OpsItem open about the alarm or finding that raised an episode, and makes it the
// episode's: it gets our keys, and its title, description and level stay theirs. It says whether it did.
func (s *Service) adopt(ctx context.Context, ep opsitem.Episode) (bool, error) {
	arn := spoken(ep.Request.Resources)
	if arn == "" {
		return false, nil
	}
	held, err := s.holding(ctx, arn)
	if err != nil {
		return false, err
	}
	for _, item := range held {
		// An attempt before may have got as far as our keys.
		begun := item.Source != opsitem.FiledBy && item.Data[opsitem.KeyEpisode] == ep.Key()
		if !foreign(item) && !begun || ep.Had(item.ID) {
			continue
		}
		keys := opsitem.Patch{Data: ep.Request.Data, Automations: ep.Request.Automations, Related: ep.Related}
		err := s.Center.Update(ctx, item.ID, keys)
		if errors.Is(err, opsitem.ErrNotFound) || fault.Is(err, fault.Invalid) || fault.Is(err, fault.Forbidden) {
			continue // gone, or nothing that we can write into: it is filed beside it
		}
		if err != nil {
			return false, &centerError{fmt.Errorf("adopt %s: %w", item.ID, err)}
		}
		return true, s.adopted(ctx, ep, item)
	}
	return false, nil
}

// adopted stores that the OpsItem of somebody else is an episode's, with whatever it says of itself.
func (s *Service) adopted(ctx context.Context, ep opsitem.Episode, item opsitem.Item) error {
	return s.again(ctx, ep.Improvement, ep.N, func(im improvement.Improvement, ep opsitem.Episode) error {
		if ep.OpsItem != "" {
			return nil
		}
		now := s.Now()
		ep.OpsItem, ep.Filed, ep.Pushed = item.ID, now, now
		ep.Known = theirs(item, ep.Request.Data, looked(ep), now)
		c := improvement.Change{Improvement: im, Budget: spare(&ep)}
		if im.Episode == ep.N {
			welcome(&c, item, "", now)
		}
		im, ep, err := s.done(ctx, c.Improvement, ep)
		if err != nil {
			return err
		}
		c.Improvement, c.Episode = im, &ep
		c.Stage(now)
		return s.Store.SaveFiled(ctx, c)
	})
}

// theirs is what is known of an OpsItem of somebody else that becomes an episode's. data are the keys of ours in it.
func theirs(item opsitem.Item, data map[string]string, looked []string, now time.Time) opsitem.Known {
	return opsitem.Known{
		Adopted: true, Taken: now, Status: item.Status, Level: item.Level, Seen: item.Modified, Resources: item.Resources,
		Keys: opsitem.Passing(data), Looked: looked,
	}
}

// welcome gives an Improvement the OpsItem of somebody else, with its level, and the status where somebody works on it
// already. more goes on with the line that says so.
func welcome(c *improvement.Change, item opsitem.Item, more string, now time.Time) {
	im, whose := c.Improvement, creator(item)
	im.OpsItem, im.Updated = item.ID, now
	im.Entries++
	c.Entry = &improvement.Entry{Seq: im.Entries, At: now, By: whose, What: "OpsItem adopted", Detail: item.ID + ", from " + item.Source + more}
	im = improvement.Adopted(im, item.Level, whose, now)
	if next, moved := improvement.Mirrored(im, item.Status, whose, now); moved && item.Status != opsitem.Open && !im.Status.Closed() {
		c.Also, c.Notice, im = []improvement.Entry{*next.Entry}, next.Notice, next.Improvement
	}
	c.Improvement = im
}

// succeeded goes on with the OpsItem that came after an episode's: when an alarm returns, its own action files another one,
// and while that is open OpsCenter opens the one before no more. What ours should say is told next.
func (s *Service) succeeded(ctx context.Context, ep opsitem.Episode, oid string) error {
	item, err := s.Center.Get(ctx, oid)
	if err != nil { // where it is gone by now, the next attempt opens ours
		return &centerError{fmt.Errorf("get %s: %w", oid, err)}
	}
	if item.Source == opsitem.FiledBy || !foreign(item) && item.Data[opsitem.KeyEpisode] != ep.Key() {
		return &centerError{fault.New(fault.Conflict, "opsitem_taken", "The OpsItem "+oid+", which is another case's, has the deduplication string of "+ep.OpsItem+".")}
	}
	return s.again(ctx, ep.Improvement, ep.N, func(im improvement.Improvement, now opsitem.Episode) error {
		if now.OpsItem != ep.OpsItem || now.Order != opsitem.Push {
			return nil
		}
		at, before := s.Now(), now.OpsItem
		now.Related = slices.DeleteFunc(slices.Clone(now.Related), func(r string) bool { return r == oid })
		if len(now.Related) < maxRelated {
			now.Related = append(now.Related, before)
		}
		now.Former = append(slices.Clip(now.Former), before)
		c := improvement.Change{Improvement: im}
		if im.Episode == now.N {
			if now.Adopted {
				c.Improvement = improvement.Forsaken(im, cmp.Or(now.Taken, now.Filed), at)
			}
			welcome(&c, item, ", which came after "+before, at)
		}
		now.OpsItem, now.Counted, now.Attempts, now.RetryAt, now.Error = oid, "", 0, time.Time{}, ""
		now.Known = theirs(item, item.Data, now.Looked, at)
		c.Episode = &now
		c.Stage(at)
		return s.Store.SaveFiled(ctx, c)
	})
}

// alongside takes in an OpsItem that somebody else filed about what an open episode of ours is about, too: the history and
// ours name it. item may be without what only Get tells.
func (s *Service) alongside(ctx context.Context, item opsitem.Item) (Outcome, error) {
	if !foreign(item) || item.Status == opsitem.Resolved {
		return NotOurs, nil
	}
	arn := spoken(item.Resources)
	if arn == "" {
		return NotOurs, nil
	}
	iid, n, err := s.Store.EpisodeAbout(ctx, arn)
	if fault.Is(err, fault.NotFound) {
		return NotOurs, nil
	}
	if err != nil {
		return "", fmt.Errorf("find episode about %s: %w", arn, err)
	}
	return s.relates(ctx, iid, n, item)
}

// mostLooked is how many alarms and findings are looked for before one update.
const mostLooked = 5

// joins takes in the OpsItems that others have open about alarms and findings beside the one that an episode was filed
// about, and says whether there were any. What they file later is heard of, as the episode is found by all of these.
func (s *Service) joins(ctx context.Context, ep *opsitem.Episode, arns []string) (bool, error) {
	some := false
	for n, arn := range ep.Unlooked(arns) {
		if n == mostLooked {
			break
		}
		held, err := s.holding(ctx, arn)
		if err != nil {
			return some, err
		}
		for _, item := range held {
			if !foreign(item) {
				continue
			}
			out, err := s.relates(ctx, ep.Improvement, ep.N, item)
			if err != nil {
				return some, err
			}
			some = some || out == Alongside
		}
		ep.Looked = append(slices.Clip(ep.Looked), arn)
	}
	return some, nil
}

// relates names somebody else's OpsItem in an open episode's history and in its OpsItem.
func (s *Service) relates(ctx context.Context, iid id.Improvement, n int, item opsitem.Item) (Outcome, error) {
	out := NotOurs
	err := s.again(ctx, iid, n, func(im improvement.Improvement, ep opsitem.Episode) error {
		out = NotOurs
		if im.Episode != n || im.Status.Closed() || ep.OpsItem == "" || ep.OpsItem == item.ID || slices.Contains(ep.Related, item.ID) || len(ep.Related) >= maxRelated {
			return nil
		}
		now := s.Now()
		im.Entries++
		im.Updated, im.Ordered = now, true
		ep.Related = append(slices.Clip(ep.Related), item.ID)
		if ep.Order == opsitem.None {
			ep.Order = opsitem.Push
		}
		out = Alongside
		return s.Store.SaveChange(ctx, improvement.Change{Improvement: im, Episode: &ep, Entry: &improvement.Entry{
			Seq: im.Entries, At: now, By: creator(item), What: "another OpsItem about the same", Detail: item.ID + ", from " + item.Source + "; related",
		}})
	})
	return out, err
}

// maxRelated is how many related OpsItems one takes (AWS General Reference, quotas of OpsCenter).
const maxRelated = 10
