package improvement

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"learningloop/internal/opsitem"
	"learningloop/internal/person"
)

// Level is an Improvement's severity, priority and category in force, and who set them. While nothing is filed and nobody
// set anything it is empty, and what the evidence says is in force.
type Level struct {
	Severity Setting[int]    `json:"severity,omitzero"`
	Priority Setting[int]    `json:"priority,omitzero"`
	Category Setting[string] `json:"category,omitzero"`
}

// Setting is one value of a Level; zero is unset.
type Setting[T comparable] struct {
	Value T         `json:"value,omitzero"`
	By    string    `json:"by,omitzero"`   // a member or an operator; "" is the evidence
	Then  T         `json:"then,omitzero"` // what the evidence said when a person set it
	At    time.Time `json:"at,omitzero"`
	Back  bool      `json:"back,omitzero"` // a person handed it back to the evidence
}

// Chosen says whether people have the last word on it, and not the evidence.
func (s Setting[T]) Chosen() bool { return s.By != "" || s.Back }

// set gives the value that somebody sets; the zero value hands it back to the evidence.
func set[T comparable](v, evident T, by string, now time.Time) Setting[T] {
	var zero T
	if v == zero {
		return Setting[T]{Value: evident, At: now, Back: true}
	}
	return Setting[T]{Value: v, By: by, Then: evident, At: now}
}

// Evident is the level that the evidence says by itself, at its latest word: time alone never changes it.
func (im Improvement) Evident() opsitem.Level {
	s := im.LatestScore()
	l := opsitem.Level{Severity: s.Severity, Priority: s.Priority, Category: im.Category}
	if l.Category == "" {
		// Where people's words go when no signal says: slow and broken things are what they speak of most.
		if l.Category = "Performance"; im.Evidence.Impact >= 2 {
			l.Category = "Availability"
		}
	}
	return l
}

// InForce is the level that holds now.
func (im Improvement) InForce() opsitem.Level {
	l := im.Evident().With(opsitem.Level{Severity: im.Level.Severity.Value, Priority: im.Level.Priority.Value, Category: im.Level.Category.Value})
	if im.ByAndon() {
		l.Severity = andonSeverity
	}
	return l
}

// andonSeverity is the severity of what an andon is up over.
const andonSeverity = 1

// ByAndon says whether an andon sets its severity: until it is stood down, or a person rates it otherwise.
func (im Improvement) ByAndon() bool {
	s := im.Level.Severity
	return im.AndonUp() && (s.By == "" || s.At.Before(im.Andon.Pulled))
}

// Unrated is the level in force once what people set is handed back: the evidence's, and the severity of an andon.
func (im Improvement) Unrated() opsitem.Level {
	l := im.Evident()
	if im.AndonUp() {
		l.Severity = andonSeverity
	}
	return l
}

// Stops says whether its andon is up and it still is to be worked on: then it waits to be stood down or mended.
func (im Improvement) Stops() bool { return im.AndonUp() && !im.Status.Closed() }

// settle fixes the level that an episode begins with: what a person set stays set, the rest is the evidence's of now.
func (im *Improvement) settle(now time.Time) {
	ev, l := im.Evident(), &im.Level
	if l.Severity.By == "" {
		l.Severity = Setting[int]{Value: ev.Severity, At: now}
	}
	if l.Priority.By == "" {
		l.Priority = Setting[int]{Value: ev.Priority, At: now}
	}
	if l.Category.By == "" {
		l.Category = Setting[string]{Value: ev.Category, At: now}
	}
}

// raise lets the evidence raise severity and priority while an episode is open, and says whether the severity rose and
// from where. It lowers nothing, and what a person set it raises only when it is worse now than it was to them.
func (im *Improvement) raise(now time.Time) (why string, rose bool) {
	ev := im.Evident()
	if was, ok := worse(&im.Level.Severity, ev.Severity, now); ok {
		why = fmt.Sprintf("severity %d, was %d", ev.Severity, was.Value)
		if was.By != "" {
			why += " as " + person.Name(was.By) + " set it when the evidence said " + fmt.Sprint(was.Then)
		}
		rose = true
	}
	worse(&im.Level.Priority, ev.Priority, now)
	return why, rose
}

