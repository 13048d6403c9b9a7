package web

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"
	"sync"
	"time"
)

//go:embed templates/*.html
var templateFiles embed.FS

// Options say where the pages live and what time it is.
type Options struct {
	// Base stands before every path in every link: "" at the root, "/prod" behind an API stage. See BasePath.
	Base string
	// Now is the clock that relative times are told by. Required.
	Now func() time.Time
	// FormAction lists origins a form may end up at besides our own: the issuer, where signing out redirects there.
	FormAction []string
	// SignIn and SignOut are paths without the base; "" takes /auth/login (GET, ?return=) and /auth/logout (POST).
	SignIn, SignOut string
}

// Renderer draws views. It is safe for concurrent use.
type Renderer struct {
	opt Options
	csp string
	// set is parsed on first use: a function that answers only API calls never pays for it.
	set func() (*template.Template, error)
}

// BasePath is the path part of a public address, as Options.Base wants it: "https://host/prod/" gives "/prod".
func BasePath(public string) (string, error) {
	u, err := url.Parse(public)
	if err != nil {
		return "", fmt.Errorf("public address: %w", err)
	}
	base := strings.TrimRight(u.EscapedPath(), "/")
	return base, checkBase(base)
}

func checkBase(base string) error {
	if base != "" && (base[0] != '/' || path.Clean(base) != base || strings.ContainsAny(base, "?#\"'<> \\")) {
		return fmt.Errorf("base path %q: want \"\" or a clean path like /prod", base)
	}
	return nil
}

// New makes a Renderer, or says what is wrong with the options.
func New(opt Options) (*Renderer, error) {
	if opt.Now == nil {
		return nil, errors.New("web: no clock given")
	}
	if err := checkBase(opt.Base); err != nil {
		return nil, err
	}
	if opt.SignIn == "" {
		opt.SignIn = "/auth/login"
	}
	if opt.SignOut == "" {
		opt.SignOut = "/auth/logout"
	}
	r := &Renderer{opt: opt, csp: policy(opt.FormAction)}
	r.set = sync.OnceValues(r.parse)
	return r, nil
}

func (r *Renderer) parse() (*template.Template, error) {
	t, err := template.New("").Funcs(r.funcs()).ParseFS(templateFiles, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("parse templates: %w", err)
	}
	return t, nil
}

// page is what a template sees.
type page struct {
	Shell
	V       View
	Now     time.Time
	SignIn  string
	SignOut string
}

// Team says whether the page shows the team's header.
func (p page) Team() bool { return p.Section != SectionNone }

// Render writes a view. Nothing is written when it fails: a reader never gets half a page.
func (r *Renderer) Render(w io.Writer, shell Shell, v View) error {
	b, err := r.draw(shell, v)
	if err != nil {
		return err
	}
	if _, err := w.Write(b); err != nil {
		return fmt.Errorf("write page %s: %w", v.template(), err)
	}
	return nil
}

// Page answers a request with a view: its headers, the status, the body. When drawing fails nothing has been written, so
// that the caller can still answer with a Failure.
func (r *Renderer) Page(w http.ResponseWriter, status int, shell Shell, v View) error {
	b, err := r.draw(shell, v)
	if err != nil {
		return err
	}
	r.headers(w.Header(), v.secret())
	w.WriteHeader(status)
	if _, err := w.Write(b); err != nil {
		return fmt.Errorf("write page %s: %w", v.template(), err)
	}
	return nil
}

func (r *Renderer) draw(shell Shell, v View) ([]byte, error) {
	set, err := r.set()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.Grow(32 << 10)
	p := page{Shell: defaults(shell, v), V: v, Now: r.opt.Now().UTC(), SignIn: r.opt.SignIn, SignOut: r.opt.SignOut}
	if err := set.ExecuteTemplate(&b, v.template()+".html", p); err != nil {
		return nil, fmt.Errorf("draw page %s: %w", v.template(), err)
	}
	return b.Bytes(), nil
}
