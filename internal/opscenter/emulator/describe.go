package emulator

import (
	"cmp"
	"iter"
	"slices"
)

func (e *Emulator) describeOpsItems(_ caller, in *describeInput) (*describeOutput, *Error) {
	conds, err := e.conditions(in.OpsItemFilters)
	if err != nil {
		return nil, err
	}
	p, err := readPage(in.NextToken, in.MaxResults, "items", in.OpsItemFilters, func() *Error {
		return errRule("The specified token isn't valid.")
	})
	if err != nil {
		return nil, err
	}
	out := &describeOutput{OpsItemSummaries: []opsItemSummary{}}
	out.NextToken = e.scan(p, conds, func(it *item) {
		out.OpsItemSummaries = append(out.OpsItemSummaries, it.summary())
	})
	return out, nil
}

// scan adds the items of a page that meet all conditions and gives the next page's token. It goes through the shortest
// of the lists that the index has for the conditions, or through all items where it has none.
func (e *Emulator) scan(p page, conds []condition, add func(*item)) string {
	now := e.now()
	e.mu.RLock()
	defer e.mu.RUnlock()
	return p.fill(e.candidates(p, conds), func(seq uint32) bool {
		for i := range conds {
			if in := conds[i].within; in != nil && !in(&e.st.times[seq]) {
				return false
			}
		}
		it := e.st.slots[seq]
		if it == nil || e.st.times[seq].deleted != unset && e.gone(it, now) {
			return false
		}
		for i := range conds {
			if fits := conds[i].match; fits != nil && !fits(it) {
				return false
			}
		}
		return true
	}, func(seq uint32) { add(e.st.slots[seq]) })
}

// candidates gives the items that may meet all conditions. The caller holds the lock.
func (e *Emulator) candidates(p page, conds []condition) iter.Seq[uint32] {
	var best []uint64
	size, found := len(e.st.slots), false
	for _, c := range conds {
		if c.ids != nil {
			return p.given(e.numbersOf(c.ids))
		}
		keys, ok := e.keysOf(c)
		if !ok {
			continue
		}
		if n := e.st.index.count(keys); n < size || !found {
			best, size, found = keys, n, true
		}
	}
	if !found {
		return p.down(len(e.st.slots))
	}
	return func(yield func(uint32) bool) { e.st.index.descend(best, p.below, yield) }
}

// numbersOf gives the numbers of items by their ids, from the highest down. The caller holds the lock.
func (e *Emulator) numbersOf(ids []string) []uint32 {
	var out []uint32
	for _, id := range ids {
		if seq, ok := e.st.byID[id]; ok {
			out = append(out, seq)
		}
	}
	slices.SortFunc(out, func(a, b uint32) int { return cmp.Compare(b, a) })
	return out
}

// keysOf gives the index entries that hold all matches of a condition, where there are such.
func (e *Emulator) keysOf(c condition) ([]uint64, bool) {
	if c.words != 0 {
		return e.st.index.find(c.words, c.fits)
	}
	keys := make([]uint64, len(c.keys))
	for i, k := range c.keys {
		keys[i] = e.st.index.key(k.field, k.value)
	}
	return keys, c.indexed
}
