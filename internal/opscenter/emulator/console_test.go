package emulator

import (
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/google/go-cmp/cmp"
)

const testPrefix = "/_local/opscenter"

type browser struct {
	t      *testing.T
	server *httptest.Server
}

func newBrowser(t *testing.T, r *rig) *browser {
	t.Helper()
	mux := http.NewServeMux()
	h := r.ConsoleHandler(testPrefix)
	mux.Handle(testPrefix, h)
	mux.Handle(testPrefix+"/", h)
	b := &browser{t, httptest.NewServer(mux)}
	t.Cleanup(b.server.Close)
	return b
}

// open gives status, page and where it ended up.
func (b *browser) open(path string) (int, string, string) {
	b.t.Helper()
	return b.send(http.MethodGet, path, nil, "")
}

func (b *browser) post(path string, form url.Values) (int, string, string) {
	b.t.Helper()
	return b.send(http.MethodPost, path, form, b.server.URL)
}

func (b *browser) send(method, path string, form url.Values, origin string) (int, string, string) {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.server.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Origin", origin)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") {
		csp := resp.Header.Get("Content-Security-Policy")
		if !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
			b.t.Errorf("policy %q", csp)
		}
		tags := regexp.MustCompile(`"[^"]*"`).ReplaceAllString(string(page), `""`) // what stands in attributes is text
		if m := regexp.MustCompile(`(?i)<script|<[^>]* style=|<[^>]* on[a-z]+=|<img`).FindString(tags); m != "" {
			b.t.Errorf("%s has %q, which the policy forbids", path, m)
		}
	}
	return resp.StatusCode, string(page), resp.Request.URL.RequestURI()
}

const hostile = `"><script>alert(1)</script><img src=x onerror=alert(1)>' {{.}}`

// What a person does in the console is an UpdateOpsItem under the operator's name, with its event.
func TestWorkInTheConsole(t *testing.T) {
	r := newRig(t)
	b := newBrowser(t, r)
	id := r.create()
	r.clock.add(time.Hour)
	item := testPrefix + "/items/" + id
	status, page, at := b.post(item, url.Values{"status": {"InProgress"}, "severity": {"2"}, "priority": {"4"}, "category": {"Cost"}})
	if status != http.StatusOK || at != item+"?done=saved" || !strings.Contains(page, "Saved.") {
		t.Errorf("%d at %s", status, at)
	}
	got, err := r.client.GetOpsItem(t.Context(), &ssm.GetOpsItemInput{OpsItemId: &id})
	if err != nil {
		t.Fatal(err)
	}
	if it := got.OpsItem; it.Status != "InProgress" || *it.Severity != "2" || *it.Priority != 4 || *it.Category != "Cost" ||
		*it.LastModifiedBy != "arn:aws:sts::111122223333:assumed-role/operator/console" || *it.Version != "2" {
		t.Errorf("%+v", it)
	}
	for _, line := range []string{"status Open → InProgress", "severity none → 2", "priority none → 4", "category none → Cost", "by operator/console"} {
		if !strings.Contains(page, line) {
			t.Errorf("history lacks %q", line)
		}
	}
	b.post(item, url.Values{"status": {"InProgress"}, "severity": {"2"}, "priority": {"4"}})
	if it := r.look(id); it.Version != 2 {
		t.Error("saving without a change is an edit")
	}
	r.drain()
	if n := len(r.events.list()); n != 2 || !strings.Contains(string(r.events.list()[1]), "assumed-role/operator/console") {
		t.Errorf("%d events", n)
	}
	for name, form := range map[string]url.Values{
		"bad status": {"status": {"Approved"}}, "bad severity": {"severity": {"9"}}, "bad category": {"category": {"Weather"}}, "bad priority": {"priority": {"x"}},
		"priority out of range": {"priority": {"9"}},
	} {
		if status, page, _ := b.post(item, form); status != http.StatusBadRequest || !strings.Contains(page, `role="alert"`) {
			t.Errorf("%s: %d", name, status)
		}
	}
	if status, _, _ := b.send(http.MethodPost, item, url.Values{"status": {"Resolved"}}, "https://evil.example"); status != http.StatusForbidden {
		t.Errorf("a post from another site: %d", status)
	}
	if it := r.look(id); it.Status != StatusInProgress {
		t.Error("a post from another site went through")
	}
}

