package tabletest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/table"
)

// many makes n rows whose sort keys are in order.
func (s *suite) many(n int) []table.Row {
	rows := make([]table.Row, n)
	for i := range rows {
		rows[i] = s.row(fmt.Sprintf("%05d", i), i)
	}
	return rows
}

func backwards[T any](in []T) []T {
	out := slices.Clone(in)
	slices.Reverse(out)
	return out
}

func testQuery(s *suite) {
	rows := s.many(230)
	s.put(rows...)
	// Neighbours that a sloppy range would take in.
	for _, p := range []string{s.p("p") + "\x00", s.p("p") + "0", s.p("o"), s.p("q")} {
		s.put(table.Row{Key: table.Key{P: p, S: "00001"}, Type: "thing", Attrs: []byte(`{}`)})
	}
	for i := range rows {
		rows[i].Version = 1
	}
	for _, limit := range []int{0, 7, 100, 115, 229, 230, 231, table.MaxPage} {
		for _, desc := range []bool{false, true} {
			for _, consistent := range []bool{false, true} {
				want := rows
				if desc {
					want = backwards(rows)
				}
				q := table.Query{P: s.p("p"), Limit: limit, Desc: desc, Consistent: consistent}
				s.eventually(func() string { return diffRows(want, s.all(q)) })
			}
		}
	}
	if got := s.all(table.Query{P: s.p("nobody's"), Consistent: true}); len(got) != 0 {
		s.Errorf("a partition without rows has %d", len(got))
	}
}

func testBounds(s *suite) {
	all := []string{"\x01", "a", "a\x00", "a#", "a#1", "a#1#x", "a#2", "a$", "b", "ba", "c", "é", "\U0001f600", "\U0010ffff"}
	for _, name := range all {
		s.put(s.row(name, 1))
	}
	for _, b := range []struct{ from, to string }{
		{"", ""},
		{"a", ""},
		{"", "b"},
		{"a#", "a$"},
		{"a#1", "a#2"},
		{"a", "a\x00"},
		{"a\x00", "a#"},
		{"a$", "a$"},
		{"b", "a"},
		{"aa", "az"},
		{"bb", "d"},
		{"d", "\U0001f600"},
		{"\U0001f600", ""},
		{"zz", "zzz"},
		{"", "\x01"},
	} {
		var want []string
		for _, name := range all {
			if name >= b.from && (b.to == "" || name < b.to) {
				want = append(want, name)
			}
		}
		for _, limit := range []int{0, 1, 2, 3} {
			for _, desc := range []bool{false, true} {
				want := append([]string{}, want...)
				if desc {
					slices.Reverse(want)
				}
				got := s.all(table.Query{P: s.p("p"), From: b.from, To: b.to, Desc: desc, Limit: limit, Consistent: true})
				if diff := cmp.Diff(want, names(got)); diff != "" {
					s.Errorf("from %q to %q, limit %d, desc %t: rows differ (-want +got):\n%s", b.from, b.to, limit, desc, diff)
				}
			}
		}
	}
}

func testFullPage(s *suite) {
	rows := s.many(table.MaxPage + 1)
	s.put(rows...)
	for _, limit := range []int{0, table.MaxPage} {
		p, err := s.Table.Query(s.Context(), table.Query{P: s.p("p"), Limit: limit, Consistent: true})
		if err != nil {
			s.Fatal(err)
		}
		if len(p.Rows) != table.MaxPage || p.Cursor == "" {
			s.Errorf("limit %d gives %d rows, cursor %q", limit, len(p.Rows), p.Cursor)
		}
	}
	if diff := cmp.Diff(names(rows), names(s.all(table.Query{P: s.p("p"), Consistent: true}))); diff != "" {
		s.Errorf("rows differ (-want +got):\n%s", diff)
	}
}

// large makes rows that are larger together than one answer of DynamoDB (1 MB for a query, 16 MB for a batch).
func (s *suite) large(n, size int) []table.Row {
	rows := s.many(n)
	text := strings.Repeat("x", size)
	for i := range rows {
		rows[i].Attrs = fmt.Appendf(nil, `{"n":%d,"text":"%s"}`, i, text)
		rows[i].Index = map[table.Index]table.Key{IndexA: {P: s.p("i"), S: rows[i].Key.S}}
	}
	s.put(rows...)
	for i := range rows {
		rows[i].Version = 1
	}
	return rows
}

