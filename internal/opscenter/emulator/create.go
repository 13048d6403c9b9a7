package emulator

import (
	"time"
)

func (e *Emulator) createOpsItem(who caller, in *createInput) (*createOutput, *Error) {
	if err := e.checkAccount(in.AccountId); err != nil {
		return nil, err
	}
	if !sourceAllowed(in.Source) {
		return nil, errSource()
	}
	it, err := e.draft(who, in)
	if err != nil {
		return nil, err
	}
	return e.create(it)
}

// draft makes the item that somebody asks for, without what the moment of creation adds.
func (e *Emulator) draft(who caller, in *createInput) (*item, *Error) {
	it := &item{
		Version: 1, Type: in.OpsItemType, Title: in.Title, Description: in.Description, Source: in.Source,
		Status: StatusOpen, Category: in.Category, Severity: in.Severity, Priority: in.Priority,
		CreatedBy: who.ARN, ModifiedBy: who.ARN,
		ActualStart: in.ActualStartTime, ActualEnd: in.ActualEndTime,
		PlannedStart: in.PlannedStartTime, PlannedEnd: in.PlannedEndTime,
		Exempt: quotaExempt(who.ARN),
	}
	if it.Type == "" {
		it.Type = typeIssue
	}
	if !createsType(it.Type) {
		return nil, errInvalid("OpsItemType", "OpsItemType %s can't be created.", it.Type)
	}
	if err := checkLevels(in.Severity, in.Category); err != nil {
		return nil, err
	}
	var err *Error
	if it.Notifications, err = e.readTopics(in.Notifications); err != nil {
		return nil, err
	}
	if it.Related, err = e.readRelated(in.RelatedOpsItems); err != nil {
		return nil, err
	}
	if it.Data, err = e.mergeData(nil, in.OperationalData, nil); err != nil {
		return nil, err
	}
	if it.Tags, err = e.mergeTags(nil, in.Tags); err != nil {
		return nil, errTagsAtCreation(e.cfg.Quotas.Tags)
	}
	it.derive()
	if d, ok := readDedup(it.Data[keyDedup].Value); ok {
		it.Dedup = dedupHash(d, it.resources)
	}
	return it, nil
}

// create puts a drafted item in, unless one that is being worked on has the same dedup string and resources.
func (e *Emulator) create(it *item) (*createOutput, *Error) {
	noticed := false
	err := e.change(func(now time.Time) (*record, *Error) {
		if seq, ok := e.st.dedup[it.Dedup]; ok && it.Dedup != "" {
			return nil, errExists(e.st.slots[seq].ID)
		}
		if !it.Exempt {
			if err := e.room(now); err != nil {
				return nil, err
			}
		}
		id, err := e.newItemID()
		if err != nil {
			return nil, err
		}
		noticed = it.Type == typeIssue && e.insightsOn()
		it.ID, it.Seq, it.Created, it.Modified = id, e.st.nextSeq(), now, now
		return &record{Item: it, Created: true, Event: e.newEvent(detailCreate, it)}, nil
	})
	if err != nil {
		return nil, err
	}
	if noticed {
		e.notice(it)
	}
	return &createOutput{OpsItemId: it.ID, OpsItemArn: e.itemARN(it.ID)}, nil
}
