package embedded

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"learningloop/internal/table"
)

// The crash test writes from many clients onto a file system that can lose what was not synced, takes such a crashed
// state at a random moment, and opens it. kill -9 would not show this: the page cache survives it.
const (
	crashClients = 8
	crashRounds  = 12
)

// acked is what one client was told is durable, and what it was not told yet.
type acked struct {
	mu        sync.Mutex
	turn      int // the last turn acknowledged
	attempted int // the last turn sent
}

func TestCrash(t *testing.T) {
	for round := range crashRounds {
		seed := uint64(round + 1)
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) { crash(t, seed) })
	}
}

func crash(t *testing.T, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, seed))
	fs := vfs.NewCrashableMem()
	db := openCrashable(t, fs)
	clients := make([]*acked, crashClients)
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	var total atomic.Int64
	for c := range clients {
		clients[c] = &acked{}
		wg.Go(func() { work(ctx, t, db, c, clients[c], &total) })
	}
	// Some writes at least, and enough of them in every third round that memory tables are written out meanwhile.
	least := int64(50 + rng.IntN(400))
	if seed%3 == 0 {
		least += 2500
	}
	for total.Load() < least {
		time.Sleep(time.Millisecond)
	}
	before := make([]int, crashClients)
	for c, a := range clients {
		a.mu.Lock()
		before[c] = a.turn
		a.mu.Unlock()
	}
	crashed := fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: rng.IntN(101), RNG: rand.New(rand.NewPCG(seed, 7))})
	stop()
	wg.Wait()
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}

	db = openCrashable(t, crashed)
	defer db.Close()
	for c := range clients {
		clients[c].check(t, db, c, before[c])
	}
	consistent(t, db)
	// It goes on from there.
	if err := db.Write(t.Context(), table.Put(table.Row{Key: table.Key{P: "new", S: "new"}, Attrs: []byte(`{}`)}, table.Absent())); err != nil {
		t.Error(err)
	}
}

func openCrashable(t *testing.T, fs *vfs.MemFS) *DB {
	t.Helper()
	db, err := Open("data", Options{fs: fs, SweepEvery: -1})
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func crashKey(client int, name string) table.Key {
	return table.Key{P: fmt.Sprintf("client %d", client), S: name}
}

// work does one write after the other; each moves a row through an index, adds to a sum and leaves a mark: as one.
func work(ctx context.Context, t *testing.T, db *DB, client int, a *acked, total *atomic.Int64) {
	text := make([]byte, 1500)
	for i := range text {
		text[i] = 'a' + byte((client+i)%26)
	}
	for turn := 1; ctx.Err() == nil; turn++ {
		a.mu.Lock()
		a.attempted = turn
		a.mu.Unlock()
		moving := table.Row{
			Key: crashKey(client, "moving"), Attrs: fmt.Appendf(nil, `{"turn":%d,"text":"%s"}`, turn, text),
			Index:   map[table.Index]table.Key{"i": {P: "moving", S: fmt.Sprintf("%d", turn)}},
			Expires: time.Unix(4e9+int64(turn%5), 0),
		}
		move := table.Put(moving, table.Always("the test is its only writer"))
		if turn%7 == 0 {
			move = table.Delete(moving.Key, table.Exists())
		}
		mark := table.Row{
			Key: crashKey(client, fmt.Sprintf("mark %08d", turn)), Attrs: fmt.Appendf(nil, `{"turn":%d}`, turn),
			Index: map[table.Index]table.Key{"j": {P: "marks", S: "same"}},
		}
		err := db.Write(context.WithoutCancel(ctx), move, table.Put(mark, table.Absent()),
			table.Add(crashKey(client, "sum"), "sum", 1, map[string]int64{"n": 1}))
		if err != nil {
			if !errors.Is(err, ErrClosed) {
				t.Error(err)
			}
			return
		}
		a.mu.Lock()
		a.turn = turn
		a.mu.Unlock()
		total.Add(1)
	}
}

// check: everything acknowledged before the crash is there, nothing is there by halves, and nothing that was never sent.
func (a *acked) check(t *testing.T, db *DB, client, before int) {
	t.Helper()
	page, err := db.Query(t.Context(), table.Query{P: crashKey(client, "").P, From: "mark", To: "marl", Desc: true, Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	last := 0
	if len(page.Rows) > 0 {
		last = number(t, page.Rows[0], "turn")
	}
	if last < before || last > a.attempted {
		t.Errorf("client %d: last turn %d, acknowledged before the crash %d, sent %d", client, last, before, a.attempted)
	}
	for turn := 1; turn <= last; turn++ {
		if _, err := db.Get(t.Context(), crashKey(client, fmt.Sprintf("mark %08d", turn)), true); err != nil {
			t.Errorf("client %d: turn %d of %d: %v", client, turn, last, err)
		}
	}
	if last == 0 {
		return
	}
	sum, err := db.Get(t.Context(), crashKey(client, "sum"), true)
	if err != nil {
		t.Fatal(err)
	}
	if n := number(t, sum, "n"); n != last {
		t.Errorf("client %d: sum %d, but %d marks", client, n, last)
	}
	moving, err := db.Get(t.Context(), crashKey(client, "moving"), true)
	switch {
	case last%7 == 0:
		if !errors.Is(err, table.ErrNotFound) {
			t.Errorf("client %d: the row deleted in turn %d is there: %v", client, last, err)
		}
	case err != nil:
		t.Errorf("client %d: the row of turn %d: %v", client, last, err)
	case number(t, moving, "turn") != last:
		t.Errorf("client %d: the row is of turn %d, the mark of %d", client, number(t, moving, "turn"), last)
	}
}

func number(t *testing.T, r table.Row, name string) int {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(r.Attrs, &m); err != nil {
		t.Fatal(err)
	}
	n, ok := m[name].(float64)
	if !ok {
		t.Fatalf("%s has no %s: %s", r.Key, name, r.Attrs)
	}
	return int(n)
}

// consistent: the entries of indexes and of expiry are exactly those that the rows call for.
func consistent(t *testing.T, db *DB) {
	t.Helper()
	want, got := map[string]bool{}, map[string]bool{}
	it, err := db.pebble.NewIter(&pebble.IterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer it.Close()
	rows := 0
	for ok := it.First(); ok; ok = it.Next() {
		key := string(it.Key())
		if key[0] != kindRow {
			got[key] = true
			continue
		}
		rows++
		p, s, err := cutPart(it.Key()[1:])
		if err != nil {
			t.Fatal(err)
		}
		r, err := decode(table.Key{P: p, S: string(s)}, it.Value())
		if err != nil {
			t.Fatal(err)
		}
		for name, k := range r.Index {
			want[string(indexKey(name, k, r.Key))] = true
		}
		if !r.Expires.IsZero() {
			want[string(expiryKey(r.Expires, r.Key))] = true
		}
	}
	for key := range want {
		if !got[key] {
			t.Errorf("entry %q is missing", key)
		}
	}
	for key := range got {
		if !want[key] {
			t.Errorf("entry %q belongs to no row", key)
		}
	}
	if rows == 0 {
		t.Error("nothing was written before the crash")
	}
}
