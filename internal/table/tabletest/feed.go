package tabletest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/table"
)

// collector reads a feed in the background and keeps this test's changes, those told twice once.
type collector struct {
	s       *suite
	mu      sync.Mutex
	changes []table.Change
	seen    map[string]bool
	err     error
}

// collect opens a feed and reads it to the end of the test.
func (s *suite) collect() *collector {
	c := &collector{s: s, seen: map[string]bool{}}
	feed := s.Feed()
	ctx, cancel := context.WithCancel(s.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			changes, lost, err := feed.Next(ctx)
			c.add(changes, lost, err)
			if err != nil {
				return
			}
		}
	}()
	s.Cleanup(func() {
		cancel()
		<-done
		feed.Close()
	})
	return c
}

func (c *collector) add(changes []table.Change, lost bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if lost && c.err == nil {
		c.err = errors.New("the feed lost changes")
	}
	if err != nil && !errors.Is(err, context.Canceled) && c.err == nil {
		c.err = err
	}
	for _, ch := range changes {
		if id := ch.Seq + " " + ch.Key.String(); strings.HasPrefix(ch.Key.P, c.s.prefix) && !c.seen[id] {
			c.seen[id] = true
			c.changes = append(c.changes, ch)
		}
	}
}

func (c *collector) snapshot() ([]table.Change, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]table.Change(nil), c.changes...), c.err
}

// until waits for a state of what was told, and gives it.
func (c *collector) until(ok func([]table.Change) bool) []table.Change {
	c.s.Helper()
	var got []table.Change
	c.s.eventually(func() string {
		var err error
		if got, err = c.snapshot(); err != nil {
			c.s.Fatal(err)
		}
		if ok(got) {
			return ""
		}
		return fmt.Sprintf("the feed told only %d changes: %s", len(got), told(got))
	})
	return got
}

func told(changes []table.Change) string {
	var sb strings.Builder
	for _, c := range changes {
		fmt.Fprintf(&sb, " %s:%d>%d", c.Key.S, versionOf(c.Old), versionOf(c.New))
	}
	return sb.String()
}

func versionOf(r *table.Row) int64 {
	if r == nil {
		return 0
	}
	return r.Version
}

func lastOf(changes []table.Change, k table.Key) *table.Change {
	for i := len(changes) - 1; i >= 0; i-- {
		if changes[i].Key == k {
			return &changes[i]
		}
	}
	return nil
}

// testFeed: every kind of write is told with both rows, whole.
func testFeed(s *suite) {
	s.put(s.row("before", 1))
	feed := s.collect()
	a := s.indexed("a", "1")
	a.Expires = s.clock.Now().Add(time.Hour)
	s.put(a)
	b := s.row("a", 2)
	s.write(table.Put(b, table.VersionIs(1)))
	s.write(table.Add(a.Key, "thing", 1, map[string]int64{"n": 3}))
	s.write(table.Check(a.Key, table.Exists()))                                            // told to nobody
	s.write(table.Delete(s.key("nothing"), always()))                                      // nothing was there
	s.write(table.Delete(a.Key, table.Exists()), table.Put(s.row("b", 1), table.Absent())) // one write, two changes
	added := s.row("a", 5)
	a.Version, b.Version, added.Version = 1, 2, 3
	bb := s.row("b", 1)
	bb.Version = 1

	changes := feed.until(func(got []table.Change) bool { return len(got) >= 5 })
	var of []table.Change
	for _, c := range changes {
		if c.Key == a.Key {
			of = append(of, c)
		}
	}
	want := []table.Change{{Old: nil, New: &a}, {Old: &a, New: &b}, {Old: &b, New: &added}, {Old: &added, New: nil}}
	if len(of) != len(want) || len(changes) != len(want)+1 {
		s.Fatalf("changes told:%s", told(changes))
	}
	for i, w := range want {
		if diff := diffRow(w.Old, of[i].Old); diff != "" {
			s.Errorf("change %d: old row differs (-want +got):\n%s", i, diff)
		}
		if diff := diffRow(w.New, of[i].New); diff != "" {
			s.Errorf("change %d: new row differs (-want +got):\n%s", i, diff)
		}
	}
	if last := lastOf(changes, bb.Key); last == nil || last.Old != nil || diffRow(&bb, last.New) != "" {
		s.Errorf("the new row is told as %+v", last)
	}
}

// testFeedOrder: the changes of one key come in the order they were made, with many writers at many keys.
func testFeedOrder(s *suite) {
	const keys = 4
	feed := s.collect()
	for _, err := range race(func(w int) error {
		for i := range turns {
			own := s.row(fmt.Sprintf("own %d %d", w, i), i)
			if err := s.Table.Write(s.Context(), table.Add(s.key(fmt.Sprintf("sum %d", (w+i)%keys)), "sum", 1, map[string]int64{"n": 1}),
				table.Put(own, table.Absent())); err != nil {
				return err
			}
		}
		return nil
	}) {
		s.Fatal(err)
	}
	changes := feed.until(func(got []table.Change) bool { return len(got) >= 2*writers*turns })
	last := map[table.Key]int64{}
	for _, c := range changes {
		if versionOf(c.Old) != last[c.Key] || versionOf(c.New) != last[c.Key]+1 {
			s.Fatalf("%s: version %d became %d, after %d", c.Key, versionOf(c.Old), versionOf(c.New), last[c.Key])
		}
		last[c.Key]++
	}
	sum := map[string]int64{}
	for k, n := range last {
		sum[strings.Fields(k.S)[0]] += n
	}
	if diff := cmp.Diff(map[string]int64{"own": writers * turns, "sum": writers * turns}, sum); diff != "" {
		s.Errorf("changes differ (-want +got):\n%s", diff)
	}
}

// testFeedEnds: a feed that waits ends with its context; two feeds do not take from each other.
func testFeedEnds(s *suite) {
	one, two := s.collect(), s.collect()
	ctx, cancel := context.WithTimeout(s.Context(), 200*time.Millisecond)
	defer cancel()
	idle := s.Feed()
	for { // others may write to the same table
		if _, _, err := idle.Next(ctx); err != nil {
			if !errors.Is(err, context.DeadlineExceeded) {
				s.Errorf("Next = %v, want the context's error", err)
			}
			break
		}
	}
	idle.Close()
	idle.Close()
	s.put(s.row("a", 1))
	for _, c := range []*collector{one, two} {
		c.until(func(got []table.Change) bool { return len(got) == 1 })
	}
}
