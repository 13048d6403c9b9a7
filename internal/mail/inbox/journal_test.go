package inbox

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func lines(t *testing.T, j *journal) []string {
	t.Helper()
	var out []string
	for end := j.size.Load(); ; {
		off, line, err := j.before(end)
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		again, err := j.at(off)
		if err != nil || !bytes.Equal(again, line) {
			t.Errorf("at(%d) = %q, %v; before gave %q", off, again, err, line)
		}
		out = append(out, string(line))
		end = off
	}
}

func TestJournalReopened(t *testing.T) {
	long := strings.Repeat("x", 100<<10) // over several chunks
	tests := []struct {
		name, file string
		want       []string // newest first
	}{
		{"no file", "", nil},
		{"whole lines", "a\nb\n", []string{"b", "a"}},
		{"a torn last line", "a\nb\n{\"at\":\"20", []string{"b", "a"}},
		{"nothing but a torn line", "{\"at", nil},
		{"long lines", long + "\n" + long + "y\n", []string{long + "y", long}},
		{"a long torn line", "a\n" + long, []string{"a"}},
		{"empty lines", "\n\n", []string{"", ""}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			if tt.file != "" {
				if err := os.WriteFile(filepath.Join(dir, "f"), []byte(tt.file), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			for round := range 2 {
				j, err := openJournal(dir, "f")
				if err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(tt.want, lines(t, j)); d != "" {
					t.Errorf("round %d (-want +got):\n%s", round, d)
				}
				line := fmt.Sprintf("round %d", round)
				if _, err := j.append([]byte(line)); err != nil {
					t.Fatal(err)
				}
				tt.want = append([]string{line}, tt.want...)
				if err := j.close(); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func TestJournalOddOffsets(t *testing.T) {
	j, err := openJournal("", "")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{"one", "two"} {
		if _, err := j.append([]byte(s)); err != nil {
			t.Fatal(err)
		}
	}
	for _, off := range []int64{-1, 1, 3, 5, 8, 1 << 40} {
		if line, err := j.at(off); !errors.Is(err, io.EOF) {
			t.Errorf("at(%d) = %q, %v; want EOF", off, line, err)
		}
	}
}

// unsynced is a file that knows what a power cut would leave of it.
type unsynced struct {
	memory
	mu      sync.Mutex
	durable int64
	fail    error // of the next sync
}

func (u *unsynced) Sync() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.fail != nil {
		return u.fail
	}
	u.memory.mu.RLock()
	defer u.memory.mu.RUnlock()
	u.durable = int64(len(u.b))
	return nil
}

func TestJournalSyncsBeforeItAnswers(t *testing.T) {
	u := &unsynced{}
	j := &journal{f: u}
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			for k := range 50 {
				line := fmt.Sprintf("%d-%d", i, k)
				off, err := j.append([]byte(line))
				if err != nil {
					t.Error(err)
				}
				u.mu.Lock()
				if off+int64(len(line))+1 > u.durable {
					t.Errorf("%s answered before it was durable", line)
				}
				u.mu.Unlock()
			}
		})
	}
	wg.Wait()
	if got := len(lines(t, j)); got != 800 {
		t.Errorf("%d lines, want 800", got)
	}
}

func TestJournalAfterFailedSync(t *testing.T) {
	u := &unsynced{fail: errors.New("disk is gone")}
	j := &journal{f: u}
	if _, err := j.append([]byte("a")); err == nil {
		t.Error("an append whose sync failed is acknowledged")
	}
	u.fail = nil
	if _, err := j.append([]byte("b")); !errors.Is(err, errBroken) {
		t.Errorf("error = %v, want errBroken: what the first sync lost cannot be known", err)
	}
}

// full is a disk that takes half of a write and then none.
type full struct{ memory }

func (f *full) WriteAt(p []byte, off int64) (int, error) {
	n, _ := f.memory.WriteAt(p[:len(p)/2], off)
	return n, errors.New("no space left")
}

func TestJournalOnFullDisk(t *testing.T) {
	f := &full{}
	j := &journal{f: f}
	if _, err := j.append([]byte("abcdef")); err == nil {
		t.Error("half a line is acknowledged")
	}
	if len(f.b) != 0 || j.size.Load() != 0 {
		t.Errorf("%q is left, size %d", f.b, j.size.Load())
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("From: a@example.com\r\nSubject: =?utf-8?q?=C3=BC?=\r\n\tmore\r\n\r\nHi"))
	f.Add([]byte("Content-Type: multipart/related; boundary=b\r\n\r\n--b\r\nContent-Type: image/png\r\nContent-ID: <c>\r\nContent-Transfer-Encoding: base64\r\n\r\nAA==\r\n--b--"))
	f.Add([]byte("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"))
	f.Add([]byte("A:\xff\n\n\xff"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		c, err := parse(raw)
		if err != nil {
			return
		}
		for _, s := range append([]string{c.text, c.html}, c.header("Subject"), c.header("From")) {
			if !utf8.ValidString(s) {
				t.Errorf("%q is no UTF-8", s)
			}
		}
	})
}
