package api_test

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/improvement"
	"learningloop/internal/opscenter/emulator"
	"learningloop/internal/trail"
)

const queuePath = "/team/example/queue"

func TestDecideOnPage(t *testing.T) {
	m := newTeam(t)
	iid := m.propose("Export more rows", m.say("email", "customer1@example.com"))
	path := "/team/example/improvements/" + iid
	tests := []struct {
		verb   string
		fields []string
		want   improvementNow
		notice string
		next   []string // the decisions that are offered then
	}{
		{"accept", []string{"reason", "Months cannot be closed."}, improvementNow{Status: "accepted"}, "“Export more rows” is accepted.", []string{"plan", "start", "ship", "decline"}},
		{"plan", []string{"owner", "Owner One", "due", "2026-04-01", "reason", "In the background."}, improvementNow{Status: "planned", Owner: "Owner One", Due: "2026-04-01"}, "is planned.", []string{"start", "ship", "plan", "decline"}},
		{"start", nil, improvementNow{Status: "inProgress", Owner: "Owner One", Due: "2026-04-01"}, "is started.", []string{"ship", "decline"}},
		{"ship", []string{"release", "4.2"}, improvementNow{Status: "shipped", Owner: "Owner One", Due: "2026-04-01", Release: "4.2"}, "is shipped.", []string{"reopen"}},
		{"reopen", []string{"reason", "It is cut off again."}, improvementNow{Status: "accepted", Owner: "Owner One"}, "is reopened.", []string{"plan", "start", "ship", "decline"}},
		{"decline", []string{"reason", "It needs a quarter.", "kind", "tooCostly", "revisit", "2026-09-01"}, improvementNow{Status: "declined", Owner: "Owner One"}, "is declined.", []string{"reopen"}},
	}
	for _, tt := range tests {
		t.Run(tt.verb, func(t *testing.T) {
			m.t = t
			d := m.get(path)
			form := d.one("input", "type", "hidden", "name", "decision", "value", tt.verb).Parent
			if form.Data != "form" || attrOf(form, "action") != "/team/example/decisions" {
				t.Fatalf("the form posts to %q", attrOf(form, "action"))
			}
			fields := []string{"decision", tt.verb, "item", iid, "version", d.value("version"), "return", path}
			d = m.post("/team/example/decisions", append(fields, tt.fields...)...)
			if !strings.Contains(d.notices(), tt.notice) {
				t.Errorf("it says %q", d.notices())
			}
			got := m.improvement(iid)
			if tt.verb == "decline" {
				if got.Decline.Kind != "tooCostly" || got.Decline.Reason != "It needs a quarter." || got.Decline.Revisit != "2026-09-01" {
					t.Errorf("declined: %+v", got.Decline)
				}
				d.says("Declined as too costly", "It needs a quarter.", "To be looked at again", "declined it: too costly")
			}
			want := tt.want
			want.Title, want.OpsItemID, want.Decline, want.Evidence, want.Score, want.History = got.Title, got.OpsItemID, got.Decline, got.Evidence, got.Score, got.History
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			var next []string
			for _, n := range d.all("input", "type", "hidden", "name", "decision") {
				next = append(next, attrOf(n, "value"))
			}
			if diff := cmp.Diff(tt.next, next); diff != "" {
				t.Errorf("offered (-want +got):\n%s", diff)
			}
			e := m.logged()
			if !slices.ContainsFunc(e, func(e trail.Entry) bool {
				return e.Action == tt.verb+" improvement" && e.Subject == iid && e.By == "staff@example.com"
			}) {
				t.Error("it is not in the log")
			}
			m.later(time.Minute)
			m.settle()
		})
	}
	m.t = t
	d := m.get(path)
	d.says("c…@example.com", "People told 6", "Planned episode 1 1 sent", "Accepted episode 2 1 sent", "Earlier episodes",
		"Status Episode 2 accepted", "Episode 1: shipped", "!not read back", "declined 1 minute ago", "opened 6 minutes ago")
	// What is over is folded: the episode under way has two steps.
	past := d.one("details", "class", "fold past")
	if hasAttr(past, "open") || strings.Count(textOf(past), "by staff@example.com") != 5 || strings.Contains(textOf(past), "cut off again") {
		t.Errorf("the first episode: %q", textOf(past))
	}
}

