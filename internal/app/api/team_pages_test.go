package api_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"learningloop/internal/mail/inbox"
)

const alarmEvent = `{"version":"0","id":"e-1","detail-type":"CloudWatch Alarm State Change","source":"aws.cloudwatch","account":"111122223333",
"time":"2026-03-04T08:59:00Z","region":"us-east-1","resources":["arn:aws:cloudwatch:us-east-1:111122223333:alarm:checkout-errors"],
"detail":{"alarmName":"checkout-errors","configuration":{"description":"severity: 3"},"state":{"value":"ALARM","reason":"2 datapoints","timestamp":"2026-03-04T08:59:00.000+0000"},
"previousState":{"value":"OK"}}}`

const scanEvent = `{"version":"0","id":"e-2","detail-type":"Scan Completed","source":"custom.scanner","account":"111122223333",
"time":"2026-03-04T08:00:00Z","region":"eu-central-1","resources":["arn:aws:ecr:eu-central-1:111122223333:repository/shop","b"],"detail":{"findings":3}}`

func TestTeamPagesOfNothing(t *testing.T) {
	m := newTeam(t)
	tests := []struct {
		path string
		want []string
	}{
		{"/team", []string{"What waits for you", "Nothing waits for a decision", "None. Every promise is kept", "Example", "nothing yet", "!Faults"}},
		{"/team/", []string{"What waits for you"}},
		{"/team/example/queue", []string{"The queue is empty", "Send the first feedback"}},
		{"/team/example/queue?type=feedback&kind=idea", []string{"Nothing of that sort waits"}},
		{"/team/example/improvements", []string{"No Improvement is open"}},
		{"/team/example/improvements?status=shipped", []string{"None is shipped"}},
		{"/team/example/decide?do=accept", []string{"Nothing was selected"}},
		{"/team/example/metrics", []string{"No episode in this week.", "No episode yet", "12 weeks", "Download as CSV"}},
		{"/team/example/metrics?weeks=1", []string{"No episode in this week."}},
		{"/team/set-aside", []string{"Everything was understood"}},
		{"/team/digests", []string{"No digest yet"}},
		{"/team/products", []string{"Example", "nothing yet", "Add a product"}},
		{"/team/products/example", []string{"Which signals are about it", "Filing by itself"}},
	}
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			d := m.get(tt.path)
			d.t = t
			d.says(tt.want...)
		})
	}
}

func TestTeamPagesThatAreNot(t *testing.T) {
	m := newTeam(t)
	iid := m.propose("Export more rows")
	m.api(http.MethodPut, "/v1/products/other", `{}`, nil)
	tests := []struct {
		name, path string
		want       int
	}{
		{"no such product", "/team/nothing/queue", 404},
		{"no such page of a product", "/team/example/nothing", 404},
		{"a page that is only posted to", "/team/example/decisions", 404},
		{"no such Improvement", "/team/example/improvements/i-2sbm52f5-0yc7ce09g4733bdh", 404},
		{"no id", "/team/example/improvements/x", 404},
		{"an Improvement of another product", "/team/other/improvements/" + iid, 404},
		{"another page below an Improvement's", "/team/example/improvements/" + iid + "/x", 404},
		{"no such digest", "/team/digests/d-all-week-2026-W09", 404},
		{"no digest's id", "/team/digests/x", 404},
		{"no such settings", "/team/products/nothing", 404},
		{"an unknown sort of item", "/team/example/queue?type=x", 422},
		{"an unknown order", "/team/example/queue?sort=x", 422},
		{"an unknown status", "/team/example/improvements?status=x", 422},
		{"an unknown decision", "/team/example/decide?do=x", 422},
		{"no decision", "/team/example/decide", 422},
		{"a cursor that is none", "/team/example/queue?cursor=x", 422},
		{"a log's cursor that is none", "/team/log?cursor=x", 422},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rec := m.do(http.MethodGet, tt.path, "", "")
			if rec.Code != tt.want || !strings.HasPrefix(rec.Header().Get("Content-Type"), "text/html") {
				t.Errorf("%d %s", rec.Code, rec.Header().Get("Content-Type"))
			}
		})
	}
}