func TestConsoleList(t *testing.T) {
	r := newRig(t)
	b := newBrowser(t, r)
	if _, page, _ := b.open(testPrefix); !strings.Contains(page, "aws ssm create-ops-item") {
		t.Error("the empty list does not say how to get the first")
	}
	for i, title := range []string{"Checkout is slow", "Search is slow", hostile} {
		id := r.create(func(in *ssm.CreateOpsItemInput) {
			in.Title, in.Severity = &title, aws.String([]string{"1", "2", "3"}[i])
		})
		if i == 1 {
			if err := r.Edit(t.Context(), id, Edit{Status: StatusResolved}); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, tc := range []struct{ query, want string }{
		{"", "Checkout,hostile"},
		{"?status=all", "Checkout,Search,hostile"},
		{"?status=Resolved", "Search"},
		{"?status=all&severity=1", "Checkout"},
		{"?status=all&q=SLOW", "Checkout,Search"},
		{"?q=search", ""},
		{"?q=" + url.QueryEscape(hostile), "hostile"},
		{"?status=all&source=LOOP&sort=severity", "Checkout,Search,hostile"},
		{"?status=all&category=Cost", ""},
		{"?status=all&priority=x&sort=changed", "Checkout,Search,hostile"},
		{"?status=" + url.QueryEscape(hostile), "Checkout,hostile"}, // what is not among the choices is left out
		{"?status=all&severity=9&sort=colour", "Checkout,Search,hostile"},
	} {
		status, page, _ := b.open(testPrefix + tc.query)
		var got []string
		for name, link := range map[string]string{"Checkout": ">Checkout is slow</a>", "Search": ">Search is slow</a>", "hostile": "&lt;img src=x onerror=alert(1)&gt;&#39; {{.}}</a>"} {
			if strings.Contains(page, link) {
				got = append(got, name)
			}
		}
		if want := strings.Split(tc.want, ","); status != http.StatusOK || len(got) != len(strings.Fields(strings.Join(want, " "))) {
			t.Errorf("%s: %d, shows %v, want %s", tc.query, status, got, tc.want)
		}
	}
	_, page, _ := b.open(testPrefix + "?severity=9&priority=x&sort=colour&q=slow")
	for _, word := range []string{"severity “9”", "priority “x”", "sort “colour”"} {
		if !strings.Contains(page, "There is no "+word) {
			t.Errorf("left out without a word: %s", word)
		}
	}
	if strings.Contains(page, "There is no q") {
		t.Error("what people type has no choices")
	}
	if status, _, _ := b.open(testPrefix + "?cursor=x"); status != http.StatusBadRequest {
		t.Errorf("a bad cursor: %d", status)
	}
	if status, _, _ := b.open(testPrefix + "/items/oi-0123456789ab"); status != http.StatusNotFound {
		t.Errorf("an item that is not there: %d", status)
	}
}

// What operators look for beside status and severity: who owns it, what is due, what has come since Monday.
func TestConsoleFiltersFoldedAway(t *testing.T) {
	r := newRig(t)
	b := newBrowser(t, r)
	r.clock.add(time.Date(2026, 11, 2, 23, 59, 59, 999_999_000, time.UTC).Sub(r.clock.now())) // 2 November
	create := func(title string, entries ...string) string {
		return r.create(func(in *ssm.CreateOpsItemInput) { in.Title, in.OperationalData = &title, findable(entries...) })
	}
	ana := create("ana", "learningloop-owner", "ana@example.com", "learningloop-due", "2026-11-30", keyAutomations, runbooks(1))
	r.clock.add(time.Microsecond) // 3 November
	create("bob", "learningloop-owner", "bob@example.com", "learningloop-due", "2026-12-30", "note", "for ana@example.com")
	r.clock.add(24 * time.Hour) // 4 November
	if err := r.Edit(t.Context(), ana, Edit{Severity: "2"}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.client.UpdateOpsItem(t.Context(), &ssm.UpdateOpsItemInput{OpsItemId: &ana, OperationalData: data("hidden", "secret words")}); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		query string
		want  []string
	}{
		{"data-value=ANA@example", []string{"bob", "ana"}},
		{"data-key=owner&data-value=ana@example", []string{"ana"}}, // of one entry
		{"data-key=learningloop-due&data-value=2026-11", []string{"ana"}},
		{"data-key=NOTE", []string{"bob"}},
		{"data-value=secret", nil}, // what is not searchable is not found in AWS either
		{"runbook=runbook", []string{"ana"}},
		{"created-from=2026-11-03", []string{"bob"}},
		{"created-to=2026-11-02", []string{"ana"}},
		{"created-from=2026-11-02&created-to=2026-11-03", []string{"bob", "ana"}},
		{"created-from=2026-11-03&created-to=2026-11-02", nil},
		{"changed-from=2026-11-04", []string{"ana"}},
		{"changed-to=2026-11-03", []string{"bob"}},
		{"changed-from=2026-11-04&sort=oldest&data-key=owner", []string{"ana"}},
		{"changed-from=yesterday", []string{"bob", "ana"}}, // left out, and said
	} {
		status, page, _ := b.open(testPrefix + "?" + tc.query)
		var got []string
		for _, m := range regexp.MustCompile(`<td[^>]*class="title"><a[^>]*>([^<]*)</a>`).FindAllStringSubmatch(page, -1) {
			got = append(got, m[1])
		}
		if diff := cmp.Diff(tc.want, got); status != http.StatusOK || diff != "" {
			t.Errorf("%s: %d (-want +got)\n%s", tc.query, status, diff)
		}
		if !strings.Contains(page, `<details class="more" open>`) && !strings.Contains(page, "There is no changed-from “yesterday”") {
			t.Errorf("%s: what narrows the list is not shown", tc.query)
		}
	}
	for _, day := range []string{"0000-12-31", "9999-12-31", "2026-02-30", "tomorrow"} {
		if _, page, _ := b.open(testPrefix + "?created-to=" + day); !strings.Contains(page, "There is no created-to “"+day+"”") || !strings.Contains(page, ">bob</a>") {
			t.Errorf("%s is taken for a day", day)
		}
	}
	_, page, _ := b.open(testPrefix + "/items/" + ana)
	links := regexp.MustCompile(`<dd>([^<]*) <a href="([^"]*)">Others that contain this`).FindAllStringSubmatch(page, -1)
	if len(links) != 2 || strings.Contains(page, `secret words <a`) {
		t.Fatalf("links of operational data: %q", links)
	}
	for _, l := range links {
		if _, page, _ := b.open(html.UnescapeString(l[2])); !strings.Contains(page, ">ana</a>") || strings.Contains(page, ">bob</a>") {
			t.Errorf("the others with %q: %s", l[1], l[2])
		}
	}
}

func TestConsolePages(t *testing.T) {
	r := newRig(t)
	b := newBrowser(t, r)
	for range 120 {
		r.create()
	}
	seen, path := 0, testPrefix
	for range 3 {
		_, page, _ := b.open(path)
		seen += strings.Count(page, `name="id"`)
		m := regexp.MustCompile(`href="([^"]+)" rel="next"`).FindStringSubmatch(page)
		if m == nil {
			break
		}
		path = strings.ReplaceAll(m[1], "&amp;", "&")
	}
	if seen != 120 {
		t.Errorf("%d items on all pages, want 120", seen)
	}
}

// Whatever an OpsItem says is shown as text.
func TestHostileItem(t *testing.T) {
	r := newRig(t)
	b := newBrowser(t, r)
	id := r.create(func(in *ssm.CreateOpsItemInput) {
		in.Title, in.Source = aws.String(hostile), aws.String(hostile)
		in.Description = aws.String(hostile + "\n\n<div onclick=x>block</div>\n\n[a](javascript:alert(1)) ![i](http://evil.example/x.png)")
		in.OperationalData = data(hostile, hostile, keyResources, `[{"arn":"<script>alert(1)</script>"}]`)
	})
	status, page, _ := b.open(testPrefix + "/items/" + id)
	if status != http.StatusOK || strings.Contains(page, "javascript:") || strings.Contains(page, "src=\"http") {
		t.Errorf("%d %s", status, page)
	}
}

// An address can hold bytes that are no text; a page cannot.
func TestAddressesThatAreNoText(t *testing.T) {
	r := newRig(t)
	b := newBrowser(t, r)
	for _, query := range []string{"?q=%ff", "?source=a%c3", "?resource=%80", "?status=%ff", "?sort=%fe"} {
		if status, page, _ := b.open(testPrefix + query); status != http.StatusOK || !utf8.ValidString(page) || !strings.Contains(page, "\uFFFD") {
			t.Errorf("%s: %d, text: %v", query, status, utf8.ValidString(page))
		}
	}
}

func TestMarkdown(t *testing.T) {
	for _, tc := range []struct{ name, in, want string }{
		{"headings stay under the page's own", "# One\n\n### Two", "<h3>One</h3>\n<h3>Two</h3>\n"},
		{"links go without a referrer", "[x](https://a.example/b)", "<p><a href=\"https://a.example/b\" rel=\"nofollow noreferrer\">x</a></p>\n"},
		{"HTML is shown", "a <b>b</b>", "<p>a &lt;b&gt;b&lt;/b&gt;</p>\n"},
		{"a block of HTML is shown", "<div>\nx\n</div>", "<p>&lt;div&gt;\nx\n&lt;/div&gt;</p>\n"},
		{"images are links", "![graph of *p99*](https://a.example/b.png)", "<p><a href=\"https://a.example/b.png\" rel=\"nofollow noreferrer\">graph of <em>p99</em></a></p>\n"},
		{"images without words", "![](https://a.example/b.png?x=\"y)", "<p><a href=\"https://a.example/b.png?x=%22y\" rel=\"nofollow noreferrer\">https://a.example/b.png?x=&#34;y</a></p>\n"},
		{"images in links", "[![alt](https://a.example/b.png)](https://b.example/)", "<p><a href=\"https://b.example/\" rel=\"nofollow noreferrer\">alt</a></p>\n"},
		{"images that are none", "![alt](javascript:alert(1))", "<p>alt</p>\n"},
		{"tables", "|a|\n|-|\n|b|", "<table>\n<thead>\n<tr>\n<th>a</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>b</td>\n</tr>\n</tbody>\n</table>\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, string(renderMarkdown(tc.in))); diff != "" {
				t.Error(diff)
			}
		})
	}
}
