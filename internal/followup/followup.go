// Package followup tells: what changed goes to everybody who asked, once per person, Improvement and status. The word
// owed is stored with the change itself (improvement.Notice); here it becomes one order per person, and each order is
// sent until it is known to have been. After a crash at most the sends in flight repeat; none is lost.
package followup

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"learningloop/internal/fault"
	"learningloop/internal/feedback"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/person"
	"learningloop/internal/product"
)

// MailKind is what a mail is about.
type MailKind string

// The kinds.
const (
	Receipt MailKind = "receipt" // we have it
	Status  MailKind = "status"  // what became of it
	Digest  MailKind = "digest"  // the report to leadership
)

// MailState is how far an order got.
type MailState string

// The states. Only Due ones lie in the pending index.
const (
	Due     MailState = "due"
	Sent    MailState = "sent"
	Stopped MailState = "stopped" // the person asked for no more, or their address bounced
	Refused MailState = "refused" // the provider will never take it
)

// Mail is the order for one mail to one person. Owner and Name are its identity: ordering it again changes nothing.
type Mail struct {
	Owner    string              `json:"owner"` // id of the Feedback, Improvement or digest it belongs to
	Name     string              `json:"name"`  // within the owner: "receipt", "2#planned#<person>"
	Kind     MailKind            `json:"kind"`
	State    MailState           `json:"state"`
	Feedback id.Feedback         `json:"feedback,omitzero"` // Receipt, Status: whose submitter it goes to
	Notice   *improvement.Notice `json:"notice,omitzero"`   // Status: the word, frozen
	Person   person.ID           `json:"person,omitzero"`
	To       string              `json:"to,omitzero"` // Digest: the address; submitters' are read from their Feedback
	Digest   string              `json:"digest,omitzero"`
	Attempts int                 `json:"attempts,omitzero"`
	RetryAt  time.Time           `json:"retryAt,omitzero"`
	Ordered  time.Time           `json:"ordered,omitzero"`
	Sent     time.Time           `json:"sent,omitzero"`
	Provider string              `json:"provider,omitzero"` // the provider's id of the mail
	Error    string              `json:"error,omitzero"`    // safe to show
	Version  int64               `json:"-"`
}

// Store is what telling needs of storage.
type Store interface {
	Notice(ctx context.Context, iid id.Improvement, seq int, only id.Feedback) (improvement.Notice, error)
	// Attachments gives the pieces attached to an Improvement, a page at a time.
	Attachments(ctx context.Context, iid id.Improvement, cursor string) ([]improvement.Attachment, string, error)
	Feedback(ctx context.Context, fid id.Feedback) (feedback.Feedback, error)
	// FeedbackAll gives those of at most 100 that exist.
	FeedbackAll(ctx context.Context, fids []id.Feedback) ([]feedback.Feedback, error)
	Product(ctx context.Context, p id.Product) (product.Product, error)
	// OrderMails stores each order that is not there yet, and leaves those that are.
	OrderMails(ctx context.Context, mails []Mail) error
	// FinishNotice takes the notice out of the pending index.
	FinishNotice(ctx context.Context, n improvement.Notice) error
	DueNotices(ctx context.Context, now time.Time, cursor string) ([]improvement.Notice, string, error)
	Mail(ctx context.Context, owner, name string) (Mail, error)
	// SaveMail stores a changed order; Conflict where it changed since it was read.
	SaveMail(ctx context.Context, m Mail) error
	DueMails(ctx context.Context, now time.Time, cursor string) ([]Mail, string, error)
	// Suppressed says whether nothing may be sent to a person: their address bounced, or they complained.
	Suppressed(ctx context.Context, p person.ID) (bool, error)
	// DigestStopped says whether a person wants no digests of a product, or of id.All.
	DigestStopped(ctx context.Context, scope id.Product, p person.ID) (bool, error)
}

