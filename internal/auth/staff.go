package auth

import (
	"context"
	"slices"
)

// Role is what a member may do.
type Role string

// The roles. Each may do what the next may.
const (
	Admin      Role = "admin"      // everything, the log of who did what included
	Member     Role = "member"     // the work: queue, improvements, decisions
	Leadership Role = "leadership" // read digests and decide what they ask
)

var ranks = []Role{Admin, Member, Leadership}

// Staff is a member of staff.
type Staff struct {
	Subject string // the issuer's id of the person, never reused
	Email   string // "" where the issuer has none or has not verified it
	Name    string // to show; never empty
	Role    Role
}

// May says whether the member may do what role may.
func (s Staff) May(role Role) bool {
	have, need := slices.Index(ranks, s.Role), slices.Index(ranks, role)
	return have >= 0 && need >= 0 && have <= need
}

// By is how the staff log names the member.
func (s Staff) By() string {
	if s.Email != "" {
		return s.Email
	}
	return s.Name
}

func roleOf(groups []string, otherwise Role) Role {
	for _, r := range ranks {
		if slices.Contains(groups, string(r)) {
			return r
		}
	}
	return otherwise
}

type contextKey struct{}

// WithStaff puts the member into the context of a request.
func WithStaff(ctx context.Context, s Staff) context.Context {
	return context.WithValue(ctx, contextKey{}, s)
}

// FromContext is the member that Page or API found; ok is false where none of them was passed.
func FromContext(ctx context.Context) (s Staff, ok bool) {
	s, ok = ctx.Value(contextKey{}).(Staff)
	return s, ok
}
