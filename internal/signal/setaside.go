package signal

import (
	"encoding/json"
	"time"

	"learningloop/internal/id"
)

// SetAside is an event that nobody understood, kept until a person decides about it.
type SetAside struct {
	ID       string          `json:"id"`
	Event    json.RawMessage `json:"event"` // as it came; a JSON string where it was no JSON
	Why      string          `json:"why"`
	Received time.Time       `json:"received"`
	State    SetAsideState   `json:"state"`
	By       string          `json:"by,omitzero"` // who replayed or dropped it
	Reason   string          `json:"reason,omitzero"`
	Version  int64           `json:"-"`
}

// SetAsideState is what became of it.
type SetAsideState string

// The states.
const (
	Waiting  SetAsideState = "waiting"
	Replayed SetAsideState = "replayed"
	Dropped  SetAsideState = "dropped"
)

// NewSetAside keeps an event. The same event twice is one.
func NewSetAside(event []byte, why string, now time.Time) SetAside {
	raw := json.RawMessage(event)
	if !json.Valid(event) {
		quoted, err := json.Marshal(string(event))
		if err != nil { // a string always marshals
			quoted = []byte(`""`)
		}
		raw = quoted
	}
	return SetAside{ID: "s-" + id.Hash(20, string(event)), Event: raw, Why: why, Received: now, State: Waiting}
}
