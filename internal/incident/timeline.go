package incident

import (
	"slices"
	"time"

	"learningloop/internal/opsitem"
)

// Kind is what a Moment is about.
type Kind string

// The kinds.
const (
	Signal     Kind = "signal"     // a machine spoke
	Deployment Kind = "deployment" // a release of the product went out
	Complaint  Kind = "complaint"  // a person spoke
	Status     Kind = "status"     // somebody decided, or a rule
	Level      Kind = "level"      // its severity, priority or category changed
	Andon      Kind = "andon"      // people stopped the line over it, or it was stood down
	Filed      Kind = "filed"      // it became an OpsItem
	Told       Kind = "told"       // people were told
)

// Kinds lists them all.
var Kinds = []Kind{Signal, Deployment, Complaint, Status, Level, Andon, Filed, Told}

// Moment is one thing that happened.
type Moment struct {
	At   time.Time `json:"at"`
	Kind Kind      `json:"kind"`
	What string    `json:"what"`          // one line; hostile, so renderers escape it. Of a Complaint: not in a frozen timeline
	Who  string    `json:"who,omitempty"` // who took a step
	Ref  string    `json:"ref,omitempty"` // id of the piece of Feedback, or of the OpsItem
	Mark Mark      `json:"mark,omitempty"`
}

// Mark is a stage that an episode reached with a Moment: of each there is one at most.
type Mark string

// The marks.
const (
	Detected     Mark = "detected"
	Acknowledged Mark = "acknowledged"
	Resolved     Mark = "resolved"
)

// Bounds of a timeline: what is more is counted, not listed. The first ones say how it began, the last ones how it ended.
const (
	firstOfKind = 60
	lastOfKind  = 40
)

// Lookback is how long before the first word of an episode a deployment may have to do with it.
const Lookback = 24 * time.Hour

// Timeline is what happened in an episode, in order.
type Timeline struct {
	Made    time.Time    `json:"made"`
	Moments []Moment     `json:"moments"`
	Left    map[Kind]int `json:"left,omitempty"` // moments in the middle that are not listed
	Times   Times        `json:"times"`
}

// Times are the stretches of an episode; zero is not known, or not over.
type Times struct {
	Detect      time.Duration `json:"detect,omitzero"`      // from the first word, by its own time, to the episode's opening
	File        time.Duration `json:"file,omitzero"`        // from there to its OpsItem
	Acknowledge time.Duration `json:"acknowledge,omitzero"` // from the opening until a person planned or began it
	Resolve     time.Duration `json:"resolve,omitzero"`     // from the opening to the end
}

// TimesOf measures an episode. Clocks that disagree make nothing negative.
func TimesOf(e opsitem.Episode) Times {
	e = e.Staged()
	return Times{
		Detect: stretch(e.Stages.Detected, e.Opened), File: stretch(e.Opened, e.Filed),
		Acknowledge: stretch(e.Opened, e.Stages.Acknowledged), Resolve: stretch(e.Opened, e.Resolved),
	}
}

func stretch(from, to time.Time) time.Duration {
	if from.IsZero() || to.IsZero() {
		return 0
	}
	return max(to.Sub(from), 0)
}

// New makes a Timeline of moments in any order. Moments without a time are left out.
func New(moments []Moment, times Times, now time.Time) Timeline {
	t := Timeline{Made: now, Times: times, Moments: []Moment{}}
	moments = slices.DeleteFunc(slices.Clone(moments), func(m Moment) bool { return m.At.IsZero() })
	slices.SortStableFunc(moments, func(a, b Moment) int { return a.At.Compare(b.At) })
	count, seen := map[Kind]int{}, map[Kind]int{}
	for _, m := range moments {
		count[m.Kind]++
	}
	for _, m := range moments {
		seen[m.Kind]++
		if n := seen[m.Kind]; n > firstOfKind && n <= count[m.Kind]-lastOfKind {
			if t.Left == nil {
				t.Left = map[Kind]int{}
			}
			t.Left[m.Kind]++
			continue
		}
		t.Moments = append(t.Moments, m)
	}
	return t
}

// Frozen is the timeline as it is kept: without the words of customers, which are read by their ids.
func (t Timeline) Frozen() Timeline {
	t.Moments = slices.Clone(t.Moments)
	for i := range t.Moments {
		if t.Moments[i].Kind == Complaint {
			t.Moments[i].What = ""
		}
	}
	return t
}
