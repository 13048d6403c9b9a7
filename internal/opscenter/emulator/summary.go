package emulator

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

type opsFilter struct {
	Key    string
	Values []string
	Type   string
}

type opsAggregator struct {
	AggregatorType string
	TypeName       string
	AttributeName  string
	Values         map[string]string
	Filters        []opsFilter
	Aggregators    []opsAggregator
}

type resultAttribute struct {
	TypeName string
}

type opsSummaryInput struct {
	SyncName         string
	Filters          []opsFilter
	Aggregators      []opsAggregator
	ResultAttributes []resultAttribute
	NextToken        string
	MaxResults       int
}

type opsEntity struct {
	Id   string `json:",omitempty"` //nolint:revive // the model's name
	Data map[string]opsEntityItem
}

type opsEntityItem struct {
	CaptureTime string `json:",omitempty"`
	Content     []map[string]string
}

type opsSummaryOutput struct {
	Entities  []opsEntity
	NextToken string `json:",omitempty"`
}

// opsItemData is the type of data that OpsItems are in GetOpsSummary.
const opsItemData = "AWS:OpsItem"

func (e *Emulator) getOpsSummary(_ caller, in *opsSummaryInput) (*opsSummaryOutput, *Error) {
	if in.SyncName != "" {
		err := newError("ResourceDataSyncNotFoundException", "The resource data sync %s does not exist.", in.SyncName)
		err.Members = map[string]any{"SyncName": in.SyncName}
		return nil, err
	}
	for _, a := range in.ResultAttributes {
		if a.TypeName != opsItemData {
			return nil, newError("InvalidTypeNameException", "The type name %s is not valid.", a.TypeName)
		}
	}
	conds, err := summaryConditions(e, in.Filters)
	if err != nil {
		return nil, err
	}
	p, err := readPage(in.NextToken, in.MaxResults, "summary", in.Filters, func() *Error {
		return newError("InvalidNextToken", "The specified token isn't valid.")
	})
	if err != nil {
		return nil, err
	}
	if len(in.Aggregators) > 0 {
		return e.aggregate(in.Aggregators, conds)
	}
	out := &opsSummaryOutput{Entities: []opsEntity{}}
	captured := e.now().Format(time.RFC3339)
	out.NextToken = e.scan(p, conds, func(it *item) {
		out.Entities = append(out.Entities, opsEntity{Id: it.ID, Data: map[string]opsEntityItem{
			opsItemData: {CaptureTime: captured, Content: []map[string]string{e.content(it)}},
		}})
	})
	return out, nil
}

// content is an item as GetOpsSummary flattens it.
func (e *Emulator) content(it *item) map[string]string {
	c := map[string]string{
		"Notifications": strings.Join(it.Notifications, ","), "OperationalData": summaryData(it.Data),
		"RelatedItems": strings.Join(it.Related, ","), "Version": strconv.FormatInt(it.Version, 10),
	}
	for _, name := range summaryAttributes {
		if v, ok := e.attribute(it, name); ok {
			c[name] = v
		}
	}
	return c
}

const summaryTime = "2006-01-02T15:04:05.000Z"

// summaryAttributes are the names that filters and aggregators can use.
var summaryAttributes = []string{
	"AccountId", "Category", "CreatedBy", "CreatedTime", "Description", "LastModifiedBy", "LastModifiedTime",
	"OpsItemId", "OpsItemType", "Priority", "Severity", "Source", "Status", "Title",
}

// attribute gives one of summaryAttributes, if the item has it.
func (e *Emulator) attribute(it *item, name string) (value string, ok bool) {
	switch name {
	case "AccountId":
		return e.cfg.Account, true
	case "Category":
		return it.Category, it.Category != ""
	case "CreatedBy":
		return it.CreatedBy, true
	case "CreatedTime":
		return it.Created.Format(summaryTime), true
	case "Description":
		return it.Description, true
	case "LastModifiedBy":
		return it.ModifiedBy, true
	case "LastModifiedTime":
		return it.Modified.Format(summaryTime), true
	case "OpsItemId":
		return it.ID, true
	case "OpsItemType":
		return it.Type, true
	case "Priority":
		return priorityText(it), it.Priority != 0
	case "Severity":
		return it.Severity, it.Severity != ""
	case "Source":
		return it.Source, true
	case "Status":
		return it.Status, true
	case "Title":
		return it.Title, true
	}
	return "", false
}

