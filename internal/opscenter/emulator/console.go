package emulator

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Item is an OpsItem as the console shows it.
type Item struct {
	ID, ARN, Type                   string
	Title, Description, Source      string
	Status, Severity, Category      string // Severity and Category: "" where unset
	Priority                        int    // 0 where unset
	Version                         int64
	CreatedBy, ModifiedBy           string // ARNs
	Created, Modified               time.Time
	Data                            []Datum // by key
	Resources, Automations, Related []string
	Notifications                   []string // topic ARNs
	Tags                            map[string]string
	Deleting                        bool // DeleteOpsItem was called; gone shortly
}

// Datum is one entry of operational data.
type Datum struct {
	Key, Value string
	Searchable bool
}

// Query says which OpsItems a console list shows.
type Query struct {
	Statuses []string // any of these; none: all
	Severity string   // "" for all
	Category string   // "" for all
	Title    string   // part of the title, upper and lower case alike
	Limit    int      // 1-50; 0: 50
	Cursor   string   // from the page before
}

// List gives a page of OpsItems, the newest first, and the cursor of the next page; "" at the end. A bad cursor is an
// *Error.
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
	conds, refusal := e.conditions(filters)
	if refusal != nil {
		return nil, "", refusal
	}
	if words := strings.ToLower(strings.TrimSpace(q.Title)); words != "" {
		conds = append(conds, condition{match: func(it *item) bool {
			return strings.Contains(strings.ToLower(it.Title), words) || it.ID == words
		}})
	}
	scope := append(filters, filter{Key: "console", Values: []string{q.Title}})
	p, refusal := readPage(q.Cursor, q.Limit, "console", scope, func() *Error { return errRule("The page is not there any more.") })
	if refusal != nil {
		return nil, "", refusal
	}
	var out []Item
	next := e.scan(p, conds, func(it *item) { out = append(out, e.consoleItem(it)) })
	return out, next, nil
}

// Item gives one OpsItem; an *Error with code OpsItemNotFoundException where there is none.
func (e *Emulator) Item(_ context.Context, id string) (Item, error) {
	it := e.read(id)
	if it == nil {
		return Item{}, errNotFound(id)
	}
	return e.consoleItem(it), nil
}

// Edit is what the console can change of an OpsItem; empty members stay as they are.
type Edit struct {
	Status   string // Open, InProgress, Resolved
	Severity string // "1" critical - "4" low
	Category string
	Priority int // 1-5
}

// Edit changes an OpsItem as its operator would in AWS's console: by UpdateOpsItem, under the operator's ARN, with the
// event that follows. Errors are *Error, as UpdateOpsItem answers them.
func (e *Emulator) Edit(ctx context.Context, id string, edit Edit) error {
	in := map[string]any{"OpsItemId": id}
	for name, v := range map[string]string{"Status": edit.Status, "Severity": edit.Severity, "Category": edit.Category} {
		if v != "" {
			in[name] = v
		}
	}
	if edit.Priority != 0 {
		in["Priority"] = json.Number(strconv.Itoa(edit.Priority))
	}
	return e.operate(ctx, "UpdateOpsItem", in)
}

// Delete deletes an OpsItem, under the operator's ARN. AWS has this in its API only.
func (e *Emulator) Delete(ctx context.Context, id string) error {
	return e.operate(ctx, "DeleteOpsItem", map[string]any{"OpsItemId": id})
}

func (e *Emulator) operate(ctx context.Context, op string, in map[string]any) error {
	if _, err := e.invoke(ctx, operations[op], caller{ARN: e.cfg.Operator}, in); err != nil {
		return err
	}
	return nil
}

// Change is one line of an OpsItem's history.
type Change struct {
	At   time.Time
	By   string   // ARN
	What []string // "created", "status Open → InProgress", "edited"
}

// History tells what became of an OpsItem, the newest first.
func (e *Emulator) History(_ context.Context, id string) []Change {
	e.mu.RLock()
	defer e.mu.RUnlock()
	events := e.st.history[id]
	out := make([]Change, 0, len(events))
	for i, ev := range events {
		what := []string{"created"}
		if i > 0 {
			what = differences(events[i-1], ev)
		}
		out = append(out, Change{At: ev.At, By: ev.By, What: what})
	}
	slices.Reverse(out)
	return out
}

func differences(a, b *historyEvent) []string {
	var out []string
	say := func(name, from, to string) {
		if from != to {
			out = append(out, fmt.Sprintf("%s %s → %s", name, cmp.Or(from, "none"), cmp.Or(to, "none")))
		}
	}
	say("status", a.Status, b.Status)
	say("severity", a.Severity, b.Severity)
	say("priority", digits(a.Priority), digits(b.Priority))
	say("category", a.Category, b.Category)
	if a.Title != b.Title {
		out = append(out, "title")
	}
	if a.Description != b.Description {
		out = append(out, "description")
	}
	if out == nil {
		out = []string{"edited"}
	}
	return out
}

func digits(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// Similar gives up to five other OpsItems with the same title, the newest first.
func (e *Emulator) Similar(_ context.Context, it Item) []Item {
	title := titlePrefix(it.Title)
	same, err := e.conditions([]filter{{Key: "Title", Operator: opEqual, Values: []string{title}}})
	if err != nil {
		return nil // a title's first characters are always a fit value
	}
	same = append(same, condition{match: func(other *item) bool { return other.ID != it.ID }})
	var out []Item
	e.scan(page{below: ^uint32(0), limit: 5}, same, func(other *item) { out = append(out, e.consoleItem(other)) })
	return out
}

// Counts says how many OpsItems there are in each status.
func (e *Emulator) Counts() map[string]int {
	now := e.now()
	e.mu.RLock()
	defer e.mu.RUnlock()
	out := map[string]int{}
	for _, s := range []string{StatusOpen, StatusInProgress, StatusResolved} {
		out[s] = e.st.index.count([]uint64{e.st.index.key(fieldStatus, s)})
	}
	for _, seq := range e.st.deleting {
		if it := e.st.slots[seq]; e.gone(it, now) {
			out[it.Status]-- // gone, but not yet cleared away
		}
	}
	return out
}

func (e *Emulator) consoleItem(it *item) Item {
	out := Item{
		ID: it.ID, ARN: e.itemARN(it.ID), Type: it.Type, Title: it.Title, Description: it.Description, Source: it.Source,
		Status: it.Status, Severity: it.Severity, Category: it.Category, Priority: it.Priority, Version: it.Version,
		CreatedBy: it.CreatedBy, ModifiedBy: it.ModifiedBy, Created: it.Created, Modified: it.Modified,
		Resources: slices.Clone(it.resources), Automations: slices.Clone(it.automations), Related: slices.Clone(it.Related),
		Notifications: slices.Clone(it.Notifications), Tags: maps.Clone(it.Tags), Deleting: !it.Deleted.IsZero(),
	}
	for _, k := range slices.Sorted(maps.Keys(it.Data)) {
		v := it.Data[k]
		out.Data = append(out.Data, Datum{Key: k, Value: v.Value, Searchable: v.Type == searchable})
	}
	return out
}
