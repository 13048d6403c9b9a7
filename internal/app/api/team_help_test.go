package api_test

import (
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/html"

	"learningloop/internal/app/local"
	"learningloop/internal/oidclocal"
	"learningloop/internal/store"
	"learningloop/internal/trail"
)

// team is a World seen by one member of staff.
type team struct {
	t     *testing.T
	w     *local.World
	h     http.Handler
	token string // "": that of the local admin

	mu  sync.Mutex
	now time.Time
}

const origin = "http://127.0.0.1:8080"

// teamDay is a Wednesday.
var teamDay = time.Date(2026, 3, 4, 9, 0, 0, 0, time.UTC)

func (m *team) clock() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
}

func (m *team) later(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = m.now.Add(d)
}

func newTeam(t *testing.T) *team { return newTeamIn(t, "") }

func newTeamIn(t *testing.T, dir string) *team {
	t.Helper()
	m := &team{t: t, now: teamDay}
	w, err := local.New(t.Context(), local.Config{Dir: dir, Public: origin, Now: m.clock, Random: rand.NewChaCha8([32]byte{7})})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	m.w, m.h = w, w.Handler()
	return m
}

// as gives a token of another member, whom the same issuer vouches for. It needs a World with a directory.
func tokenAs(t *testing.T, dir string, groups ...string) string {
	t.Helper()
	i, err := oidclocal.New(oidclocal.Config{
		URL: origin + oidclocal.Path, Now: func() time.Time { return teamDay }, ClientID: local.ClientID, KeyFile: filepath.Join(dir, "issuer-key.json"), Random: rand.NewChaCha8([32]byte{8}),
		Staff: oidclocal.Staff{Subject: "other", Email: "other@example.com", Name: "Other staff", Groups: groups},
	})
	if err != nil {
		t.Fatal(err)
	}
	token, err := i.Token(teamDay)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func (m *team) do(method, path, media, body string) *httptest.ResponseRecorder {
	m.t.Helper()
	r := httptest.NewRequestWithContext(m.t.Context(), method, origin+path, strings.NewReader(body))
	token := m.token
	if token == "" {
		// Always a fresh one: the clock may have gone on for weeks.
		var err error
		if token, err = m.w.Issuer.Token(m.clock()); err != nil {
			m.t.Fatal(err)
		}
	}
	r.Header.Set("Authorization", "Bearer "+token)
	if r.Header.Set("Accept", "text/html"); strings.HasPrefix(path, "/v1/") {
		r.Header.Set("Accept", "application/json")
	}
	if media != "" {
		r.Header.Set("Content-Type", media)
	}
	rec := httptest.NewRecorder()
	m.h.ServeHTTP(rec, r)
	return rec
}

// get opens a page.
func (m *team) get(path string) *doc {
	m.t.Helper()
	rec := m.do(http.MethodGet, path, "", "")
	if rec.Code != http.StatusOK {
		m.t.Fatalf("GET %s: %d\n%s", path, rec.Code, rec.Body)
	}
	return parseDoc(m.t, rec)
}

// post sends a form; the page it leads to is opened where it leads to one.
func (m *team) post(path string, fields ...string) *doc {
	m.t.Helper()
	d := m.send(path, fields...)
	if d.status != http.StatusSeeOther {
		m.t.Fatalf("POST %s %q: %d\n%s", path, fields, d.status, d.said())
	}
	return m.get(strings.TrimPrefix(d.to, origin))
}

// send sends a form and follows nothing.
func (m *team) send(path string, fields ...string) *doc {
	m.t.Helper()
	f := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		f.Add(fields[i], fields[i+1])
	}
	return parseDoc(m.t, m.do(http.MethodPost, path, "application/x-www-form-urlencoded", f.Encode()))
}

