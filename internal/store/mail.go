package store

import (
	"context"
	"time"

	"learningloop/internal/followup"
	"learningloop/internal/id"
	"learningloop/internal/person"
	"learningloop/internal/table"
)

func versionMail(m *followup.Mail, v int64) { m.Version = v }

func mailRow(m followup.Mail) (table.Row, error) {
	r, err := row(TypeMail, keyMail(m.Owner, m.Name), m)
	if err == nil && m.State == followup.Due {
		at := m.RetryAt
		if at.IsZero() {
			at = m.Ordered
		}
		r.Index = map[table.Index]table.Key{pending: pendingKey(TypeMail, m.Owner, at, m.Name)}
	}
	return r, err
}

// OrderMails stores each order that is not there yet.
func (s *Store) OrderMails(ctx context.Context, mails []followup.Mail) error {
	for _, m := range mails {
		r, err := mailRow(m)
		if err != nil {
			return err
		}
		err = s.t.Write(ctx, table.Put(r, table.Absent()))
		if _, there := table.Conflict(err); err != nil && !there {
			return err
		}
	}
	return nil
}

// Mail gives one order, or NotFound.
func (s *Store) Mail(ctx context.Context, owner, name string) (followup.Mail, error) {
	m, v, err := get[followup.Mail](ctx, s.t, keyMail(owner, name), "mail")
	m.Version = v
	return m, err
}

// Mails gives the orders of one owner, a page at a time.
func (s *Store) Mails(ctx context.Context, owner, cursor string) ([]followup.Mail, string, error) {
	return section(ctx, s.t, owner, "mail#", cursor, versionMail)
}

// SaveMail stores a changed order.
func (s *Store) SaveMail(ctx context.Context, m followup.Mail) error {
	r, err := mailRow(m)
	if err != nil {
		return err
	}
	return s.write(ctx, table.Put(r, table.VersionIs(m.Version)))
}

// DueMails gives orders that are due.
func (s *Store) DueMails(ctx context.Context, now time.Time, cursor string) ([]followup.Mail, string, error) {
	return due(ctx, s.t, TypeMail, now, cursor, versionMail)
}

type suppressedRow struct {
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
}

// Suppressed says whether nothing may be sent to a person.
func (s *Store) Suppressed(ctx context.Context, p person.ID) (bool, error) {
	if p == "" {
		return false, nil
	}
	_, err := s.t.Get(ctx, keySuppressed(string(p)), false)
	if isAbsent(err) {
		return false, nil
	}
	return err == nil, err
}

// Suppress keeps everything from being sent to a person, until Unsuppress.
func (s *Store) Suppress(ctx context.Context, p person.ID, reason string, at time.Time) error {
	r, err := row(TypeSuppressed, keySuppressed(string(p)), suppressedRow{reason, at})
	if err != nil {
		return err
	}
	return s.t.Write(ctx, table.Put(r, table.Always("the latest reason is as good as the first")))
}

// Unsuppress undoes Suppress.
func (s *Store) Unsuppress(ctx context.Context, p person.ID) error {
	return s.t.Write(ctx, table.Delete(keySuppressed(string(p)), table.Always("gone is gone")))
}

// digestScope is under whose name a stop of digests is kept.
func digestScope(scope id.Product, p person.ID) string {
	return "digest#" + string(scope) + "#" + string(p)
}

// StopDigest keeps digests of a product, or of id.All, from a person; stop false has them sent again.
func (s *Store) StopDigest(ctx context.Context, scope id.Product, p person.ID, stop bool, at time.Time) error {
	who := person.ID(digestScope(scope, p))
	if !stop {
		return s.Unsuppress(ctx, who)
	}
	return s.Suppress(ctx, who, "stopped", at)
}

// DigestStopped says whether a person wants no digests of a product, or of id.All.
func (s *Store) DigestStopped(ctx context.Context, scope id.Product, p person.ID) (bool, error) {
	return s.Suppressed(ctx, person.ID(digestScope(scope, p)))
}
