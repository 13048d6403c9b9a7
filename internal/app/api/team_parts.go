package api

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"learningloop/internal/fault"
	"learningloop/internal/product"
	"learningloop/internal/signal"
	"learningloop/internal/web"
)

// partsOf are the rows of the form for a product's components: one for each rule, one for a component without any.
func partsOf(p product.Product) []web.Part {
	var out []web.Part
	for _, c := range p.Components {
		if len(c.Rules) == 0 {
			out = append(out, web.Part{Component: c.Name})
		}
		for _, r := range c.Rules {
			out = append(out, web.Part{Component: c.Name, Rule: web.Rule{Source: r.Source, Account: r.Account, Region: r.Region, Resource: r.Resource, Name: r.Name}})
		}
	}
	return out
}

// typedParts are the rows of components as typed, without spaces around them; the empty ones too.
func typedParts(f url.Values) []web.Part {
	rules := typedRows(f, "part")
	names := f["partComponent"]
	out := make([]web.Part, max(len(rules), min(len(names), len(rules)+mostRows)))
	for i := range out {
		if i < len(rules) {
			out[i].Rule = rules[i]
		}
		if i < len(names) {
			out[i].Component = strings.TrimSpace(names[i])
		}
	}
	return out
}

// typedGathering is what the form says of components and andon.
type typedGathering struct {
	components []product.Component
	rows       [][]int // which row of the form each rule of each component is; where it has none, its only row
}

// gathering reads components from rows: those that name the same one are its rules.
func gathering(rows []web.Part) typedGathering {
	in := typedGathering{components: []product.Component{}}
	at := map[string]int{}
	for i, row := range rows {
		if row == (web.Part{}) {
			continue
		}
		key := product.ComponentKey(row.Component)
		c, known := at[key]
		if !known {
			c = len(in.components)
			at[key] = c
			in.components = append(in.components, product.Component{Name: row.Component})
			in.rows = append(in.rows, nil)
		}
		in.rows[c] = append(in.rows[c], i)
		if row.Rule != (web.Rule{}) {
			in.components[c].Rules = append(in.components[c].Rules, signal.Rule{
				Source: row.Source, Account: row.Account, Region: row.Region, Resource: row.Resource, Name: row.Name,
			})
		} else if known {
			in.rows[c] = in.rows[c][:len(in.rows[c])-1] // it says the name once more, and nothing else
		}
	}
	return in
}

// field gives the form's field that a pointer below /components or /andon is about; "" for all others.
func (in typedGathering) field(pointer string) string {
	parts := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	switch {
	case parts[0] == "andon" && len(parts) == 2 && parts[1] != "":
		return "andon" + strings.ToUpper(parts[1][:1]) + parts[1][1:]
	case parts[0] != "components":
		return ""
	}
	row, name := 0, "Component"
	number := func(i int) int {
		if i >= len(parts) {
			return 0
		}
		n, err := strconv.Atoi(parts[i])
		if err != nil {
			return 0
		}
		return n
	}
	if c := number(1); c < len(in.rows) && len(in.rows[c]) > 0 {
		row = in.rows[c][min(number(3), len(in.rows[c])-1)]
	}
	if len(parts) == 5 && parts[4] != "" {
		name = strings.ToUpper(parts[4][:1]) + parts[4][1:]
	}
	return fmt.Sprintf("part%s.%d", name, row)
}

// gatheringOf adds what the form says of components, clusters and andon; a form without them leaves them as they are.
func gatheringOf(f url.Values, in *typedSettings) (bad []fault.Field) {
	if f.Has("partComponent") {
		in.parts = gathering(typedParts(f))
		in.settings.Components = in.parts.components
	}
	number := func(name, pointer string) *int {
		if !f.Has(name) {
			return nil
		}
		n, err := strconv.Atoi(strings.TrimSpace(f.Get(name)))
		if err != nil {
			bad = append(bad, fault.Field{Pointer: pointer, Detail: "must be a whole number"})
			return nil
		}
		return &n
	}
	in.settings.ClusterMinutes = number("clusterMinutes", "/clusterMinutes")
	if people, minutes := number("andonPeople", "/andon/people"), number("andonMinutes", "/andon/minutes"); people != nil || minutes != nil {
		in.settings.Andon = &product.AndonSettings{People: people, Minutes: minutes}
	}
	return bad
}