func TestDecideOnPageRefuses(t *testing.T) {
	m := newTeam(t)
	loose := m.say("kind", "idea", "text", "Dark mode, please.")
	proposed := m.propose("Export more rows", m.say())
	planned := m.propose("Keep baskets")
	m.post("/team/example/decisions", "decision", "plan", "item", planned, "owner", "Owner One", "due", "2026-04-01")
	casePage := func(iid string) string { return "/team/example/improvements/" + iid }
	tests := []struct {
		name     string
		fields   []string
		status   int
		problems string
		typed    [2]string // a field and what it still holds
	}{
		{"decline without a reason", []string{"decision", "decline", "item", proposed, "owner", "x", "revisit", "2027-01-01"}, 422, "The reason is required to decline: whoever asked will read it.", [2]string{"revisit", "2027-01-01"}},
		{"decline of a kind that is none", []string{"decision", "decline", "item", proposed, "reason", "No.", "kind", "x"}, 422, "The kind must be one of infeasible", [2]string{"reason", "No."}},
		{"plan without owner and date", []string{"decision", "plan", "item", proposed, "reason", "Soon."}, 422, "An owner is required to plan: who sees to it. | The date is required to plan", [2]string{"reason", "Soon."}},
		{"plan for a day that is none", []string{"decision", "plan", "item", loose, "owner", "Owner One", "due", "2026-02-30"}, 422, "The date must be a date like 2026-12-31.", [2]string{"owner", "Owner One"}},
		{"too long a reason", []string{"decision", "accept", "item", proposed, "reason", strings.Repeat("x", 1001)}, 422, "The reason must be at most 1000 characters.", [2]string{"reason", strings.Repeat("x", 1001)}},
		{"on the case's page", []string{"decision", "decline", "item", planned, "return", casePage(planned), "revisit", "2027-01-01"}, 422, "The reason is required to decline", [2]string{"revisit", "2027-01-01"}},
		{"a decision that does not fit", []string{"decision", "reopen", "item", proposed, "reason", "Again."}, 409, `"reopen" does not fit. What fits: accept, plan, decline.`, [2]string{"reason", "Again."}},
		{"one of several does not fit", []string{"decision", "accept", "item", loose, "item", planned}, 409, `"accept" does not fit`, [2]string{}},
		{"decided meanwhile", []string{"decision", "accept", "item", proposed, "version", "7"}, 409, "Somebody decided about it or edited it meanwhile.", [2]string{}},
		{"feedback is only decided to be taken up or not", []string{"decision", "ship", "item", loose, "release", "4.2"}, 409, `"ship" does not fit`, [2]string{"release", "4.2"}},
	}
	before := []improvementNow{m.improvement(proposed), m.improvement(planned)}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m.t = t
			d := m.send("/team/example/decisions", tt.fields...)
			if d.status != tt.status || !strings.Contains(d.problems(), tt.problems) {
				t.Errorf("%d: %q, want %d: %q", d.status, d.problems(), tt.status, tt.problems)
			}
			if tt.typed[0] != "" && d.value(tt.typed[0]) != tt.typed[1] {
				t.Errorf("%s holds %q", tt.typed[0], d.value(tt.typed[0]))
			}
			if diff := cmp.Diff(before, []improvementNow{m.improvement(proposed), m.improvement(planned)}); diff != "" {
				t.Errorf("something was stored (-before +after):\n%s", diff)
			}
			if q := m.queue(); len(q) != 2 {
				t.Errorf("in the queue are %q", q)
			}
		})
	}
	m.t = t
	for name, want := range map[string]int{"": 422, "fly": 422} {
		if d := m.send("/team/example/decisions", "decision", name, "item", proposed); d.status != want {
			t.Errorf("the decision %q: %d", name, d.status)
		}
	}
	for name, items := range map[string][]string{
		"nothing": nil, "nonsense": {"item", "x"}, "an id of nothing": {"item", "f-00000000-00000000000000000000000000"},
	} {
		d := m.send("/team/example/decisions", append([]string{"decision", "accept"}, items...)...)
		if d.status != http.StatusConflict || !strings.Contains(d.notices(), "not here any more") {
			t.Errorf("%s: %d %q", name, d.status, d.notices())
		}
	}
}

