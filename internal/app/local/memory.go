package local

import (
	"context"
	"os"
	"runtime/debug"
	"time"
)

// thrifty trades some of the processor for memory: this process runs beside an editor and a browser. Whoever sets GOGC has
// other plans.
func thrifty() {
	if os.Getenv("GOGC") == "" {
		const percent = 60 // of what is in use may be added before it is collected; Go's own is 100
		debug.SetGCPercent(percent)
	}
}

// rest gives memory back to the system once it is quiet after work, until ctx ends.
func (w *World) rest(ctx context.Context) {
	const quiet = time.Second
	tick := time.NewTicker(quiet)
	defer tick.Stop()
	var before int64
	tired := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		switch now := w.crowd.seen.Load(); {
		case now != before:
			before, tired = now, true
		case tired:
			debug.FreeOSMemory()
			tired = false
		}
	}
}
