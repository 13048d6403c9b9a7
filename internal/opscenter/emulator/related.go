//nolint:revive // OpsItemId, not OpsItemID: members are bound and encoded by the names that the model gives them.
package emulator

import (
	"slices"
	"strings"
	"time"
)

// association ties an incident or a document to an OpsItem.
type association struct {
	Seq          uint32    `json:"seq"`
	ID           string    `json:"id"` // UUID
	ItemID       string    `json:"item"`
	Type         string    `json:"type"`
	ResourceType string    `json:"resourceType"`
	ResourceURI  string    `json:"resourceUri"`
	By           string    `json:"by"`
	At           time.Time `json:"at"`
}

type associateInput struct {
	OpsItemId, AssociationType, ResourceType, ResourceUri string
}

type associateOutput struct {
	AssociationId string
}

type disassociateInput struct {
	OpsItemId, AssociationId string
}

type listRelatedInput struct {
	OpsItemId  string
	Filters    []relatedFilter
	MaxResults int
	NextToken  string
}

type relatedFilter struct {
	Key      string
	Values   []string
	Operator string
}

type relatedSummary struct {
	OpsItemId        string    `json:",omitempty"`
	AssociationId    string    `json:",omitempty"`
	ResourceType     string    `json:",omitempty"`
	AssociationType  string    `json:",omitempty"`
	ResourceUri      string    `json:",omitempty"`
	CreatedBy        *identity `json:",omitempty"`
	CreatedTime      epoch     `json:",omitzero"`
	LastModifiedBy   *identity `json:",omitempty"`
	LastModifiedTime epoch     `json:",omitzero"`
}

type listRelatedOutput struct {
	NextToken string `json:",omitempty"`
	Summaries []relatedSummary
}

func (e *Emulator) associate(who caller, in *associateInput) (*associateOutput, *Error) {
	kinds, resources := associationKinds()
	if !slices.Contains(kinds, in.AssociationType) {
		return nil, errInvalid("AssociationType", "AssociationType must be one of %s.", strings.Join(kinds, ", "))
	}
	if !slices.Contains(resources, in.ResourceType) {
		return nil, errInvalid("ResourceType", "ResourceType must be one of %s.", strings.Join(resources, ", "))
	}
	if strings.TrimSpace(in.ResourceUri) == "" {
		return nil, errInvalid("ResourceUri", "ResourceUri is empty.")
	}
	a := &association{
		ID: e.newUUID(), ItemID: in.OpsItemId, Type: in.AssociationType, ResourceType: in.ResourceType,
		ResourceURI: in.ResourceUri, By: who.ARN,
	}
	err := e.change(func(now time.Time) (*record, *Error) {
		if err := e.editable(in.OpsItemId, now); err != nil {
			return nil, err
		}
		list := e.st.related[in.OpsItemId]
		if slices.ContainsFunc(list, func(b *association) bool { return sameRelated(a, b) }) {
			err := newError("OpsItemRelatedItemAlreadyExistsException", "The related item is already associated with the OpsItem.")
			err.Members = map[string]any{"ResourceUri": a.ResourceURI, "OpsItemId": a.ItemID}
			return nil, err
		}
		if n := e.cfg.Quotas.relatedItems(); len(list) >= n {
			return nil, errLimit("RelatedItems", "RelatedItemsPerOpsItem", n, "An OpsItem can have at most %d related items.", n)
		}
		a.Seq, a.At = e.st.relSeq+1, now
		return &record{Relate: a}, nil
	})
	if err != nil {
		return nil, err
	}
	return &associateOutput{AssociationId: a.ID}, nil
}

// editable refuses items that are not there or on their way out. The caller holds the lock.
func (e *Emulator) editable(id string, now time.Time) *Error {
	it := e.find(id, now)
	switch {
	case it == nil:
		return errNotFound(id)
	case !it.Deleted.IsZero():
		return errDeleting(id)
	}
	return nil
}

func (e *Emulator) disassociate(_ caller, in *disassociateInput) (*empty, *Error) {
	err := e.change(func(now time.Time) (*record, *Error) {
		if err := e.editable(in.OpsItemId, now); err != nil {
			return nil, err
		}
		for _, a := range e.st.related[in.OpsItemId] {
			if a.ID == in.AssociationId {
				return &record{Unrelate: a}, nil
			}
		}
		return nil, newError("OpsItemRelatedItemAssociationNotFoundException",
			"The association %s does not exist.", in.AssociationId)
	})
	if err != nil {
		return nil, err
	}
	return &empty{}, nil
}

func (e *Emulator) listRelatedItems(_ caller, in *listRelatedInput) (*listRelatedOutput, *Error) {
	p, err := readPage(in.NextToken, in.MaxResults, "related "+in.OpsItemId, in.Filters, func() *Error {
		return errInvalid("NextToken", "NextToken is not valid.")
	})
	if err != nil {
		return nil, err
	}
	now := e.now()
	e.mu.RLock()
	defer e.mu.RUnlock()
	found := map[uint32]*association{}
	collect := func(id string) {
		for _, a := range e.relatedOf(e.find(id, now)) {
			if a.meets(in.Filters) {
				found[a.Seq] = a
			}
		}
	}
	if in.OpsItemId != "" {
		collect(in.OpsItemId)
	} else {
		for id := range e.st.related {
			collect(id)
		}
	}
	numbers := make([]uint32, 0, len(found))
	for seq := range found {
		numbers = append(numbers, seq)
	}
	slices.Sort(numbers)
	slices.Reverse(numbers)
	out := &listRelatedOutput{Summaries: []relatedSummary{}}
	out.NextToken = p.fill(p.given(numbers), func(uint32) bool { return true }, func(seq uint32) {
		out.Summaries = append(out.Summaries, found[seq].summary())
	})
	return out, nil
}

func (a *association) meets(filters []relatedFilter) bool {
	for _, f := range filters {
		have := map[string]string{"ResourceType": a.ResourceType, "AssociationId": a.ID, "ResourceUri": a.ResourceURI}[f.Key]
		if !slices.Contains(f.Values, have) {
			return false
		}
	}
	return true
}

func (a *association) summary() relatedSummary {
	return relatedSummary{
		OpsItemId: a.ItemID, AssociationId: a.ID, ResourceType: a.ResourceType, AssociationType: a.Type,
		ResourceUri: a.ResourceURI, CreatedBy: &identity{Arn: a.By}, CreatedTime: epoch(a.At),
		LastModifiedBy: &identity{Arn: a.By}, LastModifiedTime: epoch(a.At),
	}
}
