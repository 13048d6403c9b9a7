package api

import (
	"net/http"
	"strings"

	"learningloop/internal/fault"
	"learningloop/internal/httpapi"
	"learningloop/internal/web"
)

// pageRoutes are the pages.
func (a *API) pageRoutes(mux *http.ServeMux) {
	if a.Pages == nil {
		return
	}
	a.Auth.Register(mux)
	mux.Handle("GET /assets/", web.Assets())
}

// wantsPage says whether an error should be a page: pages are everything outside the API.
func wantsPage(r *http.Request) bool {
	return !strings.HasPrefix(r.URL.Path, "/v1/") && r.URL.Path != "/healthz" && r.URL.Path != "/openapi.json" &&
		strings.Contains(r.Header.Get("Accept"), "text/html")
}

func (a *API) failPage(w http.ResponseWriter, r *http.Request, err error) {
	p := httpapi.ProblemOf(err, httpapi.RequestID(r.Context()))
	v := web.Failure{Code: p.Status, Detail: p.Detail, RequestID: p.RequestID}
	if err := a.Pages.Page(w, p.Status, web.Shell{Local: a.Local, Path: r.URL.RequestURI()}, v); err != nil {
		a.Log.ErrorContext(r.Context(), "draw failure", "error", err.Error())
		httpapi.WriteProblem(w, r, fault.New(fault.Internal, "", ""))
	}
}
