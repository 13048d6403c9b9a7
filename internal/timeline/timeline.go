// Package timeline gathers what happened in an episode from everything that is kept of it: evidence, decisions, filing,
// mails, and the releases of its product. It decides nothing; internal/incident says what a timeline is and keeps it.
package timeline

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"learningloop/internal/fault"
	"learningloop/internal/feedback"
	"learningloop/internal/followup"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/incident"
	"learningloop/internal/opsitem"
)

// Store is what telling needs of storage.
type Store interface {
	Improvement(ctx context.Context, iid id.Improvement) (improvement.Improvement, error)
	Episode(ctx context.Context, iid id.Improvement, n int) (opsitem.Episode, error)
	// Attachments, History and Mails give a page at a time.
	Attachments(ctx context.Context, iid id.Improvement, cursor string) ([]improvement.Attachment, string, error)
	History(ctx context.Context, iid id.Improvement, cursor string) ([]improvement.Entry, string, error)
	Mails(ctx context.Context, owner, cursor string) ([]followup.Mail, string, error)
	// FeedbackAll gives those of at most 100 that exist.
	FeedbackAll(ctx context.Context, fids []id.Feedback) ([]feedback.Feedback, error)
	// Launches gives the releases of a product that went out in a time, the earliest first.
	Launches(ctx context.Context, p id.Product, from, to time.Time) ([]feedback.Feedback, error)
}

// Teller tells timelines.
type Teller struct {
	Store Store
	Now   func() time.Time
}

// scope is what belongs to one episode: from after the last one's end until the next one's beginning.
type scope struct {
	ep        opsitem.Episode
	lastEnded time.Time // zero: it is the first one
	next      opsitem.Episode
	now       time.Time
}

// Timeline tells what happened in an episode, as it is known now. NotFound where there is none.
func (t Teller) Timeline(ctx context.Context, iid id.Improvement, n int) (incident.Timeline, error) {
	in := scope{now: t.Now()}
	im, err := t.Store.Improvement(ctx, iid)
	if err == nil {
		in.ep, err = t.Store.Episode(ctx, iid, n)
	}
	if err != nil {
		return incident.Timeline{}, err
	}
	in.ep = in.ep.Staged()
	if n > 1 {
		last, err := t.Store.Episode(ctx, iid, n-1)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return incident.Timeline{}, fmt.Errorf("load episode %d of %s: %w", n-1, iid, err)
		}
		in.lastEnded = last.Resolved
	}
	if n < im.Episode {
		if in.next, err = t.Store.Episode(ctx, iid, n+1); err != nil {
			return incident.Timeline{}, fmt.Errorf("load episode %d of %s: %w", n+1, iid, err)
		}
		in.next = in.next.Staged()
	}
	var moments []incident.Moment
	for _, part := range []func(context.Context, scope) ([]incident.Moment, error){t.evidence, t.launches, t.decisions, t.told} {
		ms, err := part(ctx, in)
		if err != nil {
			return incident.Timeline{}, err
		}
		moments = append(moments, ms...)
	}
	if in.ep.OpsItem != "" {
		moments = append(moments, incident.Moment{At: in.ep.Filed, Kind: incident.Filed, What: "Filed as " + in.ep.OpsItem, Ref: in.ep.OpsItem})
	}
	out := incident.New(moments, incident.TimesOf(in.ep), in.now)
	for i, m := range out.Moments {
		if (m.Kind == incident.Signal || m.Kind == incident.Complaint) && !m.At.Before(in.ep.Stages.Detected) {
			out.Moments[i].Mark = incident.Detected
			break
		}
	}
	return out, nil
}

// said says whether a word of that time belongs to the episode. What comes within the quiet time after its end still does.
func (in scope) said(at time.Time) bool {
	switch {
	case !in.lastEnded.IsZero() && !at.After(in.lastEnded.Add(improvement.QuietTime)) && at.Before(in.ep.Stages.Detected):
		return false
	case !in.next.Opened.IsZero() && !at.Before(in.next.Stages.Detected):
		return false
	default:
		return in.ep.Resolved.IsZero() || !at.After(in.ep.Resolved.Add(improvement.QuietTime))
	}
}

func (t Teller) evidence(ctx context.Context, in scope) ([]incident.Moment, error) {
	var out []incident.Moment
	err := pages(func(cursor string) (string, error) {
		page, next, err := t.Store.Attachments(ctx, in.ep.Improvement, cursor)
		if err != nil {
			return "", fmt.Errorf("list evidence of %s: %w", in.ep.Improvement, err)
		}
		var signals []id.Feedback
		for _, a := range page {
			switch {
			case a.Signal:
				signals = append(signals, a.Feedback)
			case in.said(a.At):
				out = append(out, incident.Moment{At: a.At, Kind: incident.Complaint, What: a.Headline, Ref: string(a.Feedback)})
			}
		}
		if len(signals) == 0 {
			return next, nil
		}
		fs, err := t.Store.FeedbackAll(ctx, signals)
		if err != nil {
			return "", fmt.Errorf("load signals of %s: %w", in.ep.Improvement, err)
		}
		for _, f := range fs {
			if f.Signal != nil && in.said(f.Signal.Time) {
				out = append(out, incident.Moment{At: f.Signal.Time, Kind: incident.Signal, What: f.Signal.Title, Ref: string(f.ID)})
			}
		}
		return next, nil
	})
	return out, err
}