// Letter is a mail to write: who gets it, and what it is about.
type Letter struct {
	Mail     Mail
	To       string
	ToName   string
	Product  product.Product   // zero for a digest over all
	Feedback feedback.Feedback // zero for a digest
}

// Post writes a letter and hands it to the mail provider. Invalid errors are final; others are tried again: an account in its sandbox
// (Forbidden) gets out of it one day.
type Post interface {
	Send(ctx context.Context, l Letter) (provider string, err error)
}

// Meter counts what an alarm watches.
type Meter interface {
	MailFailed(ctx context.Context, kind MailKind, err error)
}

// Service tells.
type Service struct {
	Store Store
	Post  Post
	Meter Meter
	Now   func() time.Time
}

// ReceiptFor is the order for a submitter's receipt.
func ReceiptFor(f feedback.Feedback, now time.Time) Mail {
	return Mail{Owner: string(f.ID), Name: "receipt", Kind: Receipt, State: Due, Feedback: f.ID, Person: f.Submitter.Person, Ordered: now}
}

// statusFor is the order for one follower's mail about a Notice: one per person, Improvement, episode and status.
func statusFor(n improvement.Notice, f feedback.Feedback, now time.Time) Mail {
	return Mail{
		Owner: string(n.Improvement), Name: fmt.Sprintf("%d#%s#%s", n.Episode, n.Status, f.Submitter.Person),
		Kind: Status, State: Due, Feedback: f.ID, Person: f.Submitter.Person, Notice: &n, Ordered: now,
	}
}

// FanOut orders one mail for every follower of a Notice's Improvement, then finishes the Notice. Repeating is harmless.
func (s *Service) FanOut(ctx context.Context, n improvement.Notice) error {
	if n.Done {
		return nil
	}
	cursor := ""
	for {
		page, next, err := s.Store.Attachments(ctx, n.Improvement, cursor)
		if err != nil {
			return fmt.Errorf("list followers of %s: %w", n.Improvement, err)
		}
		var ask []id.Feedback
		for _, a := range page {
			if a.Person != "" && (n.Only == "" || n.Only == a.Feedback) {
				ask = append(ask, a.Feedback)
			}
		}
		if err := s.order(ctx, n, ask); err != nil {
			return err
		}
		if cursor = next; cursor == "" {
			break
		}
	}
	err := s.Store.FinishNotice(ctx, n)
	if fault.Is(err, fault.Conflict) {
		return nil // somebody else finished it
	}
	return err
}

func (s *Service) order(ctx context.Context, n improvement.Notice, fids []id.Feedback) error {
	if len(fids) == 0 {
		return nil
	}
	pieces, err := s.Store.FeedbackAll(ctx, fids)
	if err != nil {
		return fmt.Errorf("load followers' feedback: %w", err)
	}
	var mails []Mail
	seen := map[person.ID]bool{}
	for _, f := range pieces {
		if f.WantsWord() && !seen[f.Submitter.Person] {
			seen[f.Submitter.Person] = true
			mails = append(mails, statusFor(n, f, s.Now()))
		}
	}
	return s.Store.OrderMails(ctx, mails)
}

// lease is how long one sender keeps others from sending the same mail: longer than the provider takes to answer.
const lease = 2 * time.Minute

// Backoff is the wait before attempt n+1: 10 s doubled, at most an hour.
func Backoff(attempts int) time.Duration { return min(10*time.Second<<min(attempts-1, 12), time.Hour) }

