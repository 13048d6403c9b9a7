package embedded_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"learningloop/internal/table"
	"learningloop/internal/table/embedded"
)

func openMem(t *testing.T, o embedded.Options) *embedded.DB {
	t.Helper()
	db, err := embedded.OpenMem(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil && !errors.Is(err, embedded.ErrClosed) {
			t.Error(err)
		}
	})
	return db
}

func write(t *testing.T, db *embedded.DB, from, to int) {
	t.Helper()
	for i := from; i < to; i++ {
		r := table.Row{Key: table.Key{P: "p", S: fmt.Sprintf("%06d", i)}, Attrs: fmt.Appendf(nil, `{"t":"%s"}`, strings.Repeat("x", 1000))}
		if err := db.Write(t.Context(), table.Put(r, table.Absent())); err != nil {
			t.Fatal(err)
		}
	}
}

// A reader too slow for the feed's memory is told that it lost something, once, and goes on with what is left.
func TestFeedOverflow(t *testing.T) {
	db := openMem(t, embedded.Options{FeedBytes: 20_000})
	slow, fast := db.Feed(), db.Feed()
	defer slow.Close()
	defer fast.Close()
	const n = 200
	for i := range n {
		write(t, db, i, i+1)
		changes, lost, err := fast.Next(t.Context())
		if err != nil || lost || len(changes) != 1 || changes[0].Key.S != fmt.Sprintf("%06d", i) {
			t.Fatalf("fast reader: %+v, lost %t, %v", changes, lost, err)
		}
	}
	changes, lost, err := slow.Next(t.Context())
	if err != nil || !lost {
		t.Fatalf("slow reader: lost %t, %v; want lost", lost, err)
	}
	if len(changes) == 0 || len(changes) > 20 || changes[len(changes)-1].Key.S != fmt.Sprintf("%06d", n-1) {
		t.Errorf("slow reader gets %d changes up to %v, want the latest that fit", len(changes), changes[len(changes)-1].Key)
	}
	write(t, db, n, n+1)
	changes, lost, err = slow.Next(t.Context())
	if err != nil || lost || len(changes) != 1 {
		t.Errorf("afterwards: %d changes, lost %t, %v", len(changes), lost, err)
	}
}

// A change larger than all of the feed's memory is lost, not kept and not waited for.
func TestFeedOverflowByOne(t *testing.T) {
	db := openMem(t, embedded.Options{FeedBytes: 100})
	f := db.Feed()
	defer f.Close()
	write(t, db, 0, 1)
	changes, lost, err := f.Next(t.Context())
	if err != nil || !lost || len(changes) != 0 {
		t.Errorf("Next = %d changes, lost %t, %v", len(changes), lost, err)
	}
}

// Far behind is not lost: it comes in parts.
func TestFeedBacklog(t *testing.T) {
	db := openMem(t, embedded.Options{})
	f := db.Feed()
	defer f.Close()
	const n = 1000
	write(t, db, 0, n)
	for seen := 0; seen < n; {
		changes, lost, err := f.Next(t.Context())
		if err != nil || lost || len(changes) == 0 || len(changes) > 256 {
			t.Fatalf("Next = %d changes, lost %t, %v", len(changes), lost, err)
		}
		for _, c := range changes {
			if want := fmt.Sprintf("%06d", seen); c.Key.S != want {
				t.Fatalf("change of %s, want %s", c.Key.S, want)
			}
			seen++
		}
	}
}

// Whoever waits is woken by Close, of the feed and of the engine, after what came before it.
func TestFeedClose(t *testing.T) {
	tests := []struct {
		name  string
		close func(*embedded.DB, table.Feed) error
		want  int // changes still told
	}{
		{"the feed", func(_ *embedded.DB, f table.Feed) error { f.Close(); return nil }, 0},
		{"the engine", func(db *embedded.DB, _ table.Feed) error { return db.Close() }, 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			db := openMem(t, embedded.Options{})
			waits, behind := db.Feed(), db.Feed()
			write(t, db, 0, 3)
			if changes, _, err := waits.Next(t.Context()); err != nil || len(changes) != 3 {
				t.Fatalf("Next = %d changes, %v", len(changes), err)
			}
			woken := make(chan error)
			go func() {
				_, _, err := waits.Next(context.Background())
				woken <- err
			}()
			for _, f := range []table.Feed{waits, behind} {
				if err := tt.close(db, f); err != nil && !errors.Is(err, embedded.ErrClosed) {
					t.Fatal(err)
				}
			}
			select {
			case err := <-woken:
				if !errors.Is(err, embedded.ErrClosed) {
					t.Errorf("Next = %v, want ErrClosed", err)
				}
			case <-time.After(10 * time.Second):
				t.Fatal("Next still waits")
			}
			if tt.want > 0 {
				if changes, _, err := behind.Next(t.Context()); err != nil || len(changes) != tt.want {
					t.Errorf("Next = %d changes, %v, want %d", len(changes), err, tt.want)
				}
			}
			if _, _, err := behind.Next(t.Context()); !errors.Is(err, embedded.ErrClosed) {
				t.Errorf("Next = %v, want ErrClosed", err)
			}
		})
	}
}

// The background sweep removes what expires.
func TestSweepInBackground(t *testing.T) {
	db := openMem(t, embedded.Options{SweepEvery: time.Millisecond})
	f := db.Feed()
	defer f.Close()
	r := table.Row{Key: table.Key{P: "p", S: "s"}, Attrs: []byte(`{}`), Expires: time.Now().Add(-time.Second)}
	if err := db.Write(t.Context(), table.Put(r, table.Absent())); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for {
		changes, _, err := f.Next(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range changes {
			if c.New == nil && c.Old != nil && c.Old.Key == r.Key {
				return
			}
		}
	}
}