func TestTeamHome(t *testing.T) {
	m := newTeam(t)
	loose := m.say("kind", "idea", "title", "Dark mode")
	said := m.say("title", "Export is cut off", "name", "customer 1", "email", "customer1@example.com", "company", "Example Corp")
	late := m.propose("Export more rows", said)
	m.post("/team/example/decisions", "decision", "plan", "item", late, "owner", "Owner One", "due", "2026-03-05")
	open := m.propose("Keep baskets")
	m.settle()
	d := m.get("/team")
	d.says("To decide 2", "Dark mode", "Keep baskets", "None. Every promise is kept", "!Faults")
	d.links("/team/example/improvements/"+open, "/team/example/queue#row-"+loose)

	m.later(72 * time.Hour)
	m.event(scanEvent)
	m.event("hello")
	d = m.get("/team")
	d.says("Overdue promises 1", "Export more rows Example due 5 Mar 2026", "Owner One", "promised to 1 person who asked", "2 events are set aside")
	d.links("/team/example/improvements/"+late, "/team/set-aside")
	if row := textOf(d.one("tbody")); row != "Example 2 1 3 days ago" {
		t.Errorf("the product's line: %q", row)
	}
}

func TestTeamHomeFaults(t *testing.T) {
	m := newTeam(t)
	iid := m.propose("Export more rows", m.say("email", "customer1@example.com"))
	m.w.Emulator.Faults().Throttle("CreateOpsItem", 3)
	m.w.Inbox.FailNext(1000, inbox.Throttled, inbox.Before)
	m.w.Inbox.SetSandbox(true)
	m.post("/team/example/decisions", "decision", "accept", "item", iid)
	m.settle()
	m.later(time.Minute)
	d := m.get("/team")
	d.says("Faults of the loop", "1 OpsItem waits for OpsCenter", "and again by itself: nothing is lost.", "1 mail waits to be sent", "Mail does not reach everybody", "sandbox")
	d.links("/team/example/improvements/" + iid)
	m.get("/team/example/improvements/"+iid).says("Not filed yet.", "and again by itself")

	m.w.Emulator.Faults().Clear()
	for range 3 {
		m.later(2 * time.Hour)
		m.settle()
	}
	m.get("/team").says("!OpsItem waits")
	m.get("/team/example/improvements/"+iid).says("!Not filed yet", "oi-")
}

