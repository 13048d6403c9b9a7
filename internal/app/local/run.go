package local

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"learningloop/internal/app"
	"learningloop/internal/config"
)

// Schedules are run by name, as EventBridge Scheduler would, and how often by themselves.
var Schedules = []struct {
	Name string
	Says string
}{
	{config.ScheduleTriageSweep, "every 2 seconds"},
	{config.ScheduleOpsItemsSweep, "every 2 seconds"},
	{config.ScheduleOpsItemsReconcile, "every minute"},
	{config.ScheduleFollowupSweep, "every 2 seconds"},
	{config.ScheduleDigestWeekly, "Mondays at 07:00 UTC"},
	{config.ScheduleDigestMonthly, "on the first of a month at 07:00 UTC"},
}

// RunSchedule does what a schedule does when it is due at a moment.
func (w *World) RunSchedule(ctx context.Context, name string, at time.Time) error {
	w.ran.note(name, w.cfg.Now())
	switch name {
	case config.ScheduleTriageSweep:
		return w.Triage.Sweep(ctx)
	case config.ScheduleOpsItemsSweep, config.ScheduleOpsItemsReconcile:
		return w.OpsItems.Schedule(ctx, app.Schedule{Schedule: name, At: at})
	case config.ScheduleFollowupSweep:
		return w.Followup.Sweep(ctx)
	case config.ScheduleDigestWeekly, config.ScheduleDigestMonthly:
		_, err := w.Digest.Handle(ctx, app.Schedule{Schedule: name, At: at})
		return err
	default:
		return UnknownSchedule()
	}
}

func scheduleNames() string {
	names := make([]string, len(Schedules))
	for i, s := range Schedules {
		names[i] = s.Name
	}
	return strings.Join(names, ", ")
}

// Event does what EventBridge would with an event: OpsItem events go to opsitems, everything else to signals.
func (w *World) Event(ctx context.Context, event []byte) error {
	_, err := w.take(ctx, event)
	return err
}

// Settle sweeps until nothing is due any more: what the change stream would have done, step by step.
func (w *World) Settle(ctx context.Context) error {
	const most = 50
	for range most {
		fed, err1 := w.Triage.Triage.Sweep(ctx)
		filed, err2 := w.Mirror.Sweep(ctx)
		told, err3 := w.Followup.Followup.Sweep(ctx)
		opened, err4 := w.Followup.Incidents.Sweep(ctx)
		if err := errors.Join(err1, err2, err3, err4, w.Emulator.Drain(ctx)); err != nil {
			return err
		}
		if fed+filed+told+opened == 0 {
			return nil
		}
	}
	return fmt.Errorf("still not settled after %d rounds", most)
}

// Run keeps the loop turning until ctx ends: changes wake the functions, and the schedules find what was missed.
func (w *World) Run(ctx context.Context) {
	wakers := w.wakers()
	go w.follow(ctx, wakers)
	for _, k := range wakers {
		go k.run(ctx, w)
	}
	go w.every(ctx, config.ScheduleOpsItemsReconcile, time.Minute)
	go w.calendar(ctx)
	go w.rest(ctx)
	<-ctx.Done()
}

func (w *World) every(ctx context.Context, name string, d time.Duration) {
	t := time.NewTicker(d)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			w.scheduled(ctx, name, w.cfg.Now())
		}
	}
}

func (w *World) scheduled(ctx context.Context, name string, at time.Time) {
	if err := w.RunSchedule(ctx, name, at); err != nil && ctx.Err() == nil {
		w.cfg.Log.WarnContext(ctx, "schedule", "schedule", name, "error", err.Error())
	}
}

// calendar runs the digests once their time has come. They are made once per period whatever is repeated, so that coming
// late or looking often does no harm.
func (w *World) calendar(ctx context.Context) {
	for {
		now := w.cfg.Now().UTC()
		if now.Hour() >= digestHour {
			if now.Weekday() == time.Monday {
				w.scheduled(ctx, config.ScheduleDigestWeekly, now)
			}
			if now.Day() == 1 {
				w.scheduled(ctx, config.ScheduleDigestMonthly, now)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(10 * time.Minute):
		}
	}
}

// digestHour is when digests go out, in UTC.
const digestHour = 7
