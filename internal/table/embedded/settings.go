package embedded

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
)

// separation keeps the values of rows out of compactions, which would otherwise take half of the processor in a burst.
var separation = pebble.ValueSeparationPolicy{
	Enabled:               true,
	MinimumSize:           512, // bytes; counters and marks stay beside their keys
	MaxBlobReferenceDepth: 10,
	RewriteMinimumAge:     5 * time.Minute,
	TargetGarbageRatio:    0.3,
}

// settings are Pebble's options for a small process. Its own defaults suit a database server.
func settings(o Options, lock *pebble.Lock) *pebble.Options {
	po := &pebble.Options{
		FS:                          paced{FS: o.fs, sleep: time.Sleep},
		Lock:                        lock,
		FormatMajorVersion:          pebble.FormatNewest,
		CacheSize:                   cacheSize,
		MemTableSize:                memTableSize,
		MemTableStopWritesThreshold: memTables,
		L0CompactionThreshold:       8,    // half as many compactions for a slightly slower read
		L0StopWritesThreshold:       1000, // rather slower reads for a moment than writers that wait
		MaxOpenFiles:                maxOpenFiles,
		Logger:                      logger{o.Logger},
	}
	po.Experimental.ValueSeparationPolicy = func() pebble.ValueSeparationPolicy { return separation }
	for i := range po.Levels {
		po.Levels[i].BlockSize = blockSize
		po.Levels[i].FilterPolicy = bloom.FilterPolicy(bloomBits) // most writes ask for a key that is not there
		po.Levels[i].FilterType = pebble.TableFilter
	}
	return po
}

// logger keeps Pebble's chatter out and its errors in.
type logger struct{ *slog.Logger }

func (logger) Infof(string, ...any) {}

func (l logger) Errorf(format string, args ...any) {
	l.Error("pebble", slog.String("error", fmt.Sprintf(format, args...)))
}

// Fatalf is called where Pebble cannot go on, such as a log that cannot be written: what it would do next is not known to
// be durable, so the process must end.
func (l logger) Fatalf(format string, args ...any) {
	panic("pebble: " + fmt.Sprintf(format, args...)) //nolint:forbidigo // there is no caller to return an error to
}
