package tabletest

import (
	"fmt"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/table"
)

// indexed makes a row that lies in IndexA under the sort key.
func (s *suite) indexed(k, sort string) table.Row {
	r := s.row(k, len(sort))
	r.Index = map[table.Index]table.Key{IndexA: {P: s.p("i"), S: sort}}
	return r
}

func (s *suite) inA() table.Query { return table.Query{Index: IndexA, P: s.p("i")} }

func (s *suite) inB() table.Query { return table.Query{Index: IndexB, P: s.p("i")} }

func testIndexSparse(s *suite) {
	both := s.indexed("both", "2")
	both.Index[IndexB] = table.Key{P: s.p("i"), S: "9"}
	elsewhere := s.indexed("elsewhere", "0")
	elsewhere.Index[IndexA] = table.Key{P: s.p("j"), S: "0"}
	onlyA := s.indexed("only a", "3")
	s.put(both, elsewhere, onlyA, s.row("neither", 1))
	s.indexHolds(s.inA(), "both", "only a")
	s.indexHolds(s.inB(), "both")
	s.indexHolds(table.Query{Index: IndexA, P: s.p("j")}, "elsewhere")
	s.indexHolds(table.Query{Index: IndexB, P: s.p("j")})

	// Rows of an index are whole rows.
	both.Version, onlyA.Version = 1, 1
	if diff := diffRows([]table.Row{both, onlyA}, s.all(s.inA())); diff != "" {
		s.Errorf("rows differ (-want +got):\n%s", diff)
	}
}

// testIndexFollows: an index says what the last write of a row said.
func testIndexFollows(s *suite) {
	s.put(s.indexed("a", "1"), s.indexed("b", "2"), s.indexed("c", "3"))
	s.indexHolds(s.inA(), "a", "b", "c")

	s.write(table.Put(s.indexed("a", "4"), table.VersionIs(1))) // moves within the partition
	s.indexHolds(s.inA(), "b", "c", "a")

	moved := s.indexed("b", "2") // moves to another index
	moved.Index = map[table.Index]table.Key{IndexB: {P: s.p("i"), S: "2"}}
	s.write(table.Put(moved, table.VersionIs(1)), table.Put(s.row("beside", 1), table.Absent()))
	s.indexHolds(s.inA(), "c", "a")
	s.indexHolds(s.inB(), "b")

	s.write(table.Put(s.row("c", 1), always())) // leaves
	s.indexHolds(s.inA(), "a")

	s.write(table.Add(s.key("a"), "thing", 1, map[string]int64{"n": 5})) // stays
	s.indexHolds(s.inA(), "a")
	if r := s.get(s.key("a")); r == nil || diffRow(r, &s.all(s.inA())[0]) != "" {
		s.Errorf("the index gives another row than Get: %+v", r)
	}

	elsewhere := s.indexed("a", "4") // moves to another partition
	elsewhere.Index[IndexA] = table.Key{P: s.p("j"), S: "4"}
	s.write(table.Put(elsewhere, table.Exists()))
	s.indexHolds(s.inA())
	s.indexHolds(table.Query{Index: IndexA, P: s.p("j")}, "a")

	s.write(table.Delete(s.key("a"), table.Exists()), table.Delete(s.key("b"), always()))
	s.indexHolds(table.Query{Index: IndexA, P: s.p("j")})
	s.indexHolds(s.inB())

	s.put(s.indexed("a", "1")) // comes back
	s.indexHolds(s.inA(), "a")
}

func testIndexPages(s *suite) {
	var rows []table.Row
	var want []string
	for i := range 230 {
		// The order of the index is not that of the table.
		r := s.indexed(fmt.Sprintf("%03d", (i*77)%230), fmt.Sprintf("%03d", i))
		rows = append(rows, r)
		want = append(want, r.Key.S)
	}
	s.put(rows...)
	for _, limit := range []int{0, 9, 100, 115, 230} {
		for _, desc := range []bool{false, true} {
			q := s.inA()
			q.Limit, q.Desc = limit, desc
			if desc {
				s.indexHolds(q, backwards(want)...)
			} else {
				s.indexHolds(q, want...)
			}
		}
	}
	for _, b := range []struct {
		from, to string
		want     []string
	}{
		{"100", "", want[100:]},
		{"", "100", want[:100]},
		{"050", "1", want[50:100]},
		{"0505", "051", want[51:51]},
	} {
		for _, limit := range []int{0, 20} {
			q := s.inA()
			q.From, q.To, q.Limit = b.from, b.to, limit
			s.indexHolds(q, b.want...)
			q.Desc = true
			s.indexHolds(q, backwards(b.want)...)
		}
	}
}

// testIndexEqualKeys: rows with the same index key come in some order, each once, on pages of any size.
func testIndexEqualKeys(s *suite) {
	var rows []table.Row
	for i := range 11 {
		r := s.indexed(fmt.Sprintf("row %02d", i), "same")
		if i%2 == 1 {
			r.Key.P = s.p(fmt.Sprintf("other %d", i))
		}
		rows = append(rows, r)
	}
	rows = append(rows, s.indexed("first", "samd"), s.indexed("last", "same\x00"))
	s.put(rows...)
	for _, desc := range []bool{false, true} {
		for _, limit := range []int{0, 1, 2, 5} {
			q := s.inA()
			q.Desc, q.Limit = desc, limit
			s.eventually(func() string {
				got := s.all(q)
				seen := map[table.Key]int{}
				for _, r := range got {
					seen[r.Key]++
				}
				want := map[table.Key]int{}
				for _, r := range rows {
					want[r.Key] = 1
				}
				return cmp.Diff(want, seen)
			})
			got := names(s.all(q))
			if desc {
				got = backwards(got)
			}
			if got[0] != "first" || got[len(got)-1] != "last" {
				s.Errorf("desc %t, limit %d: order is %q", desc, limit, got)
			}
		}
	}
	q := s.inA()
	for _, b := range []struct {
		from, to string
		want     int
	}{{"same", "same\x00", 11}, {"samd", "same", 1}, {"same\x00", "", 1}, {"same", "", 12}} {
		for _, desc := range []bool{false, true} {
			q.From, q.To, q.Limit, q.Desc = b.from, b.to, 3, desc
			if got := s.all(q); len(got) != b.want {
				s.Errorf("from %q to %q, desc %t: %d rows, want %d", b.from, b.to, desc, len(got), b.want)
			}
		}
	}
}

func testIndexLargeRows(s *suite) {
	rows := s.large(60, 300<<10) // 18 MB: more than one batch of DynamoDB gives
	s.eventually(func() string { return fmt.Sprintf("%.500s", diffRows(rows, s.all(s.inA()))) })
}
