package emulator

import (
	"context"
	"slices"
	"strings"
	"time"
)

// Query says which OpsItems a console list shows.
type Query struct {
	Statuses []string // any of these; none: all
	Severity string   // "" for all
	Category string   // "" for all
	Priority int      // 0 for all
	Title    string   // part of the title, upper and lower case alike, or an id
	Source   string   // part of the source, likewise
	Resource string   // part of the ARN of a related resource, likewise
	Runbook  string   // part of the name of an associated runbook, likewise
	Key      string   // part of the key of searchable operational data, likewise
	Value    string   // part of its value, likewise; with Key, of the same entry
	Created  Span
	Changed  Span
	Order    Order
	Limit    int    // 1-50; 0: 50
	Cursor   string // from the page before
}

// Span is a span of time, without its end; a zero end is open.
type Span struct{ From, End time.Time }

// List gives a page of OpsItems in the order asked for, and the cursor of the next page; "" at the end. A bad cursor is
// an *Error.
func (e *Emulator) List(_ context.Context, q Query) ([]Item, string, error) {
	var filters []filter
	add := func(key string, values ...string) {
		values = slices.DeleteFunc(slices.Clone(values), func(v string) bool { return v == "" })
		if len(values) > 0 {
			filters = append(filters, filter{Key: key, Operator: opEqual, Values: values})
		}
	}
	add("Status", q.Statuses...)
	add("Severity", q.Severity)
	add("Category", q.Category)
	add("Priority", digits(q.Priority))
	conds, refusal := e.conditions(filters)
	if refusal != nil {
		return nil, "", refusal
	}
	conds = append(conds, q.words()...)
	conds = append(conds, q.Created.holds(func(t *times) int64 { return t.created }), q.Changed.holds(func(t *times) int64 { return t.modified }))
	scope := q
	scope.Limit, scope.Cursor = 0, ""
	var found []*item
	var next string
	if q.Order == Newest {
		var p page
		if p, refusal = readPage(q.Cursor, q.Limit, "console", scope, errPageGone); refusal == nil {
			next = e.scan(p, conds, func(it *item) { found = append(found, it) })
		}
	} else {
		found, next, refusal = e.sorted(q, conds, scope)
	}
	if refusal != nil {
		return nil, "", refusal
	}
	out := make([]Item, len(found))
	for i, it := range found {
		out[i] = e.consoleItem(it)
	}
	return out, next, nil
}

// words are the conditions on what people type.
func (q Query) words() []condition {
	var out []condition
	add := func(fits func(it *item, words string) bool, typed string) {
		if words := wordsOf(typed); words != "" {
			out = append(out, condition{match: func(it *item) bool { return fits(it, words) }})
		}
	}
	has := func(text, words string) bool { return strings.Contains(strings.ToLower(text), words) }
	anyHas := func(texts []string, words string) bool {
		return slices.ContainsFunc(texts, func(text string) bool { return has(text, words) })
	}
	add(func(it *item, words string) bool { return has(it.Title, words) || it.ID == words }, q.Title)
	add(func(it *item, words string) bool { return has(it.Source, words) }, q.Source)
	add(func(it *item, words string) bool { return anyHas(it.resources, words) }, q.Resource)
	add(func(it *item, words string) bool { return anyHas(it.automations, words) }, q.Runbook)
	if key, value := wordsOf(q.Key), wordsOf(q.Value); key+value != "" {
		out = append(out, condition{match: func(it *item) bool {
			return slices.ContainsFunc(it.findable, func(d datum) bool { return has(d.key, key) && has(d.value, value) })
		}})
	}
	return out
}

func wordsOf(typed string) string { return strings.ToLower(strings.TrimSpace(typed)) }

// holds is the condition that a time of an item, in microseconds, lies in the span.
func (s Span) holds(get func(*times) int64) condition {
	return condition{within: func(t *times) bool {
		at := get(t)
		return (s.From.IsZero() || at >= s.From.UnixMicro()) && (s.End.IsZero() || at < s.End.UnixMicro())
	}}
}
