package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
)

// alerts are the blocks above everything else of a page, the first first.
func (d *doc) alerts() (out []*html.Node) {
	for _, s := range d.all("section", "class", "alerts") {
		out = append(out, (&doc{t: d.t, root: s}).all("li")...)
	}
	return out
}

// An andon that is up is the first thing the team sees, wherever it looks, until it is stood down.
func TestAndonShows(t *testing.T) {
	m := newTeam(t)
	iid := m.andon()
	path := "/team/example/improvements/" + iid
	for _, page := range []string{"/team", "/team/example/queue"} {
		d := m.get(page)
		first := d.alerts()
		if len(first) != 1 || !strings.Contains(attrOf(first[0], "class"), "bad") ||
			!strings.Contains(textOf(first[0]), "Andon: 2 people reported problems with Checkout within 60 minutes") || !strings.Contains(textOf(first[0]), "severity 1, nobody has it yet") {
			t.Errorf("%s begins with %d: %s", page, len(first), d.said())
			continue
		}
		d.links(path)
	}
	m.get("/team").says("1 andon up")
	row := m.get("/team/example/improvements").one("tbody")
	if got := textOf(row); !strings.Contains(got, "andon up") || textOf((&doc{t: t, root: row}).one("td", "data-label", "Severity")) != "1" {
		t.Errorf("the list says %q", got)
	}
	m.post("/team/example/stand-down", "improvement", iid, "reason", "A drill.", "return", path)
	for _, page := range []string{"/team", "/team/example/queue"} {
		if d := m.get(page); len(d.alerts()) > 0 {
			t.Errorf("%s still says %q", page, textOf(d.alerts()[0]))
		}
	}
	if got := m.get("/team/example/improvements").said(); strings.Contains(got, "andon up") {
		t.Errorf("the list still says %q", got)
	}
}

// What is mended stops nobody any more, stood down or not.
func TestAndonShipped(t *testing.T) {
	m := newTeam(t)
	iid := m.andon()
	m.api(http.MethodPost, "/v1/improvements/"+iid+"/decisions", `{"decision":"ship"}`, nil)
	if d := m.get("/team"); len(d.alerts()) > 0 || strings.Contains(d.said(), "andon up") {
		t.Errorf("it still says %q", d.said())
	}
}

// What is muted now is said where people look for what fires.
func TestMutesShow(t *testing.T) {
	dir := t.TempDir()
	m := newTeamIn(t, dir)
	tabs := func(d *doc) string { return textOf(d.one("nav", "aria-label", "Team")) }
	m.api(http.MethodPut, "/v1/products/example", `{"components":[{"name":"Checkout"}]}`, nil)
	add := func(body string) { m.api(http.MethodPost, "/v1/products/example/mutes", body, nil) }
	add(`{"component":"Checkout","from":"2026-03-05T08:00:00Z","to":"2026-03-05T10:00:00Z","reason":"Tomorrow."}`)
	if d := m.get("/team/example/queue"); len(d.alerts()) > 0 || strings.Contains(tabs(d), "Muted 1") {
		t.Errorf("before it begins: %q", d.said())
	}
	add(`{"component":"Checkout","from":"2026-03-04T08:00:00Z","to":"2026-03-04T10:00:00Z","reason":"New database."}`)
	for _, page := range []string{"/team", "/team/example/queue"} {
		d := m.get(page)
		if got := d.alerts(); len(got) != 1 || !strings.Contains(textOf(got[0]), "signals of Checkout until 2026-03-04 10:00 UTC") {
			t.Errorf("%s says %q", page, d.said())
			continue
		}
		d.links("/team/example/mutes")
	}
	if got := tabs(m.get("/team/example/metrics")); !strings.Contains(got, "Muted 1") {
		t.Errorf("the tabs say %q", got)
	}
	// Leadership may not see what is behind the number.
	m.token = tokenAs(t, dir, "leadership")
	if got := tabs(m.get("/team/example/metrics")); strings.Contains(got, "Muted 1") {
		t.Errorf("leadership's tabs say %q", got)
	}
	m.token = ""
	m.later(2 * time.Hour)
	if d := m.get("/team/example/queue"); len(d.alerts()) > 0 || strings.Contains(tabs(d), "Muted 1") {
		t.Errorf("when it is over: %q", d.said())
	}
}