// api calls the API and reads its answer into v.
func (m *team) api(method, path, body string, v any) {
	m.t.Helper()
	rec := m.do(method, path, "application/json", body)
	if rec.Code >= http.StatusBadRequest {
		m.t.Fatalf("%s %s: %d %s", method, path, rec.Code, rec.Body)
	}
	if v == nil {
		return
	}
	if err := json.Unmarshal(rec.Body.Bytes(), v); err != nil {
		m.t.Fatalf("%s %s: %v in %s", method, path, err, rec.Body)
	}
}

// say submits feedback as a customer would, settles, and gives its id.
func (m *team) say(fields ...string) string {
	m.t.Helper()
	d := map[string]any{"product": "example", "kind": "problem", "text": "The export stops at 1,000 rows."}
	who := map[string]any{}
	for i := 0; i+1 < len(fields); i += 2 {
		switch name := fields[i]; name {
		case "email":
			who["email"], who["hearBack"] = fields[i+1], true
		case "rating":
			d["rating"] = int(fields[i+1][0] - '0')
		case "name", "company":
			who[name] = fields[i+1]
		default:
			d[name] = fields[i+1]
		}
	}
	d["submitter"] = who
	body, err := json.Marshal(d)
	if err != nil {
		m.t.Fatal(err)
	}
	var got struct{ ID string }
	m.api(http.MethodPost, "/v1/feedback", string(body), &got)
	m.settle()
	return got.ID
}

// propose makes an Improvement by the API and gives its id.
func (m *team) propose(title string, pieces ...string) string {
	m.t.Helper()
	body, err := json.Marshal(map[string]any{"product": "example", "title": title, "feedbackIds": append([]string{}, pieces...)})
	if err != nil {
		m.t.Fatal(err)
	}
	var got struct{ ID string }
	m.api(http.MethodPost, "/v1/improvements", string(body), &got)
	return got.ID
}

// event has an event come in, as EventBridge would.
func (m *team) event(body string) {
	m.t.Helper()
	if rec := m.do(http.MethodPost, "/_local/events", "application/json", body); rec.Code != http.StatusAccepted {
		m.t.Fatalf("event: %d %s", rec.Code, rec.Body)
	}
	m.settle()
}

func (m *team) settle() {
	m.t.Helper()
	if err := m.w.Settle(m.t.Context()); err != nil {
		m.t.Fatal(err)
	}
}

// improvement is what the API says of one.
type improvementNow struct {
	Status, Title, Outcome, Owner, Due, Release, OpsItemID string
	Decline                                                struct{ Kind, Reason, Revisit string }
	Evidence                                               struct{ Count int }
	Score                                                  struct{ Parts struct{ Effort float64 } }
	History                                                []struct{ What, Reason string }
}

func (m *team) improvement(iid string) improvementNow {
	m.t.Helper()
	var got improvementNow
	m.api(http.MethodGet, "/v1/improvements/"+iid, "", &got)
	return got
}

// queue gives the titles of what waits in the product example.
func (m *team) queue() []string {
	m.t.Helper()
	var got struct{ Items []struct{ Title string } }
	m.api(http.MethodGet, "/v1/queue?product=example", "", &got)
	out := []string{}
	for _, it := range got.Items {
		out = append(out, it.Title)
	}
	return out
}

// logged gives the day's lines of the staff log, newest first.
func (m *team) logged() []trail.Entry {
	m.t.Helper()
	page, err := m.w.Store.ListLog(m.t.Context(), m.clock(), store.LogFilter{}, "", 100)
	if err != nil {
		m.t.Fatal(err)
	}
	return page.Items
}

// doc is an answer as a page.
type doc struct {
	t      *testing.T
	status int
	to     string
	root   *html.Node
}

func parseDoc(t *testing.T, rec *httptest.ResponseRecorder) *doc {
	t.Helper()
	root, err := html.Parse(rec.Body)
	if err != nil {
		t.Fatal(err)
	}
	return &doc{t: t, status: rec.Code, to: rec.Header().Get("Location"), root: root}
}

