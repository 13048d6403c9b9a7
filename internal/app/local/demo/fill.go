package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"learningloop/internal/app/local"
)

// Weeks is how long the history is: the current week, as far as it has come, and the whole ones before.
const Weeks = 12

// Config says what to fill. The first four members are required.
type Config struct {
	Dir      string    // where the World's data is kept afterwards
	Public   string    // where people will reach the pages, for the links in mails
	Seed     uint64    // of everything that is left to chance
	End      time.Time // where the history ends: now
	Progress io.Writer // told what is going on; nil: nobody
	Weeks    int       // only so many weeks from the history's beginning; 0: all
	Volume   float64   // only this part of what people say; 0: all
}

// marker is the file that says that a directory was filled, to its end.
const marker = "demo.json"

// ErrOccupied says that the directory holds a World's data that is not a demo's.
var ErrOccupied = errors.New("holds data already, and no demo: name another one by DATA_DIR, or remove it")

// Fill fills c.Dir, unless it was filled before. The history is played into a directory beside it, which takes its place
// only when complete: one cut short leaves nothing behind that counts, and the next Fill begins anew.
func Fill(ctx context.Context, c Config) error {
	if c.Progress == nil {
		c.Progress = io.Discard
	}
	if c.Weeks == 0 {
		c.Weeks = Weeks
	}
	if c.Volume == 0 {
		c.Volume = 1
	}
	filled, err := look(c.Dir)
	if err != nil || filled {
		return err
	}
	half := filepath.Clean(c.Dir) + ".filling"
	if _, err := os.Stat(half); err == nil {
		_, _ = fmt.Fprintln(c.Progress, "An earlier run was cut short; beginning anew.")
	}
	if err := os.RemoveAll(half); err != nil {
		return fmt.Errorf("clear away what was cut short: %w", err)
	}
	shop, err := workshop(half)
	if err != nil {
		return fmt.Errorf("make room for the demo: %w", err)
	}
	defer func() { _ = os.RemoveAll(shop) }() // what is left of it is nobody's
	begun := time.Now()
	told, err := play(ctx, shop, c)
	if err != nil {
		return fmt.Errorf("play the demo: %w", err)
	}
	if err := finish(shop, c, told); err != nil {
		return err
	}
	if err := carry(shop, half); err != nil {
		return fmt.Errorf("carry the demo to the disk: %w", err)
	}
	if err := os.Remove(c.Dir); err != nil && !os.IsNotExist(err) { // empty, as look saw
		return fmt.Errorf("make way for the demo: %w", err)
	}
	if err := os.Rename(half, c.Dir); err != nil {
		return fmt.Errorf("put the demo in its place: %w", err)
	}
	_, _ = fmt.Fprintf(c.Progress, "Played %d weeks in %.1f s: %s.\n", c.Weeks, time.Since(begun).Seconds(), told)
	return nil
}

// finish marks a played directory as complete. What signs staff's tokens is not to follow from a seed that everybody
// knows: it is forgotten, and the next start makes another.
func finish(dir string, c Config, told Tale) error {
	if err := os.Remove(filepath.Join(dir, "issuer-key.json")); err != nil {
		return fmt.Errorf("forget the demo's issuer: %w", err)
	}
	note, err := json.MarshalIndent(struct {
		Seed uint64    `json:"seed"`
		End  time.Time `json:"end"`
		Told Tale      `json:"told"`
	}{c.Seed, c.End, told}, "", "  ")
	if err != nil {
		return err
	}
	if err := keep(filepath.Join(dir, marker), append(note, '\n'), 0o600); err != nil {
		return fmt.Errorf("mark the demo as complete: %w", err)
	}
	return nil
}

// look says whether dir was filled; ErrOccupied where it holds something else.
func look(dir string) (filled bool, err error) {
	files, err := os.ReadDir(dir)
	if os.IsNotExist(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look into %s: %w", dir, err)
	}
	for _, f := range files {
		if f.Name() == marker {
			return true, nil
		}
	}
	if len(files) > 0 {
		return false, fmt.Errorf("%s %w", dir, ErrOccupied)
	}
	return false, nil
}

// play opens a World in dir on a clock of its own and tells it everything.
func play(ctx context.Context, dir string, c Config) (told Tale, err error) {
	clock := &clock{}
	start := startOf(c.End, c.Weeks)
	clock.set(start)
	w, err := local.New(ctx, local.Config{Dir: dir, Public: c.Public, Now: clock.now, Random: &chance{seed: c.Seed}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return told, err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	p := newPlayer(w, clock, c, start)
	if err := p.products(ctx); err != nil {
		return told, err
	}
	if err := p.play(ctx); err != nil {
		return told, err
	}
	return p.told, nil
}

// startOf is the Monday on which the history begins.
func startOf(end time.Time, weeks int) time.Time {
	end = end.UTC()
	monday := time.Date(end.Year(), end.Month(), end.Day()-(int(end.Weekday())+6)%7, 0, 0, 0, 0, time.UTC)
	return monday.AddDate(0, 0, -7*(weeks-1))
}

// clock stands where it was set. It is never set back.
type clock struct{ nanos atomic.Int64 }

func (c *clock) now() time.Time { return time.Unix(0, c.nanos.Load()).UTC() }

func (c *clock) set(t time.Time) {
	if n := t.UnixNano(); n > c.nanos.Load() {
		c.nanos.Store(n)
	}
}

// chance is where a World takes its randomness from: a stream for each length that is asked for, because keys are made
// with a number of reads that differs from run to run, and ids must not.
type chance struct {
	seed    uint64
	mu      sync.Mutex
	streams map[int]*rand.ChaCha8
}

// Read implements io.Reader.
func (c *chance) Read(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.streams[len(b)]
	if s == nil {
		if c.streams == nil {
			c.streams = map[int]*rand.ChaCha8{}
		}
		s = rand.NewChaCha8([32]byte{byte(c.seed), byte(c.seed >> 8), byte(c.seed >> 16), byte(c.seed >> 24), byte(len(b)), byte(len(b) >> 8)})
		c.streams[len(b)] = s
	}
	return s.Read(b)
}
