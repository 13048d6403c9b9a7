package tabletest

import (
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"learningloop/internal/fault"
	"learningloop/internal/table"
)

func testAdd(s *suite) {
	k := s.key("sum")
	r := table.Row{
		Key: k, Type: "sum", Schema: 2, Expires: s.clock.Now().Add(time.Hour),
		Index: map[table.Index]table.Key{IndexA: {P: s.p("i"), S: "x"}},
		Attrs: []byte(`{"a":1,"text":"stays","nested":{"n":[1]},"big":9223372036854775807}`),
	}
	s.put(r)
	s.write(table.Add(k, "other", 9, map[string]int64{"a": 2, "b": -5, "version": 3, "type": 4, "big": math.MaxInt64}))
	s.write(table.Add(k, "other", 9, map[string]int64{"a": -4, "pk": 7, "ranked_p": 1, "_x": 2, "version": 3}))
	r.Version = 3
	r.Attrs = []byte(`{"a":-1,"b":-5,"version":6,"type":4,"pk":7,"ranked_p":1,"_x":2,"text":"stays","nested":{"n":[1]},"big":18446744073709551614}`)
	s.want(k, &r)

	made := table.Row{Key: s.key("made"), Type: "sum", Schema: 2, Version: 1, Attrs: []byte(`{"a":0,"b":-9223372036854775808}`)}
	s.write(table.Add(made.Key, "sum", 2, map[string]int64{"a": 0, "b": math.MinInt64}))
	s.want(made.Key, &made)

	// What cannot be added to is said, and nothing else of the write happens.
	for _, name := range []string{"text", "nested"} {
		bad := table.Add(k, "sum", 2, map[string]int64{"a": 1, name: 1})
		for _, ops := range [][]table.Op{{bad}, {table.Put(s.row("beside", 1), table.Absent()), bad}} {
			if err := s.Table.Write(s.Context(), ops...); !fault.Is(err, fault.Invalid) {
				s.Errorf("adding to %s: %v, want Invalid", name, err)
			}
		}
	}
	s.want(k, &r)
	s.want(s.key("beside"), nil)

	// An expired row is none: the sum starts anew.
	s.clock.advance(2 * time.Hour)
	s.write(table.Add(k, "anew", 3, map[string]int64{"a": 8}))
	s.want(k, &table.Row{Key: k, Type: "anew", Schema: 3, Version: 1, Attrs: []byte(`{"a":8}`)})
}

const (
	writers = 32
	turns   = 8
)

// race runs do for every writer at once and gives the errors.
func race(do func(writer int) error) (errs []error) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	start := make(chan struct{})
	for w := range writers {
		wg.Go(func() {
			<-start
			if err := do(w); err != nil {
				mu.Lock()
				defer mu.Unlock()
				errs = append(errs, err)
			}
		})
	}
	close(start)
	wg.Wait()
	return errs
}

// testConcurrentAdds: additions commute, and none is lost.
func testConcurrentAdds(s *suite) {
	k, k2 := s.key("one"), s.key("two")
	for _, err := range race(func(w int) error {
		for i := range turns {
			if err := s.Table.Write(s.Context(), table.Add(k, "sum", 1, map[string]int64{"n": 1, "w": int64(w)})); err != nil {
				return err
			}
			beside := s.row(fmt.Sprintf("beside %d %d", w, i), 1)
			if err := s.Table.Write(s.Context(), table.Add(k2, "sum", 1, map[string]int64{"n": 2}), table.Put(beside, table.Absent())); err != nil {
				return err
			}
		}
		return nil
	}) {
		s.Error(err)
	}
	all := writers * turns
	s.want(k, &table.Row{
		Key: k, Type: "sum", Schema: 1, Version: int64(all),
		Attrs: fmt.Appendf(nil, `{"n":%d,"w":%d}`, all, turns*writers*(writers-1)/2),
	})
	s.want(k2, &table.Row{Key: k2, Type: "sum", Schema: 1, Version: int64(all), Attrs: fmt.Appendf(nil, `{"n":%d}`, 2*all)})
}

// testMarkedAdds: an addition in one write with a mark that must be absent happens once, however many try.
func testMarkedAdds(s *suite) {
	sum := s.key("sum")
	var conflicts atomic.Int64
	for _, err := range race(func(int) error {
		for i := range turns {
			mark := s.row(fmt.Sprintf("mark %d", i), i)
			err := s.Table.Write(s.Context(), table.Put(mark, table.Absent()), table.Add(sum, "sum", 1, map[string]int64{"n": 1}))
			if c, ok := table.Conflict(err); ok && len(c.Failed) == 1 && c.Failed[0].Op == 0 {
				conflicts.Add(1)
				continue
			}
			if err != nil {
				return err
			}
		}
		return nil
	}) {
		s.Error(err)
	}
	if got, want := conflicts.Load(), int64((writers-1)*turns); got != want {
		s.Errorf("%d conflicts, want %d", got, want)
	}
	s.want(sum, &table.Row{Key: sum, Type: "sum", Schema: 1, Version: turns, Attrs: fmt.Appendf(nil, `{"n":%d}`, turns)})
}

// testOneWinner: of writers that saw the same version, one wins and the others see its row.
func testOneWinner(s *suite) {
	k := s.key("a")
	for version := range int64(turns) {
		var won atomic.Int64
		won.Store(-1)
		for _, err := range race(func(w int) error {
			r := s.row("a", w)
			err := s.Table.Write(s.Context(), table.Put(r, table.VersionIs(version)))
			c, ok := table.Conflict(err)
			switch {
			case err == nil && won.Swap(int64(w)) != -1:
				return fmt.Errorf("version %d has two winners", version)
			case ok && (c.Failed[0].Current == nil || c.Failed[0].Current.Version <= version):
				return fmt.Errorf("conflict over version %d tells of %+v", version, c.Failed[0].Current)
			case err != nil && !ok:
				return err
			}
			return nil
		}) {
			s.Error(err)
		}
		winner := s.row("a", int(won.Load()))
		winner.Version = version + 1
		s.want(k, &winner)
	}
}

// testTransfers: writes of two rows are seen and applied as one, whoever else writes them at the same time.
func testTransfers(s *suite) {
	const accounts, each = 4, 100
	account := func(i int) table.Key { return s.key(fmt.Sprintf("account %d", i)) }
	for i := range accounts {
		s.write(table.Add(account(i), "account", 1, map[string]int64{"n": each}))
	}
	var done atomic.Int64
	for _, err := range race(func(w int) error {
		from, to := account(w%accounts), account((w/accounts+w+1)%accounts)
		if from == to {
			return nil
		}
		for {
			rows, err := s.Table.GetAll(s.Context(), []table.Key{from, to})
			if err != nil {
				return err
			}
			err = s.Table.Write(s.Context(),
				table.Check(from, table.VersionIs(rows[0].Version)),
				table.Add(to, "account", 1, map[string]int64{"n": 1}),
				table.Put(s.row(fmt.Sprintf("paid %d", w), w), table.Absent()))
			if _, ok := table.Conflict(err); ok {
				continue // somebody paid into from meanwhile
			}
			if err == nil {
				done.Add(1)
			}
			return err
		}
	}) {
		s.Error(err)
	}
	sum := 0
	for i := range accounts {
		if r := s.get(account(i)); r != nil {
			sum += int(r.Version) - 1
		}
	}
	if got := len(s.all(table.Query{P: s.p("p"), From: "paid", To: "paie", Consistent: true})); sum != got || int64(sum) != done.Load() {
		s.Errorf("%d additions, %d marks, %d acknowledged: they should be equal", sum, got, done.Load())
	}
}
