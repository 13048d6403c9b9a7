package improvement

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/feedback"
	"learningloop/internal/id"
	"learningloop/internal/opsitem"
	"learningloop/internal/score"
	"learningloop/internal/signal"
)

var ratedAt = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

// open gives an Improvement whose episode began when the evidence said severity 3.
func open() Improvement {
	im := Improvement{ID: editID, Status: Accepted, Episode: 1, Latest: ratedAt, Evidence: score.Evidence{Impact: 1, Voices: 1, Mass: score.Mass(1, ratedAt)}}
	im.settle(ratedAt)
	return im
}

func TestRaise(t *testing.T) {
	tests := []struct {
		name   string
		set    int // by a person, 0: nobody
		impact float64
		want   int
	}{
		{"as it was", 0, 1, 3},
		{"worse", 0, 2, 2},
		{"worst", 0, 3, 1},
		{"better, which lowers nothing", 0, 0.5, 3},
		{"a person lowered it, and nothing changed", 4, 1, 4},
		{"a person lowered it, and it got worse", 4, 2, 2},
		{"a person raised it, and it got as bad", 2, 2, 2},
		{"a person raised it, and it got worse than that", 2, 3, 1},
		{"a person raised it further than the evidence", 1, 2, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			im := open()
			if tt.set != 0 {
				Edit{Severity: &tt.set}.apply(&im, "ana", ratedAt)
			}
			im.Evidence.Impact = tt.impact
			before := im.InForce().Severity
			why, rose := im.raise(ratedAt.Add(time.Hour))
			if got := im.InForce().Severity; got != tt.want || rose != (got < before) || rose != (why != "") {
				t.Errorf("severity %d, rose %v: %q", got, rose, why)
			}
		})
	}
}

// What nobody set is not kept before something is filed: the evidence is in force.
func TestInForceBeforeFiling(t *testing.T) {
	im := Improvement{Latest: ratedAt, Evidence: score.Evidence{Impact: 2, Voices: 40, Mass: 40 * score.Mass(1, ratedAt)}}
	if d := cmp.Diff(opsitem.Level{Severity: 2, Priority: 1, Category: "Availability"}, im.InForce()); d != "" {
		t.Error(d)
	}
	im.Category = "Cost"
	if im.InForce().Category != "Cost" {
		t.Error("the signal's category does not hold")
	}
}

// Handing a severity back gives the andon's while it is up, and the history says so; what is set later holds over it.
func TestInForceUnderAndon(t *testing.T) {
	rate := func(im *Improvement, severity, hour int) (history []string) {
		history, _ = Edit{Severity: &severity}.apply(im, "ana", ratedAt.Add(time.Duration(hour)*time.Hour))
		return history
	}
	im := open()
	rate(&im, 2, 0)
	im.Andon = Andon{Pulled: ratedAt.Add(time.Hour), Episode: 1}
	if !im.ByAndon() || im.InForce().Severity != 1 {
		t.Errorf("an andon over what somebody set before: %d", im.InForce().Severity)
	}
	rate(&im, 4, 2)
	if im.ByAndon() || im.InForce().Severity != 4 || im.Unrated().Severity != 1 {
		t.Errorf("set after the andon: %d, and unrated %d", im.InForce().Severity, im.Unrated().Severity)
	}
	if d := cmp.Diff([]string{"severity as the andon says, 1 (was: 4)"}, rate(&im, 0, 3)); d != "" || !im.ByAndon() || im.InForce().Severity != 1 {
		t.Errorf("handed back: %d\n%s", im.InForce().Severity, d)
	}
	im.Andon.Stood = ratedAt.Add(4 * time.Hour)
	if im.ByAndon() || im.InForce().Severity != 3 || im.Unrated().Severity != 3 {
		t.Errorf("stood down: %d", im.InForce().Severity)
	}
}

// An operator's ARN is named in the history as people read it.
func TestRaiseNamesOperators(t *testing.T) {
	im, lower := open(), 4
	Edit{Severity: &lower}.apply(&im, "arn:aws:sts::111122223333:assumed-role/operator/console", ratedAt)
	im.Evidence.Impact = 2
	if why, _ := im.raise(ratedAt.Add(time.Hour)); why != "severity 2, was 4 as operator/console set it when the evidence said 3" {
		t.Errorf("%q", why)
	}
}

