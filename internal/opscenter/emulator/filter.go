package emulator

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// condition is one filter, ready to be held against items. Where it is indexed, the union of keys has every match.
type condition struct {
	match   func(*item) bool
	within  func(*times) bool // where set, decides alone, without a look at the item
	indexed bool
	keys    []indexKey
	ids     []string // where set, no item but these matches
	words   field    // Contains on a field that the index has the words of: keys are found there by fits
	fits    func(string) bool
}

type indexKey struct {
	field field
	value string
}

// The operators, as on the wire.
const (
	opEqual    = "Equal"
	opContains = "Contains"
	opGreater  = "GreaterThan"
	opLess     = "LessThan"
)

// filterRule is what is known of one filter key: its operators, and how to hold one value against an item.
type filterRule struct {
	operators []string
	text      textOf // what Equal and Contains look at
	field     field  // the index for Equal; 0: none
	time      func(*times) int64
	never     bool // no OpsItem of the types that exist here has it
}

var (
	equal         = []string{opEqual}
	equalContains = []string{opEqual, opContains}
	ordered       = []string{opGreater, opLess}
)

// textOf says whether any text of an item's attribute fits.
type textOf func(it *item, fits func(string) bool) bool

func one(get func(*item) string) textOf {
	return func(it *item, fits func(string) bool) bool { return fits(get(it)) }
}

func several(get func(*item) []string) textOf {
	return func(it *item, fits func(string) bool) bool { return slices.ContainsFunc(get(it), fits) }
}

// filterRules follow the table of operators in DescribeOpsItems, "OpsItemFilters". Title, ids, OperationalData and
// the account have rules of their own in condition.
var filterRules = map[string]filterRule{
	"Status":               {operators: equal, text: one(func(it *item) string { return it.Status }), field: fieldStatus},
	"Source":               {operators: equalContains, text: one(func(it *item) string { return it.Source }), field: fieldSource},
	"Title":                {operators: equalContains, text: one(func(it *item) string { return it.Title }), field: fieldTitle},
	"Priority":             {operators: equal, text: one(priorityText), field: fieldPriority},
	"OpsItemId":            {operators: equal},
	"CreatedTime":          {operators: ordered, time: func(t *times) int64 { return t.created }},
	"LastModifiedTime":     {operators: ordered, time: func(t *times) int64 { return t.modified }},
	"ActualStartTime":      {operators: ordered, time: func(t *times) int64 { return t.actualStart }},
	"ActualEndTime":        {operators: ordered, time: func(t *times) int64 { return t.actualEnd }},
	"PlannedStartTime":     {operators: ordered, time: func(t *times) int64 { return t.plannedStart }},
	"PlannedEndTime":       {operators: ordered, time: func(t *times) int64 { return t.plannedEnd }},
	"OperationalData":      {operators: equal},
	"OperationalDataKey":   {operators: equal, text: dataKeys, field: fieldDataKey},
	"OperationalDataValue": {operators: equalContains, text: dataValues, field: fieldDataValue},
	"ResourceId":           {operators: []string{opContains}, text: several(func(it *item) []string { return it.resources }), field: fieldResource},
	"AutomationId":         {operators: equal, text: several(func(it *item) []string { return it.automations }), field: fieldAutomation},
	"AccountId":            {operators: equal},
	"CreatedBy":            {operators: untabledOperators, text: one(func(it *item) string { return it.CreatedBy }), field: fieldCreatedBy},
	"Category":             {operators: untabledOperators, text: one(func(it *item) string { return it.Category }), field: fieldCategory},
	"Severity":             {operators: untabledOperators, text: one(func(it *item) string { return it.Severity }), field: fieldSeverity},
	"InsightByType":        {operators: untabledOperators, text: one(func(it *item) string { return it.Insight }), field: fieldInsight},
	"OpsItemType":          {operators: untabledOperators, text: one(func(it *item) string { return it.Type }), field: fieldType},
}

func priorityText(it *item) string {
	if it.Priority == 0 {
		return ""
	}
	return strconv.Itoa(it.Priority)
}

func dataKeys(it *item, fits func(string) bool) bool {
	return slices.ContainsFunc(it.findable, func(d datum) bool { return fits(d.key) })
}

func dataValues(it *item, fits func(string) bool) bool {
	return slices.ContainsFunc(it.findable, func(d datum) bool { return fits(d.value) })
}

