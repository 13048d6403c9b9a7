package emulator

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// The rules that AWS states in prose and the model does not hold.

const (
	typeIssue   = "/aws/issue"
	typeInsight = "/aws/insight"
)

var categories = []string{"Availability", "Cost", "Performance", "Recovery", "Security"}

// reservedPrefixes cannot begin a key of operational data (CreateOpsItem, "OperationalData").
var reservedPrefixes = []string{"amazon", "aws", "amzn", "ssm", "/amazon", "/aws", "/amzn", "/ssm"}

var (
	topicForm  = regexp.MustCompile(`^arn:aws[a-z-]*:sns:([a-z0-9-]+):[0-9]{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?$`)
	itemIDForm = regexp.MustCompile(`^oi-[0-9a-f]{12}$`)
)

// checkLevels holds severity and category to the values in prose; "" is none.
func checkLevels(severity, category string) *Error {
	if severity != "" && !slices.Contains([]string{"1", "2", "3", "4"}, severity) {
		return errInvalid("Severity", "Severity must be a value from 1 to 4.")
	}
	if category != "" && !categoryAllowed(category) {
		return errInvalid("Category", "Category must be one of %s.", strings.Join(categories, ", "))
	}
	return nil
}

// checkAccount refuses to work in another account than the emulator's own.
func (e *Emulator) checkAccount(id string) *Error {
	if id != "" && id != e.cfg.Account {
		return errElsewhere("account " + id)
	}
	return nil
}

// checkARN refuses an OpsItemArn that is not the item's.
func (e *Emulator) checkARN(arn, id string) *Error {
	if arn != "" && arn != e.itemARN(id) {
		return errElsewhere(arn)
	}
	return nil
}

// readTopics takes topics of the OpsItem's own Region only (CreateOpsItem, "Notifications").
func (e *Emulator) readTopics(in []arnMember) ([]string, *Error) {
	var out []string
	for _, n := range in {
		m := topicForm.FindStringSubmatch(n.Arn)
		if m == nil || m[1] != e.cfg.Region {
			return nil, errInvalid("Notifications", "Notifications must be ARNs of Amazon SNS topics in Region %s.", e.cfg.Region)
		}
		out = append(out, n.Arn)
	}
	return out, nil
}

func (e *Emulator) readRelated(in []relatedOpsItem) ([]string, *Error) {
	if n := e.cfg.Quotas.RelatedOpsItems; len(in) > n {
		return nil, errLimit("RelatedOpsItems", "RelatedOpsItemsPerOpsItem", n, "An OpsItem can have at most %d related OpsItems.", n)
	}
	var out []string
	for _, r := range in {
		if !relatedIDAllowed(r.OpsItemId) {
			return nil, errInvalid("RelatedOpsItems", "RelatedOpsItems must be OpsItem IDs.")
		}
		out = append(out, r.OpsItemId)
	}
	return out, nil
}

// mergeData lays given operational data over what is there, takes out what is to be deleted, and checks the result.
func (e *Emulator) mergeData(old, given map[string]dataValue, remove []string) (map[string]dataValue, *Error) {
	out := make(map[string]dataValue, len(old)+len(given))
	maps.Copy(out, old)
	for k, v := range given {
		if err := e.checkDatum(k, v); err != nil {
			return nil, err
		}
		if v.Type == "" {
			v.Type = defaultDataType(k, out[k].Type)
		}
		out[k] = v
	}
	for _, k := range remove {
		delete(out, k)
	}
	return out, nil
}

func (e *Emulator) checkDatum(k string, v dataValue) *Error {
	q := e.cfg.Quotas
	switch {
	case len(v.Value) > q.DataValue:
		return errInvalid("OperationalData", "The value of OperationalData key %s is larger than %d bytes.", k, q.DataValue)
	case !valueGiven(v):
		return errInvalid("OperationalData", "OperationalData key %s has no value.", k)
	}
	switch k {
	case keyDedup:
		d, ok := readDedup(v.Value)
		if !ok {
			return errInvalid("OperationalData", `The value of /aws/dedup must be {"dedupString":"..."}.`)
		}
		if length(d) > int64(q.DedupString) {
			return errInvalid("OperationalData", "The deduplication string is longer than %d characters.", q.DedupString)
		}
	case keyResources:
		list := readResources(v.Value)
		if list == nil {
			return errInvalid("OperationalData", `The value of /aws/resources must be [{"arn":"..."}].`)
		}
		if len(list) > q.Resources {
			return errLimit("Resources", "ResourcesPerOpsItem", q.Resources, "An OpsItem can have at most %d related resources.", q.Resources)
		}
	case keyAutomations:
		list := readAutomations(v.Value)
		if list == nil {
			return errInvalid("OperationalData", `The value of /aws/automations must be [{"automationType":"AWS::SSM::Automation","automationId":"..."}].`)
		}
		if len(list) > q.Automations {
			return errLimit("Automations", "AutomationsPerOpsItem", q.Automations, "An OpsItem can have at most %d associated runbooks.", q.Automations)
		}
	default:
		if i := slices.IndexFunc(reservedPrefixes, func(p string) bool { return keyBegins(k, p) }); i >= 0 {
			return errInvalid("OperationalData", "OperationalData keys can't begin with %s.", reservedPrefixes[i])
		}
	}
	return nil
}
