package incident

import (
	"encoding/json"
	"fmt"
	"time"
)

// DetailType is the event's; its source is the loop's own.
const DetailType = "Post-Incident Opened"

// Detail is the detail of the event: ids, times and links, no words of anybody. It is a contract with whoever takes it
// up; members are only added. ID is the same however often the event comes.
type Detail struct {
	ID           string     `json:"id"`
	Product      string     `json:"product"`   // slug
	ProductID    string     `json:"productId"` // what never changes
	Improvement  string     `json:"improvementId"`
	Episode      int        `json:"episode"`
	Severity     int        `json:"severity"`
	Source       string     `json:"source"` // machine, people or both
	OpsItem      string     `json:"opsItemId,omitempty"`
	Correlation  string     `json:"correlationId"`
	At           time.Time  `json:"openedAt"` // the retrospective
	Detected     time.Time  `json:"detectedAt"`
	Opened       time.Time  `json:"episodeOpenedAt"`
	Filed        *time.Time `json:"filedAt,omitempty"`
	Acknowledged *time.Time `json:"acknowledgedAt,omitempty"`
	Resolved     time.Time  `json:"resolvedAt"`
	Links        struct {
		Case     string `json:"case"`
		Timeline string `json:"timeline"`
	} `json:"links"`
}

// Links makes the absolute links of an event.
type Links interface {
	Case(p PostIncident) string
	Timeline(p PostIncident) string
}

// Event is what the bus is asked to take.
type Event struct {
	ID         string // the same however often it is put
	DetailType string
	Time       time.Time
	Detail     json.RawMessage
}

// EventOf words the event of p.
func EventOf(p PostIncident, l Links) (Event, error) {
	d := Detail{
		ID: p.ID(), Product: p.Slug, ProductID: string(p.Improvement.Product()), Improvement: string(p.Improvement), Episode: p.Episode,
		Severity: p.Severity, Source: string(p.Source), OpsItem: p.OpsItem, Correlation: p.Correlation, At: p.At.UTC(), Detected: p.Detected.UTC(),
		Opened: p.Opened.UTC(), Filed: known(p.Filed), Acknowledged: known(p.Acknowledged), Resolved: p.Resolved.UTC(),
	}
	d.Links.Case, d.Links.Timeline = l.Case(p), l.Timeline(p)
	b, err := json.Marshal(d)
	if err != nil {
		return Event{}, fmt.Errorf("encode event of %s: %w", p.ID(), err)
	}
	return Event{ID: d.ID, DetailType: DetailType, Time: d.At, Detail: b}, nil
}

func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
