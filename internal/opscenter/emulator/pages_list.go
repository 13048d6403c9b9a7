package emulator

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// view is a view of the list as the page shows it.
type view struct {
	Name, URL string
	Count     int // negative: not counted
	Current   bool
}

type listPage struct {
	Views, Saved                                         []view
	Shown                                                string     // the saved view that is shown; "" for none
	Query                                                string     // In as text, for saving it
	In                                                   url.Values // what the list shows by
	Statuses, Severities, Categories, Priorities, Orders []choice
	More                                                 bool // a filter is set that is folded away
	Items                                                []Item
	Next                                                 string // URL of the next page
	First                                                string // URL of the first page, where this is another
	Back                                                 string // URL of this page
	Any                                                  bool   // there are OpsItems at all
	Unknown                                              []string
	Saving                                               saving
	Ticked                                               func(id string) bool
}

// All is the address of the page with everything on it ticked.
func (p listPage) All() string { return p.Back + "&" + keyTick + "=" + tickAll + "#selected" }

// None is the address of the page with nothing on it ticked.
func (p listPage) None() string { return p.Back + "#selected" }

// saving is the form that saves a view, as it was sent.
type saving struct {
	Name, Trouble string
	Taken         bool // there is another view of this name
}

type choice struct {
	Value, Text string
	Chosen      bool
}

// picker is a select element.
type picker struct {
	Name    string
	Choices []choice
	Trouble bool // an element NAME-trouble says what is wrong with it
}

func newPicker(name string, choices []choice) picker { return picker{Name: name, Choices: choices} }

// active in place of a status stands for those that are not resolved.
const active = "active"

var (
	statusChoices = []choice{
		{Value: active, Text: "Open or in progress"},
		{Value: StatusOpen, Text: "Open"},
		{Value: StatusInProgress, Text: "In progress"},
		{Value: StatusResolved, Text: "Resolved"},
		{Value: "all", Text: "All"},
	}
	severities   = []choice{{Value: "1", Text: "1 Critical"}, {Value: "2", Text: "2 High"}, {Value: "3", Text: "3 Medium"}, {Value: "4", Text: "4 Low"}}
	priorities   = numbered(5)
	orderChoices = []choice{
		{Value: string(Newest), Text: "Newest"},
		{Value: string(Oldest), Text: "Oldest"},
		{Value: string(Changed), Text: "Last changed"},
		{Value: string(Severest), Text: "Severity"},
		{Value: string(ByUrgency), Text: "Priority"},
	}
)

func numbered(n int) []choice {
	out := make([]choice, n)
	for i := range out {
		out[i] = choice{Value: strconv.Itoa(i + 1), Text: strconv.Itoa(i + 1)}
	}
	return out
}

func categoryChoices() []choice {
	out := make([]choice, len(categories))
	for i, c := range categories {
		out[i] = choice{Value: c, Text: c}
	}
	return out
}

// choose marks one choice of a list.
func choose(list []choice, value string) []choice {
	out := slices.Clone(list)
	for i := range out {
		out[i].Chosen = out[i].Value == value
	}
	return out
}

// orNone is choose over a list with a first choice of nothing.
func orNone(none string, list []choice, value string) []choice {
	return choose(append([]choice{{Text: none}}, list...), value)
}

// listKeys are what the list's address can have besides the page.
var listKeys = []struct {
	name    string
	choices []choice // what it can be; nil: anything that fits
	fits    func(string) bool
	folded  bool // its field is below "More filters"
}{
	{name: "status", choices: statusChoices},
	{name: "severity", choices: severities},
	{name: "sort", choices: orderChoices},
	{name: "q"},
	{name: "category", choices: categoryChoices(), folded: true},
	{name: "priority", choices: priorities, folded: true},
	{name: "source", folded: true},
	{name: "resource", folded: true},
	{name: "runbook", folded: true},
	{name: "data-key", folded: true},
	{name: "data-value", folded: true},
	{name: "created-from", fits: isDay, folded: true},
	{name: "created-to", fits: isDay, folded: true},
	{name: "changed-from", fits: isDay, folded: true},
	{name: "changed-to", fits: isDay, folded: true},
}

