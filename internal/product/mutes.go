package product

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // a Lambda's file system need not have time zones
	"unicode/utf8"

	"learningloop/internal/fault"
	"learningloop/internal/id"
	"learningloop/internal/signal"
)

// Mute is a maintenance window: while it lasts, the signals it names alert nobody. Exactly one of Rule, Component and All
// says what it mutes; From and To, or Weekly, say when.
type Mute struct {
	ID        string       `json:"id"` // of what it says; whoever sets it need not give it
	Rule      *signal.Rule `json:"rule,omitempty"`
	Component string       `json:"component,omitempty"`
	All       bool         `json:"all,omitempty"`
	From      time.Time    `json:"from,omitzero"`
	To        time.Time    `json:"to,omitzero"` // not muted any more at this moment
	Weekly    *Weekly      `json:"weekly,omitempty"`
	Reason    string       `json:"reason"`
	By        string       `json:"by"` // who set it; what is sent is not looked at
}

// Weekly is a window that comes back every week. It begins at the time the clocks of its zone show; where they skip or
// repeat that time, within an hour of it (as package time has it). Its length is real time.
type Weekly struct {
	Day     string `json:"day"`     // "monday"
	At      string `json:"at"`      // "02:00"
	Minutes int    `json:"minutes"` // 1 to a week
	Zone    string `json:"zone"`    // "Europe/Berlin"; "" is UTC
}

// Limits of mutes.
const (
	MaxMutes    = 100
	maxOnce     = 366 * 24 * time.Hour
	maxReason   = 300
	weekMinutes = 7 * 24 * 60
)

// Days are the names of weekdays, as Weekly has them.
var Days = []string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}

// What says in words what is muted.
func (m Mute) What() string {
	switch {
	case m.All:
		return "all signals"
	case m.Component != "":
		return "signals of " + m.Component
	case m.Rule != nil:
		return "signals with " + m.Rule.String()
	default:
		return "nothing"
	}
}

// When says in words when.
func (m Mute) When() string {
	const form = "2006-01-02 15:04"
	if w := m.Weekly; w != nil {
		return fmt.Sprintf("every %s from %s %s for %d min", strings.ToUpper(w.Day[:min(1, len(w.Day))])+w.Day[min(1, len(w.Day)):], w.At, cmp.Or(w.Zone, "UTC"), w.Minutes)
	}
	return m.From.UTC().Format(form) + " to " + m.To.UTC().Format(form) + " UTC"
}

// Active says whether it lasts at a moment, and until when.
func (m Mute) Active(at time.Time) (until time.Time, ok bool) {
	if m.Weekly != nil {
		return m.Weekly.active(at)
	}
	return m.To, !at.Before(m.From) && at.Before(m.To)
}

// Over says whether it will never last again.
func (m Mute) Over(now time.Time) bool { return m.Weekly == nil && !now.Before(m.To) }

// IsPast is what is wrong with a window that is over when somebody sets it.
func IsPast(now time.Time) string {
	return "is past, so this would mute nothing: it is " + now.UTC().Format("2006-01-02 15:04") + " UTC"
}

// Late names the windows that are over already and that was, the product before, did not have. Those that ended since they
// were set may stay.
func (p Product) Late(was Product, now time.Time) (bad []fault.Field) {
	for i, m := range p.Mutes {
		if m.Over(now) && !slices.ContainsFunc(was.Mutes, func(o Mute) bool { return o.ID == m.ID }) {
			bad = append(bad, fault.Field{Pointer: fmt.Sprintf("/mutes/%d/to", i), Detail: IsPast(now)})
		}
	}
	return bad
}

func (w Weekly) active(at time.Time) (time.Time, bool) {
	zone, day, hour, minute, ok := w.read()
	if !ok {
		return time.Time{}, false
	}
	here := at.In(zone)
	for back := 0; back <= 7; back++ {
		// Noon is a time that every day has.
		d := time.Date(here.Year(), here.Month(), here.Day()-back, 12, 0, 0, 0, zone)
		if int(d.Weekday()) != day {
			continue
		}
		from := time.Date(d.Year(), d.Month(), d.Day(), hour, minute, 0, 0, zone)
		if to := from.Add(time.Duration(w.Minutes) * time.Minute); !at.Before(from) && at.Before(to) {
			return to.UTC(), true
		}
	}
	return time.Time{}, false
}

// read gives the parts; ok is false where one of them is not what it should be.
func (w Weekly) read() (zone *time.Location, day, hour, minute int, ok bool) {
	day = slices.Index(Days, w.Day)
	clock, err := time.Parse("15:04", w.At)
	if err != nil || day < 0 || w.Zone == "Local" {
		return nil, 0, 0, 0, false
	}
	zone, err = time.LoadLocation(w.Zone)
	return zone, day, clock.Hour(), clock.Minute(), err == nil
}

// Muted says whether a signal is muted at a moment, by which window, and until when: where several last, by the one that
// lasts longest.
func (p Product) Muted(s signal.Signal, at time.Time) (by Mute, until time.Time, ok bool) {
	component := ""
	if len(p.Mutes) > 0 {
		component = ComponentKey(p.ComponentOf(s))
	}
	for _, m := range p.Mutes {
		end, active := m.Active(at)
		if !active || ok && !end.After(until) {
			continue
		}
		if m.All || m.Rule != nil && matches(*m.Rule, s) || m.Component != "" && ComponentKey(m.Component) == component {
			by, until, ok = m, end, true
		}
	}
	return by, until, ok
}

