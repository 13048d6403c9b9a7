package product_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/product"
	"learningloop/internal/signal"
)

func parts() []product.Component {
	return []product.Component{
		{Name: "Checkout", Rules: []signal.Rule{{Name: "checkout-*"}, {Resource: "arn:aws:lambda:*:function:pay"}}},
		{Name: "Search", Rules: []signal.Rule{{Name: "search-*"}, {Name: "checkout-search"}}},
		{Name: "Basket"},
	}
}

func aProduct(t *testing.T) product.Product {
	t.Helper()
	p, err := product.New("shop", "seed", now)
	if err != nil {
		t.Fatal(err)
	}
	if p, err = p.With(product.Settings{Components: parts()}); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestComponentOf(t *testing.T) {
	p := aProduct(t)
	for _, tt := range []struct {
		name string
		s    signal.Signal
		want string
	}{
		{"by its name", signal.Signal{Name: "checkout-p99"}, "Checkout"},
		{"the more specific rule", signal.Signal{Name: "checkout-search"}, "Search"},
		{"a resource says more than a name", signal.Signal{Name: "search-p99", Resources: []string{"i-1", "arn:aws:lambda:us-east-1:1:function:pay"}}, "Checkout"},
		{"none", signal.Signal{Name: "basket-p99"}, ""},
	} {
		if got := p.ComponentOf(tt.s); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	if got := (product.Product{}).ComponentOf(signal.Signal{Name: "checkout-p99"}); got != "" {
		t.Errorf("without components: %q", got)
	}
}

func TestComponentByName(t *testing.T) {
	p := aProduct(t)
	for said, want := range map[string]string{"checkout": "Checkout", " CHECK OUT ": "", "\tbasket\n": "Basket", "": "", "Suche": ""} {
		if got, ok := p.Component(said); got != want || ok != (want != "") {
			t.Errorf("%q: %q, %v", said, got, ok)
		}
	}
}

func TestGatheringRefuses(t *testing.T) {
	at := func(h int) time.Time { return now.Add(time.Duration(h) * time.Hour) }
	good := product.Mute{All: true, From: at(0), To: at(1), Reason: "x"}
	mutes := func(change func(m *product.Mute)) product.Settings {
		m := good
		change(&m)
		return product.Settings{Mutes: []product.Mute{good, m}}
	}
	weekly := func(change func(w *product.Weekly)) product.Settings {
		w := product.Weekly{Day: "Monday", At: "02:00", Minutes: 60, Zone: "Europe/Berlin"}
		change(&w)
		return mutes(func(m *product.Mute) { m.From, m.To, m.Weekly = time.Time{}, time.Time{}, &w })
	}
	tests := []struct {
		name string
		s    product.Settings
		want []string
	}{
		{"no components", product.Settings{Components: []product.Component{}}, nil},
		{"a component without a name", product.Settings{Components: []product.Component{{Name: " "}}}, []string{"/components/0/name"}},
		{"two of one name", product.Settings{Components: []product.Component{{Name: "a b"}, {Name: "A  B"}}}, []string{"/components/1/name"}},
		{"a name that reads backwards", product.Settings{Components: []product.Component{{Name: "a\u202eb"}}}, []string{"/components/0/name"}},
		{"a long name", product.Settings{Components: []product.Component{{Name: strings.Repeat("ü", 101)}}}, []string{"/components/0/name"}},
		{"a rule that takes everything", product.Settings{Components: []product.Component{{Name: "a", Rules: []signal.Rule{{Name: "a"}, {}}}}}, []string{"/components/0/rules/1"}},
		{"too many rules", product.Settings{Components: []product.Component{{Name: "a", Rules: make([]signal.Rule, 21)}}}, nil},
		{"too many components", product.Settings{Components: make([]product.Component, 51)}, []string{"/components"}},
		{"no window", product.Settings{ClusterMinutes: new(0)}, []string{"/clusterMinutes"}},
		{"a window of more than a day", product.Settings{ClusterMinutes: new(1441)}, []string{"/clusterMinutes"}},
		{"an andon of one", product.Settings{Andon: &product.AndonSettings{People: new(1)}}, []string{"/andon/people"}},
		{"an andon of less than nobody", product.Settings{Andon: &product.AndonSettings{People: new(-1), Minutes: new(0)}}, []string{"/andon/people", "/andon/minutes"}},
		{"an andon of too many", product.Settings{Andon: &product.AndonSettings{People: new(51), Minutes: new(1441)}}, []string{"/andon/people", "/andon/minutes"}},
		{"off", product.Settings{Andon: &product.AndonSettings{People: new(0)}}, nil},
		{"a mute twice", mutes(func(*product.Mute) {}), []string{"/mutes/1"}},
		{"another one", mutes(func(m *product.Mute) { m.Reason = "y" }), nil},
		{"of nothing", mutes(func(m *product.Mute) { m.All = false }), []string{"/mutes/1"}},
		{"of two things", mutes(func(m *product.Mute) { m.Component = "checkout" }), []string{"/mutes/1"}},
		{"of an unknown component", mutes(func(m *product.Mute) { m.All, m.Component = false, "nothing" }), []string{"/mutes/1/component"}},
		{"of an empty rule", mutes(func(m *product.Mute) { m.All, m.Rule = false, &signal.Rule{} }), []string{"/mutes/1/rule"}},
		{"of a rule of two lines", mutes(func(m *product.Mute) { m.All, m.Rule = false, &signal.Rule{Name: "a\nb"} }), []string{"/mutes/1/rule/name"}},
		{"without a reason", mutes(func(m *product.Mute) { m.Reason = " " }), []string{"/mutes/1/reason"}},
		{"with a long one", mutes(func(m *product.Mute) { m.Reason = strings.Repeat("x", 301) }), []string{"/mutes/1/reason"}},
		{"without an end", mutes(func(m *product.Mute) { m.To = time.Time{} }), []string{"/mutes/1/to"}},
		{"without a beginning", mutes(func(m *product.Mute) { m.From = time.Time{} }), []string{"/mutes/1/from"}},
		{"that ends as it begins", mutes(func(m *product.Mute) { m.To = m.From }), []string{"/mutes/1/to"}},
		{"for ever", mutes(func(m *product.Mute) { m.To = at(24 * 400) }), []string{"/mutes/1/to"}},
		{"in another age", mutes(func(m *product.Mute) { m.From, m.To = m.From.AddDate(9000, 0, 0), m.To.AddDate(9000, 0, 0) }), []string{"/mutes/1/from"}},
		{"once and every week", weekly(func(*product.Weekly) {}), nil},
		{"both", mutes(func(m *product.Mute) { m.Weekly = &product.Weekly{Day: "monday", At: "02:00", Minutes: 1} }), []string{"/mutes/1/weekly"}},
		{
			"every week, all wrong", weekly(func(w *product.Weekly) {
				*w = product.Weekly{Day: "Montag", At: "25:00", Minutes: 0, Zone: "Nowhere/At_All"}
			}),
			[]string{"/mutes/1/weekly/day", "/mutes/1/weekly/at", "/mutes/1/weekly/minutes", "/mutes/1/weekly/zone"},
		},
		{"on this machine's clock", weekly(func(w *product.Weekly) { w.Zone = "Local" }), []string{"/mutes/1/weekly/zone"}},
		{"out of the zones' folder", weekly(func(w *product.Weekly) { w.Zone = "../../etc/passwd" }), []string{"/mutes/1/weekly/zone"}},
		{"longer than a week", weekly(func(w *product.Weekly) { w.Minutes = 10081 }), []string{"/mutes/1/weekly/minutes"}},
		{"too many", product.Settings{Mutes: make([]product.Mute, 101)}, []string{"/mutes"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := aProduct(t).With(tt.s)
			got := pointers(t, err)
			if tt.name == "too many rules" {
				if len(got) == 0 || got[0] != "/components/0/rules" {
					t.Errorf("got %v", got)
				}
				return
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// A component stays while a mute names it, and who set a mute stays when others set theirs.
func TestMutesAreKept(t *testing.T) {
	p := aProduct(t)
	one := product.Mute{Component: "CHECKOUT", From: now, To: now.Add(time.Hour), Reason: " New  database "}
	p, err := p.With(product.Settings{Mutes: []product.Mute{one}, By: "ana@example.com"})
	if err != nil {
		t.Fatal(err)
	}
	if m := p.Mutes[0]; m.By != "ana@example.com" || m.Component != "Checkout" || m.Reason != "New database" || m.ID == "" {
		t.Errorf("%+v", m)
	}
	if _, err := p.With(product.Settings{Components: parts()[1:]}); !cmp.Equal(pointers(t, err), []string{"/components"}) {
		t.Errorf("its component goes: %v", err)
	}
	was := p
	two := product.Mute{All: true, From: now, To: now.Add(time.Hour), Reason: "Patches", By: "mallory@example.com"}
	if p, err = p.With(product.Settings{Mutes: []product.Mute{two, p.Mutes[0]}, By: "bob@example.com"}); err != nil {
		t.Fatal(err)
	}
	if p.Mutes[0].By != "bob@example.com" || p.Mutes[1].By != "ana@example.com" {
		t.Errorf("by %s and %s", p.Mutes[0].By, p.Mutes[1].By)
	}
	if got, want := p.Since(was), "muted all signals, 2026-03-02 08:00 to 2026-03-02 09:00 UTC: Patches"; got != want {
		t.Errorf("for the log: %q", got)
	}
	if got := was.Since(p); got != "no longer muted all signals, 2026-03-02 08:00 to 2026-03-02 09:00 UTC: Patches" {
		t.Errorf("for the log: %q", got)
	}
	// What is removed last is kept until it is set again.
	if p.Unmuted != nil {
		t.Errorf("%+v was removed", p.Unmuted)
	}
	gone, err := p.With(product.Settings{Mutes: []product.Mute{p.Mutes[1]}})
	if err != nil || gone.Unmuted == nil || gone.Unmuted.Reason != "Patches" || p.Unmuted != nil {
		t.Errorf("%v, removed %+v", err, gone.Unmuted)
	}
	if back, err := gone.With(product.Settings{Mutes: append([]product.Mute{*gone.Unmuted}, gone.Mutes...)}); err != nil || back.Unmuted != nil {
		t.Errorf("%v, removed %+v", err, back.Unmuted)
	}
	p.Name, p.Andon.People = "Another", 5
	if got := p.Since(was); !strings.HasPrefix(got, "name; andon; muted") {
		t.Errorf("for the log: %q", got)
	}
}

func TestMuted(t *testing.T) {
	day := func(s string) time.Time {
		at, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	sunday := product.Weekly{Day: "sunday", At: "02:30", Minutes: 120, Zone: "Europe/Berlin"}
	tests := []struct {
		name  string
		m     product.Mute
		at    string
		until string // "" for not muted
	}{
		{"once, at its beginning", product.Mute{From: day("2026-03-02T08:00:00Z"), To: day("2026-03-02T09:00:00Z")}, "2026-03-02T08:00:00Z", "2026-03-02T09:00:00Z"},
		{"once, at its end", product.Mute{From: day("2026-03-02T08:00:00Z"), To: day("2026-03-02T09:00:00Z")}, "2026-03-02T09:00:00Z", ""},
		{"once, before", product.Mute{From: day("2026-03-02T08:00:00Z"), To: day("2026-03-02T09:00:00Z")}, "2026-03-02T07:59:59Z", ""},
		{"weekly, in winter", product.Mute{Weekly: &sunday}, "2026-03-01T02:00:00Z", "2026-03-01T03:30:00Z"},
		{"weekly, just before", product.Mute{Weekly: &sunday}, "2026-03-01T01:29:59Z", ""},
		{"weekly, in summer", product.Mute{Weekly: &sunday}, "2026-07-05T00:30:00Z", "2026-07-05T02:30:00Z"},
		{"weekly, the day before", product.Mute{Weekly: &sunday}, "2026-02-28T02:00:00Z", ""},
		{"weekly, when the clocks skip its beginning", product.Mute{Weekly: &sunday}, "2026-03-29T01:30:00Z", "2026-03-29T03:30:00Z"},
		{"weekly, over midnight", product.Mute{Weekly: &product.Weekly{Day: "sunday", At: "23:00", Minutes: 120}}, "2026-03-02T00:30:00Z", "2026-03-02T01:00:00Z"},
		{"weekly, over the turn of the year", product.Mute{Weekly: &product.Weekly{Day: "thursday", At: "23:59", Minutes: 2}}, "2027-01-01T00:00:30Z", "2027-01-01T00:01:00Z"},
		{"a whole week", product.Mute{Weekly: &product.Weekly{Day: "monday", At: "00:00", Minutes: 10080}}, "2026-03-08T23:59:59Z", "2026-03-09T00:00:00Z"},
		{"what is no window mutes nothing", product.Mute{Weekly: &product.Weekly{Day: "noday", At: "x"}}, "2026-03-01T02:00:00Z", ""},
	}
	for _, tt := range tests {
		until, ok := tt.m.Active(day(tt.at))
		if got := until.Format(time.RFC3339); ok != (tt.until != "") || ok && got != tt.until {
			t.Errorf("%s: %v until %s", tt.name, ok, got)
		}
	}
}

// What is muted by several windows is muted as long as the longest of them, and nothing else is.
func TestMutedBy(t *testing.T) {
	p := aProduct(t)
	window := func(m product.Mute, hours int) product.Mute {
		m.From, m.To, m.Reason = now, now.Add(time.Duration(hours)*time.Hour), "x"
		return m
	}
	p, err := p.With(product.Settings{Mutes: []product.Mute{
		window(product.Mute{Component: "checkout"}, 1), window(product.Mute{Rule: &signal.Rule{Name: "*-p99"}}, 2), window(product.Mute{Component: "basket"}, 3),
	}})
	if err != nil {
		t.Fatal(err)
	}
	for name, hours := range map[string]int{"checkout-errors": 1, "checkout-p99": 2, "search-p99": 2, "search-errors": 0} {
		_, until, ok := p.Muted(signal.Signal{Name: name}, now.Add(time.Minute))
		if ok != (hours > 0) || ok && !until.Equal(now.Add(time.Duration(hours)*time.Hour)) {
			t.Errorf("%s: %v until %s", name, ok, until)
		}
	}
	if p, err = p.With(product.Settings{Mutes: []product.Mute{window(product.Mute{All: true}, 1)}}); err != nil {
		t.Fatal(err)
	}
	if _, _, ok := p.Muted(signal.Signal{Name: "whatever"}, now); !ok {
		t.Error("all is not all")
	}
}

// Whatever the order they are kept in, the window that lasts longest is the one that mutes; of two that end together, the
// first. The alarm, its component and the whole product are one as good as the other.
func TestMutedByTheLongest(t *testing.T) {
	windows := map[string]product.Mute{
		"alarm":     {Rule: &signal.Rule{Name: "checkout-p99"}},
		"component": {Component: "checkout"},
		"product":   {All: true},
	}
	for _, tt := range []struct {
		name  string
		hours map[string]int
		want  string
	}{
		{"the alarm's", map[string]int{"alarm": 3, "component": 2, "product": 1}, "alarm"},
		{"the component's", map[string]int{"alarm": 2, "component": 3, "product": 1}, "component"},
		{"the product's", map[string]int{"alarm": 1, "component": 2, "product": 3}, "product"},
		{"the first", map[string]int{"alarm": 1, "component": 3, "product": 3}, ""},
	} {
		for _, order := range [][]string{{"alarm", "component", "product"}, {"product", "component", "alarm"}, {"component", "product", "alarm"}} {
			var list []product.Mute
			for _, name := range order {
				m := windows[name]
				m.From, m.To, m.Reason = now, now.Add(time.Duration(tt.hours[name])*time.Hour), name
				list = append(list, m)
			}
			p, err := aProduct(t).With(product.Settings{Mutes: list})
			if err != nil {
				t.Fatal(err)
			}
			want := tt.want
			if want == "" {
				want = order[slices.IndexFunc(order, func(n string) bool { return tt.hours[n] == 3 })]
			}
			by, until, ok := p.Muted(signal.Signal{Name: "checkout-p99"}, now.Add(time.Minute))
			if !ok || by.Reason != want || !until.Equal(now.Add(3*time.Hour)) {
				t.Errorf("%s of %v: %v by %q until %s", tt.name, order, ok, by.Reason, until)
			}
			// When the longest is over nothing mutes; and what is about something else never did.
			if by, _, ok := p.Muted(signal.Signal{Name: "checkout-p99"}, until); ok {
				t.Errorf("%s of %v: muted at the end by %q", tt.name, order, by.Reason)
			}
		}
	}
	p, err := aProduct(t).With(product.Settings{Mutes: []product.Mute{{Rule: &signal.Rule{Name: "checkout-p99"}, From: now, To: now.Add(time.Hour), Reason: "x"}}})
	if err != nil {
		t.Fatal(err)
	}
	if by, _, ok := p.Muted(signal.Signal{Name: "of no component"}, now); ok {
		t.Errorf("another alarm is muted by %q", by.What())
	}
}

func FuzzMuted(f *testing.F) {
	f.Add("sunday", "02:30", 120, "Europe/Berlin", int64(1_772_355_600))
	f.Add("noday", "99:99", -1, "../..", int64(-1))
	f.Fuzz(func(t *testing.T, day, at string, minutes int, zone string, unix int64) {
		m := product.Mute{All: true, Reason: "x", Weekly: &product.Weekly{Day: day, At: at, Minutes: minutes, Zone: zone}}
		p, err := product.Product{}.With(product.Settings{Mutes: []product.Mute{m}})
		when := time.Unix(unix%4_000_000_000, 0).UTC()
		until, ok := p.Mutes[0].Active(when)
		if err == nil && ok && (!until.After(when) || until.After(when.AddDate(0, 0, 7).Add(time.Hour))) {
			t.Errorf("%s is muted until %s", when, until)
		}
	})
}
