package emulator

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
)

// watchedDisk counts what happens to a journal's file, and can fail to bring it to the disk.
type watchedDisk struct {
	disk

	written, synced atomic.Int64
	broken          atomic.Bool
}

// Write counts.
func (d *watchedDisk) Write(p []byte) (int, error) {
	d.written.Add(1)
	return d.disk.Write(p) // the file's own
}

// Sync counts, or fails without having done anything.
func (d *watchedDisk) Sync() error {
	if d.broken.Load() {
		return errors.New("the disk is gone")
	}
	d.synced.Add(1)
	return d.disk.Sync() // the file's own
}

// No answer before its change is on the disk: written alone is not enough.
func TestSyncedBeforeItIsAnswered(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Dir = t.TempDir() })
	r.create()
	r.journal.mu.Lock()
	d := &watchedDisk{disk: r.journal.file}
	r.journal.file = d
	r.journal.mu.Unlock()
	for i := range int64(3) {
		if r.create(); d.written.Load() != i+1 || d.synced.Load() != i+1 {
			t.Errorf("after %d creations: written %d times, synced %d times", i+1, d.written.Load(), d.synced.Load())
		}
	}
	r.drain()
	d.broken.Store(true)
	before := len(r.events.list())
	_, err := r.client.CreateOpsItem(t.Context(), &ssm.CreateOpsItemInput{Title: aws.String("t"), Description: aws.String("d"), Source: aws.String("s")})
	refusedAs(t, err, "InternalServerError")
	r.drain()
	if n := len(r.events.list()); n != before {
		t.Errorf("%d events of what is not on the disk", n-before)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	r.journal = nil // closing it is an error that this test made
}

// What the highest numbers were given to is gone when the journal is compacted: they are not given out again, or a page's
// token would skip what is new. The file that compaction puts in place is as locked as the one before.
func TestNumbersOutliveCompaction(t *testing.T) {
	dir := t.TempDir()
	r := newRig(t, func(c *Config) { c.Dir = dir })
	kept, gone := r.create(), r.create()
	for _, id := range []string{kept, gone} {
		if err := r.associate(id, "arn:x"); err != nil {
			t.Fatal(err)
		}
	}
	r.remove(gone)
	r.clock.add(DefaultDeletionDelay)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 150 {
				_, _ = r.addTags(caller{}, &addTagsInput{ // the lines count
					ResourceType: "OpsItem", ResourceId: kept, Tags: []tag{{Key: "n", Value: fmt.Sprint(g, i)}},
				})
			}
		})
	}
	wg.Wait()
	grown := t.TempDir()
	path := filepath.Join(grown, journalName)
	copyFile(t, filepath.Join(dir, journalName), path)
	before := size(t, path)
	for range 2 { // compacted, and as it was left
		e := reopen(t, grown, r.clock.now)
		if size(t, path) > before/10 {
			t.Fatal("not compacted")
		}
		type numbers struct {
			item, relation uint32
			events         int
		}
		want := numbers{r.st.nextSeq(), r.st.relSeq, len(r.st.events)}
		if got := (numbers{e.st.nextSeq(), e.st.relSeq, len(e.st.events)}); got != want || want != (numbers{3, 2, 3}) {
			t.Errorf("next are %+v, want %+v", got, want)
		}
		if _, err := New(Config{Account: testAccount, Region: testRegion, Dir: grown}); err == nil || !strings.Contains(err.Error(), "in use") {
			t.Errorf("opened twice: %v", err)
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
