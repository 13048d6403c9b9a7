package local

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"learningloop/internal/config"
	"learningloop/internal/table"
)

func changed(typ string, n int, waits bool) []table.Change {
	out := make([]table.Change, n)
	for i := range out {
		k := table.Key{P: fmt.Sprint(typ, i), S: "self"}
		r := &table.Row{Key: k, Type: typ}
		if waits {
			r.Index = map[table.Index]table.Key{config.IndexPending: {P: typ, S: fmt.Sprint(i)}}
		}
		out[i] = table.Change{Key: k, New: r}
	}
	return out
}

func TestWakerTakesWhatIsItsOwn(t *testing.T) {
	k := &waker{name: config.FnFollowup, ready: make(chan struct{}, 1)}
	k.add(changed("feedback", 3, true), false)
	k.add(changed("mail", 3, false), false)
	k.add([]table.Change{{Key: table.Key{P: "gone", S: "self"}}}, false)
	if len(k.ready) > 0 {
		t.Error("it is woken by what is not its own")
	}
	k.add(changed("mail", batchSize+1, true), false)
	k.add(changed("notice", 1, true), false)
	if len(k.ready) != 1 {
		t.Error("it is not woken")
	}
	for i, want := range []int{batchSize, 2, 0} {
		batch, sweep := k.take(false)
		if len(batch) != want || sweep {
			t.Errorf("batch %d has %d changes (sweep %t), want %d", i, len(batch), sweep, want)
		}
	}
}

// What does not fit, or what the feed lost, is left to a sweep, which comes once the queue is empty.
func TestWakerLeavesTheRestToItsSweep(t *testing.T) {
	tests := []struct {
		name string
		add  func(*waker)
		want int // changes before the sweep
	}{
		{"too many", func(k *waker) { k.add(changed("feedback", queueSize+5, true), false) }, queueSize},
		{"some lost", func(k *waker) { k.add(changed("feedback", 10, true), true) }, 10},
		{"all lost", func(k *waker) { k.add(nil, true) }, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k := &waker{name: config.FnTriage, ready: make(chan struct{}, 1)}
			tt.add(k)
			got := 0
			for {
				batch, sweep := k.take(false)
				if sweep {
					break
				}
				if len(batch) == 0 {
					t.Fatal("it ends without a sweep")
				}
				got += len(batch)
			}
			if got != tt.want {
				t.Errorf("%d changes before the sweep, want %d", got, tt.want)
			}
			if batch, sweep := k.take(false); len(batch) > 0 || sweep {
				t.Errorf("after the sweep there are %d changes and sweep is %t", len(batch), sweep)
			}
		})
	}
}

// However much there is to be done, a sweep comes in time, and finds what was queued.
func TestWakerSweepsInTime(t *testing.T) {
	k := &waker{name: config.FnTriage, ready: make(chan struct{}, 1)}
	k.add(changed("feedback", 10, true), false)
	if _, sweep := k.take(true); !sweep {
		t.Error("no sweep although it is time")
	}
	if batch, sweep := k.take(false); len(batch) > 0 || sweep {
		t.Errorf("%d changes left, sweep %t", len(batch), sweep)
	}
}

func TestGiveWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c crowd
		wait := func(ctx context.Context) time.Duration {
			began := time.Now()
			c.giveWay(ctx)
			return time.Since(began)
		}
		if d := wait(t.Context()); d != 0 {
			t.Errorf("nobody is there, and it waits %s", d)
		}
		var leave []func()
		for range 16 {
			leave = append(leave, c.enter())
		}
		if d := wait(t.Context()); d == 0 || d > 100*time.Millisecond {
			t.Errorf("in a crowd it waits %s", d)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if d := wait(ctx); d != 0 {
			t.Errorf("at the end it waits %s", d)
		}
		for _, l := range leave {
			l()
		}
		if d := wait(t.Context()); d != 0 {
			t.Errorf("all have left, and it waits %s", d)
		}
	})
}
