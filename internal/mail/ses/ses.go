// Package ses sends mails through Amazon SES v2 and says how the SES account stands.
package ses

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"

	"learningloop/internal/mail"
)

// API is what is used of SES v2; *sesv2.Client has it.
type API interface {
	SendEmail(context.Context, *sesv2.SendEmailInput, ...func(*sesv2.Options)) (*sesv2.SendEmailOutput, error)
	GetAccount(context.Context, *sesv2.GetAccountInput, ...func(*sesv2.Options)) (*sesv2.GetAccountOutput, error)
}

// timeout ends a call that hangs well within a Lambda's time, so that the outbox records the try.
const timeout = 10 * time.Second

// NewClient makes the SES client for mails. It never retries by itself: the outbox does, and it is the one place that
// knows whether a mail may be sent again.
func NewClient(cfg aws.Config) *sesv2.Client {
	return sesv2.NewFromConfig(cfg, func(o *sesv2.Options) {
		o.Retryer = aws.NopRetryer{}
	})
}

// Config is what a Sender needs.
type Config struct {
	From             mail.Address // an address of a verified identity; its name is what readers see
	ReplyTo          mail.Address // for messages that name none; may be zero
	ConfigurationSet string       // whose events tell of bounces and complaints; "" for none
	Now              func() time.Time
}

// Sender sends mails. It is safe for use by many at once.
type Sender struct {
	api API
	cfg Config
}

// New makes a Sender. It refuses a sender or reply address that is none, as fault.Invalid.
func New(api API, cfg Config) (*Sender, error) {
	if _, err := mail.ParseAddress(cfg.From.Email); err != nil {
		return nil, fmt.Errorf("sender of mails: %w", err)
	}
	if !cfg.ReplyTo.IsZero() {
		if _, err := mail.ParseAddress(cfg.ReplyTo.Email); err != nil {
			return nil, fmt.Errorf("reply address of mails: %w", err)
		}
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Sender{api: api, cfg: cfg}, nil
}

// Send hands one mail to SES and gives the provider's id for it, which its events carry. An error means that SES may or
// may not have taken it; sending again repeats the same Message.ID. Kinds:
//
//	RateLimited  too fast, or over the day's quota: later
//	Unavailable  sending is paused, or SES does not answer: later
//	Forbidden    the sender or, in the sandbox, the recipient is not verified: not until somebody acts
//	Invalid      this mail will never be taken (bad address, refused content)
//	Internal     our own set-up (permissions, configuration set)
//
// No error holds an address.
func (s *Sender) Send(ctx context.Context, m mail.Message) (string, error) {
	if m.ReplyTo.IsZero() {
		m.ReplyTo = s.cfg.ReplyTo
	}
	raw, err := mail.Build(m, s.cfg.From, s.cfg.Now())
	if err != nil {
		return "", fmt.Errorf("build mail: %w", err)
	}
	// Build has parsed both; SES wants the parsed form.
	to, err := mail.ParseAddress(m.To.Email)
	if err != nil {
		return "", err
	}
	from, err := mail.ParseAddress(s.cfg.From.Email)
	if err != nil {
		return "", err
	}
	in := &sesv2.SendEmailInput{
		FromEmailAddress: &from.Email, // what a policy's ses:FromAddress looks at
		Destination:      &types.Destination{ToAddresses: []string{to.Email}},
		Content:          &types.EmailContent{Raw: &types.RawMessage{Data: raw}},
		EmailTags:        tags(m.Tags),
	}
	if s.cfg.ConfigurationSet != "" {
		in.ConfigurationSetName = &s.cfg.ConfigurationSet
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	out, err := s.api.SendEmail(ctx, in)
	if err != nil {
		return "", fmt.Errorf("send mail: %w", mapError(err))
	}
	return aws.ToString(out.MessageId), nil
}

// tags keeps what SES allows in tags: letters, digits, _ and -, at most 256 ("MessageTag"). Other characters become _.
func tags(m map[string]string) []types.MessageTag {
	var out []types.MessageTag
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if k == "" || m[k] == "" {
			continue
		}
		out = append(out, types.MessageTag{Name: aws.String(tag(k)), Value: aws.String(tag(m[k]))})
	}
	return out
}

func tag(s string) string {
	if len(s) > 256 {
		s = s[:256]
	}
	b := []byte(s)
	for i, c := range b {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("_-", rune(c)) {
			b[i] = '_'
		}
	}
	return string(b)
}
