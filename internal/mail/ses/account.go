package ses

import (
	"context"
	"sync"
	"time"

	"learningloop/internal/mail/address"
)

// FromSettings makes a Sender of addresses as settings have them, with or without a name. An empty replyTo is none.
func FromSettings(api API, from, replyTo, configurationSet string, now func() time.Time) (*Sender, error) {
	f, err := address.ParseMailbox(from)
	if err != nil {
		return nil, err
	}
	cfg := Config{From: f, ConfigurationSet: configurationSet, Now: now}
	if replyTo != "" {
		if cfg.ReplyTo, err = address.ParseMailbox(replyTo); err != nil {
			return nil, err
		}
	}
	return New(api, cfg)
}

// remember is how long an answer about the account is good enough for a page.
const remember = 5 * time.Minute

// Account says how the account stands, for pages: it asks SES at most every five minutes. It is safe for concurrent use.
type Account struct {
	api API
	now func() time.Time

	mu   sync.Mutex
	at   time.Time
	note string
}

// NewAccount asks nobody anything yet.
func NewAccount(api API, now func() time.Time) *Account { return &Account{api: api, now: now} }

// Note is Status.Note, a few minutes old at most; where SES does not answer it says so.
func (a *Account) Note(ctx context.Context) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.at.IsZero() && a.now().Sub(a.at) < remember {
		return a.note
	}
	st, err := AccountStatus(ctx, a.api)
	if err != nil {
		return "Amazon SES does not say how the mail account stands."
	}
	a.at, a.note = a.now(), st.Note()
	return a.note
}
