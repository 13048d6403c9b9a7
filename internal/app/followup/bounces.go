package followup

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"learningloop/internal/fault"
	"learningloop/internal/person"
)

// Suppressor keeps mail from a person.
type Suppressor interface {
	Suppress(ctx context.Context, p person.ID, reason string, at time.Time) error
}

// Bounces hears from SES which addresses are dead and who complained, and keeps everything from them from then on.
type Bounces struct {
	Store  Suppressor
	People []byte // key for person.Of
	Log    *slog.Logger
	Now    func() time.Time
}

// sesEvent is the part of an SES event that is used (SES Developer Guide, "Examples of event data that Amazon SES sends").
// EventBridge puts it into detail; an SNS notification is unwrapped before.
type sesEvent struct {
	Detail *sesEvent `json:"detail"`
	Type   string    `json:"eventType"`
	Bounce *struct {
		Type       string `json:"bounceType"`
		Recipients []struct {
			Email string `json:"emailAddress"`
		} `json:"bouncedRecipients"`
	} `json:"bounce"`
	Complaint *struct {
		Recipients []struct {
			Email string `json:"emailAddress"`
		} `json:"complainedRecipients"`
	} `json:"complaint"`
}

// Event suppresses whoever an event says cannot or does not want to be reached. Passing bounces (a full mailbox) do not.
func (b *Bounces) Event(ctx context.Context, body []byte) error {
	var sns struct {
		Message string `json:"Message"`
	}
	if json.Unmarshal(body, &sns) == nil && sns.Message != "" {
		body = []byte(sns.Message)
	}
	var e sesEvent
	if err := json.Unmarshal(body, &e); err != nil {
		return fault.Wrap(fault.Invalid, "malformed_event", "The mail event cannot be read.", err)
	}
	if e.Detail != nil {
		e = *e.Detail
	}
	var dead []string
	reason := ""
	switch {
	case e.Bounce != nil && e.Bounce.Type == "Permanent":
		reason = "bounced"
		for _, r := range e.Bounce.Recipients {
			dead = append(dead, r.Email)
		}
	case e.Complaint != nil:
		reason = "complained"
		for _, r := range e.Complaint.Recipients {
			dead = append(dead, r.Email)
		}
	}
	for _, a := range dead {
		if err := b.Store.Suppress(ctx, person.Of(b.People, a), reason, b.Now()); err != nil {
			return fmt.Errorf("suppress a person who %s: %w", reason, err)
		}
	}
	if len(dead) > 0 {
		b.Log.InfoContext(ctx, "mail suppressed", "reason", reason, "people", len(dead))
	}
	return nil
}
