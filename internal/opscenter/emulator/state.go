package emulator

import (
	"maps"
	"slices"
	"time"
)

// state is everything the emulator knows, in memory. It changes only by apply, from a new record or from one read back,
// so that what is served after a restart is what was served before.
type state struct {
	slots    []*item           // by Seq; nil where an item is gone
	times    []times           // by Seq, beside slots
	byID     map[string]uint32 // id -> Seq
	dedup    map[string]uint32 // dedup hash -> Seq of the one active item that has it
	index    index
	deleting []uint32 // items on their way out, in the order of DeleteOpsItem
	months   map[string]int
	events   []*historyEvent            // by Seq; nil where their item is gone
	history  map[string][]*historyEvent // by item, oldest first
	related  map[string][]*association  // by item, oldest first
	settings map[string]setting
	policies map[string][]policy // by resource ARN
	views    map[string]SavedView
	relSeq   uint32
	exempt   int // items that the quotas leave out
}

func newState() *state {
	return &state{
		byID: map[string]uint32{}, dedup: map[string]uint32{}, index: newIndex(), months: map[string]int{},
		history: map[string][]*historyEvent{}, related: map[string][]*association{}, settings: map[string]setting{},
		policies: map[string][]policy{}, views: map[string]SavedView{},
	}
}

// record is one change, as a line of the journal has it: all of it is applied, or nothing.
type record struct {
	Item     *item          `json:"item,omitempty"`    // this version of the item
	Created  bool           `json:"created,omitempty"` // the item is new: it counts into its month
	Event    *historyEvent  `json:"event,omitempty"`
	Purge    string         `json:"purge,omitempty"` // id of an item that is gone now
	Relate   *association   `json:"relate,omitempty"`
	Unrelate *association   `json:"unrelate,omitempty"`
	Setting  *setting       `json:"setting,omitempty"`
	Policies *policyChange  `json:"policies,omitempty"`
	View     *viewChange    `json:"view,omitempty"`
	Months   map[string]int `json:"months,omitempty"` // OpsItems created so far, in a compacted journal
	Seqs     *sequences     `json:"seqs,omitempty"`   // numbers given out so far, in a compacted journal
}

// sequences are the highest numbers given out: numbers are not used again, so that page tokens stay true.
type sequences struct {
	Item     uint32 `json:"item"`
	Event    uint32 `json:"event"`
	Relation uint32 `json:"relation"`
}

func (s *state) get(id string) *item {
	if seq, ok := s.byID[id]; ok {
		return s.slots[seq]
	}
	return nil
}

func (s *state) nextSeq() uint32 { return uint32(max(len(s.slots), 1)) } // 4 billion OpsItems are not reached

func (s *state) apply(r *record) {
	if r.Seqs != nil {
		s.reserve(r.Seqs.Item)
		s.events = grow(s.events, r.Seqs.Event)
		s.relSeq = r.Seqs.Relation
	}
	maps.Copy(s.months, r.Months)
	if r.Item != nil {
		s.put(r.Item)
		if r.Created && !r.Item.Exempt {
			s.months[month(r.Item.Created)]++
		}
	}
	if r.Event != nil {
		s.events = grow(s.events, r.Event.Seq)
		s.events[r.Event.Seq] = r.Event
		s.history[r.Event.ItemID] = append(s.history[r.Event.ItemID], r.Event)
	}
	if r.Purge != "" {
		s.remove(r.Purge)
	}
	if r.Relate != nil {
		s.related[r.Relate.ItemID] = append(s.related[r.Relate.ItemID], r.Relate)
		s.relSeq = max(s.relSeq, r.Relate.Seq)
	}
	if r.Unrelate != nil {
		s.related[r.Unrelate.ItemID] = slices.DeleteFunc(slices.Clone(s.related[r.Unrelate.ItemID]),
			func(a *association) bool { return a.ID == r.Unrelate.ID })
	}
	if r.Setting != nil {
		s.settings[r.Setting.ID] = *r.Setting
	}
	if r.Policies != nil {
		s.policies[r.Policies.ARN] = r.Policies.Policies
	}
	switch {
	case r.View == nil:
	case r.View.Gone:
		delete(s.views, r.View.Name)
	default:
		s.views[r.View.Name] = r.View.SavedView
	}
}