func TestQueuePage(t *testing.T) {
	m := newTeam(t)
	first := m.say("title", "Export is cut off", "text", "We cannot close\nour month.", "company", "Example Corp", "name", "customer 1")
	m.later(24 * time.Hour)
	second := m.say("text", "The export ends after 1,000 rows.", "company", "AnyCompany Travel")
	loose := m.say("kind", "idea", "text", "Dark mode, please.")
	iid := m.propose("Export more rows", first, second)
	m.event(alarmEvent)

	d := m.get("/team/example/queue")
	d.says("Queue 3", "Export more rows", "AnyCompany Travel , Example Corp", "2 voices", "proposed", "since 1 day ago", "2 this week",
		"Dark mode, please.", "no company", "said once", "checkout-errors is in alarm", "machines",
		"2 voices, the latest today", "severity 2, the worst of 2", "nobody estimated it")
	d.links("/team/example/improvements/"+iid, "/team/example/decide?do=promote&item="+loose+"&return=%2Fteam%2Fexample%2Fqueue")
	titles := func(d *doc) []string {
		var out []string
		for _, n := range d.all("h2", "class", "title") {
			out = append(out, textOf(n))
		}
		return out
	}
	tests := []struct {
		query string
		want  []string
	}{
		{"", []string{"Export more rows", "checkout-errors is in alarm", "Dark mode, please."}},
		{"?type=feedback", []string{"Dark mode, please."}},
		{"?type=improvement", []string{"Export more rows", "checkout-errors is in alarm"}},
		{"?kind=idea", []string{"Dark mode, please."}},
		{"?kind=problem", nil},
		{"?sort=oldest", []string{"Export more rows", "checkout-errors is in alarm", "Dark mode, please."}},
		{"?sort=companies", []string{"Export more rows", "checkout-errors is in alarm", "Dark mode, please."}},
	}
	for _, tt := range tests {
		t.Run(tt.query, func(t *testing.T) {
			if got := titles(m.get("/team/example/queue" + tt.query)); !slices.Equal(got, tt.want) {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestQueuePagesOn(t *testing.T) {
	m := newTeam(t)
	for i := range 27 {
		m.propose(fmt.Sprintf("Improvement %d", i))
	}
	seen := map[string]int{}
	path := "/team/example/queue?type=improvement"
	for range 2 {
		d := m.get(path)
		for _, n := range d.all("h2", "class", "title") {
			seen[textOf(n)]++
		}
		path = ""
		for _, a := range d.all("a", "rel", "next") {
			path = attrOf(a, "href")
		}
		if len(seen) == 25 && path == "" {
			t.Fatal("there is no way to the second page")
		}
	}
	if len(seen) != 27 || path != "" {
		t.Errorf("%d seen, then to %q", len(seen), path)
	}
}

func TestImprovementsPage(t *testing.T) {
	m := newTeam(t)
	open := m.propose("Export more rows", m.say("company", "Example Corp"), m.say("text", "Me too.", "company", "Example Foods"))
	m.post("/team/example/decisions", "decision", "plan", "item", open, "owner", "Owner One", "due", "2026-04-01")
	gone := m.propose("Start page")
	m.post("/team/example/decisions", "decision", "decline", "item", gone, "reason", "Too much work.", "kind", "tooCostly")
	m.settle()
	d := m.get("/team/example/improvements")
	d.says("planned 1", "declined 1", "proposed 0", "Export more rows", "Owner One", "1 Apr 2026", "oi-", "!Start page")
	d.links("/team/example/improvements/" + open)
	if n := textOf(d.one("td", "data-label", "Voices")); n != "2" {
		t.Errorf("%s voices", n)
	}
	d = m.get("/team/example/improvements?status=declined")
	d.says("Start page", "!Export more rows")
	d.links("/team/example/improvements/" + gone)
}

func TestSawIsLogged(t *testing.T) {
	m := newTeam(t)
	iid := m.propose("Export more rows", m.say())
	m.event(scanEvent)
	for path, want := range map[string]string{
		"/team":                                      "saw what waits",
		"/team/example/queue":                        "saw queue example",
		"/team/example/improvements":                 "saw improvements example",
		"/team/example/improvements/" + iid:          "saw improvement " + iid,
		"/team/example/decide?do=accept&item=" + iid: "saw items to decide example",
		"/team/set-aside":                            "saw set-aside events",
	} {
		m.later(time.Second)
		m.get(path)
		e := m.logged()[0]
		if got := strings.TrimSpace(e.Action + " " + e.Subject); got != want || e.By != "staff@example.com" || e.Request == "" {
			t.Errorf("%s: %q by %s, request %q", path, got, e.By, e.Request)
		}
	}
}

func TestTeamRoles(t *testing.T) {
	dir := t.TempDir()
	m := newTeamIn(t, dir)
	iid := m.propose("Export more rows")
	tokens := map[string]string{"admin": tokenAs(t, dir, "admin"), "member": tokenAs(t, dir, "member"), "leadership": tokenAs(t, dir, "leadership"), "nobody": tokenAs(t, dir)}
	m.event(scanEvent)
	tests := []struct {
		method, path string
		may          string
	}{
		{"GET", "/team", "admin member"},
		{"GET", "/team/example/queue", "admin member"},
		{"GET", "/team/example/decide?do=accept", "admin member"},
		{"GET", "/team/example/improvements", "admin member"},
		{"GET", "/team/example/improvements/" + iid, "admin member leadership"},
		{"GET", "/team/example/improvements/" + iid + "/episodes/1", "admin member leadership"},
		{"GET", "/team/example/improvements/" + iid + "/episodes/1/timeline.md", "admin member leadership"},
		{"GET", "/team/example/metrics", "admin member leadership"},
		{"GET", "/team/example/metrics.csv", "admin member leadership"},
		{"POST", "/team/example/improvements/" + iid, "admin member"},
		{"POST", "/team/example/decisions", "admin member"},
		{"POST", "/team/example/promote", "admin member"},
		{"POST", "/team/example/attach", "admin member"},
		{"POST", "/team/example/detach", "admin member"},
		{"GET", "/team/set-aside", "admin member"},
		{"POST", "/team/set-aside/s-x/replay", "admin member"},
		{"POST", "/team/set-aside/s-x/drop", "admin member"},
		{"GET", "/team/digests", "admin member leadership"},
		{"GET", "/team/digests/d-all-week-2026-W09", "admin member leadership"},
		{"GET", "/team/log", "admin"},
		{"GET", "/team/products", "admin"},
		{"POST", "/team/products", "admin"},
		{"GET", "/team/products/example", "admin"},
		{"POST", "/team/products/example", "admin"},
	}
	for _, tt := range tests {
		for role, token := range tokens {
			t.Run(tt.method+" "+tt.path+" "+role, func(t *testing.T) {
				m.token = token
				rec := m.do(tt.method, tt.path, "application/x-www-form-urlencoded", "")
				if may := slices.Contains(strings.Fields(tt.may), role); may == (rec.Code == http.StatusForbidden) {
					t.Errorf("%d", rec.Code)
				}
			})
		}
		t.Run(tt.method+" "+tt.path+" signed out", func(t *testing.T) {
			m.token = "none"
			if rec := m.do(tt.method, tt.path, "application/x-www-form-urlencoded", ""); rec.Code != http.StatusUnauthorized {
				t.Errorf("%d", rec.Code)
			}
		})
	}
	// The navigation offers what a member may see.
	m.token = tokens["member"]
	d := m.get("/team")
	if len(d.all("a", "href", "/team/log"))+len(d.all("a", "href", "/team/products")) != 0 {
		t.Error("a member is offered the log or the products")
	}
}

// Whatever people and machines say stays text, on every page.
func TestTeamPagesEscape(t *testing.T) {
	const evil = `</title><script>pwned()</script><img src=x onerror=pwned()> "'><svg onload=pwned()>` + "\u202e"
	m := newTeam(t)
	said := m.say("title", evil, "text", evil, "name", evil, "company", evil, "email", "customer1@example.com")
	loose := m.say("kind", "idea", "text", evil)
	iid := m.propose(evil[:80], said)
	m.post("/team/example/improvements/"+iid, "version", "", "title", evil[:80], "outcome", evil, "effort", "2")
	m.post("/team/example/decisions", "decision", "plan", "item", iid, "owner", evil[:80], "due", "2026-03-01", "reason", evil)
	m.post("/team/products/example", "name", evil[:70], "about", strings.TrimSuffix(evil, "\u202e"), "quotes", "none", "severity", "2", "band", "0", "ruleName", "<b>x</b>*")
	m.event(strings.ReplaceAll(alarmEvent, "checkout-errors", `<script>pwned()</script>`))
	m.event(strings.ReplaceAll(scanEvent, "Scan Completed", `<script>pwned()</script>`))
	m.event(evil)
	m.later(7 * 24 * time.Hour)
	if err := m.w.RunSchedule(t.Context(), "digest-weekly", m.clock()); err != nil {
		t.Fatal(err)
	}
	paths := []string{
		"/team", "/team/example/queue", "/team/example/improvements", "/team/example/improvements/" + iid, "/team/set-aside", "/team/digests", "/team/log",
		"/team/products", "/team/products/example", "/team/example/queue?did=attached&on=" + iid + "&with=" + loose,
		"/team/example/metrics", "/team/example/improvements/" + iid + "/episodes/1", "/team/example/improvements/" + iid + "/episodes/1?kept=yes",
	}
	for _, do := range []string{"accept", "plan", "decline", "promote", "attach"} {
		paths = append(paths, "/team/example/decide?do="+do+"&item="+loose+"&item="+iid)
	}
	for _, a := range m.get("/team/digests").all("a", "class", "card") {
		paths = append(paths, attrOf(a, "href"))
	}
	if len(paths) < 17 {
		t.Fatalf("no digest was made: %q", paths)
	}
	for _, path := range paths {
		t.Run(path, func(t *testing.T) { harmless(t, m.get(path)) })
	}
	t.Run("refused forms", func(t *testing.T) {
		harmless(t, m.send("/team/example/decisions", "decision", "decline", "item", loose, "owner", evil, "reason", "", "kind", evil, "due", evil, "return", evil))
		harmless(t, m.send("/team/example/improvements/"+iid, "title", evil+strings.Repeat("x", 200), "outcome", evil, "effort", evil))
		harmless(t, m.send("/team/products", "name", evil, "slug", evil))
		harmless(t, m.send("/team/products/example", "name", evil, "about", evil, "quotes", evil, "ruleName", evil, "digestTo", evil, "severity", evil, "band", evil))
	})
}

// harmless checks that a page holds nothing but its own script and no handlers.
func harmless(t *testing.T, d *doc) {
	t.Helper()
	for n := range d.root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if n.Data == "script" && !strings.HasPrefix(attrOf(n, "src"), "/assets/") || n.Data == "img" || n.Data == "svg" && hasAttr(n, "onload") {
			t.Errorf("the page holds a %s of somebody else's", n.Data)
		}
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") || strings.Contains(strings.ToLower(a.Val), "javascript:") {
				t.Errorf("%s has %s=%q", n.Data, a.Key, a.Val)
			}
		}
	}
	if strings.Contains(d.said(), "\u202e") && len(d.all("bdi")) == 0 {
		t.Error("a text may turn the page around")
	}
}

// Much evidence does not push the rest of a case out of sight; the link to all of it leads back to the evidence.
func TestMuchEvidence(t *testing.T) {
	m := newTeam(t)
	var said []string
	for range 11 {
		said = append(said, m.say())
	}
	path := "/team/example/improvements/" + m.propose("Export more orders", said...)
	d := m.get(path)
	d.links(path + "?evidence=all#ev-h")
	if got := len(d.all("form", "action", "/team/example/detach")); got != 10 {
		t.Errorf("%d pieces are shown", got)
	}
	if got := len(m.get(path+"?evidence=all").all("form", "action", "/team/example/detach")); got != len(said) {
		t.Errorf("%d pieces of %d are shown", got, len(said))
	}
}
