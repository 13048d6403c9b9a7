package inbox

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"html/template"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"learningloop/internal/fault"
)

// Where the inbox lies; DESIGN.md's local contract.
const (
	Path     = "/_local/mail"
	JSONPath = "/_local/mail.json"
)

const (
	perPage   = 50
	maxSearch = 2000 // mails looked through for one search
)

// The inbox's own pages run nothing and load nothing from elsewhere. A mail lies in a frame of its own: it may be
// anybody's HTML, so it has no scripts, no forms, no origin, and no picture but its own. Links open outside the frame,
// for a person who tries the loop follows them.
const (
	pageCSP = "default-src 'none'; style-src 'self'; img-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	mailCSP = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; form-action 'none'; frame-ancestors 'self'; " +
		"sandbox allow-popups allow-popups-to-escape-sandbox"
	mailCSPNoImages = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; frame-ancestors 'self'; " +
		"sandbox allow-popups allow-popups-to-escape-sandbox"
)

//go:embed inbox.css list.html mail.html
var files embed.FS

var pages = template.Must(template.New("").Funcs(template.FuncMap{
	"exact": func(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04:05 UTC") },
	"stamp": func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
}).ParseFS(files, "*.html"))

func (in *Inbox) newPages() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+Path+"/{$}", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, Path, http.StatusMovedPermanently)
	})
	mux.HandleFunc("GET "+Path, in.listPage)
	mux.HandleFunc("GET "+JSONPath, in.listJSON)
	mux.HandleFunc("GET "+Path+"/inbox.css", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFileFS(w, r, files, "inbox.css")
	})
	mux.HandleFunc("GET "+Path+"/{id}", in.mailPage)
	mux.HandleFunc("GET "+Path+"/{id}/html", in.htmlPart)
	mux.HandleFunc("GET "+Path+"/{id}/source", in.source)
	mux.HandleFunc("GET "+Path+"/{id}/cid/{cid}", in.picture)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", pageCSP)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		mux.ServeHTTP(w, r)
	})
}

// row is a mail as the list shows it.
type row struct {
	ID, To, Subject, Snippet, Ago string
	At                            time.Time
}

type listView struct {
	Query string
	Rows  []row
	Older string // URL of the next page, or ""
	Cut   bool   // the search ended before the oldest mail
}

func (in *Inbox) listPage(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	v := listView{Query: strings.TrimSpace(q.Get("q"))}
	end := in.journal.size.Load()
	if off, err := strconv.ParseInt(q.Get("before"), 16, 64); err == nil && off > 0 {
		if _, err := in.Get(mailID(off)); err == nil {
			end = min(end, off)
		}
	}
	looked, now := 0, in.now()
	for m, err := range in.before(end) {
		if err != nil {
			in.fail(w, err)
			return
		}
		if len(v.Rows) == perPage {
			v.Older = Path + "?" + url.Values{"q": {v.Query}, "before": {v.Rows[perPage-1].ID}}.Encode()
			break
		}
		if looked++; looked > maxSearch {
			v.Cut = true
			break
		}
		if matches(m, v.Query) {
			v.Rows = append(v.Rows, row{m.ID, m.To, m.Subject, snippet(m), ago(now.Sub(m.At)), m.At})
		}
	}
	in.render(w, http.StatusOK, "list.html", v)
}

func matches(m Mail, q string) bool {
	return q == "" || strings.Contains(strings.ToLower(m.To+"\n"+m.Subject+"\n"+m.Text), strings.ToLower(q))
}

// snippet is the beginning of a text part, as clients show it under the subject, without the subject said again.
func snippet(m Mail) string {
	text := m.Text
	if len(text) > 1200 {
		text = strings.ToValidUTF8(text[:1200], "")
	}
	r := []rune(strings.TrimSpace(strings.TrimPrefix(strings.Join(strings.Fields(text), " "), m.Subject)))
	if len(r) > 140 {
		return string(r[:140]) + "…"
	}
	return string(r)
}

func ago(d time.Duration) string {
	switch {
	case d < time.Minute:
		return "just now"
	case d < time.Hour:
		return strconv.Itoa(int(d.Minutes())) + " min ago"
	case d < 24*time.Hour:
		return strconv.Itoa(int(d.Hours())) + " h ago"
	default:
		return strconv.Itoa(int(d.Hours()/24)) + " d ago"
	}
}

type mailView struct {
	Mail
	View, Frame   string
	Phone, Images bool
	Ago           string
}

