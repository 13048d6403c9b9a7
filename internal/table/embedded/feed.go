package embedded

import (
	"context"
	"fmt"
	"strconv"
	"sync"

	"learningloop/internal/table"
)

// change is one change with both rows as they are stored; they are read only for those who ask.
type change struct {
	key      table.Key
	old, new []byte
}

func (c change) size() int { return 128 + len(c.key.P) + len(c.key.S) + len(c.old) + len(c.new) }

// changeLog is the change feed's memory: what the slowest reader has not seen, up to a limit. Without readers it keeps
// nothing.
type changeLog struct {
	max int

	mu      sync.Mutex
	first   int64 // number of changes[0]
	changes []change
	size    int
	readers map[*feed]struct{}
	wake    chan struct{} // closed and replaced when something happens
	closed  bool
}

func newChangeLog(maxBytes int) *changeLog {
	return &changeLog{max: maxBytes, first: 1, readers: map[*feed]struct{}{}, wake: make(chan struct{})}
}

// append tells the readers. Callers hold the locks of the keys: that is what puts the changes of one key in order.
func (l *changeLog) append(changes []change) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.readers) == 0 {
		l.first += int64(len(changes))
		return
	}
	for _, c := range changes {
		l.changes = append(l.changes, c)
		l.size += c.size()
	}
	n := 0
	for l.size > l.max && n < len(l.changes) {
		l.size -= l.changes[n].size()
		n++
	}
	l.drop(n)
	l.signal()
}

// drop forgets the first n changes and lets their memory go.
func (l *changeLog) drop(n int) {
	clear(l.changes[:n])
	l.changes = l.changes[n:]
	l.first += int64(n)
	if len(l.changes) == 0 {
		l.changes = nil
	}
}

// trim forgets what every reader has seen.
func (l *changeLog) trim() {
	least := l.first + int64(len(l.changes))
	for r := range l.readers {
		least = min(least, r.next)
	}
	n := 0
	for ; l.first+int64(n) < least; n++ {
		l.size -= l.changes[n].size()
	}
	l.drop(n)
}

func (l *changeLog) signal() {
	close(l.wake)
	l.wake = make(chan struct{})
}

func (l *changeLog) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	l.signal()
}

// feed is one reader of the log.
type feed struct {
	log    *changeLog
	next   int64 // number of the change it wants next
	closed bool
}

// maxBatch bounds what one Next gives, so that a reader far behind does not decode all at once.
const maxBatch = 256

// Feed opens a feed of the changes made from now on, by this process. Each Next gives at most 256 of them.
func (db *DB) Feed() table.Feed {
	l := db.log
	l.mu.Lock()
	defer l.mu.Unlock()
	f := &feed{log: l, next: l.first + int64(len(l.changes))}
	l.readers[f] = struct{}{}
	return f
}

// Next is table.Feed's. After Close of the feed or of the engine it returns ErrClosed, once what came before is read.
func (f *feed) Next(ctx context.Context) ([]table.Change, bool, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, false, err
		}
		got, from, lost, wake, err := f.take()
		if err != nil {
			return nil, false, err
		}
		if len(got) > 0 || lost {
			changes, err := decodeChanges(got, from)
			return changes, lost, err
		}
		select {
		case <-ctx.Done():
		case <-wake:
		}
	}
}

// take gives what is there for this reader, or what to wait for.
func (f *feed) take() (got []change, from int64, lost bool, wake <-chan struct{}, err error) {
	l := f.log
	l.mu.Lock()
	defer l.mu.Unlock()
	if f.closed {
		return nil, 0, false, nil, ErrClosed
	}
	if f.next < l.first {
		f.next, lost = l.first, true
	}
	from = f.next
	rest := l.changes[from-l.first:]
	got = append(got, rest[:min(len(rest), maxBatch)]...)
	f.next += int64(len(got))
	l.trim()
	if len(got) == 0 && !lost && l.closed {
		return nil, 0, false, nil, ErrClosed
	}
	return got, from, lost, l.wake, nil
}

// Close is table.Feed's.
func (f *feed) Close() {
	f.log.mu.Lock()
	defer f.log.mu.Unlock()
	if f.closed {
		return
	}
	f.closed = true
	delete(f.log.readers, f)
	f.log.trim()
	f.log.signal()
}

func decodeChanges(got []change, from int64) ([]table.Change, error) {
	changes := make([]table.Change, len(got))
	for i, c := range got {
		before, err := decodeSide(c.key, c.old)
		if err != nil {
			return nil, err
		}
		after, err := decodeSide(c.key, c.new)
		if err != nil {
			return nil, err
		}
		changes[i] = table.Change{Key: c.key, Old: before, New: after, Seq: strconv.FormatInt(from+int64(i), 10)}
	}
	return changes, nil
}

func decodeSide(k table.Key, raw []byte) (*table.Row, error) {
	if raw == nil {
		return nil, nil
	}
	r, err := decode(k, raw)
	if err != nil {
		return nil, fmt.Errorf("read change: %w", err)
	}
	return &r, nil
}
