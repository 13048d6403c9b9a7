package tabletest

import (
	"errors"
	"fmt"
	"time"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/table"
)

func (s *suite) notFound(k table.Key, err error) {
	s.Helper()
	if !errors.Is(err, table.ErrNotFound) {
		s.Fatalf("Get %s: %v, want ErrNotFound", k, err)
	}
}

func testGet(s *suite) {
	row := s.row("a", 1)
	row.Index = map[table.Index]table.Key{IndexA: {P: s.p("i"), S: "x"}, IndexB: {P: s.p("j"), S: "y"}}
	row.Schema, row.Expires = 7, s.clock.Now().Add(time.Hour)
	row.Version = 99 // ignored
	s.put(row)
	row.Version = 1
	for _, consistent := range []bool{true, false} {
		s.eventually(func() string {
			got, err := s.Table.Get(s.Context(), row.Key, consistent)
			if err != nil {
				return err.Error()
			}
			return diffRow(&row, &got)
		})
	}
	_, err := s.Table.Get(s.Context(), s.key("b"), true)
	s.notFound(s.key("b"), err)
	_, err = s.Table.Get(s.Context(), table.Key{P: row.Key.S, S: row.Key.P}, false)
	s.notFound(row.Key, err)
}

func testGetAll(s *suite) {
	var rows []table.Row
	var keys []table.Key
	for i := range table.MaxOps {
		rows = append(rows, s.row(fmt.Sprintf("%03d", i), i))
		keys = append(keys, rows[i].Key)
	}
	s.put(rows...)
	for i := range rows {
		rows[i].Version = 1
	}
	for _, tt := range []struct {
		name string
		keys []table.Key
		want []table.Row
	}{
		{"none", nil, nil},
		{"one", keys[3:4], rows[3:4]},
		{"in the order asked for", []table.Key{keys[9], keys[1], keys[5]}, []table.Row{rows[9], rows[1], rows[5]}},
		{"those that exist", []table.Key{s.key("x"), keys[1], s.key("y")}, rows[1:2]},
		{"none exists", []table.Key{s.key("x"), s.key("y")}, nil},
		{"twice", []table.Key{keys[1], keys[1]}, []table.Row{rows[1], rows[1]}},
		{"as many as there may be", keys, rows},
	} {
		got, err := s.Table.GetAll(s.Context(), tt.keys)
		if err != nil {
			s.Fatalf("%s: %v", tt.name, err)
		}
		if diff := diffRows(tt.want, got); diff != "" {
			s.Errorf("%s: rows differ (-want +got):\n%s", tt.name, diff)
		}
	}
}

