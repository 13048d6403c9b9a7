package api_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"learningloop/internal/trail"
)

const ownEvent = `{"version":"0","id":"e-3","detail-type":"Feedback Submitted","source":"learningloop","account":"111122223333",
"time":"2026-03-04T08:00:00Z","region":"us-east-1","resources":[],"detail":{"product":"nowhere","kind":"idea","text":"More rows, please."}}`

// asideOf gives the id of the set-aside event whose panel says something.
func asideOf(t *testing.T, d *doc, words string) string {
	t.Helper()
	for _, li := range d.all("li", "class", "panel") {
		if strings.Contains(textOf(li), words) {
			return strings.TrimPrefix(attrOf(li, "id"), "aside-")
		}
	}
	t.Fatalf("no event says %q", words)
	return ""
}

func TestSetAsidePage(t *testing.T) {
	m := newTeam(t)
	m.event(scanEvent)
	m.later(time.Minute)
	m.event("hello <b>")
	m.event(ownEvent)
	d := m.get("/team/set-aside")
	d.says("Set aside 3", "Scan Completed", "custom.scanner", "Nobody here understands this event yet.", "111122223333", "eu-central-1",
		"arn:aws:ecr:eu-central-1:111122223333:repository/shop and 1 more", `"findings": 3`, "Not an event", "hello <b>", "Feedback Submitted",
		"/product is not the slug of a product here.")
	for _, n := range d.all("select", "name", "product") {
		if got := textOf(n); got != "by the rules Example" {
			t.Errorf("offered are %q", got)
		}
	}

	t.Run("mapped to a product", func(t *testing.T) {
		m.t = t
		path := "/team/set-aside/" + asideOf(t, d, "Feedback Submitted") + "/replay"
		bad := m.send(path)
		if bad.status != 422 || !strings.Contains(bad.problems(), "It stays set aside: Some fields are not as they should be. /product is not the slug") {
			t.Errorf("by the rules: %d %q", bad.status, bad.problems())
		}
		if bad = m.send(path, "product", "nothing"); bad.status != 422 || !strings.Contains(bad.problems(), "The product is not one of the products.") {
			t.Errorf("to an unknown product: %d %q", bad.status, bad.problems())
		}
		if q := m.queue(); len(q) != 0 {
			t.Fatalf("in the queue are %q", q)
		}
		done := m.post(path, "product", "example")
		done.says("Set aside 2", "!Feedback Submitted")
		if !strings.Contains(done.notices(), "Taken in") {
			t.Errorf("it says %q", done.notices())
		}
		m.settle()
		if q := m.queue(); !slices.Equal(q, []string{"More rows, please."}) {
			t.Errorf("in the queue are %q", q)
		}
		if e := m.logged(); !slices.ContainsFunc(e, func(e trail.Entry) bool {
			return e.Action == "replayed set-aside event" && e.By == "staff@example.com" && e.Product != ""
		}) {
			t.Error("it is not in the log")
		}
	})
	t.Run("understood by nobody still", func(t *testing.T) {
		m.t = t
		bad := m.send("/team/set-aside/"+asideOf(t, d, "Scan Completed")+"/replay", "product", "example")
		if bad.status != 422 || !strings.Contains(bad.problems(), "It stays set aside: Nobody here understands this event yet.") {
			t.Errorf("%d %q", bad.status, bad.problems())
		}
	})
	t.Run("dropped", func(t *testing.T) {
		m.t = t
		path := "/team/set-aside/" + asideOf(t, d, "Scan Completed") + "/drop"
		for reason, want := range map[string]string{"": "The reason is required to drop an event.", " \n": "The reason is required", strings.Repeat("x", 501): "The reason must be at most 500 characters."} {
			bad := m.send(path, "reason", reason)
			if bad.status != 422 || !strings.Contains(bad.problems(), want) {
				t.Errorf("%q: %d %q", reason, bad.status, bad.problems())
			}
			if len(reason) > 2 && !slices.ContainsFunc(bad.all("input", "name", "reason"), func(n *html.Node) bool { return attrOf(n, "value") == reason }) {
				t.Error("the reason typed is lost")
			}
		}
		m.get("/team/set-aside").says("Set aside 2")
		done := m.post(path, "reason", "A test.")
		done.says("Set aside 1", "!Scan Completed")
		if again := m.send(path, "reason", "A test."); again.status != http.StatusConflict {
			t.Errorf("dropped twice: %d", again.status)
		}
	})
	m.t = t
	for _, path := range []string{"/team/set-aside/s-x/drop", "/team/set-aside/s-x/replay"} {
		if d := m.send(path, "reason", "x"); d.status != http.StatusNotFound {
			t.Errorf("%s: %d", path, d.status)
		}
	}
}