func matches(r signal.Rule, s signal.Signal) bool {
	to, _ := signal.Route([]signal.ProductRules{{Product: "it", Rules: []signal.Rule{r}}}, s)
	return to != ""
}

// setMutes takes a list of mutes. Those that were there before keep who set them.
func (p *Product) setMutes(list []Mute, by string) (bad []fault.Field) {
	if len(list) > MaxMutes {
		return []fault.Field{{Pointer: "/mutes", Detail: fmt.Sprintf("must be at most %d", MaxMutes)}}
	}
	old := p.Mutes
	p.Mutes = make([]Mute, 0, len(list))
	for i, m := range list {
		at := fmt.Sprintf("/mutes/%d", i)
		m, wrong := m.check(at, *p)
		bad = append(bad, wrong...)
		m.By = by
		if n := slices.IndexFunc(old, func(o Mute) bool { return o.ID == m.ID }); n >= 0 {
			m.By = old[n].By
		}
		if slices.ContainsFunc(p.Mutes, func(o Mute) bool { return o.ID == m.ID }) {
			bad = append(bad, fault.Field{Pointer: at, Detail: "is there twice"})
		}
		p.Mutes = append(p.Mutes, m)
	}
	isSet := func(m Mute) bool { return slices.ContainsFunc(p.Mutes, func(o Mute) bool { return o.ID == m.ID }) }
	if p.Unmuted != nil && isSet(*p.Unmuted) {
		p.Unmuted = nil
	}
	for _, m := range old {
		if !isSet(m) {
			p.Unmuted = &m
		}
	}
	return bad
}

// keepMuted says which components are still named by a mute, and so cannot go.
func (p Product) keepMuted() (bad []fault.Field) {
	for _, m := range p.Mutes {
		if _, known := p.Component(m.Component); m.Component != "" && !known {
			bad = append(bad, fault.Field{Pointer: "/components", Detail: "must keep " + m.Component + " while a mute names it"})
		}
	}
	return bad
}

// check gives the mute cleaned and named, and what is wrong with it; at is where it stands in the input.
func (m Mute) check(at string, p Product) (Mute, []fault.Field) {
	var bad []fault.Field
	reject := func(pointer, detail string) { bad = append(bad, fault.Field{Pointer: at + pointer, Detail: detail}) }
	m.Component, m.Reason = line(m.Component), line(m.Reason)
	what := 0
	for _, set := range []bool{m.Rule != nil, m.Component != "", m.All} {
		if set {
			what++
		}
	}
	if what != 1 {
		reject("", "must say exactly one of rule, component and all")
	}
	if m.Rule != nil {
		for _, f := range signal.CheckRules("", []signal.Rule{*m.Rule}) {
			reject("/rule"+strings.TrimPrefix(f.Pointer, "/0"), f.Detail)
		}
	}
	if m.Component != "" {
		spelled, known := p.Component(m.Component)
		if !known {
			reject("/component", "must be one of the product's components")
		}
		m.Component = cmp.Or(spelled, m.Component)
	}
	if n := utf8.RuneCountInString(m.Reason); n == 0 || n > maxReason || hidden(m.Reason) {
		reject("/reason", "is required: 1 to 300 characters, all of them visible")
	}
	m.From, m.To = m.From.UTC(), m.To.UTC()
	switch {
	case m.Weekly != nil && (!m.From.IsZero() || !m.To.IsZero()):
		reject("/weekly", "must not stand beside from and to: a mute lasts once, or comes back every week")
	case m.Weekly != nil:
		w := *m.Weekly
		w.Day, w.At, w.Zone = strings.ToLower(line(w.Day)), line(w.At), line(w.Zone)
		m.Weekly = &w
		for _, f := range w.check() {
			reject("/weekly"+f.Pointer, f.Detail)
		}
	case m.From.IsZero() || m.From.Year() < 2000 || m.From.Year() > 2200:
		reject("/from", "is required: when it begins, as 2026-12-31T22:00:00Z; or weekly")
	case m.To.IsZero():
		reject("/to", "is required: when it ends, as 2026-12-31T23:00:00Z")
	case !m.To.After(m.From):
		reject("/to", "must be after from")
	case m.To.Sub(m.From) > maxOnce:
		reject("/to", "must be at most a year after from")
	}
	m.ID = m.hash()
	return m, bad
}

func (w Weekly) check() (bad []fault.Field) {
	reject := func(pointer, detail string) { bad = append(bad, fault.Field{Pointer: pointer, Detail: detail}) }
	if !slices.Contains(Days, w.Day) {
		reject("/day", "must be one of "+strings.Join(Days, ", "))
	}
	if _, err := time.Parse("15:04", w.At); err != nil {
		reject("/at", "must be a time of day like 02:00")
	}
	if w.Minutes < 1 || w.Minutes > weekMinutes {
		reject("/minutes", "must be 1 to 10,080, which is a week")
	}
	if _, err := time.LoadLocation(w.Zone); err != nil || w.Zone == "Local" {
		reject("/zone", "must be a time zone like Europe/Berlin")
	}
	return bad
}

// hash names a mute by what it says.
func (m Mute) hash() string {
	parts := []string{fmt.Sprint(m.All), m.Component, m.When(), m.Reason}
	if m.Rule != nil {
		parts = append(parts, m.Rule.Source, m.Rule.Account, m.Rule.Region, m.Rule.Resource, m.Rule.Name)
	}
	return id.Hash(10, append(parts, m.From.UTC().Format(time.RFC3339Nano), m.To.UTC().Format(time.RFC3339Nano))...)
}