// worse raises a setting to what the evidence says; small numbers are worse.
func worse(s *Setting[int], evident int, now time.Time) (was Setting[int], rose bool) {
	was = *s
	if s.Value == 0 || evident >= s.Value || s.By != "" && evident >= s.Then {
		return was, false
	}
	*s = Setting[int]{Value: evident, At: now}
	return was, true
}

// Releveled gives the Improvement with the members of l that are set, as by set them in OpsCenter at a moment of its clock,
// and the line of its history. ok is false where all of it is in force already.
func Releveled(im Improvement, l opsitem.Level, by string, at, now time.Time) (Improvement, Entry, bool) {
	ev, was := im.Evident(), im.InForce()
	if at.After(now) {
		at = now
	}
	var set1, set2 []string
	note := func(name string, v, old any) {
		set1, set2 = append(set1, fmt.Sprintf("%s %v", name, v)), append(set2, fmt.Sprintf("%s was %v", name, old))
	}
	if v := l.Severity; v != 0 && v != was.Severity {
		note("severity", v, was.Severity)
		im.Level.Severity = set(v, ev.Severity, by, at)
	}
	if v := l.Priority; v != 0 && v != was.Priority {
		note("priority", v, was.Priority)
		im.Level.Priority = set(v, ev.Priority, by, at)
	}
	if v := l.Category; v != "" && v != was.Category {
		note("category", v, was.Category)
		im.Level.Category = set(v, ev.Category, by, at)
	}
	if len(set1) == 0 {
		return im, Entry{}, false
	}
	im.Updated = now
	im.Entries++
	return im, Entry{Seq: im.Entries, At: now, By: by, What: "set " + strings.Join(set1, ", ") + " in OpsCenter", Detail: strings.Join(set2, ", ")}, true
}

// ours is what an edit's line says before what may be a customer's words, see Edit.apply.
var ours = regexp.MustCompile(`^(?:(outcome|effort \(was: [0-9.e+]+\)|(?:severity|priority|category) [^()]+ \(was: [^()]+\))(?:, |$))`)

// Leveled is what an edit's line says of severity, priority and category, without what may be a customer's words beside it.
// "" is nothing.
func (e Entry) Leveled() string {
	var out []string
	for rest := e.Detail; ; {
		m := ours.FindStringSubmatch(rest)
		if m == nil {
			return strings.Join(out, ", ")
		}
		if strings.HasPrefix(m[1], "severity ") || strings.HasPrefix(m[1], "priority ") || strings.HasPrefix(m[1], "category ") {
			out = append(out, m[1])
		}
		rest = rest[len(m[0]):]
	}
}

// Adopted gives the Improvement with the level of an OpsItem that somebody else created: theirs, until the evidence is
// worse than it was then.
func Adopted(im Improvement, l opsitem.Level, by string, now time.Time) Improvement {
	ev := im.Evident()
	if l.Severity != 0 && im.Level.Severity.By == "" {
		im.Level.Severity = set(l.Severity, ev.Severity, by, now)
	}
	if l.Priority != 0 && im.Level.Priority.By == "" {
		im.Level.Priority = set(l.Priority, ev.Priority, by, now)
	}
	if l.Category != "" && im.Level.Category.By == "" {
		im.Level.Category = set(l.Category, ev.Category, by, now)
	}
	return im
}

// Forsaken gives the Improvement after the OpsItem that it adopted at a moment is gone: of the level that came with it,
// what nobody set since goes, too, and the evidence's holds.
func Forsaken(im Improvement, adopted, now time.Time) Improvement {
	ev := im.Evident()
	im.Level.Severity = im.Level.Severity.forsaken(ev.Severity, adopted, now)
	im.Level.Priority = im.Level.Priority.forsaken(ev.Priority, adopted, now)
	im.Level.Category = im.Level.Category.forsaken(ev.Category, adopted, now)
	return im
}

func (s Setting[T]) forsaken(evident T, adopted, now time.Time) Setting[T] {
	if s.By == "" || !s.At.Equal(adopted) {
		return s
	}
	return Setting[T]{Value: evident, At: now}
}