// isDay takes what a date field sends, within the years that a Span can tell from none and JSON can write.
func isDay(v string) bool {
	t, err := time.Parse(time.DateOnly, v)
	return err == nil && t.Year() >= 1000 && t.Year() < 9999
}

// readList keeps of an address what the list shows by, in one form whatever the form it came in. What is not among the
// choices is left out and named: the page shows what it lists by.
func readList(in url.Values) (out url.Values, unknown []string) {
	out = url.Values{"status": {active}}
	for _, k := range listKeys {
		v := strings.ToValidUTF8(in.Get(k.name), "\uFFFD") // a page has no other
		if v == "" {
			continue
		}
		known := k.choices == nil || slices.ContainsFunc(k.choices, func(c choice) bool { return c.Value == v })
		if !known || k.fits != nil && !k.fits(v) {
			unknown = append(unknown, k.name+" “"+v+"”")
			continue
		}
		out.Set(k.name, v)
	}
	return out, unknown
}

// folded says whether the list is narrowed by what is folded away.
func folded(in url.Values) bool {
	for _, k := range listKeys {
		if k.folded && in.Has(k.name) {
			return true
		}
	}
	return false
}

func queryOf(in url.Values) Query {
	n, _ := strconv.Atoi(in.Get("priority")) // one of the choices, or none
	q := Query{
		Severity: in.Get("severity"), Category: in.Get("category"), Priority: n, Title: in.Get("q"), Source: in.Get("source"),
		Resource: in.Get("resource"), Runbook: in.Get("runbook"), Key: in.Get("data-key"), Value: in.Get("data-value"),
		Created: days(in, "created"), Changed: days(in, "changed"), Order: Order(in.Get("sort")), Limit: defaultMaxResults,
	}
	switch status := in.Get("status"); status {
	case active:
		q.Statuses = []string{StatusOpen, StatusInProgress}
	case "all":
	default:
		q.Statuses = []string{status}
	}
	return q
}

// days is the span from one day to another, both included, in UTC like all times of the console.
func days(in url.Values, what string) (s Span) {
	if from, err := time.Parse(time.DateOnly, in.Get(what+"-from")); err == nil {
		s.From = from
	}
	if to, err := time.Parse(time.DateOnly, in.Get(what+"-to")); err == nil {
		s.End = to.AddDate(0, 0, 1)
	}
	return s
}

// longestLink is how long a value may be, in bytes, for a link to the OpsItems that have it.
const longestLink = 200

// alikeURL is the address of a list of the OpsItems that have an entry of operational data; "" where
// filters find none, or where it is AWS's own, which the page shows elsewhere.
func (c *console) alikeURL(d Datum) string {
	if !d.Searchable || d.Value == "" || len(d.Value) > longestLink || strings.HasPrefix(d.Key, "/aws/") {
		return ""
	}
	return c.prefix + "?" + url.Values{"status": {"all"}, "data-key": {d.Key}, "data-value": {d.Value}}.Encode()
}

func (c *console) list(w http.ResponseWriter, r *http.Request) {
	c.showList(w, r, http.StatusOK, r.URL.Query(), saving{})
}

