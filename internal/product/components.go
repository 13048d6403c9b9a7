package product

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"learningloop/internal/fault"
	"learningloop/internal/signal"
)

// Component is a part of a product, and which signals are about it. What people name is about it where the name is the
// same but for case and space.
type Component struct {
	Name  string        `json:"name"`
	Rules []signal.Rule `json:"rules"` // may be empty: only people speak of it
}

// Limits of what a team sets about components.
const (
	MaxComponents     = 50
	MaxComponentRules = 20
)

// ComponentKey is the same for every spelling of a component's name that differs only in case and space.
func ComponentKey(name string) string { return strings.ToLower(line(name)) }

// ComponentOf says which component a signal is about: the one whose rule matches, the most specific rule where several do
// (signal.Route), the first in order between equals; "" is none.
func (p Product) ComponentOf(s signal.Signal) string {
	if len(p.Components) == 0 {
		return ""
	}
	all := make([]signal.ProductRules, len(p.Components))
	for i, c := range p.Components {
		all[i] = signal.ProductRules{Product: c.Name, Rules: c.Rules}
	}
	name, _ := signal.Route(all, s)
	return name
}

// Component gives a component's name as the team spells it; ok is false where the team named none like it.
func (p Product) Component(name string) (spelled string, ok bool) {
	key := ComponentKey(name)
	i := slices.IndexFunc(p.Components, func(c Component) bool { return ComponentKey(c.Name) == key })
	if key == "" || i < 0 {
		return "", false
	}
	return p.Components[i].Name, true
}

// DefaultWindow is how long a cluster takes in words after its latest one, and how far an andon looks back, where a team
// set nothing else.
const DefaultWindow = 60 // minutes

// maxMinutes is the longest window a team may set: a day.
const maxMinutes = 24 * 60

// ClusterWindow is how far two words about one thing may lie apart to be about one cause.
func (p Product) ClusterWindow() time.Duration { return minutes(p.ClusterMinutes) }

func minutes(n int) time.Duration {
	if n <= 0 {
		n = DefaultWindow
	}
	return time.Duration(n) * time.Minute
}

func (p *Product) setComponents(list []Component) (bad []fault.Field) {
	reject := func(pointer, detail string) { bad = append(bad, fault.Field{Pointer: pointer, Detail: detail}) }
	if len(list) > MaxComponents {
		reject("/components", fmt.Sprintf("must be at most %d", MaxComponents))
		return bad
	}
	p.Components = make([]Component, 0, len(list))
	seen := map[string]bool{}
	for i, c := range list {
		at := fmt.Sprintf("/components/%d", i)
		c.Name = line(c.Name)
		switch key := ComponentKey(c.Name); {
		case c.Name == "" || utf8.RuneCountInString(c.Name) > 100 || hidden(c.Name):
			reject(at+"/name", "must be 1 to 100 characters, all of them visible")
		case seen[key]:
			reject(at+"/name", "is there twice")
		default:
			seen[key] = true
		}
		if len(c.Rules) > MaxComponentRules {
			reject(at+"/rules", fmt.Sprintf("must be at most %d", MaxComponentRules))
		}
		c.Rules = append([]signal.Rule{}, c.Rules...)
		bad = append(bad, signal.CheckRules(at+"/rules", c.Rules)...)
		p.Components = append(p.Components, c)
	}
	return bad
}
