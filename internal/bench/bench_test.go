package main

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"learningloop/internal/feedback"
	"learningloop/internal/httpapi"
	"learningloop/internal/table"
	"learningloop/internal/table/embedded"
)

func TestReport(t *testing.T) {
	r := report{load: "1.50", section: "intake"}
	r.add(true, "burst", ">= 5000/s", "%d/s", 6000)
	r.add(false, "p99", "< 20 ms", "%s", ms(25*time.Millisecond))
	r.note("the mix", "Größe %d", 1)
	var sb strings.Builder
	if err := r.print(&sb); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(sb.String(), "\n")
	for i, want := range []string{
		"|        | what    | measured | target    | held |",
		"|--------|---------|----------|-----------|------|",
		"| intake | burst   | 6000/s   | >= 5000/s | yes  |",
		"| intake | p99     | 25.0 ms  | < 20 ms   | NO   |",
		"| intake | the mix | Größe 1  | -         | -    |",
	} {
		if lines[i] != want {
			t.Errorf("line %d is\n%s, want\n%s", i, lines[i], want)
		}
	}
	if !strings.Contains(sb.String(), "1 of 2 targets held") {
		t.Errorf("no sum in\n%s", sb.String())
	}
	sb.Reset()
	if err := r.json(&sb); err != nil {
		t.Fatal(err)
	}
	var got struct{ Figures []figure }
	if err := json.Unmarshal([]byte(sb.String()), &got); err != nil || len(got.Figures) != 3 || got.Figures[2].Held != nil || *got.Figures[1].Held {
		t.Errorf("as JSON: %s, %v", sb.String(), err)
	}
}

func TestOutcome(t *testing.T) {
	o := outcome{took: 2 * time.Second, errors: 1, first: errors.New("refused")}
	if o.at(0.99) != 0 {
		t.Error("no answers, but a time")
	}
	for i := range 100 {
		o.times = append(o.times, time.Duration(i+1)*time.Millisecond)
	}
	if o.at(0.5) != 51*time.Millisecond || o.at(0.99) != 100*time.Millisecond || o.at(1) != 100*time.Millisecond {
		t.Errorf("quantiles %s, %s, %s", o.at(0.5), o.at(0.99), o.at(1))
	}
	if want := "50/s, p50 51.0 ms, p99 100.0 ms, 1 errors (first: refused)"; o.String() != want {
		t.Errorf("it says %q, want %q", o.String(), want)
	}
}

func TestHalves(t *testing.T) {
	if most, first, second := halves([]int{1, 3, 5, 9, 4}); most != 9 || first != 2 || second != 6 {
		t.Errorf("%d %v %v", most, first, second)
	}
	if most, first, second := halves(nil); most != 0 || first != 0 || second != 0 {
		t.Errorf("of nothing: %d %v %v", most, first, second)
	}
}

// What the load sends is what the API takes, and no two pieces are the same.
func TestBody(t *testing.T) {
	seen := map[string]bool{}
	for i := range 100 {
		var d feedback.Draft
		if err := httpapi.DecodeJSON(body(i, chars), &d); err != nil {
			t.Fatal(err)
		}
		d, err := d.Check()
		if err != nil || len(d.Text) < chars-1 || len(d.Text) > chars { // white space at its end is cut
			t.Errorf("piece %d has %d characters, %v", i, len(d.Text), err)
		}
		if seen[d.Text] {
			t.Errorf("piece %d has the text of another", i)
		}
		seen[d.Text] = true
	}
}

func TestListings(t *testing.T) {
	all := listings()
	seen := map[string]bool{}
	for _, l := range all {
		if seen[l] || strings.HasSuffix(l, "&") || strings.HasSuffix(l, "?") {
			t.Errorf("%q is there twice, or broken off", l)
		}
		seen[l] = true
	}
	if want := 6*4 + 3*5 + 8*3 + 1 + 2*2*2 + 1; len(all) != want {
		t.Errorf("%d lists, want %d", len(all), want)
	}
}

func TestSpy(t *testing.T) {
	db, err := embedded.OpenMem(embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	s := &spy{Table: db}
	ctx := t.Context()
	put := func(key string) {
		t.Helper()
		if err := s.Write(ctx, table.Put(table.Row{Key: table.Key{P: "p", S: key}, Type: "t", Attrs: []byte(`{"a":1}`)}, table.Absent())); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.filling(ctx, true); err != nil {
		t.Fatal(err)
	}
	for _, k := range []string{"a", "b", "c"} {
		put(k)
	}
	if err := s.filling(ctx, false); err != nil {
		t.Fatal(err)
	}
	put("d")
	p, err := s.Query(ctx, table.Query{P: "p"})
	if err != nil || len(p.Rows) != 4 {
		t.Fatalf("%d rows, %v", len(p.Rows), err)
	}
	if _, err := s.Get(ctx, table.Key{P: "p", S: "a"}, true); err != nil {
		t.Fatal(err)
	}
	if _, err := s.GetAll(ctx, []table.Key{{P: "p", S: "b"}, {P: "p", S: "none"}}); err != nil {
		t.Fatal(err)
	}
	if calls, rows := s.reset(); calls != 4 || rows != 6 {
		t.Errorf("%d calls read %d rows, want 4 and 6", calls, rows)
	}
}

// All lists are looked at, at a size that takes no time, and none needs what it does not have.
func TestLooks(t *testing.T) {
	f, err := fill(t.Context(), t.TempDir(), 300)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	got, err := f.looks(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for path, l := range got {
		if l.took <= 0 || l.rows == 0 && !strings.Contains(path, "type=improvement") && !strings.Contains(path, "kind=praise") {
			t.Errorf("%s took %s and read %d rows", path, l.took, l.rows)
		}
	}
}

func TestUnits(t *testing.T) {
	received, triaged, err := unitsOf(t.Context(), 1000, (*metering).stream)
	if err != nil {
		t.Fatal(err)
	}
	if total := (received.Total() + triaged.Total()) / metered; total < 5 || total > mostUnits {
		t.Errorf("%.1f units a piece", total)
	}
}
