package embedded

import (
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// compactions is what Pebble calls the files that a compaction writes, in its getDiskWriteCategoryForCompaction.
const compactions vfs.DiskWriteCategory = "pebble-compaction"

// A compaction rests for as long as it worked: it never takes more than half of a processor. While it has one for itself,
// a hundred milliseconds at a time, two processors can not serve what comes in, and the slowest answer in a hundred takes
// 30 ms instead of 8. Pebble paced its compactions until version 2; now it leaves that to a scheduler of whole compactions.
const (
	stint    = 300 * time.Microsecond
	mostRest = time.Millisecond // a stint is measured by the clock, in which others worked too
)

// paced is a file system on which compactions stand back for what people wait for.
type paced struct {
	vfs.FS
	sleep func(time.Duration)
}

// Create is vfs.FS's.
func (p paced) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := p.FS.Create(name, category)
	if err != nil || category != compactions {
		return f, err
	}
	return &pacedFile{File: f, began: time.Now(), sleep: p.sleep}, nil
}

// Unwrap is vfs.FS's.
func (p paced) Unwrap() vfs.FS { return p.FS }

// pacedFile is written every few kilobytes, which is where its writer can rest.
type pacedFile struct {
	vfs.File
	began time.Time
	sleep func(time.Duration)
}

// Write is vfs.File's.
func (f *pacedFile) Write(b []byte) (int, error) {
	if worked := time.Since(f.began); worked >= stint {
		f.sleep(min(worked, mostRest))
		f.began = time.Now()
	}
	return f.File.Write(b)
}