// Send sends one ordered mail, if it is due. A failure of the provider is no error: the order stays, is counted, and is
// tried again later.
func (s *Service) Send(ctx context.Context, owner, name string) error {
	m, err := s.Store.Mail(ctx, owner, name)
	if err != nil {
		return fmt.Errorf("load mail %s of %s: %w", name, owner, err)
	}
	if m.State != Due || m.RetryAt.After(s.Now()) {
		return nil
	}
	l, stop, err := s.letter(ctx, m)
	if err != nil {
		return err
	}
	if stop {
		m.State = Stopped
		return s.save(ctx, m)
	}
	m.Attempts++
	m.RetryAt = s.Now().Add(lease)
	if err := s.Store.SaveMail(ctx, m); err != nil {
		if fault.Is(err, fault.Conflict) {
			return nil // somebody else sends it
		}
		return fmt.Errorf("store attempt: %w", err)
	}
	m.Version++
	m.Provider, err = s.Post.Send(ctx, l)
	switch {
	case err == nil:
		m.State, m.Sent, m.RetryAt, m.Error = Sent, s.Now(), time.Time{}, ""
	case fault.Is(err, fault.Invalid):
		s.Meter.MailFailed(ctx, m.Kind, err)
		m.State, m.Error = Refused, "The mail provider refused it."
	default:
		s.Meter.MailFailed(ctx, m.Kind, err)
		m.RetryAt, m.Error = s.Now().Add(Backoff(m.Attempts)), "The mail provider did not take it this time."
	}
	return s.save(ctx, m)
}

func (s *Service) save(ctx context.Context, m Mail) error {
	err := s.Store.SaveMail(ctx, m)
	if fault.Is(err, fault.Conflict) {
		return nil
	}
	return err
}

// letter gathers what a mail needs, and says whether it must not be sent after all.
func (s *Service) letter(ctx context.Context, m Mail) (l Letter, stop bool, err error) {
	l = Letter{Mail: m, To: m.To}
	if m.Kind != Digest {
		l.Feedback, err = s.Store.Feedback(ctx, m.Feedback)
		if fault.Is(err, fault.NotFound) {
			return l, true, nil // erased: there is nobody to tell
		}
		if err != nil {
			return l, false, fmt.Errorf("load feedback %s: %w", m.Feedback, err)
		}
		if !l.Feedback.WantsWord() || l.Feedback.State == feedback.Withdrawn {
			return l, true, nil
		}
		l.To, l.ToName = l.Feedback.Submitter.Email, l.Feedback.Submitter.Name
		if l.Product, err = s.Store.Product(ctx, m.Feedback.Product()); err != nil {
			return l, false, fmt.Errorf("load product: %w", err)
		}
	}
	stop, err = s.Store.Suppressed(ctx, m.Person)
	if err == nil && !stop && m.Kind == Digest {
		stop, err = s.Store.DigestStopped(ctx, scopeOf(m.Digest), m.Person)
	}
	if err != nil {
		return l, false, fmt.Errorf("look up suppression: %w", err)
	}
	return l, stop, nil
}

// Sweep orders and sends everything that is due, and says how much it looked at.
func (s *Service) Sweep(ctx context.Context) (int, error) {
	n := 0
	err := errors.Join(
		each(ctx, s.Now(), s.Store.DueNotices, func(x improvement.Notice) error { n++; return s.FanOut(ctx, x) }),
		each(ctx, s.Now(), s.Store.DueMails, func(m Mail) error { n++; return s.Send(ctx, m.Owner, m.Name) }),
	)
	return n, err
}

// each calls do for everything that list gives. One that fails does not keep the others from their turn.
func each[T any](ctx context.Context, now time.Time, list func(context.Context, time.Time, string) ([]T, string, error), do func(T) error) error {
	cursor := ""
	var errs error
	for {
		// What could be read is carried out also where something beside it could not.
		items, next, err := list(ctx, now, cursor)
		errs = errors.Join(errs, err)
		for _, it := range items {
			errs = errors.Join(errs, do(it))
		}
		if cursor = next; cursor == "" {
			return errs
		}
	}
}

// scopeOf is the product, or id.All, that a digest's id names: "d-<scope>-...".
func scopeOf(digest string) id.Product {
	parts := strings.SplitN(digest, "-", 3)
	if len(parts) < 3 {
		return ""
	}
	return id.Product(parts[1])
}