// What an edit says of the level is told without the title that stood there, whatever that pretends.
func TestLeveled(t *testing.T) {
	title, outcome, effort, two, three, none, category := "New", "Better", 2.5, 2, 3, 0, "Cost"
	tests := []struct {
		name string
		edit Edit
		want string
	}{
		{"nothing of it", Edit{Title: &title, Outcome: &outcome, Effort: &effort}, ""},
		{"a severity alone", Edit{Severity: &two}, "severity 2 (was: 1)"},
		{"everything", Edit{Title: &title, Outcome: &outcome, Effort: &effort, Severity: &two, Priority: &three, Category: &category}, "severity 2 (was: 1), priority 3 (was: 5), category Cost (was: Availability)"},
		{"handed back", Edit{Title: &title, Priority: &none}, "priority as the evidence says, 5 (was: 1)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			im := open()
			im.Title, im.Evidence.Impact = "x), severity 4 (was: 1), effort (was: 1", 3
			im.settle(ratedAt)
			im.Level.Severity.Value = 1
			if tt.name == "handed back" {
				im.Level.Priority = Setting[int]{Value: 1, By: "ana"}
			}
			history, _ := tt.edit.apply(&im, "ana", ratedAt)
			e := Entry{What: "edited", Detail: strings.Join(history, ", ")}
			if got := e.Leveled(); got != tt.want {
				t.Errorf("%q says %q, want %q", e.Detail, got, tt.want)
			}
		})
	}
	if got := (Entry{Detail: "title (was: x), severity 4 (was: 1)"}).Leveled(); got != "" { // of an older release
		t.Errorf("a title says %q", got)
	}
}

func say(key string, state signal.State, minute int) feedback.Feedback {
	return feedback.Feedback{Signal: &signal.Signal{Key: key, State: state, Time: ratedAt.Add(time.Duration(minute) * time.Minute)}}
}

func TestAlarmsOfOneImprovement(t *testing.T) {
	var im Improvement
	for i, tt := range []struct {
		key    string
		state  signal.State
		minute int
		latest bool
		firing bool
	}{
		{"a", signal.Firing, 0, true, true},
		{"b", signal.Firing, 1, true, true},
		{"a", signal.Recovered, 2, true, true}, // b burns still
		{"b", signal.Recovered, 5, true, false},
		{"b", signal.Firing, 4, false, false}, // late
		{"a", signal.Firing, 6, true, true},
		{"a", signal.Recovered, 3, false, true}, // late
	} {
		if latest := im.signaled(say(tt.key, tt.state, tt.minute)); latest != tt.latest || im.Firing() != tt.firing {
			t.Errorf("step %d: latest %v, firing %v", i, latest, im.Firing())
		}
	}
	if len(im.Alarms) != 2 || !im.Signaled().Equal(ratedAt.Add(6*time.Minute)) {
		t.Errorf("%+v", im.Alarms)
	}
}

// However many alarms there are, the list stays small, and no rule calls all of them OK that it cannot know of.
func TestAlarmsAreBounded(t *testing.T) {
	var im Improvement
	for i := range 3 * maxAlarms {
		im.signaled(say(id.Hash(8, string(rune(i))), signal.Recovered, i))
	}
	if len(im.Alarms) != maxAlarms || im.Crowded || im.Firing() {
		t.Errorf("%d alarms, crowded %v", len(im.Alarms), im.Crowded)
	}
	for i := range maxAlarms + 1 {
		im.signaled(say(id.Hash(8, "firing", string(rune(i))), signal.Firing, 1000+i))
	}
	if len(im.Alarms) != maxAlarms || !im.Crowded || !im.Firing() {
		t.Errorf("%d alarms, crowded %v", len(im.Alarms), im.Crowded)
	}
}

// Planning what was proposed files it and tells everybody once.
func TestPlanWhatWasProposed(t *testing.T) {
	im := in(Proposed)
	c, err := Decide(im, fit(Plan), "ana@example.com", decidedAt)
	if err != nil || c.Improvement.Status != Planned || c.Improvement.Episode != 1 || !c.opens() || c.Notice == nil || c.Notice.Status != Planned || len(c.Also) != 0 {
		t.Errorf("%+v, %v", c, err)
	}
}