func TestSetAsideShowsABoundedEvent(t *testing.T) {
	m := newTeam(t)
	m.event(`{"source":"custom.big","detail-type":"Big","account":7,"detail":"` + strings.Repeat("x", 100_000) + `"}`)
	rec := m.do(http.MethodGet, "/team/set-aside", "", "")
	if n := rec.Body.Len(); n > 20_000 {
		t.Errorf("the page has %d bytes", n)
	}
	d := parseDoc(t, rec)
	d.says("custom.big", "characters more")
}

func TestDigestPages(t *testing.T) {
	m := newTeam(t)
	m.say("email", "customer1@example.com", "company", "Example Corp")
	late := m.propose("Export more rows", m.say("text", "Me too.", "rating", "1"))
	m.post("/team/example/decisions", "decision", "plan", "item", late, "owner", "Owner One", "due", "2026-03-01")
	severe := m.incidents(1)[0]
	shipped := m.propose("Keep baskets")
	m.post("/team/example/decisions", "decision", "accept", "item", shipped)
	m.post("/team/example/decisions", "decision", "ship", "item", shipped, "release", "4.2")
	for range 2 {
		m.later(7 * 24 * time.Hour)
		if err := m.w.RunSchedule(t.Context(), "digest-weekly", m.clock()); err != nil {
			t.Fatal(err)
		}
		m.settle()
	}
	d := m.get("/team/digests")
	d.says("Week 10", "Week 11", "Example", "weekly", "to 1 person", "1 promise overdue")
	path := ""
	for _, a := range d.all("a", "class", "card") {
		if strings.Contains(textOf(a), "Week 10") && strings.Contains(textOf(a), "Example") {
			path = attrOf(a, "href")
		}
	}
	d = m.get(path)
	d.says("Week 10 · 2-8 March 2026 · Example", "Feedback from people 3", "nothing to compare it with yet", "One decision is asked of you",
		"Keep the promise of “Export more rows”", "What changed, and whether it helped", "Keep baskets", "Whether it helped is not measured yet.", "release 4.2",
		"Highest scores among what is open", "Overdue promises", "Owner One", "Retrospectives 1 was opened in the week.", "Payment fails, case 0", "Sent 11 Mar 2026, 10:00 UTC to 1 person", "The next one")
	d.links("/team/example/improvements/"+late, "/team/example/improvements/"+shipped, "/team/example/improvements/"+severe+"/episodes/1")
	if len(d.all("svg", "role", "img")) == 0 {
		t.Error("there is no chart")
	}
	later := d.one("a", "rel", "next")
	d = m.get(attrOf(later, "href"))
	d.says("Week 11", "2 Mar 3", "Retrospectives None was opened in the week.", "The one before")
}

