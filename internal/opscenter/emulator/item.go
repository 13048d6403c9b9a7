package emulator

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The statuses that an OpsItem of type /aws/issue goes through.
const (
	StatusOpen       = "Open"
	StatusInProgress = "InProgress"
	StatusResolved   = "Resolved"
)

// The reserved keys of operational data.
const (
	keyDedup       = "/aws/dedup"
	keyResources   = "/aws/resources"
	keyAutomations = "/aws/automations"
)

const (
	searchable = "SearchableString"
	plain      = "String"
)

// item is one version of an OpsItem. Once it is in the state it is never changed: an update puts a changed copy in its
// place, so that readers need the lock only to find it.
type item struct {
	Seq           uint32               `json:"seq"` // order of creation; also the item's place in the state
	ID            string               `json:"id"`
	Version       int64                `json:"version"`
	Type          string               `json:"type"`
	Title         string               `json:"title"`
	Description   string               `json:"description"`
	Source        string               `json:"source"`
	Status        string               `json:"status"`
	Category      string               `json:"category,omitempty"`
	Severity      string               `json:"severity,omitempty"`
	Priority      int                  `json:"priority,omitempty"`
	Data          map[string]dataValue `json:"data,omitempty"`
	Notifications []string             `json:"notifications,omitempty"` // topic ARNs
	Related       []string             `json:"related,omitempty"`       // OpsItem ids
	Tags          map[string]string    `json:"tags,omitempty"`
	CreatedBy     string               `json:"createdBy"`
	Created       time.Time            `json:"created"`
	ModifiedBy    string               `json:"modifiedBy"`
	Modified      time.Time            `json:"modified"`
	ActualStart   time.Time            `json:"actualStart,omitzero"`
	ActualEnd     time.Time            `json:"actualEnd,omitzero"`
	PlannedStart  time.Time            `json:"plannedStart,omitzero"`
	PlannedEnd    time.Time            `json:"plannedEnd,omitzero"`
	Dedup         string               `json:"dedup,omitempty"`   // hash of dedup string and resources, as of creation
	Insight       string               `json:"insight,omitempty"` // its kind, of an insight
	Exempt        bool                 `json:"exempt,omitempty"`  // made by a service whose items the quotas leave out
	Deleted       time.Time            `json:"deleted,omitzero"`  // when DeleteOpsItem was called

	resources   []string // ARNs in /aws/resources
	automations []string // runbook names in /aws/automations
	findable    []datum  // operational data that filters can find
	packed      string   // their values in a row, for a first look; "" where they are long
}

type datum struct{ key, value string }

// derive fills what follows from the stored fields.
func (it *item) derive() {
	it.resources = slices.Concat(readResources(it.Data[keyResources].Value)) // nil where there are none
	it.automations = slices.Concat(readAutomations(it.Data[keyAutomations].Value))
	it.findable = nil
	for _, k := range slices.Sorted(maps.Keys(it.Data)) {
		if v := it.Data[k]; filterable(k, v) {
			it.findable = append(it.findable, datum{k, v.Value})
		}
	}
	it.packed = pack(it.findable)
}

// maxPacked is how many bytes of values are packed: beyond, the copy costs more than it saves.
const maxPacked = 1 << 10

// pack puts values in a row. Looking for a part of a value in them at once, in one place of memory, is several times
// faster than in each.
func pack(data []datum) string {
	if len(data) == 1 {
		return data[0].value
	}
	var b strings.Builder
	for _, d := range data {
		if b.Len()+len(d.value) > maxPacked {
			return ""
		}
		b.WriteString(d.value)
		b.WriteByte(0)
	}
	return b.String()
}

// mayHold says whether a value may contain one of the texts; false is certain.
func (it *item) mayHold(texts []string) bool {
	if it.packed == "" {
		return len(it.findable) > 0
	}
	for _, t := range texts {
		if containsText(it.packed, t) {
			return true
		}
	}
	return false
}

// next gives a copy to change.
func (it *item) next() *item {
	n := *it
	n.Data, n.Tags = maps.Clone(it.Data), maps.Clone(it.Tags)
	return &n
}

