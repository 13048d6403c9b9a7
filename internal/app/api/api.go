// Package api is everything behind the REST API of API Gateway: the API under /v1, and the pages. Routes are listed in
// one place; a route decodes, calls the domain, and encodes.
package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"learningloop/internal/auth"
	"learningloop/internal/fault"
	"learningloop/internal/feedback"
	"learningloop/internal/governor"
	"learningloop/internal/httpapi"
	"learningloop/internal/improvement"
	"learningloop/internal/intake"
	"learningloop/internal/links"
	"learningloop/internal/store"
	"learningloop/internal/token"
	"learningloop/internal/web"
)

// API answers requests. All members but Local are required.
type API struct {
	Store        *store.Store
	Feedback     *feedback.Service
	Improvements *improvement.Service
	Intake       *intake.Service
	Tokens       token.Keys
	Auth         *auth.Auth
	Pages        *web.Renderer
	Links        links.Links
	Mail         MailStatus
	Log          *slog.Logger
	Now          func() time.Time
	Rand         func() string   // 128 random bits
	Local        bool            // `make run`: pages link to /_local/
	Budget       governor.Budget // for OpsItems
	Region       string          // of OpsCenter, for links into the console; not needed where Local is set
}

// MailStatus says whether mail reaches anybody: "" when all is well, else a sentence for staff.
type MailStatus interface {
	Note(ctx context.Context) string
}

// Handler gives the routes. Everything is below the base path of the public address or at the root, as API Gateway
// passes it. A page that changes something must be posted to from our own pages; the API needs no such rule, because only
// a session cookie could be abused, and Auth takes none that comes from elsewhere.
func (a *API) Handler() http.Handler {
	mux := http.NewServeMux()
	for pattern, h := range a.apiRoutes() {
		mux.HandleFunc(pattern, a.json(h))
	}
	a.pageRoutes(mux)
	return httpapi.Logged(a.Log, a.Now, a.Rand, mux, a.recovered(a.known(mux)))
}

// apiRoutes are the routes of the API, all that openapi.json describes.
func (a *API) apiRoutes() map[string]handler {
	return map[string]handler{
		"GET /healthz":                                     a.health,
		"GET /openapi.json":                                a.openAPI,
		"POST /v1/feedback":                                a.submit,
		"GET /v1/feedback":                                 a.staff(auth.Member, a.listFeedback),
		"GET /v1/feedback/{id}":                            a.getFeedback,
		"PUT /v1/feedback/{id}":                            a.editFeedback,
		"DELETE /v1/feedback/{id}":                         a.withdrawFeedback,
		"GET /v1/products":                                 a.staff(auth.Member, a.listProducts),
		"PUT /v1/products/{slug}":                          a.staff(auth.Member, a.putProduct),
		"GET /v1/products/{slug}":                          a.staff(auth.Member, a.getProduct),
		"POST /v1/products/{slug}/dry-run":                 a.staff(auth.Member, a.dryRun),
		"GET /v1/products/{slug}/mutes":                    a.staff(auth.Member, a.listMutes),
		"POST /v1/products/{slug}/mutes":                   a.staff(auth.Member, a.addMute),
		"DELETE /v1/products/{slug}/mutes/{id}":            a.staff(auth.Member, a.dropMute),
		"GET /v1/queue":                                    a.staff(auth.Member, a.queue),
		"GET /v1/improvements":                             a.staff(auth.Member, a.listImprovements),
		"POST /v1/improvements":                            a.staff(auth.Member, a.propose),
		"GET /v1/improvements/{id}":                        a.staff(auth.Member, a.getImprovement),
		"PATCH /v1/improvements/{id}":                      a.staff(auth.Member, a.editImprovement),
		"POST /v1/improvements/{id}/decisions":             a.staff(auth.Member, a.decide),
		"POST /v1/improvements/{id}/stand-down":            a.staff(auth.Member, a.standDown),
		"POST /v1/improvements/{id}/feedback":              a.staff(auth.Member, a.attach),
		"DELETE /v1/improvements/{id}/feedback/{feedback}": a.staff(auth.Member, a.detach),
		"GET /v1/budget":                                   a.staff(auth.Member, a.showBudget),
		"GET /v1/set-aside":                                a.staff(auth.Member, a.listSetAside),
		"POST /v1/set-aside/{id}/replay":                   a.staff(auth.Member, a.replay),
		"POST /v1/set-aside/{id}/drop":                     a.staff(auth.Member, a.drop),
		"GET /v1/log":                                      a.staff(auth.Admin, a.listLog),
		"GET /v1/trail/{correlation}":                      a.staff(auth.Member, a.trail),
		"GET /v1/recount":                                  a.staff(auth.Member, a.recount),
		"GET /v1/metrics":                                  a.staff(auth.Member, a.metrics),
	}
}