func TestDecideSeveral(t *testing.T) {
	m := newTeam(t)
	loose := m.say("kind", "idea", "title", "Dark mode")
	iid := m.propose("Export more rows", m.say())
	fields := []string{"decision", "plan", "item", iid, "item", loose, "item", loose, "owner", "Owner One", "due", "2026-04-01", "reason", "Both.", "return", queuePath}
	d := m.get("/team/example/decide?do=plan&item=" + iid + "&item=" + loose)
	d.says("Plan 2 together", "Export more rows", "Dark mode")
	for range 2 { // sent twice, it is one decision
		d = m.post("/team/example/decisions", fields...)
		if !strings.Contains(d.notices(), "2 Improvements are planned, “Export more rows” among them.") {
			t.Errorf("it says %q", d.notices())
		}
	}
	if q := m.queue(); len(q) != 0 {
		t.Errorf("in the queue are %q", q)
	}
	var got struct {
		Items []struct{ ID, Title, Status, Owner string }
	}
	m.api(http.MethodGet, "/v1/improvements?product=example&status=planned", "", &got)
	if len(got.Items) != 2 {
		t.Fatalf("planned are %+v", got.Items)
	}
	for _, im := range got.Items {
		h := m.improvement(im.ID).History
		if im.Owner != "Owner One" || len(h) != 2 {
			t.Errorf("%+v with %d entries", im, len(h))
		}
	}
}

func TestAcceptLooseFeedback(t *testing.T) {
	m := newTeam(t)
	loose := m.say("text", "The export ends after 1,000 rows.", "email", "customer1@example.com")
	for range 2 {
		m.post("/team/example/decisions", "decision", "accept", "item", loose)
	}
	m.settle()
	var got struct {
		Items []struct{ ID, Title, Status, OpsItemID string }
	}
	m.api(http.MethodGet, "/v1/improvements?product=example", "", &got)
	if len(got.Items) != 1 || got.Items[0].Title != "The export ends after 1,000 rows." || got.Items[0].Status != "accepted" || got.Items[0].OpsItemID == "" {
		t.Fatalf("%+v", got.Items)
	}
	if d := m.send("/team/example/decisions", "decision", "decline", "item", loose, "reason", "No."); d.status != http.StatusSeeOther {
		t.Errorf("declined afterwards: %d", d.status)
	}
	if s := m.improvement(got.Items[0].ID).Status; s != "declined" {
		t.Error(s)
	}
}

func TestPromoteOnPage(t *testing.T) {
	m := newTeam(t)
	first, second := m.say("title", "Export is cut off"), m.say("text", "Me too.")
	im := m.propose("Something else")
	d := m.get("/team/example/decide?do=promote&item=" + first + "&item=" + second + "&item=" + im + "&return=" + queuePath)
	d.says("Promote to an Improvement 2 together", "Export is cut off", "Me too.", "1 Improvement is left out: only feedback becomes evidence.")
	if d.value("title") != "Export is cut off" {
		t.Errorf("the title offered is %q", d.value("title"))
	}
	fields := []string{"title", "Export more rows", "outcome", "Months can be closed.", "item", first, "item", second, "return", queuePath}
	for range 2 {
		d = m.post("/team/example/promote", fields...)
		if want := "“Export more rows” is made of 2 pieces of feedback and waits for a decision."; !strings.Contains(d.notices(), want) {
			t.Errorf("it says %q", d.notices())
		}
	}
	if q := m.queue(); !slices.Equal(q, []string{"Export more rows", "Something else"}) {
		t.Errorf("in the queue are %q", q)
	}
	// The undo takes the pieces out again.
	d = m.press(d, "/team/example/detach", "Undo")
	if q := m.queue(); len(q) != 4 || !strings.Contains(d.notices(), "2 pieces of feedback less") {
		t.Errorf("in the queue are %q; %q", q, d.notices())
	}
}