// testConditions goes through every operation, condition and state of the row, alone and beside another operation.
func testConditions(s *suite) {
	conds := []struct {
		name  string
		cond  table.Cond
		holds func(cur *table.Row) bool
	}{
		{"absent", table.Absent(), func(cur *table.Row) bool { return cur == nil }},
		{"version 0", table.VersionIs(0), func(cur *table.Row) bool { return cur == nil }},
		{"its version", table.VersionIs(2), func(cur *table.Row) bool { return cur != nil }},
		{"other version", table.VersionIs(1), func(*table.Row) bool { return false }},
		{"exists", table.Exists(), func(cur *table.Row) bool { return cur != nil }},
		{"always", always(), func(*table.Row) bool { return true }},
	}
	type kind struct {
		name string
		op   func(table.Row, table.Cond) table.Op
		next func(cur *table.Row, put table.Row) *table.Row // what is stored after it was applied
	}
	kinds := []kind{
		{"put", table.Put, func(cur *table.Row, put table.Row) *table.Row {
			put.Version = 1
			if cur != nil {
				put.Version = cur.Version + 1
			}
			return &put
		}},
		{
			"delete",
			func(r table.Row, c table.Cond) table.Op { return table.Delete(r.Key, c) },
			func(*table.Row, table.Row) *table.Row { return nil },
		},
		{
			"check",
			func(r table.Row, c table.Cond) table.Op { return table.Check(r.Key, c) },
			func(cur *table.Row, _ table.Row) *table.Row { return cur },
		},
	}
	states := []string{"none", "stored", "expired"}

	// All rows are made first: rows that are to be expired need the clock to move.
	name := func(k kind, cond, state string, beside bool) string {
		return fmt.Sprintf("%s if %s on %s, beside another: %t", k.name, cond, state, beside)
	}
	each := func(do func(k kind, cond int, state string, beside bool, key string)) {
		for _, k := range kinds {
			for c := range conds {
				for _, state := range states {
					for _, beside := range []bool{false, true} {
						do(k, c, state, beside, name(k, conds[c].name, state, beside))
					}
				}
			}
		}
	}
	var stored []table.Op
	each(func(_ kind, _ int, state string, _ bool, key string) {
		if state == "none" {
			return
		}
		r := s.row(key, 1)
		if state == "expired" {
			r.Expires = s.clock.Now().Add(time.Minute)
		}
		stored = append(stored, table.Put(r, table.Absent()))
	})
	for len(stored) > 0 {
		n := min(len(stored), table.MaxOps)
		s.write(stored[:n]...)
		for i := range stored[:n] {
			stored[i].Cond = table.VersionIs(1)
		}
		s.write(stored[:n]...)
		stored = stored[n:]
	}
	s.clock.advance(time.Minute)

	each(func(k kind, c int, state string, beside bool, key string) {
		cond := conds[c]
		var cur *table.Row
		if state == "stored" {
			r := s.row(key, 1)
			r.Version = 2
			cur = &r
		}
		put, other := s.row(key, 2), s.row(key+" other", 3)
		ops := []table.Op{k.op(put, cond.cond)}
		if beside {
			ops = []table.Op{table.Put(other, table.Absent()), k.op(put, cond.cond)}
		}
		err := s.Table.Write(s.Context(), ops...)
		holds := cond.holds(cur)
		want, wantOther := cur, (*table.Row)(nil)
		if holds {
			want = k.next(cur, put)
			if beside {
				other.Version = 1
				wantOther = &other
			}
		}
		if holds != (err == nil) {
			s.Errorf("%s: error %v", key, err)
		}
		if !holds {
			s.conflicts(key, err, table.Failed{Op: len(ops) - 1, Key: put.Key, Current: cur})
		}
		if diff := diffRow(want, s.get(put.Key)); diff != "" {
			s.Errorf("%s: row differs (-want +got):\n%s", key, diff)
		}
		if diff := diffRow(wantOther, s.get(other.Key)); diff != "" {
			s.Errorf("%s: other row differs (-want +got):\n%s", key, diff)
		}
	})
}

// conflicts holds an error against the conflict it should be.
func (s *suite) conflicts(name string, err error, want ...table.Failed) {
	s.Helper()
	c, ok := table.Conflict(err)
	if !ok {
		s.Errorf("%s: error %v, want a ConflictError", name, err)
		return
	}
	type failed struct {
		Op      int
		Key     table.Key
		Current any
	}
	list := func(in []table.Failed) (out []failed) {
		for _, f := range in {
			out = append(out, failed{f.Op, f.Key, plain(f.Current)})
		}
		return out
	}
	if diff := cmp.Diff(list(want), list(c.Failed)); diff != "" {
		s.Errorf("%s: conflict differs (-want +got):\n%s", name, diff)
	}
}

func testVersions(s *suite) {
	r := s.row("a", 0)
	steps := []struct {
		name string
		op   table.Op
		want int64
	}{
		{"put absent", table.Put(r, table.Absent()), 1},
		{"put version", table.Put(r, table.VersionIs(1)), 2},
		{"put exists", table.Put(r, table.Exists()), 3},
		{"put always", table.Put(r, always()), 4},
		{"add", table.Add(r.Key, "thing", 1, map[string]int64{"n": 1}), 5},
		{"check", table.Check(r.Key, table.VersionIs(5)), 5},
		{"put version again", table.Put(r, table.VersionIs(5)), 6},
		{"delete", table.Delete(r.Key, table.VersionIs(6)), 0},
		{"put always anew", table.Put(r, always()), 1},
		{"delete always", table.Delete(r.Key, always()), 0},
		{"delete nothing", table.Delete(r.Key, always()), 0},
		{"add anew", table.Add(r.Key, "thing", 1, map[string]int64{"n": 1}), 1},
	}
	for _, together := range []bool{false, true} {
		if together {
			s.write(table.Delete(r.Key, always()))
		}
		for i, step := range steps {
			ops := []table.Op{step.op}
			if together {
				ops = append(ops, table.Put(s.row(fmt.Sprintf("beside %d", i), i), table.Absent()))
			}
			s.write(ops...)
			got := int64(0)
			if r := s.get(r.Key); r != nil {
				got = r.Version
			}
			if got != step.want {
				s.Errorf("%s, beside another %t: version %d, want %d", step.name, together, got, step.want)
			}
		}
	}
}