func testLargePage(s *suite) {
	rows := s.large(9, 300<<10)
	for _, limit := range []int{0, 4, 9} {
		if diff := diffRows(rows, s.all(table.Query{P: s.p("p"), Limit: limit, Consistent: true})); diff != "" {
			s.Errorf("limit %d: rows differ (-want +got):\n%.500s", limit, diff)
		}
	}
	got, err := s.Table.GetAll(s.Context(), []table.Key{rows[8].Key, rows[0].Key})
	if err != nil {
		s.Fatal(err)
	}
	if diff := diffRows([]table.Row{rows[8], rows[0]}, got); diff != "" {
		s.Errorf("rows differ (-want +got):\n%.500s", diff)
	}
}

// testCursorSurvives: a cursor goes on behind the row where the page ended, whatever became of that row.
func testCursorSurvives(s *suite) {
	for _, desc := range []bool{false, true} {
		for _, index := range []table.Index{"", IndexA} {
			name := fmt.Sprintf("desc %t, index %q", desc, index)
			part := s.p(name)
			row := func(k string) table.Row {
				return table.Row{
					Key: table.Key{P: part, S: k}, Type: "thing", Attrs: []byte(`{}`),
					Index: map[table.Index]table.Key{IndexA: {P: part, S: k}},
				}
			}
			for _, k := range []string{"b", "d", "f", "h", "j", "l"} {
				s.put(row(k))
			}
			q := table.Query{Index: index, P: part, Desc: desc, Limit: 3}
			all := q
			all.Limit = 0
			want := []string{"b", "d", "f", "h", "j", "l"}
			first, behind := "f", []string{"g", "h", "k", "l"}
			if desc {
				want, first, behind = backwards(want), "h", []string{"g", "f", "b", "a"}
			}
			s.indexHolds(all, want...)
			page, err := s.Table.Query(s.Context(), q)
			if err != nil {
				s.Fatalf("%s: %v", name, err)
			}
			if diff := cmp.Diff(want[:3], names(page.Rows)); diff != "" {
				s.Errorf("%s: first page differs (-want +got):\n%s", name, diff)
			}
			// The row at the end of the page goes, so does one behind it; others come on both sides.
			gone := map[bool]string{false: "j", true: "d"}[desc]
			s.write(table.Delete(row(first).Key, table.Exists()), table.Delete(row(gone).Key, table.Exists()),
				table.Put(row("g"), table.Absent()), table.Put(row("a"), table.Absent()), table.Put(row("k"), table.Absent()))
			q.Cursor, q.Limit = page.Cursor, 0
			s.indexHolds(q, behind...)
		}
	}
}

// testCursorEnds: a cursor says that there is something behind it, expired rows not counted.
func testCursorEnds(s *suite) {
	rows := s.many(12)
	for i := range rows {
		if i%4 == 3 || i >= 8 { // 3, 7, 8-11
			rows[i].Expires = s.clock.Now().Add(time.Minute)
		}
		rows[i].Index = map[table.Index]table.Key{IndexA: {P: s.p("i"), S: rows[i].Key.S}}
	}
	s.put(rows...)
	s.indexHolds(table.Query{Index: IndexA, P: s.p("i")}, names(rows)...)
	s.clock.advance(time.Hour)
	live := []string{rows[0].Key.S, rows[1].Key.S, rows[2].Key.S, rows[4].Key.S, rows[5].Key.S, rows[6].Key.S}
	for _, q := range []table.Query{{P: s.p("p"), Consistent: true}, {Index: IndexA, P: s.p("i")}} {
		for _, desc := range []bool{false, true} {
			want := live
			if desc {
				want = backwards(live)
			}
			for limit := 1; limit <= 7; limit++ {
				q.Desc, q.Limit, q.Cursor = desc, limit, ""
				for from := 0; ; from += limit {
					p, err := s.Table.Query(s.Context(), q)
					if err != nil {
						s.Fatal(err)
					}
					to := min(from+limit, len(want))
					if diff := cmp.Diff(want[from:to], names(p.Rows)); diff != "" {
						s.Errorf("%+v: rows differ (-want +got):\n%s", q, diff)
					}
					if (p.Cursor == "") != (to == len(want)) {
						s.Fatalf("%+v: cursor %q after %d of %d rows", q, p.Cursor, to, len(want))
					}
					if q.Cursor = p.Cursor; q.Cursor == "" {
						break
					}
				}
			}
		}
	}
}
