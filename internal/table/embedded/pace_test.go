package embedded

import (
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

func TestCompactionsRest(t *testing.T) {
	for _, c := range []struct {
		name     string
		category vfs.DiskWriteCategory
		rests    bool
	}{
		{name: "a compaction", category: compactions, rests: true},
		// Writers wait for these two.
		{name: "a flush", category: "pebble-memtable-flush"},
		{name: "the log", category: "pebble-wal"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var rested time.Duration
			fs := paced{FS: vfs.NewMem(), sleep: func(d time.Duration) { rested += d }}
			f, err := fs.Create("f", c.category)
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(2 * stint)
			if _, err := f.Write([]byte("x")); err != nil {
				t.Fatal(err)
			}
			if got := rested > 0; got != c.rests {
				t.Errorf("rested %v", rested)
			}
			if rested > mostRest {
				t.Errorf("rested %v, longer than %v", rested, mostRest)
			}
		})
	}
}

// TestCompactionsArePaced holds the name of the category, which Pebble does not export.
func TestCompactionsArePaced(t *testing.T) {
	seen := map[vfs.DiskWriteCategory]int{}
	db, err := Open("mem", Options{fs: watched{FS: vfs.NewMem(), seen: seen}, SweepEvery: -1})
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []string{"a", "b", "c"} {
		if err := db.pebble.Set([]byte(k), []byte("v"), nil); err != nil {
			t.Fatal(err)
		}
		if err := db.pebble.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.pebble.Compact(t.Context(), []byte("a"), []byte("z"), false); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if seen[compactions] == 0 {
		t.Errorf("no file of a compaction among %v", seen)
	}
}

type watched struct {
	vfs.FS
	seen map[vfs.DiskWriteCategory]int
}

func (w watched) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	if category == compactions {
		w.seen[category]++
	}
	return w.FS.Create(name, category)
}