func testConflict(s *suite) {
	a, b := s.row("a", 1), s.row("b", 2)
	a.Index = map[table.Index]table.Key{IndexA: {P: s.p("i"), S: "x"}}
	a.Attrs = []byte(`{"deep":{"list":[1,"two",null,{"three":3.25}]},"text":"<&>"}`)
	s.put(a, b)
	a.Version, b.Version = 1, 1
	c := s.row("c", 3)
	s.conflicts("one", s.Table.Write(s.Context(), table.Put(s.row("a", 9), table.Absent())),
		table.Failed{Op: 0, Key: a.Key, Current: &a})
	s.conflicts("several", s.Table.Write(s.Context(),
		table.Put(s.row("a", 9), table.Absent()),
		table.Put(c, table.Absent()),
		table.Check(s.key("d"), table.Exists()),
		table.Delete(b.Key, table.VersionIs(4)),
		table.Add(s.key("e"), "count", 1, map[string]int64{"n": 1}),
	), table.Failed{Op: 0, Key: a.Key, Current: &a}, table.Failed{Op: 2, Key: s.key("d")}, table.Failed{Op: 3, Key: b.Key, Current: &b})
	s.want(a.Key, &a)
	s.want(b.Key, &b)
	s.want(c.Key, nil)
	s.want(s.key("e"), nil)
}

// testLargeWrites writes as many rows at once as there may be: all of them, or none when the last one fails.
func testLargeWrites(s *suite) {
	var ops []table.Op
	for i := range table.MaxOps {
		ops = append(ops, table.Put(s.row(fmt.Sprintf("%03d", i), i), table.Absent()))
	}
	for _, at := range []int{0, 50, table.MaxOps - 1} {
		blocker := s.row(ops[at].Row.Key.S, -1)
		s.put(blocker)
		blocker.Version = 1
		s.conflicts(fmt.Sprintf("fails at %d", at), s.Table.Write(s.Context(), ops...),
			table.Failed{Op: at, Key: blocker.Key, Current: &blocker})
		if rows := s.all(table.Query{P: s.p("p"), Consistent: true}); len(rows) != 1 {
			s.Fatalf("a write that failed at %d left %d rows", at, len(rows)-1)
		}
		s.write(table.Delete(blocker.Key, table.VersionIs(1)))
	}
	s.write(ops...)
	if rows := s.all(table.Query{P: s.p("p"), Consistent: true}); len(rows) != table.MaxOps {
		s.Errorf("%d rows, want %d", len(rows), table.MaxOps)
	}
}

func testMixedWrite(s *suite) {
	s.put(s.row("replaced", 1), s.row("deleted", 1), s.row("checked", 1), s.row("added to", 1), s.row("rewritten", 1))
	s.write(
		table.Put(s.row("new", 2), table.Absent()),
		table.Put(s.row("replaced", 2), table.VersionIs(1)),
		table.Delete(s.key("deleted"), table.Exists()),
		table.Check(s.key("checked"), table.VersionIs(1)),
		table.Check(s.key("missing"), table.Absent()),
		table.Add(s.key("added to"), "thing", 1, map[string]int64{"n": 4}),
		table.Add(s.key("added"), "thing", 1, map[string]int64{"n": 4}),
		table.Put(s.row("rewritten", 2), always()),
		table.Put(s.row("written", 2), always()),
	)
	for name, want := range map[string]struct {
		version int64
		n       int
	}{
		"new": {1, 2}, "replaced": {2, 2}, "deleted": {}, "checked": {1, 1}, "missing": {},
		"added to": {2, 5}, "added": {1, 4}, "rewritten": {2, 2}, "written": {1, 2},
	} {
		if want.version == 0 {
			s.want(s.key(name), nil)
			continue
		}
		r := s.row(name, want.n)
		r.Version = want.version
		s.want(r.Key, &r)
	}
}