func TestLogPage(t *testing.T) {
	m := newTeam(t)
	said := m.say("title", "Export is cut off")
	iid := m.propose("Export more rows", said)
	m.later(time.Second)
	m.post("/team/example/decisions", "decision", "accept", "item", iid)
	m.later(time.Second)
	m.api(http.MethodPut, "/v1/products/other", `{"name":"Other"}`, nil)
	m.later(40 * 24 * time.Hour)
	m.post("/team/example/improvements/"+iid, "title", "Export all rows")
	rows := func(d *doc) []string {
		var out []string
		for _, tr := range d.all("tr") {
			if cells := slices.Collect(tr.ChildNodes()); len(cells) > 3 && cells[1].Data == "th" && attrOf(cells[1], "scope") == "row" {
				var words []string
				for _, c := range cells[1:5] {
					words = append(words, textOf(c))
				}
				out = append(out, strings.Join(words[:3], ", "))
			}
		}
		return out
	}
	const who = "staff@example.com, "
	tests := []struct {
		name, query string
		want        []string
	}{
		{"changed", "did=changed", []string{
			who + "edited improvement, Export all rows title", who + "created product, Other", who + "accepted improvement, Export all rows",
			who + "proposed improvement, Export all rows", who + "attached feedback, Export all rows",
		}},
		{"one product", "did=changed&product=other", []string{who + "created product, Other"}},
		{"somebody", "did=changed&who=STAFF&product=other", []string{who + "created product, Other"}},
		{"nobody", "who=somebody", nil},
		{"erased", "did=erased", nil},
		{"early", "did=changed&until=2026-03-31&product=other", []string{who + "created product, Other"}},
		{"late", "did=changed&from=2026-03-31", []string{who + "edited improvement, Export all rows title"}},
		{"one day", "did=changed&from=2026-03-05&until=2026-03-06", nil},
		{"one thing through the loop", "did=changed&correlation=" + strings.Replace(said, "f-", "c-", 1), []string{
			who + "edited improvement, Export all rows title", who + "accepted improvement, Export all rows",
			who + "proposed improvement, Export all rows", who + "attached feedback, Export all rows",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m.t = t
			if diff := cmp.Diff(tt.want, rows(m.get("/team/log?"+tt.query))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	m.t = t
	m.get("/team/log").links("/team/example/improvements/"+iid, "/team/log?correlation="+strings.Replace(said, "f-", "c-", 1))
	for query, want := range map[string]string{
		"from=yesterday":                   "The first day must be a date like 2026-12-31.",
		"until=2026-02-30":                 "The last day must be a date like 2026-12-31.",
		"from=2026-04-02&until=2026-04-01": "The first day must not be after the other date.",
		"did=flew":                         "What was done must be one of",
		"product=nothing":                  "The product is not one of the products.",
		"correlation=x":                    "The id is not an id that runs through the loop.",
	} {
		rec := m.do(http.MethodGet, "/team/log?"+query, "", "")
		d := parseDoc(t, rec)
		if d.status != 422 || !strings.Contains(d.problems(), want) {
			t.Errorf("%s: %d %q", query, d.status, d.problems())
		}
		name, typed, _ := strings.Cut(query, "=")
		if name == "from" && len(typed) > 10 && d.value("from") != "2026-04-02" {
			t.Errorf("%s: typed is lost: %q", query, d.value(name))
		}
	}
}

func TestLogPagesOn(t *testing.T) {
	m := newTeam(t)
	for range 4 {
		for range 30 {
			m.get("/team/example/queue")
		}
		m.later(70 * 24 * time.Hour)
	}
	total, pages := 0, 0
	for path := "/team/log?did=saw"; path != ""; pages++ {
		d := m.get(path)
		total += len(d.all("th", "scope", "row"))
		path = ""
		for _, a := range d.all("a", "rel", "next") {
			path = attrOf(a, "href")
		}
		if pages > 20 {
			t.Fatal("it never ends")
		}
	}
	if total != 120 {
		t.Errorf("%d lines on %d pages", total, pages)
	}
}

func TestAddProduct(t *testing.T) {
	m := newTeam(t)
	d := m.post("/team/products", "name", "Web shop", "slug", " web-shop ")
	if d.value("name") != "Web shop" || !strings.Contains(d.notices(), "Saved.") {
		t.Errorf("it leads to %q", d.said())
	}
	m.get("/team/products").links("/team/products/web-shop", "/p/web-shop/feedback")
	if e := m.logged()[0]; e.Action != "created product" || e.Subject != "web-shop" {
		t.Errorf("logged is %+v", e)
	}
	tests := []struct {
		name     string
		fields   []string
		problems string
	}{
		{"nothing", nil, "The name must be 1 to 80 characters"},
		{"no name", []string{"slug", "new"}, "The name must be 1 to 80 characters"},
		{"a slug of capitals", []string{"name", "New", "slug", "New Shop"}, "The short name must be 1 to 40 of a-z, 0-9 and -"},
		{"a slug that a page has", []string{"name", "New", "slug", "digests"}, "The short name must not be one of digests, log, products, set-aside"},
		{"a slug that is taken", []string{"name", "New", "slug", "example"}, "The short name is taken by another product."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m.t = t
			d := m.send("/team/products", tt.fields...)
			if d.status != 422 || !strings.Contains(d.problems(), tt.problems) {
				t.Errorf("%d %q", d.status, d.problems())
			}
			if len(tt.fields) == 4 && (d.value("name") != "New" || d.value("slug") != tt.fields[3]) {
				t.Errorf("typed is lost: %q %q", d.value("name"), d.value("slug"))
			}
		})
	}
	m.t = t
	var got struct{ Items []struct{ Name string } }
	m.api(http.MethodGet, "/v1/products", "", &got)
	if len(got.Items) != 2 {
		t.Errorf("%+v", got.Items)
	}
}

type productNow struct {
	Name, About, Quotes string
	Default             bool
	Version             int64
	Routing             []struct{ Source, Account, Region, Resource, Name string }
	Rules               struct{ Severity, Band, DryRun int }
	DigestTo            []string
}

func (m *team) product(slug string) productNow {
	m.t.Helper()
	var got productNow
	m.api(http.MethodGet, "/v1/products/"+slug, "", &got)
	return got
}

func TestSettingsPage(t *testing.T) {
	m := newTeam(t)
	path := "/team/products/example"
	version := m.get(path).value("version")
	fields := []string{
		"version", version, "name", "Web shop", "about", "Where you order.", "isDefault", "yes", "quotes", "redacted", "severity", "1", "band", "0",
		"digestTo", "lead@example.com\r\n\r\nops@Example.com, cto@example.com",
		"ruleSource", "aws.cloudwatch", "ruleAccount", " 111122223333 ", "ruleRegion", "", "ruleResource", "", "ruleName", "checkout-*",
		"ruleSource", "", "ruleAccount", "", "ruleRegion", "", "ruleResource", "", "ruleName", "",
		"ruleSource", "aws.codepipeline", "ruleAccount", "", "ruleRegion", "eu-*", "ruleResource", "", "ruleName", "",
	}
	d := m.post(path, fields...)
	got := m.product("example")
	want := productNow{Name: "Web shop", About: "Where you order.", Quotes: "redacted", Default: true, Version: got.Version, DigestTo: []string{"lead@example.com", "ops@example.com", "cto@example.com"}}
	want.Rules.Severity = 1
	want.Routing = append(want.Routing, struct{ Source, Account, Region, Resource, Name string }{Source: "aws.cloudwatch", Account: "111122223333", Name: "checkout-*"},
		struct{ Source, Account, Region, Resource, Name string }{Source: "aws.codepipeline", Region: "eu-*"})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if d.value("name") != "Web shop" || d.value("severity") != "1" || d.value("quotes") != "redacted" || d.value("isDefault") != "yes" || !strings.Contains(d.notices(), "Saved.") {
		t.Errorf("the page says %q", d.said())
	}
	if e := m.logged()[0]; e.Action != "changed product" || e.By != "staff@example.com" {
		t.Errorf("logged is %+v", e)
	}
	m.event(alarmEvent)
	m.get(path).says("Matched 1 0 new new")

	tests := []struct {
		name     string
		fields   []string
		status   int
		problems string
	}{
		{"no name", []string{"name", " ", "quotes", "none"}, 422, "The name must be 1 to 80 characters"},
		{"quotes of no kind", []string{"name", "A", "quotes", "all"}, 422, "The choice must be none or redacted."},
		{"a severity that is none", []string{"name", "A", "quotes", "none", "severity", "9"}, 422, "The severity must be 1 to 4"},
		{"a severity that is no number", []string{"name", "A", "quotes", "none", "severity", "x"}, 422, "The severity must be a whole number."},
		{"a band that was not tried", []string{"name", "A", "quotes", "none", "band", "2"}, 422, "The priority was not tried over history yet"},
		{"an address that is none", []string{"name", "A", "quotes", "none", "digestTo", "lead@example.com\nnobody"}, 422, "“nobody”: That is not an e-mail address"},
		{"two of them", []string{"name", "A", "quotes", "none", "digestTo", "nobody\nno one"}, 422, "name@example.com. “no one”: That is not"},
		{"an old page", []string{"name", "A", "quotes", "none", "version", version}, 409, "It was changed by somebody else meanwhile."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m.t = t
			d := m.send(path, tt.fields...)
			if d.status != tt.status || !strings.Contains(d.problems(), tt.problems) {
				t.Errorf("%d %q", d.status, d.problems())
			}
			if diff := cmp.Diff(got, m.product("example")); diff != "" {
				t.Errorf("something was stored:\n%s", diff)
			}
		})
	}
	t.Run("a rule that is wrong, below an empty row", func(t *testing.T) {
		m.t = t
		d := m.send(path, "name", "A", "quotes", "none", "ruleSource", "", "ruleName", "", "ruleSource", "aws.x", "ruleName", strings.Repeat("x", 3000))
		box := d.one("input", "id", "f-ruleName_1")
		if d.status != 422 || attrOf(box, "aria-invalid") != "true" || len(attrOf(box, "value")) != 3000 {
			t.Errorf("%d %q, box %q", d.status, d.problems(), attrOf(box, "aria-invalid"))
		}
	})
}

func TestDryRunOnPage(t *testing.T) {
	m := newTeam(t)
	iid := m.propose("Export more rows", m.say("company", "Example Corp", "rating", "1"))
	m.later(14 * 24 * time.Hour)
	path := "/team/products/example"
	d := m.get(path)
	fields := []string{"version", d.value("version"), "name", "Typed", "quotes", "none", "severity", "2", "digestTo", "lead@example.com"}
	bad := m.send(path, append(fields, "band", "0", "dryRun", "yes")...)
	if bad.status != 422 || !strings.Contains(bad.problems(), "The priority must be chosen first") {
		t.Errorf("of no band: %d %q", bad.status, bad.problems())
	}
	d = m.send(path, append(fields, "band", "5", "dryRun", "yes")...)
	if d.status != http.StatusOK || d.value("name") != "Typed" || d.value("band") != "5" {
		t.Errorf("%d, name %q, band %q", d.status, d.value("name"), d.value("band"))
	}
	d.says("From priority 5", "it would have filed 1 Improvement since 4 Mar 2026", "about 0.5 a week", "Export more rows")
	d.links("/team/example/improvements/" + iid)
	if p := m.product("example"); p.Name != "Example" || p.Rules.Band != 0 || p.Rules.DryRun != 5 {
		t.Errorf("stored is %+v", p)
	}
	if e := m.logged()[0]; e.Action != "tried band on history" {
		t.Errorf("logged is %+v", e)
	}
	// What was typed can be saved from the page as it is now.
	m.post(path, "version", d.value("version"), "name", "Typed", "quotes", "none", "severity", "2", "band", "5")
	if p := m.product("example"); p.Name != "Typed" || p.Rules.Band != 5 {
		t.Errorf("stored is %+v", p)
	}
	if bad = m.send(path, append(fields[2:], "band", "4")...); bad.status != 422 {
		t.Errorf("another band: %d", bad.status)
	}
}
