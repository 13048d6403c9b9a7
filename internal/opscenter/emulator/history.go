package emulator

import (
	"encoding/json"
	"slices"
	"time"
)

type eventFilter struct {
	Key      string
	Values   []string
	Operator string
}

type listEventsInput struct {
	Filters    []eventFilter
	MaxResults int
	NextToken  string
}

type identity struct {
	Arn string `json:",omitempty"`
}

//nolint:revive // the model's names
type eventSummary struct {
	OpsItemId   string    `json:",omitempty"`
	EventId     string    `json:",omitempty"`
	Source      string    `json:",omitempty"`
	DetailType  string    `json:",omitempty"`
	Detail      string    `json:",omitempty"`
	CreatedBy   *identity `json:",omitempty"`
	CreatedTime epoch     `json:",omitzero"`
}

type listEventsOutput struct {
	NextToken string `json:",omitempty"`
	Summaries []eventSummary
}

func (e *Emulator) listOpsItemEvents(_ caller, in *listEventsInput) (*listEventsOutput, *Error) {
	p, err := readPage(in.NextToken, in.MaxResults, "events", in.Filters, func() *Error {
		return errInvalid("NextToken", "NextToken is not valid.")
	})
	if err != nil {
		return nil, err
	}
	now := e.now()
	e.mu.RLock()
	defer e.mu.RUnlock()
	numbers := p.down(len(e.st.events))
	if len(in.Filters) > 0 {
		mine, err := e.eventsOf(in.Filters, now)
		if err != nil {
			return nil, err
		}
		numbers = p.given(mine)
	}
	out := &listEventsOutput{Summaries: []eventSummary{}}
	out.NextToken = p.fill(numbers, func(seq uint32) bool {
		ev := e.st.events[seq]
		return ev != nil && e.find(ev.ItemID, now) != nil
	}, func(seq uint32) {
		out.Summaries = append(out.Summaries, e.st.events[seq].summary())
	})
	return out, nil
}

// eventsOf gives the numbers of the events of the items that all filters name, the newest first.
func (e *Emulator) eventsOf(filters []eventFilter, now time.Time) ([]uint32, *Error) {
	ids := slices.Clone(filters[0].Values)
	for _, f := range filters[1:] {
		named := make(map[string]bool, len(f.Values)) // a request may name a hundred thousand
		for _, id := range f.Values {
			named[id] = true
		}
		ids = slices.DeleteFunc(ids, func(id string) bool { return !named[id] })
	}
	slices.Sort(ids)
	var out []uint32
	for _, id := range slices.Compact(ids) {
		if e.find(id, now) == nil {
			return nil, errNotFound(id)
		}
		for _, ev := range e.st.history[id] {
			out = append(out, ev.Seq)
		}
	}
	slices.Sort(out)
	slices.Reverse(out)
	return out, nil
}

func (ev *historyEvent) summary() eventSummary {
	detail, _ := json.Marshal(eventDetail(ev)) // strings and numbers only
	return eventSummary{
		OpsItemId: ev.ItemID, EventId: ev.ID, Source: "aws.ssm", DetailType: ev.DetailType, Detail: string(detail),
		CreatedBy: &identity{Arn: ev.By}, CreatedTime: epoch(ev.At),
	}
}