// showList lists by what an address asks for.
func (c *console) showList(w http.ResponseWriter, r *http.Request, status int, address url.Values, form saving) {
	in, unknown := readList(address)
	q := queryOf(in)
	q.Cursor = address.Get("cursor")
	items, next, err := c.e.List(r.Context(), q)
	if err != nil {
		c.problem(w, err)
		return
	}
	p := listPage{
		Query: in.Encode(), In: in, Items: items,
		Statuses:   choose(statusChoices, in.Get("status")),
		Severities: orNone("Any", severities, q.Severity),
		Categories: orNone("Any", categoryChoices(), q.Category),
		Priorities: orNone("Any", priorities, digits(q.Priority)),
		Orders:     choose(orderChoices, string(q.Order)),
		More:       folded(in),
		Unknown:    unknown, Saving: form, Ticked: ticksOf(address),
	}
	first := c.prefix + "?" + p.Query
	p.Back = first
	if q.Cursor != "" {
		p.First = first
		p.Back += "&cursor=" + url.QueryEscape(q.Cursor)
	}
	if next != "" {
		p.Next = first + "&cursor=" + url.QueryEscape(next)
	}
	p.Views, p.Any = c.builtIn(p.Query)
	for _, v := range c.e.Views(r.Context()) {
		current := listedBy(v) == p.Query
		if current {
			p.Shown = v.Name
		}
		p.Saved = append(p.Saved, view{Name: v.Name, URL: c.prefix + "?" + v.Query, Count: -1, Current: current})
	}
	c.show(w, status, "list", "OpsItems", c.noticeOf(r), p)
}

// listedBy is what the list shows by when it shows a view.
func listedBy(v SavedView) string {
	in, err := url.ParseQuery(v.Query)
	if err != nil {
		return v.Query
	}
	in, _ = readList(in)
	return in.Encode()
}

// builtIn are the views that are always there: what operators look at, one click away. It says, too, whether there are
// OpsItems at all.
func (c *console) builtIn(query string) ([]view, bool) {
	n := c.e.Counts()
	out := []view{
		{Name: "Open or in progress", URL: "status=" + active, Count: n[StatusOpen] + n[StatusInProgress]},
		{Name: "Critical", URL: "severity=1&status=" + active, Count: -1},
		{Name: "In progress", URL: "status=" + StatusInProgress, Count: n[StatusInProgress]},
		{Name: "Resolved", URL: "status=" + StatusResolved, Count: n[StatusResolved]},
		{Name: "All", URL: "status=all", Count: n[StatusOpen] + n[StatusInProgress] + n[StatusResolved]},
	}
	for i := range out {
		out[i].Current = out[i].URL == query
		out[i].URL = c.prefix + "?" + out[i].URL
	}
	return out, out[len(out)-1].Count > 0
}

func (c *console) saveView(w http.ResponseWriter, r *http.Request) {
	if !parseForm(w, r) {
		return
	}
	query, err := url.ParseQuery(r.PostForm.Get("query"))
	if err != nil {
		http.Error(w, http.StatusText(http.StatusBadRequest), http.StatusBadRequest)
		return
	}
	listed, _ := readList(query)
	v := SavedView{Name: strings.TrimSpace(r.PostForm.Get("name")), Query: listed.Encode()}
	form := saving{Name: v.Name}
	if r.PostForm.Get("replace") != v.Name && slices.ContainsFunc(c.e.Views(r.Context()), func(other SavedView) bool {
		return other.Name == v.Name && other.Query != v.Query
	}) {
		form.Taken, form.Trouble = true, "There is a view of this name, which shows something else."
		c.showList(w, r, http.StatusConflict, query, form)
		return
	}
	if err = c.e.SaveView(r.Context(), v); err != nil {
		var status int
		status, form.Trouble = refusalText(err)
		c.showList(w, r, status, query, form)
		return
	}
	http.Redirect(w, r, c.prefix+"?"+v.Query+"&done=view", http.StatusSeeOther)
}

func (c *console) deleteView(w http.ResponseWriter, r *http.Request) {
	if !parseForm(w, r) {
		return
	}
	if err := c.e.DeleteView(r.Context(), r.PostForm.Get("name")); err != nil {
		c.problem(w, err)
		return
	}
	http.Redirect(w, r, withNotice(c.safeBack(r.PostForm.Get("back")), "noview", 1, nil), http.StatusSeeOther)
}
