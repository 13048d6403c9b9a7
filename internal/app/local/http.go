package local

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"learningloop/internal/fault"
	"learningloop/internal/httpapi"
	"learningloop/internal/intake"
	"learningloop/internal/mail/inbox"
	"learningloop/internal/oidclocal"
	"learningloop/internal/opscenter/emulator"
)

// MaxEvent is the largest event that EventBridge takes, in bytes (PutEvents).
const MaxEvent = 1 << 20

// Handler serves pages, API and everything under /_local/.
func (w *World) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", w.counted(w.api.Handler()))
	mux.Handle(oidclocal.Path+"/", w.Issuer)
	mux.Handle("/_local/opscenter", w.Emulator.ConsoleHandler("/_local/opscenter"))
	mux.Handle("/_local/opscenter/", w.Emulator.ConsoleHandler("/_local/opscenter"))
	mux.Handle("/_local/mail", w.Inbox.Pages())
	mux.Handle("/_local/mail.json", w.Inbox.Pages())
	mux.Handle("/_local/mail/", w.Inbox.Pages())
	mux.HandleFunc("POST /_local/events", w.postEvent)
	mux.HandleFunc("POST /_local/schedules/{name}/run", w.postSchedule)
	mux.HandleFunc("GET /_local/staff-token", StaffToken(w.Issuer, w.cfg.Now))
	mux.HandleFunc("GET /_local/pending.json", w.pending)
	mux.HandleFunc("GET /_local/{$}", w.index)
	// Pages of other sites may not drive a loop that runs on somebody's machine.
	return http.NewCrossOriginProtection().Handler(LoopbackOnly(mux))
}

// counted counts the requests under way.
func (w *World) counted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		defer w.crowd.enter()()
		next.ServeHTTP(rw, r)
	})
}

// AWS serves the stand-ins for AWS: OpsCenter at /, SES v2 below /v2/email/; to this machine only.
func (w *World) AWS() http.Handler { return LoopbackOnly(AWSHandler(w.Emulator, w.Inbox)) }

// AWSHandler serves OpsCenter and SES v2 at one address. OpsCenter's faults and the services that it stands in for, which
// need no signature, are for this machine only. It is no http.ServeMux, which would redirect a request to a path such as //
// where AWS refuses it.
func AWSHandler(ops http.Handler, in *inbox.Inbox) http.Handler {
	mails, orders := in.API(), LoopbackOnly(ops)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, "/v2/email/"):
			mails.ServeHTTP(w, r)
		case strings.HasPrefix(r.URL.Path, emulator.ControlPath):
			orders.ServeHTTP(w, r)
		default:
			ops.ServeHTTP(w, r)
		}
	})
}

// LoopbackOnly refuses requests that name another host than this machine: a page elsewhere could have its own name point
// here (DNS rebinding).
func LoopbackOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !loopback(r.Host) {
			http.Error(w, "This server answers to localhost only.", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// postEvent takes an EventBridge event in, durably, before it answers.
func (w *World) postEvent(rw http.ResponseWriter, r *http.Request) {
	body, err := httpapi.ReadBody(r, MaxEvent)
	if err != nil {
		httpapi.WriteProblem(rw, r, err)
		return
	}
	out, err := w.take(r.Context(), body)
	if err != nil {
		httpapi.WriteProblem(rw, r, err)
		return
	}
	httpapi.WriteJSON(rw, http.StatusAccepted, map[string]string{
		"feedback": string(out.Feedback), "ignored": string(out.Ignored), "setAside": out.SetAside,
	})
}

func (w *World) take(ctx context.Context, body []byte) (intake.Outcome, error) {
	if isOpsItem(body) {
		return intake.Outcome{}, w.OpsItems.Event(ctx, body)
	}
	return w.Intake.Take(ctx, body)
}

// postSchedule runs a schedule as if it were due: now, or at the moment that the body names.
func (w *World) postSchedule(rw http.ResponseWriter, r *http.Request) {
	at, err := ScheduleTime(r, w.cfg.Now())
	if err == nil {
		err = w.RunSchedule(r.Context(), r.PathValue("name"), at)
	}
	switch {
	case err != nil:
		httpapi.WriteProblem(rw, r, err)
	case isForm(r):
		http.Redirect(rw, r, "/_local/", http.StatusSeeOther)
	default:
		rw.WriteHeader(http.StatusNoContent)
	}
}

// ScheduleTime reads {"at": RFC 3339} where there is a body; otherwise it is now.
func ScheduleTime(r *http.Request, now time.Time) (time.Time, error) {
	in := struct {
		At time.Time `json:"at"`
	}{At: now}
	body, err := httpapi.ReadBody(r, httpapi.MaxBody)
	if err != nil || len(body) == 0 || isForm(r) && body[0] != '{' {
		return now, err
	}
	if json.Unmarshal(body, &in) != nil {
		return now, fault.Fields(fault.Field{Pointer: "/at", Detail: "must be a time like 2026-12-31T07:00:00Z"})
	}
	return in.At, nil
}

func isForm(r *http.Request) bool {
	return r.Header.Get("Content-Type") == "application/x-www-form-urlencoded"
}

// UnknownSchedule says which schedules there are.
func UnknownSchedule() error {
	return fault.New(fault.NotFound, "unknown_schedule", "There is no such schedule. There are: "+scheduleNames()+".")
}

// StaffToken hands out a token of the local member of staff, as plain text.
func StaffToken(issuer *oidclocal.Issuer, now func() time.Time) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		tok, err := issuer.Token(now())
		if err != nil {
			httpapi.WriteProblem(rw, r, err)
			return
		}
		rw.Header().Set("Cache-Control", "no-store")
		rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = rw.Write([]byte(tok)) // the client is gone where this fails
	}
}
