package tabletest

import (
	"context"
	"errors"
	"strings"

	"learningloop/internal/fault"
	"learningloop/internal/table"
)

// testWriteLimits: what breaks a limit is Invalid, and nothing of its write happens.
func testWriteLimits(s *suite) {
	put := func(change func(*table.Row)) table.Op {
		r := s.row("a", 1)
		change(&r)
		return table.Put(r, table.Absent())
	}
	attrs := func(a string) table.Op { return put(func(r *table.Row) { r.Attrs = []byte(a) }) }
	key := func(p, k string) table.Op { return put(func(r *table.Row) { r.Key = table.Key{P: p, S: k} }) }
	index := func(name table.Index, p, k string) table.Op {
		return put(func(r *table.Row) { r.Index = map[table.Index]table.Key{name: {P: p, S: k}} })
	}
	add := func(deltas map[string]int64) table.Op { return table.Add(s.key("a"), "thing", 1, deltas) }
	tooMany := make([]table.Op, table.MaxOps+1)
	for i := range tooMany {
		tooMany[i] = table.Put(s.row("a"+strings.Repeat("b", i), i), table.Absent())
	}
	for _, tt := range []struct {
		name string
		ops  []table.Op
	}{
		{"no operation", nil},
		{"too many operations", tooMany},
		{"one key twice", []table.Op{table.Put(s.row("a", 1), table.Absent()), table.Check(s.key("a"), table.Absent())}},
		{"no kind", []table.Op{{Row: s.row("a", 1), Cond: table.Absent()}}},
		{"no condition", []table.Op{{Kind: table.OpPut, Row: s.row("a", 1)}}},
		{"no partition key", []table.Op{key("", "a")}},
		{"no sort key", []table.Op{key(s.p("p"), "")}},
		{"long partition key", []table.Op{key(strings.Repeat("p", table.MaxPartitionKey+1), "a")}},
		{"long sort key", []table.Op{key(s.p("p"), strings.Repeat("s", table.MaxSortKey+1))}},
		{"key not UTF-8", []table.Op{key(s.p("p"), "a\xff")}},
		{"key cut within a rune", []table.Op{key(s.p("p"), "😀"[:3])}},
		{"key with a surrogate", []table.Op{key(s.p("p"), "\xed\xa0\x80")}},
		{"index without a name", []table.Op{index("", "p", "s")}},
		{"no index partition key", []table.Op{index(IndexA, "", "s")}},
		{"no index sort key", []table.Op{index(IndexA, "p", "")}},
		{"long index sort key", []table.Op{index(IndexA, "p", strings.Repeat("s", table.MaxSortKey+1))}},
		{"no attributes", []table.Op{attrs("")}},
		{"attributes null", []table.Op{attrs("null")}},
		{"attributes a list", []table.Op{attrs("[]")}},
		{"attributes cut short", []table.Op{attrs(`{"a":1`)}},
		{"attributes and more", []table.Op{attrs(`{"a":1}{}`)}},
		{"attributes not UTF-8", []table.Op{attrs("{\"a\":\"\xff\"}")}},
		{"name empty", []table.Op{attrs(`{"":1}`)}},
		{"name empty inside", []table.Op{attrs(`{"a":[{"b":{"" : 1}}]}`)}},
		{"39 digits", []table.Op{attrs(`{"a":123456789012345678901234567890123456789}`)}},
		{"39 digits inside", []table.Op{attrs(`{"a":[{"b":-1.23456789012345678901234567890123456789}]}`)}},
		{"number too large", []table.Op{attrs(`{"a":1e126}`)}},
		{"number far too large", []table.Op{attrs(`{"a":1e99999999999999999999}`)}},
		{"number too small", []table.Op{attrs(`{"a":1e-131}`)}},
		{"nested too deep", []table.Op{attrs(strings.Repeat(`{"a":`, 32) + "{}" + strings.Repeat("}", 32))}},
		{"adds nothing", []table.Op{add(nil)}},
		{"adds to no name", []table.Op{add(map[string]int64{"": 1})}},
	} {
		ops := tt.ops
		if len(ops) == 1 {
			s.refused(tt.name, s.Table.Write(s.Context(), ops...))
			ops = append(ops, table.Put(s.row("aa", 1), table.Absent()))
		}
		s.refused(tt.name, s.Table.Write(s.Context(), ops...))
	}
	if rows := s.all(table.Query{P: s.p("p"), Consistent: true}); len(rows) != 0 {
		s.Errorf("refused writes left %d rows", len(rows))
	}
	// Numbers at the edge are not refused.
	s.write(attrs(`{"a":1e125,"b":1e-130,"c":12345678901234567890123456789012345678,"d":0e999,"e":100000000000000000000000000000000000000000}`))
}

func (s *suite) refused(name string, err error) {
	s.Helper()
	if !fault.Is(err, fault.Invalid) {
		s.Errorf("%s: error %v, want Invalid", name, err)
	}
}

