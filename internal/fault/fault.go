// Package fault names the few kinds of failure the project tells apart, so that every edge (HTTP, queue, log) can map
// them in one table and nothing an adapter said leaks to a user.
package fault

import (
	"context"
	"errors"
	"fmt"
)

// Kind is what went wrong, as far as a caller can act on it.
type Kind int

// The kinds. Unset reads as Internal.
const (
	Unset           Kind = iota
	Invalid              // the input is wrong; the same call will never succeed
	Unauthenticated      // no or bad credentials
	Forbidden            // known, but not allowed
	NotFound             // no such thing
	Conflict             // the thing is not in the state the call assumed
	RateLimited          // too much; later
	Unavailable          // a dependency does not answer; later
	Internal             // ours; unknown
)

var names = [...]string{"unset", "invalid", "unauthenticated", "forbidden", "not_found", "conflict", "rate_limited", "unavailable", "internal"}

// String is the kind's stable name, as logs and problem documents carry it.
func (k Kind) String() string {
	if k < 0 || int(k) >= len(names) {
		return "internal"
	}
	return names[k]
}

// Field is one thing wrong with one field of the input.
type Field struct {
	Pointer string `json:"pointer"` // RFC 6901, "" for the whole input
	Detail  string `json:"detail"`  // what is wrong and how to mend it; safe to show
}

// Error is a failure with a kind. Msg is safe to show to anybody; Err never leaves the process.
type Error struct {
	Kind   Kind
	Code   string // stable, snake_case, unique per cause: "unknown_product"
	Msg    string
	Fields []Field
	Err    error
}

// Error says all of it, for logs.
func (e *Error) Error() string {
	s := e.Msg
	if s == "" {
		s = e.Kind.String()
	}
	for _, f := range e.Fields {
		s += fmt.Sprintf("; %s %s", f.Pointer, f.Detail)
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// New makes an error of a kind. code is stable and snake_case; msg is safe to show.
func New(k Kind, code, msg string) *Error { return &Error{Kind: k, Code: code, Msg: msg} }

// Wrap makes an error of a kind around a cause that stays inside the process.
func Wrap(k Kind, code, msg string, err error) *Error {
	return &Error{Kind: k, Code: code, Msg: msg, Err: err}
}

// Fields makes an Invalid error that names every bad field, or nil where there is none.
func Fields(fields ...Field) error {
	if len(fields) == 0 {
		return nil
	}
	return &Error{Kind: Invalid, Code: "invalid_fields", Msg: "Some fields are not as they should be.", Fields: fields}
}

// KindOf is the kind of err: Internal for anything unknown, Unavailable for an ended context, Unset for nil.
func KindOf(err error) Kind {
	if err == nil {
		return Unset
	}
	if e, ok := errors.AsType[*Error](err); ok {
		if e.Kind == Unset {
			return Internal
		}
		return e.Kind
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return Unavailable
	}
	return Internal
}

// Is says whether err is of kind k.
func Is(err error, k Kind) bool { return KindOf(err) == k }

// Retry says whether the same call may succeed later. Internal errors count: a queue retries them until its dead-letter
// queue takes over.
func Retry(err error) bool {
	switch KindOf(err) {
	case RateLimited, Unavailable, Internal:
		return true
	default:
		return false
	}
}