// all gives the elements of a tag (any: "") that have every given attribute, in order; attributes go name, value, ...
func (d *doc) all(tag string, attrs ...string) []*html.Node {
	var out []*html.Node
	for n := range d.root.Descendants() {
		if n.Type != html.ElementNode || tag != "" && n.Data != tag {
			continue
		}
		fits := true
		for i := 0; i+1 < len(attrs); i += 2 {
			fits = fits && attrOf(n, attrs[i]) == attrs[i+1]
		}
		if fits {
			out = append(out, n)
		}
	}
	return out
}

// one gives the only such element.
func (d *doc) one(tag string, attrs ...string) *html.Node {
	d.t.Helper()
	l := d.all(tag, attrs...)
	if len(l) != 1 {
		d.t.Fatalf("%d elements %s %q, want one, on a page that says:\n%s", len(l), tag, attrs, d.said())
	}
	return l[0]
}

func attrOf(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// text is what an element says, with white space collapsed.
func textOf(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			b.WriteString(c.Data + " ")
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// said is what the page says below its header.
func (d *doc) said() string {
	for _, n := range d.all("main") {
		return textOf(n)
	}
	return textOf(d.root)
}

// says checks what the page says and what it does not (with "!" before it).
func (d *doc) says(words ...string) {
	d.t.Helper()
	said := d.said()
	for _, w := range words {
		if not, ok := strings.CutPrefix(w, "!"); ok {
			if strings.Contains(said, not) {
				d.t.Errorf("the page says %q:\n%s", not, said)
			}
		} else if !strings.Contains(said, w) {
			d.t.Errorf("the page does not say %q:\n%s", w, said)
		}
	}
}

// links checks that the page leads to each path.
func (d *doc) links(paths ...string) {
	d.t.Helper()
	for _, p := range paths {
		if len(d.all("a", "href", p)) == 0 {
			d.t.Errorf("the page does not lead to %s", p)
		}
	}
}

// notices are what is said above the page.
func (d *doc) notices() string {
	var out []string
	for _, n := range d.all("div", "class", "notices") {
		out = append(out, textOf(n))
	}
	return strings.Join(out, " | ")
}

// problems are what the summaries above forms say.
func (d *doc) problems() string {
	var out []string
	for _, n := range d.all("div", "class", "errors") {
		for c := range n.Descendants() {
			if c.Type == html.ElementNode && c.Data == "li" {
				out = append(out, textOf(c))
			}
		}
	}
	return strings.Join(out, " | ")
}

// value is what a field holds.
func (d *doc) value(name string) string {
	for _, n := range d.all("", "name", name) {
		switch {
		case n.Data == "textarea":
			return strings.TrimSpace(textOf(n))
		case n.Data == "select":
			for c := range n.Descendants() {
				if c.Type == html.ElementNode && c.Data == "option" && hasAttr(c, "selected") {
					return attrOf(c, "value")
				}
			}
		case attrOf(n, "type") == "radio" || attrOf(n, "type") == "checkbox":
			if hasAttr(n, "checked") {
				return attrOf(n, "value")
			}
		default:
			return attrOf(n, "value")
		}
	}
	return ""
}

func hasAttr(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}

// press posts the form whose action and button are given, with its hidden fields as the page has them.
func (m *team) press(d *doc, action, label string) *doc {
	m.t.Helper()
	for _, f := range d.all("form", "action", action) {
		var fields []string
		found := false
		for c := range f.Descendants() {
			if c.Type != html.ElementNode {
				continue
			}
			if c.Data == "input" && attrOf(c, "type") == "hidden" {
				fields = append(fields, attrOf(c, "name"), attrOf(c, "value"))
			}
			if c.Data == "button" && strings.HasPrefix(textOf(c), label) {
				found = true
			}
		}
		if found {
			return m.post(action, fields...)
		}
	}
	m.t.Fatalf("no button %q that posts to %s", label, action)
	return nil
}
