package emulator

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
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
	At     time.Time
	By     string      // ARN
	What   []string    // "created", "status Open → InProgress", "edited"
	Others []string    // of what AWS's events do not carry: "data learningloop.score 87 → 90"
	Text   *TextChange // of the description; nil where that stayed
}

// History tells what became of an OpsItem, the newest first.
func (e *Emulator) History(_ context.Context, id string) []Change {
	e.mu.RLock()
	defer e.mu.RUnlock()
	events := e.st.history[id]
	out := make([]Change, 0, len(events))
	for i, ev := range events {
		c := Change{At: ev.At, By: ev.By, What: []string{"created"}}
		if i > 0 {
			c.What, c.Others = differences(events[i-1], ev)
			c.Text = textChange(events[i-1].Description, ev.Description)
		}
		out = append(out, c)
	}
	slices.Reverse(out)
	return out
}

func differences(a, b *historyEvent) (out, others []string) {
	say := func(name, from, to string) {
		if from != to {
			out = append(out, fmt.Sprintf("%s %s → %s", name, cmp.Or(from, "none"), cmp.Or(to, "none")))
		}
	}
	say("status", a.Status, b.Status)
	say("severity", a.Severity, b.Severity)
	say("priority", digits(a.Priority), digits(b.Priority))
	say("category", a.Category, b.Category)
	say("title", a.Title, b.Title)
	if a.Description != b.Description {
		out = append(out, "description")
	}
	for _, c := range b.Others {
		others = append(others, c.text())
	}
	switch {
	case out != nil:
	case others != nil:
		out = []string{"edited"}
	default:
		out = []string{"updated, no change on record"}
	}
	return out, others
}

func digits(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// maxSimilar is how many OpsItems of each kind Similar gives.
const maxSimilar = 5

// Similar gives other OpsItems that a person should know of beside one: with the same title, and, without those, with a
// resource in common; up to five each, the newest first. Those that it names as related are known already.
func (e *Emulator) Similar(_ context.Context, it Item) (title, resource []Item) {
	shown := append([]string{it.ID}, it.Related...)
	find := func(c condition) (out []Item) {
		fresh := condition{match: func(other *item) bool { return !slices.Contains(shown, other.ID) }}
		e.scan(page{below: math.MaxUint32, limit: maxSimilar}, []condition{c, fresh}, func(other *item) {
			out = append(out, e.consoleItem(other))
		})
		for _, other := range out {
			shown = append(shown, other.ID)
		}
		return out
	}
	title = find(condition{
		indexed: true, keys: []indexKey{{fieldTitle, titlePrefix(it.Title)}},
		match: func(other *item) bool { return other.Title == it.Title },
	})
	if len(it.Resources) == 0 {
		return title, nil
	}
	same := condition{indexed: true, match: func(other *item) bool {
		return slices.ContainsFunc(other.resources, func(arn string) bool { return slices.Contains(it.Resources, arn) })
	}}
	for _, arn := range it.Resources {
		same.keys = append(same.keys, indexKey{fieldResource, arn})
	}
	return title, find(same)
}

// Association is an incident or a runbook that somebody related to an OpsItem.
type Association struct {
	Type, ResourceType, URI string
	By                      string // ARN
	At                      time.Time
}

// Associations gives the related items of an OpsItem, the oldest first.
func (e *Emulator) Associations(_ context.Context, id string) []Association {
	e.mu.RLock()
	defer e.mu.RUnlock()
	var out []Association
	for _, a := range e.st.related[id] {
		out = append(out, Association{Type: a.Type, ResourceType: a.ResourceType, URI: a.ResourceURI, By: a.By, At: a.At})
	}
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