// active says whether the item stands in the way of another with its dedup hash.
func (it *item) active() bool {
	return !freesDuplicates(it) && blocksDuplicates(it.Status)
}

func (e *Emulator) itemARN(id string) string {
	return "arn:" + partition(e.cfg.Region) + ":ssm:" + e.cfg.Region + ":" + e.cfg.Account + ":opsitem/" + id
}

// partition is the AWS partition of a Region.
func partition(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	}
	return "aws"
}

func (e *Emulator) view(it *item) *opsItemView {
	v := &opsItemView{
		CreatedBy: it.CreatedBy, OpsItemType: it.Type, CreatedTime: epoch(it.Created), Description: it.Description,
		LastModifiedBy: it.ModifiedBy, LastModifiedTime: epoch(it.Modified),
		Notifications: []arnMember{}, RelatedOpsItems: []relatedOpsItem{},
		Priority: it.Priority, Status: it.Status, OpsItemId: it.ID, Version: strconv.FormatInt(it.Version, 10),
		Title: it.Title, Source: it.Source, OperationalData: it.Data, Category: it.Category, Severity: it.Severity,
		ActualStartTime: epoch(it.ActualStart), ActualEndTime: epoch(it.ActualEnd),
		PlannedStartTime: epoch(it.PlannedStart), PlannedEndTime: epoch(it.PlannedEnd),
		OpsItemArn: e.itemARN(it.ID),
	}
	for _, arn := range it.Notifications {
		v.Notifications = append(v.Notifications, arnMember{Arn: arn})
	}
	for _, id := range it.Related {
		v.RelatedOpsItems = append(v.RelatedOpsItems, relatedOpsItem{OpsItemId: id})
	}
	return v
}

// summary is what DescribeOpsItems shows: of operational data only what is searchable.
func (it *item) summary() opsItemSummary {
	var data map[string]dataValue
	for k, v := range it.Data {
		if v.Type == searchable {
			if data == nil {
				data = make(map[string]dataValue, len(it.Data))
			}
			data[k] = v
		}
	}
	return opsItemSummary{
		CreatedBy: it.CreatedBy, CreatedTime: epoch(it.Created),
		LastModifiedBy: it.ModifiedBy, LastModifiedTime: epoch(it.Modified),
		Priority: it.Priority, Source: it.Source, Status: it.Status, OpsItemId: it.ID, Title: it.Title,
		OperationalData: data, Category: it.Category, Severity: it.Severity, OpsItemType: it.Type,
		ActualStartTime: epoch(it.ActualStart), ActualEndTime: epoch(it.ActualEnd),
		PlannedStartTime: epoch(it.PlannedStart), PlannedEndTime: epoch(it.PlannedEnd),
	}
}

// resource is an entry of /aws/resources.
type resource struct {
	ARN string `json:"arn"`
}

// The values of reserved keys are JSON whose members have exact names, as a request's have (bind): encoding/json alone
// would take "DEDUPSTRING" for dedupString.

// readResources gives the ARNs in the value of /aws/resources; nil where it is not a list of them.
func readResources(v string) []string {
	return readEach(v, func(entry map[string]any) string {
		arn, _ := entry["arn"].(string)
		return arn
	})
}

// readAutomations gives the runbooks in the value of /aws/automations; nil where it is not a list of them.
func readAutomations(v string) []string { return readEach(v, automationOf) }

func readEach(v string, read func(entry map[string]any) string) []string {
	var list []map[string]any
	if json.Unmarshal([]byte(v), &list) != nil || list == nil {
		return nil
	}
	out := make([]string, 0, len(list)) // an empty list is one
	for _, entry := range list {
		text := read(entry)
		if text == "" {
			return nil
		}
		out = append(out, text)
	}
	return out
}

// readDedup reads the value of /aws/dedup.
func readDedup(v string) (string, bool) {
	var m map[string]any
	if json.Unmarshal([]byte(v), &m) != nil {
		return "", false
	}
	d, ok := m["dedupString"].(string)
	return d, ok && strings.TrimSpace(d) != ""
}
