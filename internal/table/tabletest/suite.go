package tabletest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/table"
)

// Indexes the suite uses; an engine that must declare its indexes declares these.
const (
	IndexA table.Index = "pending"
	IndexB table.Index = "ranked"
)

// Engine is an engine under test.
type Engine struct {
	Table table.Table
	Feed  func() table.Feed           // opens a feed of the changes made from now on
	Sweep func(context.Context) error // removes the rows that are expired by the real clock and by the engine's
	Lag   time.Duration               // how long indexes and the feed may take at most; 0: five seconds
}

// Open opens an engine that uses clock to tell what is expired, and closes it at the end of t. It may open the same table
// again and again: each test works in partitions of its own.
type Open func(t *testing.T, clock func() time.Time) Engine

// Run is the conformance suite: what table.Table promises, each promise a subtest.
func Run(t *testing.T, open Open) {
	for _, tt := range []struct {
		name string
		test func(*suite)
	}{
		{"get", testGet},
		{"get all", testGetAll},
		{"conditions", testConditions},
		{"versions", testVersions},
		{"conflict tells the current row", testConflict},
		{"writes of 100", testLargeWrites},
		{"mixed write", testMixedWrite},
		{"add", testAdd},
		{"adds of 32 writers", testConcurrentAdds},
		{"adds behind a mark", testMarkedAdds},
		{"one winner", testOneWinner},
		{"transfers keep the sum", testTransfers},
		{"query both ways", testQuery},
		{"query bounds", testBounds},
		{"query of a thousand", testFullPage},
		{"query of large rows", testLargePage},
		{"cursor survives writes", testCursorSurvives},
		{"cursor ends", testCursorEnds},
		{"index is sparse", testIndexSparse},
		{"index follows", testIndexFollows},
		{"index pages", testIndexPages},
		{"index with equal keys", testIndexEqualKeys},
		{"index of large rows", testIndexLargeRows},
		{"expired rows are hidden", testExpiryHides},
		{"expired rows are absent", testExpiryAbsent},
		{"expired rows are removed", testExpirySweeps},
		{"feed", testFeed},
		{"feed in order per key", testFeedOrder},
		{"feed ends", testFeedEnds},
		{"odd keys", testOddKeys},
		{"odd values", testOddValues},
		{"near the size limit", testSizes},
		{"limits of writes", testWriteLimits},
		{"limits of reads", testReadLimits},
		{"bad cursors", testBadCursors},
		{"cancelled context", testCancelled},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &suite{T: t, clock: &clock{now: time.Now().Truncate(time.Second)}}
			s.Engine = open(t, s.clock.Now)
			if s.Lag == 0 {
				s.Lag = 5 * time.Second
			}
			s.prefix = "t" + rand.Text()[:10]
			tt.test(s)
		})
	}
}

// clock is moved by the tests.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now is the time.
func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// suite is one test with its engine.
type suite struct {
	*testing.T
	Engine
	clock  *clock
	prefix string
}

// p makes a partition of this test's own.
func (s *suite) p(name string) string { return s.prefix + "#" + name }

// key makes a key in this test's own partition.
func (s *suite) key(k string) table.Key { return table.Key{P: s.p("p"), S: k} }

// row makes a row with one attribute.
func (s *suite) row(k string, n int) table.Row {
	return table.Row{Key: s.key(k), Type: "thing", Schema: 1, Attrs: fmt.Appendf(nil, `{"n":%d}`, n)}
}

const fresh = "a test's own key"

func always() table.Cond { return table.Always(fresh) }

func (s *suite) write(ops ...table.Op) {
	s.Helper()
	if err := s.Table.Write(s.Context(), ops...); err != nil {
		s.Fatalf("Write: %v", err)
	}
}

// put writes rows that are not there yet, as many at once as the port takes.
func (s *suite) put(rows ...table.Row) {
	s.Helper()
	var ops []table.Op
	size := 0
	for i, r := range rows {
		ops = append(ops, table.Put(r, table.Absent()))
		size += table.ItemSize(r)
		if i == len(rows)-1 || len(ops) == table.MaxOps || size+table.ItemSize(rows[i+1]) > table.MaxWrite {
			s.write(ops...)
			ops, size = nil, 0
		}
	}
}

