package emulator

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
)

// insightKind is one kind of operational insight ("Analyzing operational insights to reduce OpsItems", AWS Systems Manager
// User Guide).
type insightKind struct {
	name    string // assumed: what the filter key InsightByType compares
	atLeast int    // documented: so many OpsItems make an insight
	title   string // assumed
}

// The kinds of insights: eight or more with one title for one resource, more than 50 with one title, more than ten open
// for one resource.
var (
	duplicateItems = insightKind{"DuplicateOpsItems", 8, "Duplicate OpsItems: %s"}
	commonTitle    = insightKind{"CommonTitle", 51, "Common title: %s"}
	noisyResource  = insightKind{"NoisyResource", 11, "Resource generating many OpsItems: %s"}
)

// insightsPerKind is how many insights of a kind there can be (documented); resolved ones make room.
const insightsPerKind = 15

// insightReach is how many items are looked at for one insight at most: the newest. It keeps creation quick where a title
// has been used, and resolved, ten thousand times.
const insightReach = 1000

// insightsOn says whether insights are made. The caller holds the lock.
func (e *Emulator) insightsOn() bool {
	value := e.st.settings[insightsSetting].Value
	if value == "" {
		value = insightsByDefault
	}
	return value == "Enabled"
}

// insight is what a new OpsItem is one too many of.
type insight struct {
	kind            insightKind
	title, resource string // "" where they do not matter
}

func (in insight) covers(it *item) bool {
	return insightCounts(it) && (in.title == "" || it.Title == in.title) &&
		(in.resource == "" || slices.Contains(it.resources, in.resource))
}

// notice makes the insights that a new OpsItem gives rise to. That it cannot, over quota for one, is nobody's error.
func (e *Emulator) notice(it *item) {
	looked := []insight{{kind: commonTitle, title: it.Title}}
	for _, arn := range it.resources {
		looked = append(looked, insight{duplicateItems, it.Title, arn}, insight{noisyResource, "", arn})
	}
	for _, in := range looked {
		if !e.due(in) {
			continue
		}
		if _, err := e.create(e.insightItem(in)); err != nil && err.Code != "OpsItemAlreadyExistsException" {
			e.cfg.Log.Warn("insight not made", "kind", in.kind.name, "error", err)
		}
	}
}

// due says whether an insight is to be made: enough OpsItems, no insight of the same yet, and room for one more.
func (e *Emulator) due(in insight) bool {
	e.mu.RLock()
	defer e.mu.RUnlock()
	if _, there := e.st.dedup[in.hash()]; there {
		return false
	}
	key := e.st.index.key(fieldTitle, titlePrefix(in.title))
	if in.resource != "" {
		key = e.st.index.key(fieldResource, in.resource)
	}
	if e.countUnder(key, in.kind.atLeast, in.covers) < in.kind.atLeast {
		return false
	}
	return e.countUnder(e.st.index.key(fieldType, typeInsight), insightsPerKind, func(it *item) bool {
		return it.Insight == in.kind.name && it.active()
	}) < insightsPerKind
}

// countUnder counts the items under an index entry that fit, from the newest on, up to enough. The caller holds the lock.
func (e *Emulator) countUnder(key uint64, enough int, fits func(*item) bool) int {
	n, reached := 0, 0
	e.st.index.descend([]uint64{key}, math.MaxUint32, func(seq uint32) bool {
		if it := e.st.slots[seq]; it != nil && fits(it) {
			n++
		}
		reached++
		return n < enough && reached < insightReach
	})
	return n
}

// hash keeps a second insight of the same out, as the deduplication string does for other items.
func (in insight) hash() string {
	return dedupHash("insight\x00"+in.kind.name+"\x00"+in.title, []string{in.resource})
}

// about is what an insight is about, in words.
func (in insight) about() string {
	switch {
	case in.title == "":
		return in.resource
	case in.resource == "":
		return in.title
	}
	return in.title + " (" + in.resource + ")"
}

func resourcesDatum(arns ...string) dataValue {
	list := make([]resource, len(arns))
	for i, arn := range arns {
		list[i] = resource{ARN: arn}
	}
	text, _ := json.Marshal(list) // strings only
	return dataValue{Value: string(text), Type: searchable}
}

func (in insight) text() string {
	return fmt.Sprintf("%d or more OpsItems that are not resolved: %s.", in.kind.atLeast, in.about())
}
