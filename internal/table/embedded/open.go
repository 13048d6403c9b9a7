package embedded

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"learningloop/internal/fault"
	"learningloop/internal/table"
)

// Options are what Open can be told. The zero value is what a process wants.
type Options struct {
	Clock      func() time.Time // decides what is expired; nil: time.Now
	SweepEvery time.Duration    // how often expired rows are removed; 0: every minute, negative: only by Sweep
	FeedBytes  int              // what the change feed may hold for readers that are behind; 0: 8 MB
	Logger     *slog.Logger     // where Pebble's errors go; nil: slog.Default()

	fs vfs.FS // for tests that crash it
}

// DB is the embedded engine. It implements table.Table.
type DB struct {
	pebble  *pebble.DB
	lock    *pebble.Lock
	clock   func() time.Time
	stripes stripes
	log     *changeLog

	use       sync.RWMutex // held for reading by every call, so that Close waits for them
	closed    bool
	stopSweep context.CancelFunc
	swept     chan struct{}
}

var _ table.Table = (*DB)(nil)

// ErrClosed says that the engine was closed.
var ErrClosed = errors.New("embedded: closed")

// ErrInUse says that another process has the data open.
var ErrInUse = errors.New("embedded: data in use")

// Sizes that keep the process small with a good margin for bursts: 64 MB resident is what the whole of it may take.
const (
	memTableSize = 2 << 20
	memTables    = 6
	cacheSize    = 6 << 20
	blockSize    = 8 << 10
	bloomBits    = 10
	feedBytes    = 8 << 20
	maxOpenFiles = 256
)

// Open opens the data in dir, which it makes where it is missing. Only one process can have it open: another one gets
// ErrInUse, as an Unavailable error that says what to do.
func Open(dir string, o Options) (*DB, error) {
	if o.fs == nil {
		o.fs = vfs.Default
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.FeedBytes == 0 {
		o.FeedBytes = feedBytes
	}
	if err := o.fs.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make data directory %s: %w", dir, err)
	}
	lock, err := pebble.LockDirectory(dir, o.fs)
	if err != nil {
		if errors.Is(err, os.ErrPermission) {
			return nil, fmt.Errorf("lock data directory %s: %w", dir, err)
		}
		return nil, fault.Wrap(fault.Unavailable, "data_in_use",
			fmt.Sprintf("The data in %s is open in another process. Stop that one, or set DATA_DIR to another directory.", dir),
			fmt.Errorf("%w: %w", ErrInUse, err))
	}
	p, err := pebble.Open(dir, settings(o, lock))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open data in %s: %w", dir, err), lock.Close())
	}
	db := &DB{pebble: p, lock: lock, clock: o.Clock, log: newChangeLog(o.FeedBytes), swept: make(chan struct{})}
	db.stripes.seed = maphash.MakeSeed()
	ctx, cancel := context.WithCancel(context.Background())
	db.stopSweep = cancel
	go db.sweepEvery(ctx, o.SweepEvery, o.Logger)
	return db, nil
}

// OpenMem opens an engine that keeps nothing beyond its Close: for tests. Expired rows are removed by Sweep only.
func OpenMem(o Options) (*DB, error) {
	o.fs = vfs.NewMem()
	if o.SweepEvery == 0 {
		o.SweepEvery = -1
	}
	return Open("mem", o)
}

// Close ends the engine's own work, waits for calls that are under way, and releases the directory. Feeds end with
// ErrClosed.
func (db *DB) Close() error {
	db.use.Lock()
	if db.closed {
		db.use.Unlock()
		return ErrClosed
	}
	db.closed = true
	db.use.Unlock()
	db.stopSweep()
	<-db.swept
	db.log.close()
	return errors.Join(db.pebble.Close(), db.lock.Close())
}

// enter begins a call: the engine stays open until leave.
func (db *DB) enter(ctx context.Context) (leave func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("table: %w", err)
	}
	db.use.RLock()
	if db.closed {
		db.use.RUnlock()
		return nil, fault.Wrap(fault.Unavailable, "closed", "The store is closed.", ErrClosed)
	}
	return db.use.RUnlock, nil
}
