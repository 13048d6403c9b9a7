package emulator

import (
	"bytes"
	"cmp"
	"embed"
	"fmt"
	"hash/crc32"
	"html/template"
	"net/http"
	"net/url"
	"strings"
)

//go:embed console
var consoleFiles embed.FS

// consolePolicy is the pages' Content-Security-Policy: they carry neither scripts nor inline styles and call nobody.
const consolePolicy = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// console serves the pages in which a person works OpsItems.
type console struct {
	e      *Emulator
	prefix string
	css    []byte
	cssURL string
	pages  map[string]*template.Template
}

// ConsoleHandler serves the console under prefix ("/_local/opscenter"), itself included; mount it at prefix and at
// prefix + "/". It works without scripts, and refuses posts from other sites. It knows no users: keep it to machines
// where everybody may do everything.
func (e *Emulator) ConsoleHandler(prefix string) http.Handler {
	c := &console{e: e, prefix: strings.TrimSuffix(prefix, "/"), pages: map[string]*template.Template{}}
	c.css, _ = consoleFiles.ReadFile("console/console.css") // embedded
	c.cssURL = fmt.Sprintf("%s/console.css?v=%08x", c.prefix, crc32.ChecksumIEEE(c.css))
	funcs := template.FuncMap{
		"ago": c.ago, "exact": exact, "markdown": renderMarkdown, "severity": severityText, "status": statusText,
		"item": c.itemURL, "alike": c.alikeURL, "actor": actor, "short": short, "kind": kindText, "pick": newPicker, "counted": counted,
	}
	for _, name := range []string{"list", "item", "confirm", "problem"} {
		c.pages[name] = template.Must(template.New("layout.html").Funcs(funcs).
			ParseFS(consoleFiles, "console/layout.html", "console/"+name+".html"))
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+c.prefix+"/{$}", c.list)
	if c.prefix != "" {
		mux.HandleFunc("GET "+c.prefix, c.list)
	}
	mux.HandleFunc("POST "+c.prefix+"/bulk", c.bulk)
	mux.HandleFunc("POST "+c.prefix+"/views", c.saveView)
	mux.HandleFunc("POST "+c.prefix+"/views/delete", c.deleteView)
	for _, path := range []string{"/bulk", "/views", "/views/delete", "/items/{$}"} { // whoever opens one of these wants the list
		mux.HandleFunc("GET "+c.prefix+path, c.toList)
	}
	mux.HandleFunc("GET "+c.prefix+"/items/{id}", c.item)
	mux.HandleFunc("POST "+c.prefix+"/items/{id}", c.edit)
	mux.HandleFunc("GET "+c.prefix+"/console.css", c.style)
	mux.HandleFunc("GET "+c.prefix+"/icon.svg", c.icon)
	mux.HandleFunc(c.prefix+"/", c.notFound)
	return http.NewCrossOriginProtection().Handler(mux)
}

// frame is what every page has.
type frame struct {
	Title, Prefix, CSS, Home, Account, Region string
	Notice                                    notice
	Page                                      any
}

func (c *console) show(w http.ResponseWriter, status int, name, title string, n notice, data any) {
	var out bytes.Buffer
	err := c.pages[name].Execute(&out, frame{
		Title: title, Prefix: c.prefix, CSS: c.cssURL, Home: c.e.cfg.ConsoleHome, Account: c.e.cfg.Account,
		Region: c.e.cfg.Region, Notice: n, Page: data,
	})
	if err != nil {
		c.e.cfg.Log.Error("render a console page", "page", name, "error", err)
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", consolePolicy)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = out.WriteTo(w) // the client may be gone
}

func (c *console) style(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("Cache-Control", "max-age=31536000, immutable") // its address changes with its content
	_, _ = w.Write(c.css)                                          // the client may be gone
}

func (c *console) icon(w http.ResponseWriter, _ *http.Request) {
	svg, _ := consoleFiles.ReadFile("console/icon.svg") // embedded
	w.Header().Set("Content-Type", "image/svg+xml")
	w.Header().Set("Cache-Control", "max-age=86400")
	_, _ = w.Write(svg) // the client may be gone
}

func (c *console) problem(w http.ResponseWriter, err error) {
	status, text := refusalText(err)
	c.show(w, status, "problem", "That did not work", notice{}, text)
}

func (c *console) notFound(w http.ResponseWriter, _ *http.Request) {
	c.show(w, http.StatusNotFound, "problem", "There is nothing here", notice{}, "The console has no page at this address.")
}

func (c *console) toList(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, cmp.Or(c.prefix, "/"), http.StatusSeeOther)
}

func (c *console) itemURL(id string) string { return c.prefix + "/items/" + url.PathEscape(id) }