// put lays a version of an item over the one before, if there is one, and moves its index entries.
func (s *state) put(it *item) {
	it.derive()
	s.reserve(it.Seq)
	old := s.slots[it.Seq]
	s.slots[it.Seq] = it
	s.times[it.Seq] = timesOf(it)
	s.byID[it.ID] = it.Seq
	s.index.move(it.Seq, old, it)
	if old == nil && it.Exempt {
		s.exempt++
	}
	if old != nil && old.active() && s.dedup[old.Dedup] == it.Seq {
		delete(s.dedup, old.Dedup)
	}
	if it.Dedup != "" && it.active() {
		s.dedup[it.Dedup] = it.Seq
	}
	if !it.Deleted.IsZero() && (old == nil || old.Deleted.IsZero()) {
		s.deleting = append(s.deleting, it.Seq)
	}
}

func (s *state) remove(id string) {
	it := s.get(id)
	if it == nil {
		return
	}
	s.index.move(it.Seq, it, nil)
	if it.Exempt {
		s.exempt--
	}
	s.slots[it.Seq] = nil
	delete(s.byID, id)
	for _, ev := range s.history[id] {
		s.events[ev.Seq] = nil
	}
	delete(s.history, id)
	delete(s.related, id)
	s.deleting = slices.DeleteFunc(s.deleting, func(seq uint32) bool { return seq == it.Seq })
}

// dump gives the records that make this state from nothing.
func (s *state) dump(yield func(*record) bool) {
	first := &record{Months: s.months, Seqs: &sequences{Relation: s.relSeq}}
	if n := len(s.slots); n > 0 {
		first.Seqs.Item = uint32(n - 1) // a count of items
	}
	if n := len(s.events); n > 0 {
		first.Seqs.Event = uint32(n - 1) // a count of events
	}
	if !yield(first) {
		return
	}
	for _, it := range s.slots {
		if it != nil && !yield(&record{Item: it}) {
			return
		}
	}
	for _, ev := range s.events {
		if ev != nil && !yield(&record{Event: ev}) {
			return
		}
	}
	for _, list := range s.related {
		for _, a := range list {
			if !yield(&record{Relate: a}) {
				return
			}
		}
	}
	for _, st := range s.settings {
		if !yield(&record{Setting: &st}) {
			return
		}
	}
	for arn, list := range s.policies {
		if !yield(&record{Policies: &policyChange{ARN: arn, Policies: list}}) {
			return
		}
	}
	for _, v := range s.views {
		if !yield(&record{View: &viewChange{SavedView: v}}) {
			return
		}
	}
}

// reserve makes room for an item.
func (s *state) reserve(seq uint32) {
	s.slots, s.times = grow(s.slots, seq), grow(s.times, seq)
}

func grow[T any](s []T, at uint32) []T {
	for uint32(len(s)) <= at { // a count of items or events
		var none T
		s = append(s, none)
	}
	return s
}

func month(t time.Time) string { return t.UTC().Format("2006-01") }

// times are an item's times in microseconds since 1970, in a row with those of its neighbours: filters by time run
// through them without a look at the items.
type times struct {
	created, modified, actualStart, actualEnd, plannedStart, plannedEnd, deleted int64
}

// unset is the microsecond of a time that is not set.
var unset = time.Time{}.UnixMicro()

func timesOf(it *item) times {
	return times{
		it.Created.UnixMicro(), it.Modified.UnixMicro(), it.ActualStart.UnixMicro(), it.ActualEnd.UnixMicro(),
		it.PlannedStart.UnixMicro(), it.PlannedEnd.UnixMicro(), it.Deleted.UnixMicro(),
	}
}
