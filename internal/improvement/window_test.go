package improvement_test

import (
	"testing"
	"time"

	"learningloop/internal/improvement"
	"learningloop/internal/product"
	"learningloop/internal/signal"
)

// A cluster takes in a word from one window before it was opened to one window after its latest word, both to the instant.
func TestClusterTakes(t *testing.T) {
	const window = time.Hour
	c := improvement.Cluster{Improvement: "i-1", Opened: began, Latest: began.Add(10 * time.Minute)}
	for _, tt := range []struct {
		name string
		at   time.Duration // since it was opened
		want bool
	}{
		{"too early", -window - time.Nanosecond, false},
		{"just in time", -window, true},
		{"the one that opened it", 0, true},
		{"at the end", 10*time.Minute + window, true},
		{"after it", 10*time.Minute + window + time.Nanosecond, false},
	} {
		if got := c.Takes(began.Add(tt.at), window); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
	if (improvement.Cluster{Opened: began, Latest: began}).Takes(began, window) {
		t.Error("a cluster that there is not takes something in")
	}
}

// What nobody means to mend stays declined while its alarm flaps on, and is filed again when it is severe after the quiet time.
func TestDeclinedAlarmReturns(t *testing.T) {
	for _, tt := range []struct {
		name    string
		after   time.Duration
		want    improvement.Status
		episode int
	}{
		{"at once", time.Minute, improvement.Declined, 1},
		{"at the end of the quiet time", improvement.QuietTime, improvement.Declined, 1},
		{"after it", improvement.QuietTime + time.Second, improvement.Accepted, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, product.Rules{Severity: 3})
			iid := w.alarm(signal.Firing, 3, began)
			w.now = began.Add(time.Minute)
			w.decide(iid, improvement.Decision{Verb: improvement.Reject, Reason: "not worth it"})
			w.now = w.now.Add(tt.after)
			w.alarm(signal.Firing, 3, w.now)
			if im := w.load(iid); im.Status != tt.want || im.Episode != tt.episode {
				t.Errorf("%s, episode %d", im.Status, im.Episode)
			}
		})
	}
}

// OpsCenter's clock may go before ours: nothing is set in the time to come, else no later word here would ever win.
func TestRelevelledByAClockAhead(t *testing.T) {
	im := improvement.Improvement{}
	l := im.InForce()
	l.Severity = 1
	im, _, ok := improvement.Releveled(im, l, "arn:operator", began.Add(24*time.Hour), began)
	if !ok || !im.Level.Severity.At.Equal(began) {
		t.Errorf("set at %s, and it is %s", im.Level.Severity.At, began)
	}
}
