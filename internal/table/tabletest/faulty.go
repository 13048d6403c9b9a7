package tabletest

import (
	"context"
	"slices"
	"sync"

	"learningloop/internal/fault"
	"learningloop/internal/table"
)

// Mode says what becomes of the call that fails.
type Mode int

// The modes. In both the caller sees only the error.
const (
	Before Mode = iota // the call never reaches the table
	After              // the call takes effect, its answer is lost; of a read there is nothing else to lose
)

// String names the mode, for the names of subtests.
func (m Mode) String() string {
	if m == After {
		return "after"
	}
	return "before"
}

// Modes lists both, for tests that go through every point of failure.
func Modes() []Mode { return []Mode{Before, After} }

// Call is one call of the port: its number since the last Reset, counted from 1, and what it named.
type Call struct {
	N      int
	Method string // "Get", "GetAll", "Query" or "Write"
	Keys   []table.Key
}

// Faulty is a table.Table that counts its calls and fails those it is told to. It is safe for concurrent use.
type Faulty struct {
	inner table.Table

	mu     sync.Mutex
	calls  int
	at     map[int]Mode
	decide func(Call) (Mode, error)
	err    error
	failed []Call
}

var _ table.Table = (*Faulty)(nil)

// Wrap makes a Faulty that fails nothing yet.
func Wrap(t table.Table) *Faulty {
	f := &Faulty{inner: t}
	f.Reset()
	return f
}

// Reset forgets the count, the failures and everything FailAt, FailWith and FailWhen set.
func (f *Faulty) Reset() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls, f.failed, f.decide, f.at = 0, nil, nil, map[int]Mode{}
	f.err = fault.New(fault.Unavailable, "injected", "A test made this call fail.")
}

// FailAt makes call k fail, counted from 1 since the last Reset. It can be called for several k.
func (f *Faulty) FailAt(k int, m Mode) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.at[k] = m
}

// FailWith sets the error of failing calls. Without it, that is one of kind fault.Unavailable.
func (f *Faulty) FailWith(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
}

// FailWhen asks decide about every call; the call fails where it gives an error. decide must be safe for concurrent use.
func (f *Faulty) FailWhen(decide func(Call) (Mode, error)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.decide = decide
}

// Calls is how many calls there were since the last Reset, failed ones included.
func (f *Faulty) Calls() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls
}

// Failed lists the calls that were made to fail since the last Reset; a test that expects one checks that it is there.
func (f *Faulty) Failed() []Call {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.failed)
}

// next counts a call and says whether and how it fails.
func (f *Faulty) next(method string, keys func() []table.Key) (Mode, error) {
	f.mu.Lock()
	f.calls++
	c := Call{N: f.calls, Method: method}
	mode, err := Before, error(nil)
	if m, ok := f.at[c.N]; ok {
		mode, err = m, f.err
	}
	decide := f.decide
	f.mu.Unlock()
	if err == nil && decide == nil {
		return Before, nil
	}
	c.Keys = keys()
	if err == nil {
		if mode, err = decide(c); err == nil {
			return Before, nil
		}
	}
	f.mu.Lock()
	f.failed = append(f.failed, c)
	f.mu.Unlock()
	return mode, err
}

// Get is table.Table's.
func (f *Faulty) Get(ctx context.Context, k table.Key, consistent bool) (table.Row, error) {
	mode, err := f.next("Get", func() []table.Key { return []table.Key{k} })
	if err != nil && mode == Before {
		return table.Row{}, err
	}
	r, got := f.inner.Get(ctx, k, consistent)
	if err != nil {
		return table.Row{}, err
	}
	return r, got
}

// GetAll is table.Table's.
func (f *Faulty) GetAll(ctx context.Context, keys []table.Key) ([]table.Row, error) {
	mode, err := f.next("GetAll", func() []table.Key { return slices.Clone(keys) })
	if err != nil && mode == Before {
		return nil, err
	}
	rows, got := f.inner.GetAll(ctx, keys)
	if err != nil {
		return nil, err
	}
	return rows, got
}

// Query is table.Table's. The Call's one key is the partition asked for.
func (f *Faulty) Query(ctx context.Context, q table.Query) (table.Page, error) {
	mode, err := f.next("Query", func() []table.Key { return []table.Key{{P: q.P, S: q.From}} })
	if err != nil && mode == Before {
		return table.Page{}, err
	}
	p, got := f.inner.Query(ctx, q)
	if err != nil {
		return table.Page{}, err
	}
	return p, got
}

// Write is table.Table's.
func (f *Faulty) Write(ctx context.Context, ops ...table.Op) error {
	mode, err := f.next("Write", func() []table.Key {
		keys := make([]table.Key, len(ops))
		for i := range ops {
			keys[i] = ops[i].Row.Key
		}
		return keys
	})
	if err != nil && mode == Before {
		return err
	}
	got := f.inner.Write(ctx, ops...)
	if err != nil {
		return err
	}
	return got
}
