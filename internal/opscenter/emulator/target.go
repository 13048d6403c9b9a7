package emulator

import (
	"encoding/json"
	"maps"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// targetOrder is what POST /_opscenter/rule-target takes: an event that a rule has matched, and what the rule's target
// says about its input.
type targetOrder struct {
	Rule          string            `json:"rule"`    // name or ARN
	RoleARN       string            `json:"roleArn"` // the target's role
	Event         json.RawMessage   `json:"event"`
	InputPathsMap map[string]string `json:"inputPathsMap"`
	InputTemplate string            `json:"inputTemplate"`
	Input         json.RawMessage   `json:"input"` // a constant, or what a transformer has made elsewhere
}

// ruleName is a rule of EventBridge.
type ruleName struct{ Name, ARN string }

func (e *Emulator) postRuleTarget(w http.ResponseWriter, r *http.Request) {
	var in targetOrder
	err := readOrder(w, r, &in)
	var out *indirect
	if err == nil {
		out, err = e.ruleTarget(in)
	}
	e.reply(w, out, err)
}

// ruleTarget does what EventBridge and OpsCenter do with an event for a target that is OpsCenter ("Configure EventBridge
// rules to create OpsItems", AWS Systems Manager User Guide): its input becomes an OpsItem, a duplicate nothing.
func (e *Emulator) ruleTarget(in targetOrder) (*indirect, *Error) {
	rule, err := e.readRule(in.Rule)
	if err != nil {
		return nil, err
	}
	input, err := e.targetInput(rule, in)
	if err != nil {
		return nil, err
	}
	fields, err := readTargetInput(input)
	if err != nil {
		return nil, err
	}
	if err := check(e.model.Operations["CreateOpsItem"].Input.shape, fields); err != nil {
		return nil, err
	}
	create := new(createInput)
	bind(fields, reflect.ValueOf(create).Elem())
	if !targetSourceAllowed(create.Source) {
		return nil, errSource()
	}
	it, err := e.draft(caller{ARN: e.targetRole(in.RoleARN, rule)}, create)
	if err != nil {
		return nil, err
	}
	out, err := e.createIndirect(it)
	if err != nil {
		return nil, err
	}
	out.Input = input
	return out, nil
}

var (
	ruleForm    = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)
	ruleARNForm = regexp.MustCompile(`^arn:aws[a-z-]*:events:[a-z0-9-]+:[0-9]{12}:rule/(?:[A-Za-z0-9._/-]+/)?([A-Za-z0-9._-]{1,64})$`)
)

func (e *Emulator) readRule(rule string) (ruleName, *Error) {
	if m := ruleARNForm.FindStringSubmatch(rule); m != nil {
		return ruleName{m[1], rule}, nil
	}
	if !ruleForm.MatchString(rule) {
		return ruleName{}, errField("rule", "must be a rule's name, of 1 to 64 letters, digits, . - and _, or its ARN")
	}
	return ruleName{rule, "arn:" + partition(e.cfg.Region) + ":events:" + e.cfg.Region + ":" + e.cfg.Account + ":rule/" + rule}, nil
}

// targetInput is what the target gets: what is given, what the template makes of the event, or the event.
func (e *Emulator) targetInput(rule ruleName, in targetOrder) (map[string]any, *Error) {
	if len(in.Input) > 0 {
		if in.InputTemplate != "" || in.InputPathsMap != nil {
			return nil, errField("input", "cannot be given together with inputTemplate or inputPathsMap")
		}
		return readObject("input", in.Input)
	}
	event, err := readObject("event", in.Event)
	if err != nil {
		return nil, err
	}
	if in.InputTemplate == "" {
		if in.InputPathsMap != nil {
			return nil, errField("inputTemplate", "must be given together with inputPathsMap")
		}
		return matchedInput(rule, event), nil
	}
	t := transformer{paths: in.InputPathsMap, template: in.InputTemplate}
	v, err := t.apply(rule, event, e.now().Format(time.RFC3339))
	if err != nil {
		return nil, err
	}
	input, ok := v.(map[string]any)
	if !ok {
		return nil, errField("inputTemplate", "must make a JSON object of the event")
	}
	return input, nil
}

func readObject(field string, raw json.RawMessage) (map[string]any, *Error) {
	v, err := parse(raw)
	if len(raw) == 0 || err != nil {
		return nil, errField(field, "must be a JSON object")
	}
	return v, nil
}

// readTargetInput reads the target's input into the members of CreateOpsItem, whose rules hold from there on.
func readTargetInput(in map[string]any) (map[string]any, *Error) {
	out := map[string]any{}
	for _, name := range []string{"title", "description", "category", "severity", "source"} {
		text, ok := in[name].(string)
		switch {
		case ok:
			out[strings.ToUpper(name[:1])+name[1:]] = text
		case in[name] != nil:
			return nil, errField(name, "must be a string")
		}
	}
	topics, err := readTargetTopics(in["notifications"])
	if err != nil {
		return nil, err
	}
	if topics != nil {
		out["Notifications"] = topics
	}
	data, err := readTargetData(in["operationalData"])
	if err != nil {
		return nil, err
	}
	arns, err := readTargetResources(in["resources"])
	if err != nil {
		return nil, err
	}
	targetResources(data, arns)
	if len(data) > 0 {
		out["OperationalData"] = data
	}
	return out, nil
}

func readTargetTopics(v any) ([]any, *Error) {
	const field = "notifications"
	if v == nil {
		return nil, nil
	}
	list, ok := v.([]any)
	if !ok {
		return nil, errField(field, `must be a list of {"arn": "..."}`)
	}
	out := make([]any, len(list))
	for i, e := range list {
		m, _ := e.(map[string]any)
		arn, ok := m["arn"].(string)
		if !ok {
			return nil, errField(field+"["+strconv.Itoa(i)+"].arn", "must be a string")
		}
		out[i] = map[string]any{"Arn": arn}
	}
	return out, nil
}

// readTargetResources takes a list of ARNs, or one.
func readTargetResources(v any) ([]string, *Error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case string:
		if v == "" {
			return nil, nil
		}
		return []string{v}, nil
	case []any:
		out := make([]string, len(v))
		for i, e := range v {
			arn, ok := e.(string)
			if !ok || arn == "" {
				return nil, errField("resources["+strconv.Itoa(i)+"]", "must be an ARN")
			}
			out[i] = arn
		}
		return out, nil
	}
	return nil, errField("resources", "must be a list of ARNs, or one ARN")
}

func readTargetData(v any) (map[string]any, *Error) {
	const field = "operationalData"
	out := map[string]any{}
	if v == nil {
		return out, nil
	}
	data, ok := v.(map[string]any)
	if !ok {
		return nil, errField(field, `must be an object of {"type": "...", "value": "..."}`)
	}
	for _, key := range slices.Sorted(maps.Keys(data)) {
		at := field + "." + key
		m, ok := data[key].(map[string]any)
		if !ok {
			return nil, errField(at, `must be {"type": "...", "value": "..."}`)
		}
		datum := map[string]any{}
		switch kind := m["type"].(type) {
		case nil:
		case string:
			datum["Type"] = kind
		default:
			return nil, errField(at+".type", "must be %s or %s", searchable, plain)
		}
		if m["value"] != nil {
			datum["Value"] = dataText(m["value"])
		}
		out[key] = datum
	}
	return out, nil
}
