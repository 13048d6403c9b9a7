// Package httpapi is how the API speaks HTTP: strict decoding with a pointer to every bad field, one table from kinds of
// failure to RFC 9457 problems, and the ids and logs of requests. Routes and what they do are internal/app/api's.
package httpapi

import (
	"encoding/json"
	"net/http"
	"strconv"

	"learningloop/internal/fault"
)

// Problem is an RFC 9457 problem document.
type Problem struct {
	Type      string        `json:"type"` // stable URI per code
	Title     string        `json:"title"`
	Status    int           `json:"status"`
	Detail    string        `json:"detail,omitempty"`
	Instance  string        `json:"instance,omitempty"` // URN of the request
	Code      string        `json:"code"`
	RequestID string        `json:"request_id,omitempty"`
	Errors    []fault.Field `json:"errors,omitempty"`
}

// statuses maps kinds to HTTP. Unknown kinds are Internal.
var statuses = map[fault.Kind]int{
	fault.Invalid:         http.StatusUnprocessableEntity,
	fault.Unauthenticated: http.StatusUnauthorized,
	fault.Forbidden:       http.StatusForbidden,
	fault.NotFound:        http.StatusNotFound,
	fault.Conflict:        http.StatusConflict,
	fault.RateLimited:     http.StatusTooManyRequests,
	fault.Unavailable:     http.StatusServiceUnavailable,
	fault.Internal:        http.StatusInternalServerError,
}

// codeStatuses are the codes whose status is not their kind's.
var codeStatuses = map[string]int{
	"malformed_json":       http.StatusBadRequest,
	"malformed_form":       http.StatusBadRequest,
	"invalid_utf8":         http.StatusBadRequest,
	"body_too_large":       http.StatusRequestEntityTooLarge,
	"unsupported_media":    http.StatusUnsupportedMediaType,
	"method_not_allowed":   http.StatusMethodNotAllowed,
	"precondition_failed":  http.StatusPreconditionFailed,
	"precondition_missing": http.StatusPreconditionRequired,
}

// retryAfter is how long a client is asked to wait where something is busy, in seconds.
const retryAfter = 5

// Status is the HTTP status of an error.
func Status(err error) int {
	if s, ok := codeStatuses[code(err)]; ok {
		return s
	}
	return statuses[fault.KindOf(err)]
}

func code(err error) string {
	if e, ok := asFault(err); ok && e.Code != "" && fault.KindOf(err) != fault.Internal {
		return e.Code
	}
	return fault.KindOf(err).String()
}

// ProblemOf makes the document of an error. Nothing of an unknown error's text is in it.
func ProblemOf(err error, requestID string) Problem {
	status := Status(err)
	p := Problem{
		Title: http.StatusText(status), Status: status, Code: code(err), RequestID: requestID,
	}
	p.Type = "urn:learningloop:problem:" + p.Code
	if requestID != "" {
		p.Instance = "urn:request:" + requestID
	}
	if e, ok := asFault(err); ok && fault.KindOf(err) != fault.Internal {
		p.Detail, p.Errors = e.Msg, e.Fields
	} else if fault.KindOf(err) == fault.Unavailable {
		p.Detail = "Something the loop needs does not answer. Try again in a moment."
	} else {
		p.Detail = "Something went wrong on our side. Tell us the request id if it happens again."
	}
	return p
}

// WriteProblem answers with the document of an error.
func WriteProblem(w http.ResponseWriter, r *http.Request, err error) {
	p := ProblemOf(err, RequestID(r.Context()))
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	switch p.Status {
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", `Bearer realm="learningloop"`)
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		h.Set("Retry-After", strconv.Itoa(retryAfter))
	}
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the client is gone where this fails
}

// WriteJSON answers with v.
func WriteJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	if w.Header().Get("Cache-Control") == "" {
		w.Header().Set("Cache-Control", "no-store")
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client is gone where this fails
}
