package product

import (
	"reflect"
	"slices"
	"strings"
)

// Since says what is set otherwise than it was, for the staff log: the names of settings, and each window in which signals
// are muted from now on, or are not any more.
func (p Product) Since(was Product) string {
	var out []string
	for _, s := range []struct {
		name     string
		old, now any
	}{
		{"name", was.Name, p.Name},
		{"about", was.About, p.About},
		{"default", was.Default, p.Default},
		{"routing", list(was.Routing), list(p.Routing)},
		{"rules", was.Rules, p.Rules},
		{"quotes", was.Quotes, p.Quotes},
		{"digestTo", list(was.DigestTo), list(p.DigestTo)},
		{"components", list(was.Components), list(p.Components)},
		{"clusterMinutes", was.ClusterMinutes, p.ClusterMinutes},
		{"andon", was.Andon, p.Andon},
	} {
		if !reflect.DeepEqual(s.old, s.now) {
			out = append(out, s.name)
		}
	}
	for _, m := range p.Mutes {
		if !slices.ContainsFunc(was.Mutes, func(o Mute) bool { return o.ID == m.ID }) {
			out = append(out, "muted "+m.What()+", "+m.When()+": "+m.Reason)
		}
	}
	for _, m := range was.Mutes {
		if !slices.ContainsFunc(p.Mutes, func(o Mute) bool { return o.ID == m.ID }) {
			out = append(out, "no longer muted "+m.What()+", "+m.When()+": "+m.Reason)
		}
	}
	return strings.Join(out, "; ")
}

// list makes no list and an empty one alike.
func list[T any](s []T) []T { return append([]T{}, s...) }
