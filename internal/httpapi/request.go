package httpapi

import (
	"context"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"time"
)

type ctxKey int

const requestIDKey ctxKey = iota

// RequestID is the id of the request that ctx belongs to; "" outside of one.
func RequestID(ctx context.Context) string {
	s, _ := ctx.Value(requestIDKey).(string)
	return s
}

var requestIDForm = regexp.MustCompile(`^[A-Za-z0-9-]{8,64}$`)

// Bearer gives the bearer token of a request; "" for none.
func Bearer(r *http.Request) string {
	scheme, tok, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(tok)
}

type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return r.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the writer below.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// Logged gives every request an id and one line in the log. The line has the route's pattern and not the path, because
// paths of customers' pages carry their tokens. newID makes an id where the gateway gave none.
func Logged(log *slog.Logger, now func() time.Time, newID func() string, mux *http.ServeMux, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := now()
		rid := r.Header.Get("X-Request-Id")
		if !requestIDForm.MatchString(rid) {
			rid = newID()
		}
		r = r.WithContext(context.WithValue(r.Context(), requestIDKey, rid))
		w.Header().Set("X-Request-Id", rid)
		rec := &recorder{ResponseWriter: w}
		next.ServeHTTP(rec, r)
		level := slog.LevelInfo
		if rec.status >= http.StatusInternalServerError {
			level = slog.LevelError
		}
		if !log.Enabled(r.Context(), level) {
			return
		}
		_, pattern := mux.Handler(r)
		log.LogAttrs(r.Context(), level, "request", slog.String("request_id", rid), slog.String("route", pattern),
			slog.String("method", r.Method), slog.Int("status", rec.status), slog.Duration("took", now().Sub(start)))
	})
}
