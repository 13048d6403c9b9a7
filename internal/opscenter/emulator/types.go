//nolint:revive // OpsItemId, not OpsItemID: members are bound and encoded by the names that the model gives them.
package emulator

import (
	"strconv"
	"time"
)

// The requests and answers of the operations, member for member as in the model (a test compares them). In a request
// the zero value means absent; a list or map that was given is never nil.

type dataValue struct {
	Value string `json:",omitempty"`
	Type  string `json:",omitempty"`
}

type arnMember struct {
	Arn string `json:",omitempty"`
}

type relatedOpsItem struct {
	OpsItemId string
}

type tag struct {
	Key   string
	Value string
}

type createInput struct {
	Description, OpsItemType, Source, Title, Category, Severity, AccountId string

	OperationalData                                                  map[string]dataValue
	Notifications                                                    []arnMember
	Priority                                                         int
	RelatedOpsItems                                                  []relatedOpsItem
	Tags                                                             []tag
	ActualStartTime, ActualEndTime, PlannedStartTime, PlannedEndTime time.Time
}

type createOutput struct {
	OpsItemId  string
	OpsItemArn string
}

type getInput struct {
	OpsItemId, OpsItemArn string
}

type getOutput struct {
	OpsItem *opsItemView
}

type opsItemView struct {
	CreatedBy        string               `json:",omitempty"`
	OpsItemType      string               `json:",omitempty"`
	CreatedTime      epoch                `json:",omitzero"`
	Description      string               `json:",omitempty"`
	LastModifiedBy   string               `json:",omitempty"`
	LastModifiedTime epoch                `json:",omitzero"`
	Notifications    []arnMember          // always there, even empty
	Priority         int                  `json:",omitempty"`
	RelatedOpsItems  []relatedOpsItem     // always there, even empty
	Status           string               `json:",omitempty"`
	OpsItemId        string               `json:",omitempty"`
	Version          string               `json:",omitempty"`
	Title            string               `json:",omitempty"`
	Source           string               `json:",omitempty"`
	OperationalData  map[string]dataValue `json:",omitempty"`
	Category         string               `json:",omitempty"`
	Severity         string               `json:",omitempty"`
	ActualStartTime  epoch                `json:",omitzero"`
	ActualEndTime    epoch                `json:",omitzero"`
	PlannedStartTime epoch                `json:",omitzero"`
	PlannedEndTime   epoch                `json:",omitzero"`
	OpsItemArn       string               `json:",omitempty"`
}

type updateInput struct {
	Description, Status, OpsItemId, Title, Category, Severity, OpsItemArn string

	OperationalData                                                  map[string]dataValue
	OperationalDataToDelete                                          []string
	Notifications                                                    []arnMember
	Priority                                                         int
	RelatedOpsItems                                                  []relatedOpsItem
	ActualStartTime, ActualEndTime, PlannedStartTime, PlannedEndTime time.Time
}

type empty struct{}

type deleteInput struct {
	OpsItemId string
}

type filter struct {
	Key      string
	Values   []string
	Operator string
}

type describeInput struct {
	OpsItemFilters []filter
	MaxResults     int
	NextToken      string
}

type describeOutput struct {
	NextToken        string `json:",omitempty"`
	OpsItemSummaries []opsItemSummary
}

type opsItemSummary struct {
	CreatedBy        string               `json:",omitempty"`
	CreatedTime      epoch                `json:",omitzero"`
	LastModifiedBy   string               `json:",omitempty"`
	LastModifiedTime epoch                `json:",omitzero"`
	Priority         int                  `json:",omitempty"`
	Source           string               `json:",omitempty"`
	Status           string               `json:",omitempty"`
	OpsItemId        string               `json:",omitempty"`
	Title            string               `json:",omitempty"`
	OperationalData  map[string]dataValue `json:",omitempty"`
	Category         string               `json:",omitempty"`
	Severity         string               `json:",omitempty"`
	OpsItemType      string               `json:",omitempty"`
	ActualStartTime  epoch                `json:",omitzero"`
	ActualEndTime    epoch                `json:",omitzero"`
	PlannedStartTime epoch                `json:",omitzero"`
	PlannedEndTime   epoch                `json:",omitzero"`
}

// epoch is a time as JSON 1.1 carries it: seconds since 1970 with a fraction of milliseconds, as recorded from AWS.
type epoch time.Time

// MarshalJSON writes 1558386334.995.
func (t epoch) MarshalJSON() ([]byte, error) {
	ms := time.Time(t).UnixMilli()
	return strconv.AppendFloat(nil, float64(ms)/1000, 'f', -1, 64), nil
}

// IsZero makes omitzero leave out a time that is not set.
func (t epoch) IsZero() bool { return time.Time(t).IsZero() }