func TestPromoteAndAccept(t *testing.T) {
	m := newTeam(t)
	fields := []string{"title", "Export more rows", "item", m.say(), "item", m.say("text", "Me too."), "accept", "yes"}
	for range 2 {
		if d := m.post("/team/example/promote", fields...); !strings.Contains(d.notices(), "“Export more rows” is accepted.") {
			t.Errorf("it says %q", d.notices())
		}
	}
	if q := m.queue(); len(q) != 0 {
		t.Errorf("in the queue are %q", q)
	}
}

func TestPromoteRefuses(t *testing.T) {
	m := newTeam(t)
	loose, attached := m.say("title", "Dark mode"), m.say("title", "Export is cut off")
	m.propose("Export more rows", attached)
	tests := []struct {
		name     string
		fields   []string
		status   int
		problems string
	}{
		{"no title", []string{"title", " ", "item", loose, "outcome", "Nights."}, 422, "The title is required: what shall change, in one line."},
		{"too long a title", []string{"title", strings.Repeat("x", 201), "item", loose}, 422, "The title must be 1 to 200 characters."},
		{"too long an outcome", []string{"title", "Dark", "outcome", strings.Repeat("x", 1001), "item", loose}, 422, "The outcome must be at most 1,000 characters."},
		{"one that is attached elsewhere", []string{"title", "Dark", "item", loose, "item", attached}, 409, "Somebody attached it to an Improvement meanwhile."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m.t = t
			d := m.send("/team/example/promote", tt.fields...)
			if d.status != tt.status || !strings.Contains(d.problems(), tt.problems) || d.value("title") != tt.fields[1] {
				t.Errorf("%d %q, title %q", d.status, d.problems(), d.value("title"))
			}
			if q := m.queue(); !slices.Contains(q, "Dark mode") || len(q) != 2 {
				t.Errorf("in the queue are %q", q)
			}
		})
	}
	m.t = t
	for name, item := range map[string]string{"nothing": "", "nonsense": "f-x"} {
		if d := m.send("/team/example/promote", "title", "Dark", "item", item); d.status != 409 && d.status != 422 {
			t.Errorf("%s: %d", name, d.status)
		}
	}
}