// launches are the releases in the episode and in the day before its first word.
func (t Teller) launches(ctx context.Context, in scope) ([]incident.Moment, error) {
	end := in.ep.Resolved
	if end.IsZero() {
		end = in.now
	}
	fs, err := t.Store.Launches(ctx, in.ep.Product(), in.ep.Stages.Detected.Add(-incident.Lookback), end)
	if err != nil {
		return nil, fmt.Errorf("list releases of %s: %w", in.ep.Product(), err)
	}
	out := make([]incident.Moment, 0, len(fs))
	for _, f := range fs {
		out = append(out, incident.Moment{At: f.Signal.Time, Kind: incident.Deployment, What: f.Signal.Title + " (" + f.Signal.Release + ")", Ref: string(f.ID)})
	}
	return out, nil
}

// decided says decisions as what was done.
var decided = map[string]string{
	"proposed": "proposed", "accept": "accepted", "plan": "planned", "start": "started", "ship": "shipped", "decline": "declined", "reopen": "reopened",
	"rejoined": "went on after all",
}

// decisions are the steps of an episode, told apart by their order: two may be taken at one moment.
func (t Teller) decisions(ctx context.Context, in scope) ([]incident.Moment, error) {
	var out []incident.Moment
	st, acknowledged, resolved := in.ep.Stages, false, -1
	err := pages(func(cursor string) (string, error) {
		page, next, err := t.Store.History(ctx, in.ep.Improvement, cursor)
		if err != nil {
			return "", fmt.Errorf("list history of %s: %w", in.ep.Improvement, err)
		}
		for _, e := range page {
			if in.ep.N > 1 && e.Before(in.ep) || in.next.N > 0 && !e.Before(in.next) {
				continue
			}
			kind, what := stepOf(e)
			if what == "" {
				continue
			}
			if e.Reason != "" && !strings.HasSuffix(e.By, e.Reason) {
				what += ": " + e.Reason
			}
			m := incident.Moment{At: e.At, Kind: kind, What: what, Who: e.By}
			if !acknowledged && !st.Acknowledged.IsZero() && e.By == st.AcknowledgedBy && (e.To == improvement.Planned || e.To == improvement.InProgress) {
				m.Mark, acknowledged = incident.Acknowledged, true
			}
			if e.To.Closed() && !e.From.Closed() {
				resolved = len(out)
			}
			out = append(out, m)
		}
		return next, nil
	})
	if resolved >= 0 && !in.ep.Resolved.IsZero() {
		out[resolved].Mark = incident.Resolved
	}
	return out, err
}

// stepOf says what an entry is about, and what was done. Of an edit only the level is said: its other words may be a
// customer's. "" is nothing to tell.
func stepOf(e improvement.Entry) (kind incident.Kind, what string) {
	kind, what = incident.Status, cmp.Or(decided[e.What], e.What)
	switch {
	case e.What == "edited":
		return incident.Level, e.Leveled()
	case e.To != "":
	case strings.HasSuffix(what, " the andon"), strings.HasPrefix(what, "stood the andon"):
		kind = incident.Andon
	case e.What == "raised", strings.HasPrefix(what, "set severity "), strings.HasPrefix(what, "set priority "), strings.HasPrefix(what, "set category "):
		kind = incident.Level
	}
	if e.Detail != "" {
		what += ": " + e.Detail
	}
	return kind, what
}

// told says how many people were told of each status, and since when; nobody is named.
func (t Teller) told(ctx context.Context, in scope) ([]incident.Moment, error) {
	first, count := map[improvement.Status]time.Time{}, map[improvement.Status]int{}
	err := pages(func(cursor string) (string, error) {
		page, next, err := t.Store.Mails(ctx, string(in.ep.Improvement), cursor)
		if err != nil {
			return "", fmt.Errorf("list mails of %s: %w", in.ep.Improvement, err)
		}
		for _, m := range page {
			if m.Notice == nil || m.Notice.Episode != in.ep.N || m.State != followup.Sent {
				continue
			}
			s := m.Notice.Status
			if count[s]++; first[s].IsZero() || m.Sent.Before(first[s]) {
				first[s] = m.Sent
			}
		}
		return next, nil
	})
	out := make([]incident.Moment, 0, len(count))
	for _, s := range improvement.Statuses {
		switch n := count[s]; n {
		case 0:
		case 1:
			out = append(out, incident.Moment{At: first[s], Kind: incident.Told, What: "1 person told: " + words[s]})
		default:
			out = append(out, incident.Moment{At: first[s], Kind: incident.Told, What: fmt.Sprintf("%d people told: %s", n, words[s])})
		}
	}
	return out, err
}

var words = map[improvement.Status]string{
	improvement.Proposed: "proposed", improvement.Accepted: "accepted", improvement.Planned: "planned", improvement.InProgress: "in progress",
	improvement.Shipped: "shipped", improvement.Validated: "validated", improvement.Declined: "declined",
}

// pages reads page after page until there is none.
func pages(read func(cursor string) (next string, err error)) error {
	cursor := ""
	for {
		next, err := read(cursor)
		if err != nil || next == "" {
			return err
		}
		cursor = next
	}
}
