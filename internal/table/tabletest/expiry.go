package tabletest

import (
	"time"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/table"
)

// expiring makes a row that is gone in an hour.
func (s *suite) expiring(k string) table.Row {
	r := s.indexed(k, k)
	r.Expires = s.clock.Now().Add(time.Hour)
	return r
}

// testExpiryHides: no read gives an expired row, to the second.
func testExpiryHides(s *suite) {
	a, b := s.expiring("a"), s.expiring("b")
	b.Expires = b.Expires.Add(time.Second + 999*time.Millisecond)
	s.put(a, b, s.indexed("c", "c"))
	s.indexHolds(s.inA(), "a", "b", "c")
	for _, tt := range []struct {
		name string
		wait time.Duration
		want []string
	}{
		{"just before", time.Hour - time.Second, []string{"a", "b", "c"}},
		{"the second the first one expires", time.Second, []string{"b", "c"}},
		{"the second the second one expires", time.Second, []string{"c"}},
		{"long after", 1000 * time.Hour, []string{"c"}},
	} {
		s.clock.advance(tt.wait)
		keys := []table.Key{a.Key, b.Key, s.key("c")}
		var got []string
		for _, k := range keys {
			if s.get(k) != nil {
				got = append(got, k.S)
			}
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			s.Errorf("%s: Get differs (-want +got):\n%s", tt.name, diff)
		}
		rows, err := s.Table.GetAll(s.Context(), keys)
		if err != nil {
			s.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, names(rows)); diff != "" {
			s.Errorf("%s: GetAll differs (-want +got):\n%s", tt.name, diff)
		}
		if diff := cmp.Diff(tt.want, names(s.all(table.Query{P: s.p("p"), Consistent: true}))); diff != "" {
			s.Errorf("%s: Query differs (-want +got):\n%s", tt.name, diff)
		}
		s.indexHolds(s.inA(), tt.want...)
	}
}

// testExpiryAbsent: for every condition an expired row is no row, and what is put over it starts anew.
func testExpiryAbsent(s *suite) {
	var rows []table.Row
	for _, k := range []string{"absent", "always", "absent beside", "always beside", "add beside", "longer", "version", "exists", "delete"} {
		rows = append(rows, s.expiring(k))
	}
	s.put(rows...)
	s.clock.advance(time.Hour)

	beside := table.Put(s.row("beside", 1), always())
	fresh := func(k string) table.Row { return s.row(k, 5) }
	s.write(table.Put(fresh("absent"), table.Absent()))
	s.write(table.Put(fresh("always"), always()))
	s.write(table.Put(fresh("absent beside"), table.Absent()), beside)
	s.write(table.Put(fresh("always beside"), always()), beside)
	s.write(table.Add(s.key("add beside"), "thing", 1, map[string]int64{"n": 5}), beside)
	for _, k := range []string{"absent", "always", "absent beside", "always beside", "add beside"} {
		r := fresh(k)
		r.Version = 1
		s.want(r.Key, &r)
	}
	longer := s.expiring("longer")
	s.write(table.Put(longer, table.VersionIs(0)))
	longer.Version = 1
	s.want(longer.Key, &longer)

	s.conflicts("version", s.Table.Write(s.Context(), table.Put(fresh("version"), table.VersionIs(1))), table.Failed{Key: s.key("version")})
	s.conflicts("exists", s.Table.Write(s.Context(), table.Put(fresh("exists"), table.Exists())), table.Failed{Key: s.key("exists")})
	s.conflicts("delete", s.Table.Write(s.Context(), table.Delete(s.key("delete"), table.Exists())), table.Failed{Key: s.key("delete")})
	s.conflicts("check", s.Table.Write(s.Context(), table.Check(s.key("delete"), table.Exists())), table.Failed{Key: s.key("delete")})
	s.conflicts("beside", s.Table.Write(s.Context(), beside, table.Put(fresh("version"), table.VersionIs(1))), table.Failed{Op: 1, Key: s.key("version")})
	s.write(table.Delete(s.key("delete"), always()))
	s.write(table.Check(s.key("version"), table.Absent()))
	s.write(table.Check(s.key("exists"), table.Absent()), beside)

	// What was expired has left the index; what was put over it has its own place there.
	s.indexHolds(s.inA(), "longer")
	s.clock.advance(2 * time.Hour)
	s.want(longer.Key, nil)
}

// testExpirySweeps: expired rows are removed in the end, and the feed tells of it; others stay.
func testExpirySweeps(s *suite) {
	gone, later, never := s.expiring("gone"), s.expiring("later"), s.indexed("never", "never")
	gone.Expires = time.Now().Add(-time.Hour) // by the real clock too: that is the one DynamoDB removes by
	replaced := gone
	replaced.Key = s.key("replaced")
	feed := s.collect()
	s.put(gone, later, never, replaced)
	kept := s.row("replaced", 7)
	s.write(table.Put(kept, table.Absent())) // its expiry must not outlive it
	if err := s.Sweep(s.Context()); err != nil {
		s.Fatal(err)
	}
	gone.Version = 1
	feed.until(func(changes []table.Change) bool {
		last := lastOf(changes, gone.Key)
		return last != nil && last.New == nil && diffRow(&gone, last.Old) == ""
	})
	later.Version, never.Version, kept.Version = 1, 1, 1
	s.want(later.Key, &later)
	s.want(never.Key, &never)
	s.want(kept.Key, &kept)
	s.indexHolds(s.inA(), "later", "never")
}