func TestAttachOnPage(t *testing.T) {
	m := newTeam(t)
	loose := m.say("kind", "question", "text", "Can I export all orders of a quarter?")
	other := m.propose("Keep baskets", m.say("text", "My basket is empty."))
	iid := m.propose("Export more orders", m.say())
	m.later(time.Minute)
	d := m.get("/team/example/decide?do=attach&item=" + loose + "&return=" + queuePath)
	d.says("Attach to an Improvement", "Can I export all orders of a quarter?", "shares export , orders")
	var offered []string
	for _, n := range d.all("input", "type", "radio", "name", "improvement") {
		offered = append(offered, attrOf(n, "value"))
	}
	if !slices.Equal(offered, []string{iid, other}) {
		t.Errorf("offered are %q", offered)
	}
	if d = m.send("/team/example/attach", "item", loose, "return", queuePath); d.status != 422 || !strings.Contains(d.problems(), "An Improvement is required: choose what it belongs to.") {
		t.Errorf("without a target: %d %q", d.status, d.problems())
	}
	for range 2 {
		d = m.post("/team/example/attach", "item", loose, "improvement", iid, "return", queuePath+"?kind=question&did=attached&on="+iid)
		if !strings.Contains(d.notices(), "“Export more orders” has 1 piece of feedback more as evidence.") {
			t.Errorf("it says %q", d.notices())
		}
	}
	if n := m.improvement(iid).Evidence.Count; n != 2 {
		t.Errorf("%d pieces", n)
	}
	d = m.press(d, "/team/example/detach", "Undo")
	if n := m.improvement(iid).Evidence.Count; n != 1 || !strings.Contains(d.notices(), "1 piece of feedback less") {
		t.Errorf("%d pieces, %q", n, d.notices())
	}
	m.press(d, "/team/example/attach", "Undo")
	if n := m.improvement(iid).Evidence.Count; n != 2 {
		t.Errorf("%d pieces", n)
	}
	// Attached to one, it is not attached to another.
	if d = m.send("/team/example/attach", "item", loose, "improvement", other); d.status != http.StatusConflict {
		t.Errorf("attached twice: %d", d.status)
	}
	d = m.get("/team/example/improvements/" + iid)
	d.says("Can I export all orders of a quarter?", "added later, attached by staff@example.com")
	for _, f := range d.all("form", "action", "/team/example/detach") {
		for c := range f.Descendants() {
			if attrOf(c, "name") == "item" && attrOf(c, "value") == loose {
				m.post("/team/example/detach", "improvement", iid, "item", loose, "return", "/team/example/improvements/"+iid).says("!Can I export all")
			}
		}
	}
	if n := m.improvement(iid).Evidence.Count; n != 1 {
		t.Errorf("%d pieces", n)
	}
	for _, bad := range [][]string{{"item", loose}, {"improvement", iid}, {"improvement", iid, "item", "x"}} {
		if d := m.send("/team/example/detach", bad...); d.status < 400 {
			t.Errorf("detach %q: %d", bad, d.status)
		}
	}
}

func TestEditCase(t *testing.T) {
	m := newTeam(t)
	iid := m.propose("Export more rows", m.say("company", "Example Corp"))
	path := "/team/example/improvements/" + iid
	d := m.get(path)
	if d.value("title") != "Export more rows" || d.value("effort") != "1" {
		t.Errorf("the form holds %q, %q", d.value("title"), d.value("effort"))
	}
	version := d.value("version")
	d = m.post(path, "version", version, "title", "Export all rows", "outcome", "Months can be closed.", "effort", "2")
	if !strings.Contains(d.notices(), "Saved.") {
		t.Errorf("it says %q", d.notices())
	}
	d.says("Export all rows", "Months can be closed.", "edited outcome, effort (was: 1), title (was: Export more rows)", "as estimated")
	got := m.improvement(iid)
	if got.Title != "Export all rows" || got.Outcome != "Months can be closed." || got.Score.Parts.Effort != 2 || got.Status != "proposed" {
		t.Errorf("%+v", got)
	}
	tests := []struct {
		name     string
		fields   []string
		status   int
		problems string
	}{
		{"no title", []string{"title", "", "outcome", "Kept.", "effort", "3"}, 422, "The title must be 1 to 200 characters."},
		{"no number", []string{"title", "New", "outcome", "Kept.", "effort", "much"}, 422, "The effort must be a number more than 0"},
		{"no effort", []string{"title", "New", "outcome", "Kept.", "effort", "0"}, 422, "The effort must be a number more than 0"},
		{"two wrong", []string{"title", strings.Repeat("x", 201), "outcome", strings.Repeat("x", 1001), "effort", "1"}, 422, "200 characters. | The outcome must be at most 1,000"},
		{"an old page", []string{"version", version, "title", "New", "outcome", "Kept.", "effort", "3"}, 409, "Somebody decided about it or edited it meanwhile."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m.t = t
			d := m.send(path, tt.fields...)
			if d.status != tt.status || !strings.Contains(d.problems(), tt.problems) {
				t.Errorf("%d %q", d.status, d.problems())
			}
			if len(tt.name) > 9 && d.value("outcome") != "Kept." {
				t.Errorf("the outcome typed is lost: %q", d.value("outcome"))
			}
			if diff := cmp.Diff(got, m.improvement(iid)); diff != "" {
				t.Errorf("something was stored:\n%s", diff)
			}
		})
	}
}

