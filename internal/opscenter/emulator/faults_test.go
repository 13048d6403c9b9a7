package emulator

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
)

func TestFaults(t *testing.T) {
	r := newRig(t)
	id := r.create()
	create := func() error {
		_, err := r.client.CreateOpsItem(t.Context(), &ssm.CreateOpsItemInput{
			Title: aws.String("t"), Description: aws.String("d"), Source: aws.String("s"),
		})
		return err
	}
	get := func() error {
		_, err := r.client.GetOpsItem(t.Context(), &ssm.GetOpsItemInput{OpsItemId: &id})
		return err
	}
	count := func() int { return r.Counts()[StatusOpen] }
	t.Run("before it is applied", func(t *testing.T) {
		r.Faults().FailNext("CreateOpsItem", 1, Fault{})
		before := count()
		refused[*types.InternalServerError](t, create())
		if count() != before {
			t.Error("applied all the same")
		}
		if err := create(); err != nil {
			t.Errorf("the fault strikes once: %v", err)
		}
	})
	t.Run("after it is applied", func(t *testing.T) {
		r.Faults().FailNext(Any, 1, Fault{After: true})
		before := count()
		refused[*types.InternalServerError](t, create())
		if count() != before+1 {
			t.Error("not applied")
		}
	})
	t.Run("the answer is cut off", func(t *testing.T) {
		r.Faults().FailNext(Any, 1, Fault{After: true, Drop: true})
		before := count()
		if err := create(); err == nil || count() != before+1 {
			t.Errorf("%v, %d items more", err, count()-before)
		}
	})
	t.Run("throttled", func(t *testing.T) {
		r.Faults().Throttle("CreateOpsItem", -1)
		for range 3 {
			refusedAs(t, create(), "ThrottlingException")
		}
		if err := get(); err != nil {
			t.Errorf("another operation: %v", err)
		}
		r.Faults().Clear()
		if err := create(); err != nil {
			t.Error(err)
		}
	})
	t.Run("over quota", func(t *testing.T) {
		r.Faults().OverQuota(1)
		if e := refusal[*types.OpsItemLimitExceededException](t, create()); e.Limit != 10_000 {
			t.Errorf("limit %d", e.Limit)
		}
		r.Faults().FailNext(Any, 1, Fault{Code: "OpsItemAlreadyExistsException", Members: map[string]any{"OpsItemId": id}})
		if e := refusal[*types.OpsItemAlreadyExistsException](t, create()); aws.ToString(e.OpsItemId) != id {
			t.Errorf("names %v", e.OpsItemId)
		}
	})
	t.Run("down", func(t *testing.T) {
		r.Faults().Down(true)
		if err := get(); err == nil {
			t.Error("answered")
		}
		r.Faults().Down(false)
		if err := get(); err != nil {
			t.Error(err)
		}
	})
	t.Run("slow", func(t *testing.T) {
		r.Faults().Latency("GetOpsItem", time.Hour)
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if _, err := r.client.GetOpsItem(ctx, &ssm.GetOpsItemInput{OpsItemId: &id}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		r.Faults().Clear()
	})
	t.Run("none asked for", func(t *testing.T) {
		r.Faults().FailNext(Any, 0, Fault{})
		if err := get(); err != nil {
			t.Error(err)
		}
	})
	t.Run("the console is spared", func(t *testing.T) {
		r.Faults().FailNext(Any, 1, Fault{})
		defer r.Faults().Clear()
		if err := r.Edit(t.Context(), id, Edit{Status: StatusInProgress}); err != nil {
			t.Error(err)
		}
	})
}

func TestEventsLostAndRepeated(t *testing.T) {
	r := newRig(t)
	r.Faults().LoseEvents(1)
	r.create()
	r.Faults().RepeatEvents(1)
	id := r.create()
	r.drain()
	got := r.events.list()
	if len(got) != 2 || string(got[0]) != string(got[1]) || !strings.Contains(string(got[0]), id) {
		t.Errorf("%s", got)
	}
}

// A receiver that fails, hangs or panics neither stops the events behind nor the requests.
func TestBadReceivers(t *testing.T) {
	var got box[json.RawMessage]
	n := 0
	r := newRig(t, func(c *Config) {
		c.Events = func(_ context.Context, ev json.RawMessage) error {
			if n++; n == 1 {
				return errors.New("no")
			} else if n == 2 {
				panic("ouch")
			}
			got.add(ev)
			return nil
		}
	})
	for range 3 {
		r.create()
	}
	r.drain()
	if len(got.list()) != 1 {
		t.Errorf("%d events came through, want the third", len(got.list()))
	}
}

func TestLongSubjectsAreLost(t *testing.T) {
	r := newRig(t)
	for _, n := range []int{100, 101} {
		r.create(func(in *ssm.CreateOpsItemInput) {
			in.Title = aws.String(strings.Repeat("ä", n))
			in.Notifications = []types.OpsItemNotification{{Arn: aws.String("arn:aws:sns:us-east-1:111122223333:ops")}}
		})
	}
	r.drain()
	got := r.notes.list()
	if len(got) != 1 || length(got[0].Subject) != 100 || got[0].TopicARN != "arn:aws:sns:us-east-1:111122223333:ops" {
		t.Errorf("%+v", got)
	}
}

func TestRate(t *testing.T) {
	b := bucket{rate: 10, burst: 2}
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i, step := range []struct {
		wait time.Duration
		want bool
	}{{0, true}, {0, true}, {0, false}, {100 * time.Millisecond, true}, {0, false}, {time.Hour, true}, {0, true}, {0, false}} {
		at = at.Add(step.wait)
		if got := b.take(at); got != step.want {
			t.Errorf("request %d: %v", i, got)
		}
	}
	r := newRig(t, func(c *Config) { c.Rate, c.Burst = 0.001, 1 })
	r.create()
	_, err := r.client.GetOpsItem(t.Context(), &ssm.GetOpsItemInput{OpsItemId: aws.String("oi-0123456789ab")})
	refusedAs(t, err, "ThrottlingException")
}
