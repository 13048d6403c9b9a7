package improvement

import (
	"slices"
	"time"

	"learningloop/internal/feedback"
	"learningloop/internal/id"
)

// Alarm is what a machine said last under one signal key.
type Alarm struct {
	Key    string    `json:"key"` // digest of the signal's
	Firing bool      `json:"firing"`
	At     time.Time `json:"at"` // when it says that it happened
}

// maxAlarms is how many signal keys an Improvement remembers the state of: more than one OpsItem can be about, and small
// enough for one row.
const maxAlarms = 50

// Firing says whether any of its alarms is not OK.
func (im Improvement) Firing() bool {
	return slices.ContainsFunc(im.Alarms, func(a Alarm) bool { return a.Firing })
}

func alarmKey(signalKey string) string { return id.Hash(16, signalKey) }

// alarm is what a signal key said last; zero where it said nothing.
func (im Improvement) alarm(signalKey string) Alarm {
	for _, a := range im.Alarms {
		if a.Key == alarmKey(signalKey) {
			return a
		}
	}
	return Alarm{}
}

// Signaled is when the latest word of any of its alarms says that it happened; zero: there was none.
func (im Improvement) Signaled() (at time.Time) {
	for _, a := range im.Alarms {
		at = later(at, a.At)
	}
	return at
}

// signaled takes in what a signal says, in whatever order words arrive, and says whether it is the latest word of its key.
func (im *Improvement) signaled(f feedback.Feedback) (latest bool) {
	now := Alarm{Key: alarmKey(f.Signal.Key), Firing: !f.Signal.Ends(), At: f.SignalTime()}
	alarms := slices.Clone(im.Alarms) // the caller's stays as it was read
	defer func() { im.Alarms = alarms }()
	if i := slices.IndexFunc(alarms, func(a Alarm) bool { return a.Key == now.Key }); i >= 0 {
		if now.At.Before(alarms[i].At) {
			return false // a late word says how it was, not how it is
		}
		alarms[i] = now
		return true
	}
	if len(alarms) >= maxAlarms {
		// The one that has been OK for the longest is forgotten; where none is, the new one cannot be kept.
		forget := -1
		for i, a := range alarms {
			if !a.Firing && (forget < 0 || a.At.Before(alarms[forget].At)) {
				forget = i
			}
		}
		if forget < 0 {
			im.Crowded = im.Crowded || now.Firing
			return true
		}
		alarms = slices.Delete(alarms, forget, forget+1)
	}
	alarms = append(alarms, now)
	return true
}