// conditions checks filters by the rules that the model does not hold and makes them ready.
func (e *Emulator) conditions(filters []filter) ([]condition, *Error) {
	out := make([]condition, 0, len(filters))
	for _, f := range filters {
		rule, ok := filterRules[f.Key]
		if !ok {
			rule = filterRule{operators: untabledOperators, never: true} // change requests, access requests
		}
		if !slices.Contains(rule.operators, f.Operator) {
			return nil, errRule("Filter key %s does not support the operator %s. Supported: %s.",
				f.Key, f.Operator, strings.Join(rule.operators, ", "))
		}
		if len(f.Values) == 0 {
			return nil, errRule("Filter key %s has no values.", f.Key)
		}
		c, err := e.condition(f, rule)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

func (e *Emulator) condition(f filter, rule filterRule) (condition, *Error) {
	switch {
	case rule.never:
		return condition{indexed: true, match: func(*item) bool { return false }}, nil
	case rule.time != nil:
		return timeCondition(f, rule.time)
	case f.Key == "AccountId":
		mine := slices.Contains(f.Values, e.cfg.Account)
		return condition{indexed: !mine, match: func(*item) bool { return mine }}, nil // under no key, of another account
	case f.Key == "OperationalData":
		return dataCondition(f)
	case f.Key == "Title" && f.Operator == opEqual:
		return titleCondition(f)
	case f.Key == "OpsItemId":
		return idCondition(f), nil
	}
	compare := equalText
	if f.Operator == opContains {
		compare = containsText
	}
	fits := func(have string) bool {
		for _, want := range f.Values {
			if compare(have, want) {
				return true
			}
		}
		return false
	}
	c := condition{match: func(it *item) bool { return rule.text(it, fits) }}
	if f.Operator == opContains && rule.field == fieldDataValue {
		c.match = func(it *item) bool { return it.mayHold(f.Values) && rule.text(it, fits) }
	}
	if f.Operator == opContains && listed(rule.field) {
		c.words, c.fits = rule.field, fits
	}
	if rule.field != 0 && f.Operator == opEqual && !slices.Contains(f.Values, "") {
		c.indexed = true
		for _, v := range f.Values {
			c.keys = append(c.keys, indexKey{rule.field, v})
		}
	}
	return c, nil
}

// idCondition holds ids, of which a request may name a hundred thousand, against a set.
func idCondition(f filter) condition {
	named := make(map[string]bool, len(f.Values))
	for _, id := range f.Values {
		named[id] = true
	}
	return condition{ids: slices.Collect(maps.Keys(named)), match: func(it *item) bool { return named[it.ID] }}
}

// titleCondition compares the first 100 characters; a longer value is an error (DescribeOpsItems, "OpsItemFilters").
func titleCondition(f filter) (condition, *Error) {
	c := condition{indexed: true, match: func(it *item) bool {
		return slices.Contains(f.Values, titlePrefix(it.Title))
	}}
	for _, v := range f.Values {
		if length(v) > titleCompared {
			return condition{}, errRule("Filter key Title with the operator Equal takes at most %d characters.", titleCompared)
		}
		c.keys = append(c.keys, indexKey{fieldTitle, v})
	}
	return c, nil
}

// titleCompared is how many characters of a title the Equal operator looks at.
const titleCompared = 100

func titlePrefix(title string) string { return cut(title, titleCompared) }

// dataCondition takes values of the form {"key":"key_name","value":"a_value"}.
func dataCondition(f filter) (condition, *Error) {
	c := condition{indexed: true}
	wanted := make([]datum, len(f.Values))
	for i, v := range f.Values {
		var m map[string]any // for members of exact names, as a request's have
		bad := json.Unmarshal([]byte(v), &m) != nil
		key, hasKey := m["key"].(string)
		value, hasValue := m["value"].(string)
		if bad || !hasKey || !hasValue {
			return condition{}, errRule(`Filter key OperationalData takes values of the form {"key":"key_name","value":"a_value"}.`)
		}
		wanted[i] = datum{key, value}
		c.keys = append(c.keys, indexKey{fieldDataValue, value})
	}
	c.match = func(it *item) bool {
		return slices.ContainsFunc(it.findable, func(d datum) bool {
			return slices.ContainsFunc(wanted, func(w datum) bool { return d.key == w.key && equalText(d.value, w.value) })
		})
	}
	return c, nil
}

func timeCondition(f filter, get func(*times) int64) (condition, *Error) {
	bounds := make([]int64, len(f.Values))
	for i, v := range f.Values {
		t, ok := readFilterTime(v)
		if !ok {
			return condition{}, errRule("Filter key %s takes a time such as 2026-01-31T08:00:00Z, not %q.", f.Key, v)
		}
		bounds[i] = t.UnixMicro()
	}
	// The values of a filter are alternatives: the widest one decides.
	if f.Operator == opGreater {
		bound := slices.Min(bounds)
		return condition{within: func(t *times) bool { at := get(t); return at != unset && at > bound }}, nil
	}
	bound := slices.Max(bounds)
	return condition{within: func(t *times) bool { at := get(t); return at != unset && at < bound }}, nil
}