func (in *Inbox) mailPage(w http.ResponseWriter, r *http.Request) {
	m, ok := in.load(w, r)
	if !ok {
		return
	}
	q := r.URL.Query()
	v := mailView{Mail: m, View: q.Get("view"), Phone: q.Get("width") == "phone", Images: q.Get("images") != "off", Ago: ago(in.now().Sub(m.At))}
	if v.View != "text" && v.View != "headers" {
		v.View = "html"
	}
	if v.View == "html" && m.HTML == "" {
		v.View = "text"
	}
	v.Frame = Path + "/" + m.ID + "/html"
	if !v.Images {
		v.Frame += "?images=off"
	}
	in.render(w, http.StatusOK, "mail.html", v)
}

// cidSource finds pictures by content id; the id is read up to the attribute's end.
var cidSource = regexp.MustCompile(`(?i)(\ssrc\s*=\s*["']?)cid:([^"'\s>]+)`)

func (in *Inbox) htmlPart(w http.ResponseWriter, r *http.Request) {
	m, ok := in.load(w, r)
	if !ok {
		return
	}
	w.Header().Set("Content-Security-Policy", mailCSP)
	if r.URL.Query().Get("images") == "off" {
		w.Header().Set("Content-Security-Policy", mailCSPNoImages)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	html := cidSource.ReplaceAllStringFunc(m.HTML, func(s string) string {
		parts := cidSource.FindStringSubmatch(s)
		return parts[1] + Path + "/" + m.ID + "/cid/" + url.PathEscape(parts[2])
	})
	_, _ = io.WriteString(w, withBase(html))
}

// withBase makes links open outside the frame. The tag goes into the head, where there is one, so that the page stays in
// standards mode.
func withBase(html string) string {
	const base = `<base target="_blank">`
	if i := strings.Index(strings.ToLower(html), "<head>"); i >= 0 {
		return html[:i+len("<head>")] + base + html[i+len("<head>"):]
	}
	return base + html
}

func (in *Inbox) picture(w http.ResponseWriter, r *http.Request) {
	m, ok := in.load(w, r)
	if !ok {
		return
	}
	p, ok := m.Pictures[r.PathValue("cid")]
	// SVG can hold scripts and is no picture to mail clients either.
	if !ok || (p.Type != "image/png" && p.Type != "image/jpeg" && p.Type != "image/gif") {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", p.Type)
	_, _ = w.Write(p.Bytes)
}

func (in *Inbox) source(w http.ResponseWriter, r *http.Request) {
	m, ok := in.load(w, r)
	if !ok {
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write(m.Raw)
}

// listJSON streams the mails, newest first, so that its memory does not grow with them. ?to= keeps one address's, ?limit=
// the newest ones.
func (in *Inbox) listJSON(w http.ResponseWriter, r *http.Request) {
	to := r.URL.Query().Get("to")
	limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
	w.Header().Set("Content-Type", "application/json")
	sep, n := "[\n", 0
	for m, err := range in.Mails() {
		if err != nil {
			return // the answer has begun; without its end it is no JSON, and cannot pass for the whole list
		}
		if to != "" && !strings.EqualFold(m.To, to) {
			continue
		}
		b, err := json.Marshal(jsonMail(m))
		if err != nil {
			return
		}
		if _, err := io.WriteString(w, sep+string(b)); err != nil {
			return
		}
		sep = ",\n"
		if n++; n == limit {
			break
		}
	}
	if n == 0 {
		sep = "["
	} else {
		sep = "\n"
	}
	_, _ = io.WriteString(w, sep+"]\n")
}

// mailJSON is a mail in the list that tests and scripts read.
type mailJSON struct {
	ID      string            `json:"id"`
	At      time.Time         `json:"at"`
	From    string            `json:"from"`
	To      string            `json:"to"`
	Subject string            `json:"subject"`
	Text    string            `json:"text"`
	HTML    string            `json:"html"`
	Headers map[string]string `json:"headers"`
}

func jsonMail(m Mail) mailJSON {
	h := map[string]string{}
	for _, x := range m.Headers {
		if old, ok := h[x.Name]; ok {
			x.Value = old + ", " + x.Value
		}
		h[x.Name] = x.Value
	}
	return mailJSON{m.ID, m.At, m.From, m.To, m.Subject, m.Text, m.HTML, h}
}

func (in *Inbox) load(w http.ResponseWriter, r *http.Request) (Mail, bool) {
	m, err := in.Get(r.PathValue("id"))
	if fault.Is(err, fault.NotFound) {
		http.NotFound(w, r)
		return Mail{}, false
	}
	if err != nil {
		in.fail(w, err)
		return Mail{}, false
	}
	return m, true
}

func (in *Inbox) fail(w http.ResponseWriter, err error) {
	http.Error(w, "The mails cannot be read: "+err.Error(), http.StatusInternalServerError)
}

func (in *Inbox) render(w http.ResponseWriter, status int, name string, v any) {
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, name, v); err != nil {
		in.fail(w, errors.New("the page cannot be made"))
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = b.WriteTo(w)
}
