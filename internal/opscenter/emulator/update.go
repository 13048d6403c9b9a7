package emulator

import (
	"slices"
	"time"
)

func (e *Emulator) updateOpsItem(who caller, in *updateInput) (*empty, *Error) {
	if err := e.checkARN(in.OpsItemArn, in.OpsItemId); err != nil {
		return nil, err
	}
	if err := checkLevels(in.Severity, in.Category); err != nil {
		return nil, err
	}
	err := e.change(func(now time.Time) (*record, *Error) {
		old := e.find(in.OpsItemId, now)
		if old == nil {
			return nil, errNotFound(in.OpsItemId)
		}
		if !old.Deleted.IsZero() {
			return nil, errDeleting(in.OpsItemId)
		}
		it, err := e.edit(old, in)
		if err != nil {
			return nil, err
		}
		if seq, ok := e.st.dedup[it.Dedup]; ok && it.Dedup != "" && it.active() && seq != it.Seq {
			return nil, errExists(e.st.slots[seq].ID)
		}
		if saysNothing(old, it) {
			return nil, nil
		}
		it.Version++
		it.ModifiedBy, it.Modified = who.ARN, now
		return &record{Item: it, Event: e.newEvent(detailUpdate, it)}, nil
	})
	if err != nil {
		return nil, err
	}
	return &empty{}, nil
}

// edit gives the item as a request wants it.
func (e *Emulator) edit(old *item, in *updateInput) (*item, *Error) {
	if in.Status != "" && !statusAllowed(old.Type, in.Status) {
		return nil, errInvalid("Status", "Status %s can't be set on an OpsItem of type %s.", in.Status, old.Type)
	}
	it := old.next()
	for _, f := range []struct {
		dst *string
		v   string
	}{
		{&it.Title, in.Title},
		{&it.Description, in.Description},
		{&it.Status, in.Status},
		{&it.Category, in.Category},
		{&it.Severity, in.Severity},
	} {
		if f.v != "" {
			*f.dst = f.v
		}
	}
	for _, f := range []struct {
		dst *time.Time
		v   time.Time
	}{
		{&it.ActualStart, in.ActualStartTime},
		{&it.ActualEnd, in.ActualEndTime},
		{&it.PlannedStart, in.PlannedStartTime},
		{&it.PlannedEnd, in.PlannedEndTime},
	} {
		if !f.v.IsZero() {
			*f.dst = f.v
		}
	}
	if in.Priority != 0 {
		it.Priority = in.Priority
	}
	if in.Notifications != nil {
		topics, err := e.readTopics(in.Notifications)
		if err != nil {
			return nil, err
		}
		it.Notifications = updatedList(old.Notifications, topics)
	}
	if in.RelatedOpsItems != nil {
		related, err := e.readRelated(in.RelatedOpsItems)
		if err != nil {
			return nil, err
		}
		it.Related = updatedList(old.Related, related)
	}
	if given, ok := in.OperationalData[keyDedup]; ok && !sameDedup(old.Data[keyDedup], given) ||
		slices.Contains(in.OperationalDataToDelete, keyDedup) && old.Data[keyDedup].Value != "" {
		return nil, errInvalid("OperationalData", "The deduplication string can't be changed after an OpsItem was created.")
	}
	data, err := e.mergeData(old.Data, in.OperationalData, in.OperationalDataToDelete)
	if err != nil {
		return nil, err
	}
	it.Data = data
	return it, nil
}
