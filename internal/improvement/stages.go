package improvement

import (
	"strings"
	"time"

	"learningloop/internal/feedback"
	"learningloop/internal/incident"
	"learningloop/internal/opsitem"
)

// heard notes when the evidence of the episode under way, or to come, begins. What was said before the last one ended
// belongs to that one, and so does what comes within the quiet time after it.
func (im *Improvement) heard(f feedback.Feedback) {
	at, ended := f.Received, im.Closed
	if f.Signal != nil {
		if at = f.Counts(); f.Signal.Ends() {
			return // begins nothing, however early it says that it happened
		}
	}
	if im.Status.Closed() {
		ended = ended.Add(QuietTime)
	}
	if !im.Closed.IsZero() && !at.After(ended) {
		return
	}
	if im.Since.IsZero() || im.Since.Before(im.Closed) || at.Before(im.Since) {
		im.Since = at
	}
}

// severe is the worst severity whose resolved episodes are looked back at (OPS11-BP02: what customers felt).
const severe = 2

// Stage notes on the episode of c what c means for its stages, the steps to be told as metrics, and the post-incident
// retrospective to be ordered. Whoever puts an Episode into a Change calls it, once.
//
// The order is part of the Change: it is there exactly if the resolution is. An episode orders one at most, however often
// it goes on and is resolved again.
func (c *Change) Stage(now time.Time) {
	ep, e, im := c.Episode, c.Entry, c.Improvement
	if ep == nil || e == nil || ep.List {
		return
	}
	st := &ep.Stages
	opened := ep.Version == 0
	if opened {
		st.Severity, st.Entry = ep.Request.Severity, e.Seq
		st.Severe(st.Severity)
		kind := opsitem.StepOpened
		if ep.N > 1 {
			kind = opsitem.StepReopened
		}
		c.step(kind, 0)
	}
	*ep = ep.Staged()
	switch {
	case opened && !im.Since.After(im.Closed):
		c.Improvement.Since = time.Time{} // of the episode before
	case !im.Since.IsZero() && im.Since.Before(st.Detected):
		st.Detected = im.Since
	}
	st.Source = sourceOf(im)
	st.Severe(im.Score(now).Severity)
	st.Severe(ep.Level.Severity)
	st.Severe(im.InForce().Severity) // set here a moment ago, and not told yet
	for _, e := range append([]Entry{*e}, c.Also...) {
		c.reached(e, opened, now)
	}
}

// reached notes the stages that one line of the history reached.
func (c *Change) reached(e Entry, opened bool, now time.Time) {
	ep, st, im, at := c.Episode, &c.Episode.Stages, c.Improvement, c.moment(e, now)
	if person := !byRule(e.By); person && st.Acknowledged.IsZero() && (e.To == Planned || e.To == InProgress) {
		st.Acknowledged, st.AcknowledgedBy = at, e.By
		c.step(opsitem.StepAcknowledged, at.Sub(ep.Opened))
	}
	switch {
	case e.To.Closed() && !e.From.Closed():
		if ep.Resolved.IsZero() {
			ep.Resolved = at
		}
		st.ByAlarm = e.ByAlarm()
		c.step(opsitem.StepResolved, ep.Resolved.Sub(ep.Opened))
		if st.Worst <= severe && st.PostIncident.IsZero() {
			st.PostIncident = now
			order := incident.Of(*ep, now)
			if e.ByAlarm() { // it may be back in a minute
				order.Settle, order.RetryAt = QuietTime, ep.Resolved.Add(QuietTime)
			}
			c.PostIncident = &order
		}
	case e.From.Closed() && !e.To.Closed() && !opened:
		ep.Resolved = time.Time{}
		if st.ByAlarm && e.ByAlarm() { // an alarm that flaps was never over
			c.step(opsitem.StepTakenBack, 0)
			return
		}
		st.Resume(im.Closed, at)
		c.step(opsitem.StepReopened, 0)
	}
}

func (c *Change) step(k opsitem.StepKind, took time.Duration) {
	c.Steps = append(c.Steps, opsitem.Step{Kind: k, Product: c.Episode.Slug(), Took: max(took, 0)})
}

// moment is when the step was taken: OpsCenter's own time where it was taken there, as far as that can be, so that an
// event that was lost for a while makes nothing later than it was.
func (c *Change) moment(e Entry, now time.Time) time.Time {
	at := c.Episode.Seen
	if !strings.HasSuffix(e.What, " in OpsCenter") || at.Before(c.Episode.Opened) || at.After(now) {
		return now
	}
	return at
}

func sourceOf(im Improvement) opsitem.Source {
	switch e := im.Evidence; {
	case e.Machines && e.People:
		return opsitem.Both
	case e.Machines:
		return opsitem.Machine
	default:
		return opsitem.People
	}
}
