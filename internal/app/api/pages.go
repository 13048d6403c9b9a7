package api

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"learningloop/internal/auth"
	"learningloop/internal/fault"
	"learningloop/internal/httpapi"
	"learningloop/internal/product"
	"learningloop/internal/web"
)

// pageRoutes are the pages. Those that change something are posted to from our own pages only.
func (a *API) pageRoutes(mux *http.ServeMux) {
	if a.Pages == nil {
		return
	}
	a.Auth.Register(mux)
	mux.Handle("GET /assets/", web.Assets())
	for pattern, h := range map[string]page{
		"GET /{$}":                   a.chooser,
		"GET /p/{product}/feedback":  a.feedbackForm,
		"POST /p/{product}/feedback": a.sendFeedback,
		"GET /s/{token}":             a.statusPage,
		"POST /s/{token}/edit":       a.editOnPage,
		"POST /s/{token}/withdraw":   a.withdrawOnPage,
		"POST /s/{token}/hear":       a.hearOnPage,
		"GET /u/{token}":             a.stopPage,
	} {
		mux.Handle(pattern, a.Auth.Protect(a.page(h)))
	}
	// Mail programs post here from nowhere in particular (RFC 8058); the link's token is the proof.
	mux.Handle("POST /u/{token}", a.page(a.stop))
	a.handleTeam(mux)
}

// handleTeam adds the pages of members. "/team/{product}/queue" and "/team/digests/{id}" overlap without either being the
// more specific, which a mux refuses; so pages below a product are chosen here, behind patterns that give way to all others.
func (a *API) handleTeam(mux *http.ServeMux) {
	const below = "/team/{product}/"
	pages := map[string]map[string]http.Handler{} // general pattern -> name of the page -> handler
	for pattern, h := range a.teamRoutes() {
		handler := a.Auth.Page(h.role, a.page(h.do))
		method, path, _ := strings.Cut(pattern, " ")
		rest, product := strings.CutPrefix(path, below)
		if !product || strings.Count(rest, "/") > 1 { // nothing else is as deep
			mux.Handle(pattern, handler)
			continue
		}
		name, id, _ := strings.Cut(rest, "/")
		general := method + " " + below + "{page}"
		if id != "" {
			general += "/{id}"
		}
		if pages[general] == nil {
			pages[general] = map[string]http.Handler{}
		}
		pages[general][name] = handler
	}
	for general, byName := range pages {
		mux.HandleFunc(general, func(w http.ResponseWriter, r *http.Request) {
			if h, ok := byName[r.PathValue("page")]; ok {
				h.ServeHTTP(w, r)
				return
			}
			a.Fail(w, r, fault.New(fault.NotFound, "unknown_path", "There is nothing at this address."))
		})
	}
}

// page answers a request with a view, or with where to go, or with an error.
type page func(r *http.Request) (answer, error)

// answer is what a page does: draw a view in a shell, or send the reader elsewhere.
type answer struct {
	status int // 0: 200
	shell  web.Shell
	view   web.View
	to     string // path without the base: 303
	file   *file  // to be kept
}

func draw(shell web.Shell, v web.View) (answer, error) { return answer{shell: shell, view: v}, nil }
func goTo(path string) (answer, error)                 { return answer{to: path}, nil }

func (a *API) page(h page) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, httpapi.MaxBody)
		ans, err := h(r)
		if err != nil {
			a.Fail(w, r, err)
			return
		}
		if ans.to != "" {
			w.Header().Set("Cache-Control", "no-store")
			http.Redirect(w, r, a.Links.Public+ans.to, http.StatusSeeOther)
			return
		}
		if f := ans.file; f != nil {
			w.Header().Set("Cache-Control", "no-store")
			w.Header().Set("Content-Type", f.media)
			w.Header().Set("Content-Disposition", f.disposition())
			w.Header().Set("X-Content-Type-Options", "nosniff")
			_, _ = w.Write(f.body) // the client is gone where this fails
			return
		}
		if ans.status == 0 {
			ans.status = http.StatusOK
		}
		ans.shell.Local, ans.shell.Path = a.Local, r.URL.RequestURI()
		if err := a.Pages.Page(w, ans.status, ans.shell, ans.view); err != nil {
			a.Fail(w, r, err)
		}
	})
}

// form reads a posted form; body_too_large (413) and malformed_form (400) as in the API.
func form(r *http.Request) (url.Values, error) {
	if err := r.ParseForm(); err != nil {
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			return nil, fault.New(fault.Invalid, "body_too_large", "That is more than can be sent at once.")
		}
		return nil, fault.Wrap(fault.Invalid, "malformed_form", "The form cannot be read.", err)
	}
	for _, vals := range r.PostForm {
		for _, v := range vals {
			if !validText(v) {
				return nil, fault.New(fault.Invalid, "invalid_utf8", "The form is not valid UTF-8.")
			}
		}
	}
	return r.PostForm, nil
}

func validText(s string) bool { return strings.ToValidUTF8(s, "\x00") == s }

// fieldErrors gives the errors of a form by field name, where err is about its fields; ok is false for any other error.
// Pointers end in the name of the form's field ("/submitter/email" is "email").
func fieldErrors(err error) (web.FieldErrors, bool) {
	e, isFault := errors.AsType[*fault.Error](err)
	if !isFault || fault.KindOf(err) != fault.Invalid && fault.KindOf(err) != fault.Conflict {
		return nil, false
	}
	out := web.FieldErrors{}
	for _, f := range e.Fields {
		out[f.Pointer[strings.LastIndexByte(f.Pointer, '/')+1:]] = f.Detail
	}
	if len(e.Fields) == 0 {
		out[""] = e.Msg
	}
	return out, true
}

func productRef(p product.Product) web.ProductRef { return web.ProductRef{Slug: p.Slug, Name: p.Name} }

// wantsPage says whether an error should be a page: pages are everything outside the API.
func wantsPage(r *http.Request) bool {
	return !strings.HasPrefix(r.URL.Path, "/v1/") && r.URL.Path != "/healthz" && r.URL.Path != "/openapi.json" &&
		strings.Contains(r.Header.Get("Accept"), "text/html")
}

func (a *API) failPage(w http.ResponseWriter, r *http.Request, err error) {
	p := httpapi.ProblemOf(err, httpapi.RequestID(r.Context()))
	v := web.Failure{Code: p.Status, Detail: p.Detail, RequestID: p.RequestID}
	for i, f := range p.Errors { // there is no field here that they could stand beside
		if i == 0 {
			v.Detail = ""
		}
		v.Detail = strings.TrimSpace(v.Detail + " " + strings.TrimPrefix(f.Pointer, "/") + " " + f.Detail + ".")
	}
	shell := web.Shell{Local: a.Local, Path: r.URL.RequestURI()}
	if s, ok := auth.FromContext(r.Context()); ok {
		shell.User = &web.User{Name: s.Name, Admin: s.May(auth.Admin)}
	}
	if err := a.Pages.Page(w, p.Status, shell, v); err != nil {
		a.Log.ErrorContext(r.Context(), "draw failure", "error", err.Error())
		httpapi.WriteProblem(w, r, fault.New(fault.Internal, "", ""))
	}
}