func (s *suite) get(k table.Key) *table.Row {
	s.Helper()
	r, err := s.Table.Get(s.Context(), k, true)
	if err != nil {
		if r.Key != (table.Key{}) {
			s.Errorf("Get %s gives a row with error %v", k, err)
		}
		s.notFound(k, err)
		return nil
	}
	return &r
}

// want holds the stored row against want; nil: no row.
func (s *suite) want(k table.Key, want *table.Row) {
	s.Helper()
	if diff := diffRow(want, s.get(k)); diff != "" {
		s.Errorf("row %s differs (-want +got):\n%s", k, diff)
	}
}

// all reads a query page by page and holds each page against the contract.
func (s *suite) all(q table.Query) []table.Row {
	s.Helper()
	rows, err := s.pages(q)
	if err != nil {
		s.Fatal(err)
	}
	return rows
}

func (s *suite) pages(q table.Query) ([]table.Row, error) {
	limit := q.Limit
	if limit == 0 {
		limit = table.MaxPage
	}
	var rows []table.Row
	for {
		p, err := s.Table.Query(s.Context(), q)
		if err != nil {
			return nil, fmt.Errorf("query %+v: %w", q, err)
		}
		rows = append(rows, p.Rows...)
		if p.Cursor == "" {
			return rows, nil
		}
		if len(p.Rows) != limit {
			return nil, fmt.Errorf("query %+v: a page of %d rows has a cursor", q, len(p.Rows))
		}
		if strings.ContainsFunc(p.Cursor, func(r rune) bool { return !isURLSafe(r) }) {
			return nil, fmt.Errorf("cursor %q is not URL-safe", p.Cursor)
		}
		q.Cursor = p.Cursor
	}
}

func isURLSafe(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_'
}

// eventually polls until check says nothing, and fails with what it said last.
func (s *suite) eventually(check func() string) {
	s.Helper()
	deadline := time.Now().Add(s.Lag)
	for {
		msg := check()
		if msg == "" {
			return
		}
		if time.Now().After(deadline) {
			s.Fatalf("after %s: %s", s.Lag, msg)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// indexHolds waits until a query of an index gives exactly the rows with these sort keys, in order.
func (s *suite) indexHolds(q table.Query, want ...string) {
	s.Helper()
	s.eventually(func() string {
		rows, err := s.pages(q)
		if err != nil {
			s.Fatal(err)
		}
		return cmp.Diff(append([]string{}, want...), names(rows))
	})
}

// names gives the sort keys of rows.
func names(rows []table.Row) []string {
	got := []string{}
	for _, r := range rows {
		got = append(got, r.Key.S)
	}
	return got
}

// diffRow compares rows by what they mean: attributes as JSON values, numbers by value.
func diffRow(want, got *table.Row) string { return cmp.Diff(plain(want), plain(got)) }

func diffRows(want, got []table.Row) string {
	var w, g []any
	for i := range want {
		w = append(w, plain(&want[i]))
	}
	for i := range got {
		g = append(g, plain(&got[i]))
	}
	return cmp.Diff(w, g)
}

func plain(r *table.Row) any {
	if r == nil {
		return nil
	}
	c := *r
	c.Attrs = nil
	if len(c.Index) == 0 {
		c.Index = nil
	}
	if !c.Expires.IsZero() {
		c.Expires = c.Expires.Truncate(time.Second).UTC()
	}
	return map[string]any{"row": c, "attrs": jsonValue(r.Attrs)}
}

func jsonValue(b []byte) any {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return fmt.Sprintf("not JSON: %v: %q", err, b)
	}
	return exact(v)
}

// exact writes numbers as fractions, so that 1.0 and 1 are the same and no digit is lost.
func exact(v any) any {
	switch v := v.(type) {
	case json.Number:
		r, ok := new(big.Rat).SetString(v.String())
		if !ok {
			return "not a number: " + v.String()
		}
		return "number " + r.String()
	case []any:
		for i := range v {
			v[i] = exact(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = exact(v[k])
		}
	}
	return v
}
