package emulator

import (
	"bytes"
	"cmp"
	"embed"
	"errors"
	"fmt"
	"hash/crc32"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
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
		"item": c.itemURL, "actor": actor, "short": short,
	}
	for _, name := range []string{"list", "item", "delete", "problem"} {
		c.pages[name] = template.Must(template.New("layout.html").Funcs(funcs).
			ParseFS(consoleFiles, "console/layout.html", "console/"+name+".html"))
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+c.prefix+"/{$}", c.list)
	if c.prefix != "" {
		mux.HandleFunc("GET "+c.prefix, c.list)
	}
	mux.HandleFunc("POST "+c.prefix+"/bulk", c.bulk)
	mux.HandleFunc("GET "+c.prefix+"/items/{id}", c.item)
	mux.HandleFunc("POST "+c.prefix+"/items/{id}", c.edit)
	mux.HandleFunc("GET "+c.prefix+"/console.css", c.style)
	mux.HandleFunc("GET "+c.prefix+"/icon.svg", c.icon)
	return http.NewCrossOriginProtection().Handler(mux)
}

// frame is what every page has.
type frame struct {
	Title, Prefix, CSS, Home, Account, Region string
	Done                                      string // what the post before did
	Page                                      any
}

func (c *console) show(w http.ResponseWriter, status int, name, title, done string, data any) {
	var out bytes.Buffer
	err := c.pages[name].Execute(&out, frame{
		Title: title, Prefix: c.prefix, CSS: c.cssURL, Home: c.e.cfg.ConsoleHome, Account: c.e.cfg.Account,
		Region: c.e.cfg.Region, Done: done, Page: data,
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

// view is one saved view of the list.
type view struct {
	Name, URL string
	Count     int // negative: not counted
	Current   bool
}

type listPage struct {
	Views                   []view
	Status, Severity, Words string
	Statuses, Severities    []choice
	Items                   []Item
	Next                    string // URL of the next page
	First                   string // URL of the first page, where this is another
	Back                    string // URL of this page
	Any                     bool   // there are OpsItems at all
}

type choice struct {
	Value, Text string
	Chosen      bool
}

// active in place of a status stands for those that are not resolved.
const active = "active"

var statusChoices = []choice{
	{Value: active, Text: "Open or in progress"},
	{Value: StatusOpen, Text: "Open"},
	{Value: StatusInProgress, Text: "In progress"},
	{Value: StatusResolved, Text: "Resolved"},
	{Value: "all", Text: "All"},
}

var severities = []choice{{Value: "1", Text: "1 Critical"}, {Value: "2", Text: "2 High"}, {Value: "3", Text: "3 Medium"}, {Value: "4", Text: "4 Low"}}

func choose(list []choice, value string) []choice {
	out := slices.Clone(list)
	for i := range out {
		out[i].Chosen = out[i].Value == value
	}
	return out
}

func (c *console) list(w http.ResponseWriter, r *http.Request) {
	in := r.URL.Query()
	p := listPage{Status: cmp.Or(in.Get("status"), active), Severity: in.Get("severity"), Words: in.Get("q")}
	q := Query{Severity: p.Severity, Title: p.Words, Cursor: in.Get("cursor"), Limit: defaultMaxResults}
	switch p.Status {
	case active:
		q.Statuses = []string{StatusOpen, StatusInProgress}
	case "all":
	default:
		q.Statuses = []string{p.Status}
	}
	items, next, err := c.e.List(r.Context(), q)
	if err != nil {
		c.problem(w, err)
		return
	}
	p.Items = items
	p.Statuses = choose(statusChoices, p.Status)
	p.Severities = choose(append([]choice{{Text: "Any"}}, severities...), p.Severity)
	here := url.Values{"status": {p.Status}}
	for k, v := range map[string]string{"severity": p.Severity, "q": p.Words} {
		if v != "" {
			here.Set(k, v)
		}
	}
	if q.Cursor != "" {
		p.First = c.listURL(here)
	}
	if next != "" {
		here.Set("cursor", next)
		p.Next = c.listURL(here)
	}
	p.Views, p.Any = c.views(p)
	p.Back = r.URL.RequestURI()
	c.show(w, http.StatusOK, "list", "OpsItems", doneText(in), p)
}

func (c *console) listURL(q url.Values) string { return c.prefix + "?" + q.Encode() }

// views are the saved views: what operators look at, one click away.
func (c *console) views(p listPage) ([]view, bool) {
	n := c.e.Counts()
	out := []view{
		{Name: "Open or in progress", URL: "status=" + active, Count: n[StatusOpen] + n[StatusInProgress]},
		{Name: "Critical", URL: "status=" + active + "&severity=1", Count: -1},
		{Name: "In progress", URL: "status=" + StatusInProgress, Count: n[StatusInProgress]},
		{Name: "Resolved", URL: "status=" + StatusResolved, Count: n[StatusResolved]},
		{Name: "All", URL: "status=all", Count: n[StatusOpen] + n[StatusInProgress] + n[StatusResolved]},
	}
	current := "status=" + p.Status
	if p.Severity != "" {
		current += "&severity=" + p.Severity
	}
	for i := range out {
		out[i].Current = out[i].URL == current && p.Words == ""
		out[i].URL = c.prefix + "?" + out[i].URL
	}
	return out, out[len(out)-1].Count > 0
}

type itemPage struct {
	Item
	Statuses, Severities, Priorities []choice
	History                          []Change
	Similar                          []Item
	Trouble                          string
}

func (c *console) item(w http.ResponseWriter, r *http.Request) {
	c.showItem(w, r, http.StatusOK, "")
}

func (c *console) showItem(w http.ResponseWriter, r *http.Request, status int, trouble string) {
	it, err := c.e.Item(r.Context(), r.PathValue("id"))
	if err != nil {
		c.problem(w, err)
		return
	}
	priorities := []choice{{Text: "Not set"}}
	for i := 1; i <= 5; i++ {
		priorities = append(priorities, choice{Value: strconv.Itoa(i), Text: strconv.Itoa(i)})
	}
	p := itemPage{
		Item: it, Statuses: choose(statusChoices[1:4], it.Status),
		Severities: choose(append([]choice{{Text: "Not set"}}, severities...), it.Severity),
		Priorities: choose(priorities, digits(it.Priority)),
		History:    c.e.History(r.Context(), it.ID), Similar: c.e.Similar(r.Context(), it), Trouble: trouble,
	}
	c.show(w, status, "item", it.Title, doneText(r.URL.Query()), p)
}

func (c *console) problem(w http.ResponseWriter, err error) {
	status, text := http.StatusInternalServerError, "Something went wrong here; the log says what."
	if refusal, ok := errors.AsType[*Error](err); ok {
		status, text = refusal.Status, refusal.Message
		if refusal.Code == "OpsItemNotFoundException" {
			status = http.StatusNotFound
		}
		if n := strings.TrimSuffix(err.Error(), refusal.Error()); n != "" {
			text = n + text
		}
	}
	c.show(w, status, "problem", "That did not work", "", text)
}

func (c *console) itemURL(id string) string { return c.prefix + "/items/" + url.PathEscape(id) }