// handler answers a request with a value to encode, or an error.
type handler func(w http.ResponseWriter, r *http.Request) (any, error)

// created is an answer with another status than 200.
type created struct {
	location string
	value    any
}

func (a *API) json(h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v, err := h(w, r)
		if err != nil {
			a.Fail(w, r, err)
			return
		}
		switch v := v.(type) {
		case nil:
			w.WriteHeader(http.StatusNoContent)
		case raw:
			w.Header().Set("Content-Type", v.media)
			_, _ = w.Write(v.body) // the client is gone where this fails
		case created:
			if v.location != "" {
				w.Header().Set("Location", v.location)
			}
			httpapi.WriteJSON(w, http.StatusCreated, v.value)
		default:
			httpapi.WriteJSON(w, http.StatusOK, v)
		}
	}
}

type raw struct {
	media string
	body  []byte
}

// Fail answers an error: as a page where a page was asked for, else as a problem. Internal errors are logged here, once.
func (a *API) Fail(w http.ResponseWriter, r *http.Request, err error) {
	kind := fault.KindOf(err)
	if kind == fault.Internal || kind == fault.Unavailable {
		a.Log.ErrorContext(r.Context(), "request failed", "request_id", httpapi.RequestID(r.Context()), "kind", kind.String(), "error", err.Error())
	}
	if wantsPage(r) && a.Pages != nil {
		a.failPage(w, r, err)
		return
	}
	httpapi.WriteProblem(w, r, err)
}

// recovered turns a panic into a 500 with nothing of it in the answer.
func (a *API) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if p := recover(); p != nil {
				if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
					panic(p) //nolint:forbidigo // net/http's own way of hanging up
				}
				a.Log.ErrorContext(r.Context(), "panic", "request_id", httpapi.RequestID(r.Context()), "panic", p)
				httpapi.WriteProblem(w, r, fault.New(fault.Internal, "", ""))
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// known answers what no route matches: 405 with Allow where the path has other methods, else 404.
func (a *API) known(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, pattern := mux.Handler(r); pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		probe := &discard{header: http.Header{}}
		mux.ServeHTTP(probe, r)
		switch {
		case probe.status == http.StatusMethodNotAllowed:
			w.Header().Set("Allow", probe.header.Get("Allow"))
			a.Fail(w, r, fault.New(fault.Invalid, "method_not_allowed", "This path takes: "+probe.header.Get("Allow")+"."))
		case probe.status >= 300 && probe.status < 400:
			mux.ServeHTTP(w, r)
		default:
			a.Fail(w, r, fault.New(fault.NotFound, "unknown_path", "There is nothing at this address."))
		}
	})
}

type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }
func (d *discard) WriteHeader(status int)      { d.status = status }

// by is who takes a step, for the domain.
func by(r *http.Request) improvement.By {
	s, _ := auth.FromContext(r.Context())
	return improvement.By{Who: s.By(), Request: httpapi.RequestID(r.Context())}
}

// staff lets members of staff through who may do what role may, and nobody else.
func (a *API) staff(role auth.Role, h handler) handler {
	return func(w http.ResponseWriter, r *http.Request) (any, error) {
		s, err := a.Auth.Authenticate(r)
		if err != nil {
			return nil, err
		}
		if !s.May(role) {
			return nil, fault.New(fault.Forbidden, "role_needed", "This needs the role "+string(role)+".")
		}
		return h(w, r.WithContext(auth.WithStaff(r.Context(), s)))
	}
}