// A form says where to come back to; it cannot send a reader elsewhere.
func TestComeBack(t *testing.T) {
	m := newTeam(t)
	iid := m.propose("Export more rows")
	loose := m.say()
	for _, to := range []string{"https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "team", "", "/team\r\nX: y", "/%zz"} {
		d := m.send("/team/example/attach", "improvement", iid, "item", loose, "return", to)
		if d.status != http.StatusSeeOther || !strings.HasPrefix(d.to, origin+queuePath+"?") {
			t.Errorf("%q leads to %q (%d)", to, d.to, d.status)
		}
	}
	d := m.send("/team/example/attach", "improvement", iid, "item", loose, "return", queuePath+"?kind=idea&did=x&on=y&with=z")
	if want := origin + queuePath + "?did=attached&kind=idea&on=" + iid + "&with=" + loose; d.to != want {
		t.Errorf("leads to %q, want %q", d.to, want)
	}
}

// What an address makes up about what was done is not said.
func TestFlashTellsTheTruth(t *testing.T) {
	m := newTeam(t)
	iid := m.propose("Export more rows")
	for _, q := range []string{"did=won", "did=accept&on=i-x", "did=<b>", "did=attached", "did=&on=" + iid, "did=fly&on=" + iid} {
		if d := m.get(queuePath + "?" + q); d.notices() != "" {
			t.Errorf("%s: %q", q, d.notices())
		}
	}
}

// What is refused stands in the form as typed, and nowhere else.
func TestEditCaseRefused(t *testing.T) {
	m := newTeam(t)
	path := "/team/example/improvements/" + m.propose("Export more rows", m.say())
	d := m.send(path, "title", "", "outcome", "Typed only.", "effort", "two", "severity", "4", "priority", "0", "category", "Cost")
	if h := textOf(d.one("h1")); d.status != 422 || h != "Export more rows" {
		t.Errorf("%d, headed %q", d.status, h)
	}
	if d.value("title") != "" || d.value("outcome") != "Typed only." || d.value("effort") != "two" || d.value("severity") != "4" || d.value("category") != "Cost" {
		t.Errorf("the form holds %q %q %q %q %q", d.value("title"), d.value("outcome"), d.value("effort"), d.value("severity"), d.value("category"))
	}
	if n := len(d.all("p", "class", "said")); n != 1 { // the evidence's
		t.Errorf("the outcome is shown as said: %d", n)
	}
	d.says("Not said yet.")
	// A browser empties a number field that holds none, and refuses what the form allows.
	if attrOf(d.one("input", "name", "effort"), "type") != "text" ||
		attrOf(d.one("input", "id", "f-casetitle"), "maxlength") != strconv.Itoa(improvement.MaxTitle) ||
		attrOf(d.one("textarea", "id", "f-caseoutcome"), "maxlength") != strconv.Itoa(improvement.MaxOutcome) {
		t.Error("the form allows something else than it takes")
	}
}

// Operators are named as people read them, wherever they did something.
func TestOperatorsAreNamed(t *testing.T) {
	m := newTeam(t)
	iid := m.propose("Export more rows", m.say())
	path := "/team/example/improvements/" + iid
	m.post("/team/example/decisions", "decision", "accept", "item", iid)
	m.settle()
	m.later(time.Minute)
	if err := m.w.Emulator.Edit(t.Context(), m.improvement(iid).OpsItemID, emulator.Edit{Status: "InProgress", Severity: "3"}); err != nil {
		t.Fatal(err)
	}
	m.settle()
	for path, words := range map[string][]string{
		path:                             {"severity 3 by operator/console", "operator/console set"},
		path + "/episodes/1":             {"operator/console"},
		path + "/episodes/1/timeline.md": {"by operator/console"},
	} {
		m.get(path).says(append(words, "!arn:aws:sts")...)
	}
}
