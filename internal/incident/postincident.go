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
	Timeline     *Timeline      `json:"timeline,omitzero"` // frozen; nil until then
	Told         time.Time      `json:"told,omitzero"`     // when the bus took the event; zero: the order is due
	Attempts     int            `json:"attempts,omitzero"`
	RetryAt      time.Time      `json:"retryAt,omitzero"`
	Error        string         `json:"error,omitzero"` // the last one, safe to show
	Version      int64          `json:"-"`
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
