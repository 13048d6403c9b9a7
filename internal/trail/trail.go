// Package trail is the staff log: who saw, changed, exported or erased what, from the first day.
package trail

import "time"

// Entry is one line. It holds ids, never customers' words or addresses.
type Entry struct {
	ID      string    `json:"id"` // tells two entries of one moment apart
	At      time.Time `json:"at"`
	By      string    `json:"by"`      // a member's address or name, an operator's ARN, or "rule: ..."
	Action  string    `json:"action"`  // saw, changed, exported, erased, and of what: "changed improvement"
	Subject string    `json:"subject"` // an id or a slug
	Product string    `json:"product,omitempty"`
	Detail  string    `json:"detail,omitempty"`
	Request string    `json:"request,omitempty"` // the request's id
}
