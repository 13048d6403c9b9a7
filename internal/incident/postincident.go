package incident

import (
	"strconv"
	"strings"
	"time"

	"learningloop/internal/id"
	"learningloop/internal/opsitem"
)

// PostIncident is a retrospective over one episode, from its order on. There is one for each episode at most.
type PostIncident struct {
	Improvement  id.Improvement `json:"improvement,omitzero"`
	Episode      int            `json:"episode,omitzero"`
	At           time.Time      `json:"at,omitzero"` // when it was ordered: right with the resolution
	Slug         string         `json:"slug,omitzero"`
	Severity     int            `json:"severity,omitzero"` // 1 or 2: the worst there was
	Source       opsitem.Source `json:"source,omitzero"`
	OpsItem      string         `json:"opsItem,omitzero"` // "" where it was resolved before it was filed
	Correlation  string         `json:"correlation,omitzero"`
	Detected     time.Time      `json:"detected,omitzero"`
	Opened       time.Time      `json:"opened,omitzero"` // the episode
	Filed        time.Time      `json:"filed,omitzero"`
	Acknowledged time.Time      `json:"acknowledged,omitzero"`
	Resolved     time.Time      `json:"resolved,omitzero"`
	Settle       time.Duration  `json:"settle,omitzero"`   // how long it must have been resolved before it is looked back at
	Timeline     *Timeline      `json:"timeline,omitzero"` // frozen; nil until then
	Told         time.Time      `json:"told,omitzero"`     // when the bus took the event; zero: the order is due
	Attempts     int            `json:"attempts,omitzero"`
	RetryAt      time.Time      `json:"retryAt,omitzero"`
	Error        string         `json:"error,omitzero"` // the last one, safe to show
	Version      int64          `json:"-"`
}

// at gives p with what the episode says by now, and when to look again where it is too early to look back: it goes on
// after all, or has not been over for long enough.
func (p PostIncident) at(e opsitem.Episode, now time.Time) (PostIncident, time.Time) {
	is := Of(e, p.At)
	is.Settle, is.Attempts, is.RetryAt, is.Error, is.Version = p.Settle, p.Attempts, p.RetryAt, p.Error, p.Version
	switch end := e.Resolved.Add(p.Settle); {
	case e.Resolved.IsZero():
		return is, now.Add(time.Hour)
	case now.Before(end):
		return is, end
	default:
		return is, time.Time{}
	}
}

// Of orders the retrospective over an episode as it stands.
func Of(e opsitem.Episode, now time.Time) PostIncident {
	e = e.Staged()
	return PostIncident{
		Improvement: e.Improvement, Episode: e.N, At: now, Slug: e.Slug(), Severity: e.Stages.Worst, Source: e.Stages.Source, OpsItem: e.OpsItem,
		Correlation: e.Correlation, Detected: e.Stages.Detected, Opened: e.Opened, Filed: e.Filed, Acknowledged: e.Stages.Acknowledged, Resolved: e.Resolved,
	}
}

// ID names it: "p-<product>-<16 characters>-<episode>". The same episode has the same.
func (p PostIncident) ID() string {
	return strings.Replace(string(p.Improvement), "i-", "p-", 1) + "-" + strconv.Itoa(p.Episode)
}

// Due says whether its event still has to be put on the bus.
func (p PostIncident) Due() bool { return p.Told.IsZero() }

// Times are the stretches of an episode; those that are not known, or not over, are zero.
func (p PostIncident) Times() Times {
	return TimesOf(opsitem.Episode{
		Opened: p.Opened, Filed: p.Filed, Resolved: p.Resolved, Stages: opsitem.Stages{Detected: p.Detected, Acknowledged: p.Acknowledged},
	})
}
