package emulator

import (
	"hash/maphash"
	"slices"
	"strconv"
)

// index finds the items that may match an Equal filter: for each value of each indexed field the items that have it, by
// Seq, ascending. Keys are hashes, so a rare collision brings in an item too many; filters look at every item again.
type index struct {
	seed     maphash.Seed
	postings map[uint64][]uint32
	words    map[field]map[string]int // the distinct values of listed fields, and how many items have each
}

type field byte

// The indexed fields.
const (
	fieldStatus field = iota + 1
	fieldSource
	fieldPriority
	fieldSeverity
	fieldCategory
	fieldType
	fieldCreatedBy
	fieldTitle
	fieldDataKey
	fieldDataValue
	fieldAutomation
	fieldResource
	fieldInsight
)

// listed says whether the index keeps a field's distinct values: those whose values many items share. Contains looks
// through the values then instead of through the items.
func listed(f field) bool { return f == fieldSource || f == fieldResource }

func newIndex() index {
	return index{
		seed: maphash.MakeSeed(), postings: map[uint64][]uint32{},
		words: map[field]map[string]int{fieldSource: {}, fieldResource: {}},
	}
}

func (x *index) key(f field, value string) uint64 {
	return maphash.String(x.seed, value)*31 + uint64(f)
}

// keys are the entries of an item.
func (x *index) keys(it *item) []uint64 {
	if it == nil {
		return nil
	}
	out := make([]uint64, 0, 10+2*len(it.Data))
	add := func(f field, v string) {
		if v != "" {
			out = append(out, x.key(f, v))
		}
	}
	add(fieldStatus, it.Status)
	add(fieldSource, it.Source)
	if it.Priority != 0 {
		add(fieldPriority, strconv.Itoa(it.Priority))
	}
	add(fieldSeverity, it.Severity)
	add(fieldCategory, it.Category)
	add(fieldType, it.Type)
	add(fieldCreatedBy, it.CreatedBy)
	add(fieldTitle, titlePrefix(it.Title))
	add(fieldInsight, it.Insight)
	for _, d := range it.findable {
		add(fieldDataKey, d.key)
		add(fieldDataValue, d.value)
	}
	for _, a := range it.automations {
		add(fieldAutomation, a)
	}
	for _, r := range it.resources {
		add(fieldResource, r)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// note counts the values of the listed fields of an item, up or down.
func (x *index) note(it *item, by int) {
	if it == nil {
		return
	}
	count := func(f field, v string) {
		w := x.words[f]
		if w[v] += by; w[v] == 0 {
			delete(w, v)
		}
	}
	count(fieldSource, it.Source)
	for _, r := range it.resources {
		count(fieldResource, r)
	}
}

// maxWords is up to how many values are looked up one by one; more of them are found sooner among the items.
const maxWords = 64

// find gives the keys of the values of a listed field that fit; false where there are too many.
func (x *index) find(f field, fits func(string) bool) (keys []uint64, ok bool) {
	for v := range x.words[f] {
		if !fits(v) {
			continue
		}
		if len(keys) == maxWords {
			return nil, false
		}
		keys = append(keys, x.key(f, v))
	}
	return keys, true
}

// move replaces the entries of one version of an item by those of the next; nil stands for none.
func (x *index) move(seq uint32, from, to *item) {
	x.note(from, -1)
	x.note(to, 1)
	old, now := x.keys(from), x.keys(to)
	for _, k := range old {
		if _, kept := slices.BinarySearch(now, k); kept {
			continue
		}
		list := x.postings[k]
		if i, ok := slices.BinarySearch(list, seq); ok {
			if len(list) == 1 {
				delete(x.postings, k)
				continue
			}
			x.postings[k] = slices.Delete(list, i, i+1)
		}
	}
	for _, k := range now {
		if _, had := slices.BinarySearch(old, k); had {
			continue
		}
		list := x.postings[k]
		if i, ok := slices.BinarySearch(list, seq); !ok {
			x.postings[k] = slices.Insert(list, i, seq)
		}
	}
}

// count says how many entries the lists under keys have together.
func (x *index) count(keys []uint64) int {
	n := 0
	for _, k := range keys {
		n += len(x.postings[k])
	}
	return n
}

// descend yields the items under any of keys, the newest first, each once, below a Seq.
func (x *index) descend(keys []uint64, below uint32, yield func(uint32) bool) {
	lists := make([][]uint32, 0, len(keys))
	for _, k := range keys {
		list := x.postings[k]
		i, _ := slices.BinarySearch(list, below)
		if i > 0 {
			lists = append(lists, list[:i])
		}
	}
	for {
		best := uint32(0) // no item has it
		for _, l := range lists {
			if n := len(l); n > 0 {
				best = max(best, l[n-1])
			}
		}
		if best == 0 {
			return
		}
		for i, l := range lists {
			if n := len(l); n > 0 && l[n-1] == best {
				lists[i] = l[:n-1]
			}
		}
		if !yield(best) {
			return
		}
	}
}