func summaryConditions(e *Emulator, filters []opsFilter) ([]condition, *Error) {
	var out []condition
	for _, f := range filters {
		name := summaryAttribute(f.Key)
		if !slices.Contains(summaryAttributes, name) {
			return nil, newError("InvalidFilter", "The filter key %s is not valid.", f.Key)
		}
		out = append(out, condition{match: func(it *item) bool {
			have, ok := e.attribute(it, name)
			return compareSummary(f.Type, have, ok, f.Values)
		}})
	}
	return out, nil
}

// compareSummary holds one attribute against the values of a filter.
func compareSummary(operator, have string, exists bool, values []string) bool {
	if operator == "Exists" {
		return exists == !slices.Contains(values, "false")
	}
	some := slices.ContainsFunc[[]string]
	switch operator {
	case "NotEqual":
		return !slices.Contains(values, have)
	case "BeginWith":
		return some(values, func(v string) bool { return strings.HasPrefix(have, v) })
	case opLess:
		return exists && some(values, func(v string) bool { return have < v })
	case opGreater:
		return exists && some(values, func(v string) bool { return have > v })
	}
	return slices.Contains(values, have)
}

// aggregate counts items by the attributes of an aggregator and those nested in it: one line of content for each
// combination of values.
func (e *Emulator) aggregate(aggregators []opsAggregator, conds []condition) (*opsSummaryOutput, *Error) {
	out := &opsSummaryOutput{Entities: []opsEntity{}}
	for _, a := range aggregators {
		names, more, err := e.aggregated(a)
		if err != nil {
			return nil, err
		}
		var all []*item // counted without the lock, which would hold up every change
		e.scan(page{below: math.MaxUint32, limit: math.MaxInt}, slices.Concat(conds, more), func(it *item) { all = append(all, it) })
		counts := map[string]int{}
		lines := map[string]map[string]string{}
		var key []byte
		for _, it := range all {
			key = key[:0]
			for _, n := range names {
				v, _ := e.attribute(it, n)
				key = strconv.AppendQuote(key, v)
			}
			if counts[string(key)]++; lines[string(key)] != nil {
				continue
			}
			line := map[string]string{}
			for _, n := range names {
				line[n], _ = e.attribute(it, n)
			}
			lines[string(key)] = line
		}
		content := []map[string]string{}
		for _, key := range slices.Sorted(maps.Keys(lines)) {
			lines[key]["Count"] = strconv.Itoa(counts[key])
			content = append(content, lines[key])
		}
		out.Entities = append(out.Entities, opsEntity{Data: map[string]opsEntityItem{opsItemData: {Content: content}}})
	}
	return out, nil
}

// aggregated gives the attributes that an aggregator counts by, with the filters on the way.
func (e *Emulator) aggregated(a opsAggregator) (names []string, conds []condition, err *Error) {
	if a.AggregatorType != "" && a.AggregatorType != "count" {
		return nil, nil, newError("InvalidAggregatorException", "OpsItems can be aggregated by count only, not %s.", a.AggregatorType)
	}
	if a.TypeName != "" && a.TypeName != opsItemData {
		return nil, nil, newError("InvalidTypeNameException", "The type name %s is not valid.", a.TypeName)
	}
	if a.AttributeName != "" {
		name := summaryAttribute(a.AttributeName)
		if !slices.Contains(summaryAttributes, name) {
			return nil, nil, newError("InvalidAggregatorException", "The attribute %s is not valid.", a.AttributeName)
		}
		names = append(names, name)
	}
	if conds, err = summaryConditions(e, a.Filters); err != nil {
		return nil, nil, err
	}
	for _, n := range a.Aggregators {
		more, moreConds, err := e.aggregated(n)
		if err != nil {
			return nil, nil, err
		}
		names, conds = append(names, more...), append(conds, moreConds...)
	}
	return names, conds, nil
}
