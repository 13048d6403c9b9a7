package opscenter

import (
	"encoding/json"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"learningloop/internal/opsitem"
)

// Reserved keys of operational data, whose values are JSON in a string (User Guide, "Create OpsItems manually").
const (
	keyResources   = "/aws/resources"
	keyAutomations = "/aws/automations"
)

type resource struct {
	ARN string `json:"arn"`
}

type automation struct {
	Type string `json:"automationType"`
	ID   string `json:"automationId"`
}

// reserve puts resources and runbooks where OpsCenter looks for them.
func reserve(data map[string]types.OpsItemDataValue, arns, runbooks []string) {
	if len(arns) > 0 {
		list := make([]resource, len(arns))
		for i, a := range arns {
			list[i].ARN = a
		}
		data[keyResources] = jsonValue(list)
	}
	if len(runbooks) > 0 {
		list := make([]automation, len(runbooks))
		for i, name := range runbooks {
			list[i] = automation{"AWS::SSM::Automation", name}
		}
		data[keyAutomations] = jsonValue(list)
	}
}

// resources reads what an OpsItem is about. What cannot be read is nothing: anybody may write there.
func resources(data map[string]types.OpsItemDataValue) []string {
	var list []resource
	if json.Unmarshal([]byte(aws.ToString(data[keyResources].Value)), &list) != nil {
		return nil
	}
	var arns []string
	for _, r := range list {
		if r.ARN != "" {
			arns = append(arns, r.ARN)
		}
	}
	return arns
}

// level reads an OpsItem's; what AWS would not take is unset.
func level(severity *string, priority *int32, category *string) (l opsitem.Level) {
	if n, err := strconv.Atoi(aws.ToString(severity)); err == nil && n >= 1 && n <= 4 {
		l.Severity = n
	}
	if n := int(aws.ToInt32(priority)); n >= 1 && n <= 5 {
		l.Priority = n
	}
	if c := aws.ToString(category); slices.Contains(opsitem.Categories, c) {
		l.Category = c
	}
	return l
}

func related(ids []string) []types.RelatedOpsItem {
	var out []types.RelatedOpsItem
	for _, oid := range ids {
		out = append(out, types.RelatedOpsItem{OpsItemId: aws.String(oid)})
	}
	return out
}