func testReadLimits(s *suite) {
	p := s.p("p")
	long := strings.Repeat("s", table.MaxSortKey+1)
	for _, tt := range []struct {
		name string
		q    table.Query
	}{
		{"no partition", table.Query{}},
		{"long partition", table.Query{P: strings.Repeat("p", table.MaxPartitionKey+1)}},
		{"partition not UTF-8", table.Query{P: p + "\xff"}},
		{"long lower bound", table.Query{P: p, From: long}},
		{"long upper bound", table.Query{P: p, To: long}},
		{"lower bound not UTF-8", table.Query{P: p, From: "\xff"}},
		{"upper bound not UTF-8", table.Query{P: p, To: "a\xff"}},
		{"negative limit", table.Query{P: p, Limit: -1}},
		{"large limit", table.Query{P: p, Limit: table.MaxPage + 1}},
		{"consistent index", table.Query{P: p, Index: IndexA, Consistent: true}},
	} {
		page, err := s.Table.Query(s.Context(), tt.q)
		s.refused(tt.name, err)
		if len(page.Rows) != 0 || page.Cursor != "" {
			s.Errorf("%s: a page with the error", tt.name)
		}
	}
	for name, k := range map[string]table.Key{"no partition": {S: "s"}, "no sort key": {P: p}, "long": {P: p, S: long}, "not UTF-8": {P: p, S: "\xff"}} {
		_, err := s.Table.Get(s.Context(), k, true)
		s.refused(name, err)
		_, err = s.Table.GetAll(s.Context(), []table.Key{s.key("a"), k})
		s.refused(name, err)
	}
	keys := make([]table.Key, table.MaxOps+1)
	for i := range keys {
		keys[i] = s.key("a" + strings.Repeat("b", i))
	}
	_, err := s.Table.GetAll(s.Context(), keys)
	s.refused("too many keys", err)
}

// testBadCursors: a cursor works for the query it came from only.
func testBadCursors(s *suite) {
	var rows []table.Row
	for _, k := range []string{"a", "b", "c", "d"} {
		rows = append(rows, s.indexed(k, k))
	}
	s.put(rows...)
	s.indexHolds(s.inA(), "a", "b", "c", "d")
	cursorOf := func(q table.Query) string {
		q.Limit = 2
		page, err := s.Table.Query(s.Context(), q)
		if err != nil || page.Cursor == "" {
			s.Fatalf("Query = %+v, %v, want a cursor", page, err)
		}
		return page.Cursor
	}
	base := table.Query{P: s.p("p")}
	good, indexed := cursorOf(base), cursorOf(s.inA())
	with := func(q table.Query, c string) table.Query {
		q.Cursor = c
		return q
	}
	for _, tt := range []struct {
		name string
		q    table.Query
	}{
		{"not a cursor", with(base, "hello")},
		{"not base64", with(base, "*")},
		{"a bit changed", with(base, "B"+good[1:])},
		{"cut short", with(base, good[:len(good)-2])},
		{"longer", with(base, good+"AAAA")},
		{"another partition", with(table.Query{P: s.p("q")}, good)},
		{"the other direction", with(table.Query{P: base.P, Desc: true}, good)},
		{"other bounds", with(table.Query{P: base.P, From: "a"}, good)},
		{"of an index", with(base, indexed)},
		{"of the table", with(s.inA(), good)},
		{"of another index", with(s.inB(), indexed)},
		{"enormous", with(base, strings.Repeat("A", 1<<20))},
	} {
		_, err := s.Table.Query(s.Context(), tt.q)
		s.refused(tt.name, err)
	}
	for _, q := range []table.Query{with(base, good), with(s.inA(), indexed)} {
		if page, err := s.Table.Query(s.Context(), q); err != nil || len(page.Rows) != 2 {
			s.Errorf("the cursor itself: %d rows, %v", len(page.Rows), err)
		}
	}
}

func testCancelled(s *suite) {
	ctx, cancel := context.WithCancel(s.Context())
	cancel()
	calls := map[string]func() error{
		"Get":    func() error { _, err := s.Table.Get(ctx, s.key("a"), true); return err },
		"GetAll": func() error { _, err := s.Table.GetAll(ctx, []table.Key{s.key("a")}); return err },
		"Query":  func() error { _, err := s.Table.Query(ctx, table.Query{P: s.p("p")}); return err },
		"index":  func() error { _, err := s.Table.Query(ctx, s.inA()); return err },
		"Write":  func() error { return s.Table.Write(ctx, table.Put(s.row("a", 1), table.Absent())) },
		"Writes": func() error {
			return s.Table.Write(ctx, table.Put(s.row("a", 1), table.Absent()), table.Put(s.row("b", 1), always()))
		},
	}
	for name, call := range calls {
		if err := call(); !errors.Is(err, context.Canceled) || !fault.Is(err, fault.Unavailable) {
			s.Errorf("%s: %v, want the context's error, as Unavailable", name, err)
		}
	}
	s.want(s.key("a"), nil)
	s.want(s.key("b"), nil)
}
