package emulator

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/google/go-cmp/cmp"
)

// terminated is a rule's target as AWS's own rules for OpsCenter have it.
const terminated = `{
  "rule": "SSMOpsItems-EC2-instance-terminated",
  "inputPathsMap": {"instance": "$.detail.instance-id", "state": "$.detail.state", "time": "$.time", "resources": "$.resources"},
  "inputTemplate": "{ \"title\": \"EC2 instance terminated\", \"description\": \"CloudWatch Event Rule <aws.events.rule-name> was triggered. Your EC2 instance <instance> has terminated. See below for more details.\", \"category\": \"Availability\", \"severity\": \"2\", \"source\": \"EC2\", \"resources\": <resources>, \"notifications\": [{\"arn\": \"arn:aws:sns:us-east-1:111122223333:ops\"}], \"operationalData\": { \"/aws/dedup\": {\"type\": \"SearchableString\", \"value\": \"{\\\"dedupString\\\":\\\"SSMOpsItems-EC2-instance-terminated\\\"}\"}, \"/aws/automations\": {\"value\": \"[ { \\\"automationType\\\": \\\"AWS:SSM:Automation\\\", \\\"automationId\\\": \\\"AWS-CreateManagedLinuxInstance\\\" } ]\"}, \"event-time\": {\"value\": <time>}, \"instance-state\": {\"value\": <state>} } }",
  "event": ` + ec2Event + `}`

func TestRuleTarget(t *testing.T) {
	r := newRig(t)
	status, out := r.order(http.MethodPost, "rule-target", terminated)
	id, _ := out["OpsItemId"].(string)
	if status != http.StatusOK || out["created"] != true || out["input"] == nil {
		t.Fatalf("%d %v", status, out)
	}
	got, err := r.client.GetOpsItem(t.Context(), &ssm.GetOpsItemInput{OpsItemId: &id})
	if err != nil {
		t.Fatal(err)
	}
	it := got.OpsItem
	have := map[string]string{
		"title": *it.Title, "description": *it.Description, "category": *it.Category, "severity": *it.Severity, "source": *it.Source,
		"type": *it.OpsItemType, "status": string(it.Status), "topic": *it.Notifications[0].Arn,
	}
	for k, v := range it.OperationalData {
		have[k] = string(v.Type) + " " + *v.Value
	}
	if diff := cmp.Diff(map[string]string{
		"title": "EC2 instance terminated", "category": "Availability", "severity": "2", "source": "EC2", "type": "/aws/issue", "status": "Open",
		"description": "CloudWatch Event Rule SSMOpsItems-EC2-instance-terminated was triggered. Your EC2 instance i-0123456789 has terminated. See below for more details.",
		"topic":       "arn:aws:sns:us-east-1:111122223333:ops",
		// As recorded by AWS's CLI of an item that such a rule has made.
		"/aws/dedup":       `SearchableString {"dedupString":"SSMOpsItems-EC2-instance-terminated"}`,
		"/aws/resources":   `SearchableString [{"arn":"arn:aws:ec2:us-east-1:123456789012:instance/i-abcd1111"}]`,
		"/aws/automations": `SearchableString [ { "automationType": "AWS:SSM:Automation", "automationId": "AWS-CreateManagedLinuxInstance" } ]`,
		"event-time":       "String 2015-11-11T21:29:54Z", "instance-state": "String RUNNING",
	}, have); diff != "" {
		t.Error(diff)
	}
	if by := *it.CreatedBy; !strings.HasPrefix(by, "arn:aws:sts::111122223333:assumed-role/OpsItem-CWE-Role/") || len(by) != len("arn:aws:sts::111122223333:assumed-role/OpsItem-CWE-Role/")+32 {
		t.Errorf("made by %s", by)
	}
	status, out = r.order(http.MethodPost, "rule-target", terminated)
	if status != http.StatusOK || out["created"] != false || out["reason"] != "duplicate" || out["OpsItemId"] != id {
		t.Errorf("again: %d %v", status, out)
	}
	r.drain()
	if len(r.events.list()) != 1 || len(r.notes.list()) != 1 {
		t.Errorf("%d events, %d notifications", len(r.events.list()), len(r.notes.list()))
	}
}

// What the target says decides; the rest are defaults.
func TestTargetInputs(t *testing.T) {
	for _, tc := range []struct {
		name, order string
		want        Item
	}{
		{
			"the matched event", `{"rule":"r","event":` + ec2Event + `}`,
			Item{
				Title: "EC2 Instance State-change Notification", Source: "aws.ec2", Description: "CloudWatch Event Rule r was triggered.",
				Resources: []string{"arn:aws:ec2:us-east-1:123456789012:instance/i-abcd1111"},
				Data: []Datum{
					{Key: keyResources, Value: `[{"arn":"arn:aws:ec2:us-east-1:123456789012:instance/i-abcd1111"}]`, Searchable: true},
					{Key: "detail", Value: encodeJSON(object(t, ec2Event)["detail"])},
				},
			},
		},
		{
			"a constant", `{"rule":"arn:aws:events:us-east-1:111122223333:rule/bus/r","input":{"title":"t","description":"d","source":"s","resources":"arn:aws:s3:::b","unknown":1}}`,
			Item{Title: "t", Description: "d", Source: "s", Resources: []string{"arn:aws:s3:::b"}, Data: []Datum{{Key: keyResources, Value: `[{"arn":"arn:aws:s3:::b"}]`, Searchable: true}}},
		},
		{
			"operational data goes before resources", `{"rule":"r","input":{"title":"t","description":"d","source":"s","resources":["arn:a"],"operationalData":{"/aws/resources":{"value":"[{\"arn\":\"arn:b\"}]"},"n":{"type":"SearchableString","value":5}}}}`,
			Item{Title: "t", Description: "d", Source: "s", Resources: []string{"arn:b"}, Data: []Datum{{Key: keyResources, Value: `[{"arn":"arn:b"}]`, Searchable: true}, {Key: "n", Value: "5", Searchable: true}}},
		},
		{
			"no resources", `{"rule":"r","input":{"title":"t","description":"d","source":"s","resources":[],"category":null}}`,
			Item{Title: "t", Description: "d", Source: "s"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newRig(t)
			status, out := r.order(http.MethodPost, "rule-target", tc.order)
			id, _ := out["OpsItemId"].(string)
			if status != http.StatusOK || id == "" {
				t.Fatalf("%d %v", status, out)
			}
			it := r.look(id)
			got := Item{Title: it.Title, Description: it.Description, Source: it.Source, Resources: it.Resources, Data: it.Data}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
			if it.Severity != "" || it.Category != "" || it.Priority != 0 || it.Status != StatusOpen || it.Type != typeIssue {
				t.Errorf("defaults: %+v", it)
			}
		})
	}
}

func TestBadTargets(t *testing.T) {
	r := newRig(t)
	input := func(member string) string {
		return `{"rule":"r","input":{"title":"t","description":"d","source":"s",` + member + `}}`
	}
	for _, tc := range []struct{ name, order, field, message string }{
		{"no rule", `{"event":{}}`, "rule", ""},
		{"a rule that is none", `{"rule":"my rule","event":{}}`, "rule", ""},
		{"no event", `{"rule":"r"}`, "event", ""},
		{"an event that is none", `{"rule":"r","event":[]}`, "event", ""},
		{"paths without a template", `{"rule":"r","event":{},"inputPathsMap":{}}`, "inputTemplate", ""},
		{"input and template", `{"rule":"r","input":{},"inputTemplate":"{}"}`, "input", ""},
		{"input that is none", `{"rule":"r","input":"x"}`, "input", ""},
		{"a text", `{"rule":"r","event":{},"inputTemplate":"\"x\""}`, "inputTemplate", "object"},
		{"a number for the severity", input(`"severity":2`), "severity", ""},
		{"a list for the title", `{"rule":"r","input":{"title":[]}}`, "title", ""},
		{"topics that are none", input(`"notifications":"arn"`), "notifications", ""},
		{"a topic that is none", input(`"notifications":[{"arn":"arn:x"},{}]`), "notifications[1].arn", ""},
		{"data that is none", input(`"operationalData":[]`), "operationalData", ""},
		{"a datum that is none", input(`"operationalData":{"k":"v"}`), "operationalData.k", ""},
		{"a datum's type", input(`"operationalData":{"k":{"type":1}}`), "operationalData.k.type", ""},
		{"resources that are none", input(`"resources":{}`), "resources", ""},
		{"a resource that is none", input(`"resources":["arn:x",5]`), "resources[1]", ""},
		// From here on the rules of CreateOpsItem.
		{"no title", `{"rule":"r","input":{"description":"d","source":"s"}}`, "", "Value null at 'title'"},
		{"no description", `{"rule":"r","input":{"title":"t","source":"s"}}`, "", "Value null at 'description'"},
		{"a line break in the title", `{"rule":"r","input":{"title":"a\nb","description":"d","source":"s"}}`, "", "regular expression"},
		{"an unknown type of data", input(`"operationalData":{"k":{"type":"Number","value":"1"}}`), "", "enum value set"},
		{"an unknown severity", input(`"severity":"high"`), "", "1 to 4"},
		{"an unknown category", input(`"category":"Weather"`), "", "Category must be"},
		{"a topic elsewhere", input(`"notifications":[{"arn":"arn:aws:sns:eu-west-1:111122223333:t"}]`), "", "us-east-1"},
		{"a reserved key", input(`"operationalData":{"aws-x":{"value":"1"}}`), "", "can't begin"},
		{"a datum without a value", input(`"operationalData":{"k":{}}`), "", "no value"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			status, out := r.order(http.MethodPost, "rule-target", tc.order)
			text := encode(t, out)
			field, _ := out["Field"].(string)
			if status != http.StatusBadRequest || field != tc.field || !strings.Contains(text, tc.message) {
				t.Errorf("%d %s, want %s %q", status, text, tc.field, tc.message)
			}
		})
	}
	if n := r.Counts()[StatusOpen]; n != 0 {
		t.Errorf("%d OpsItems", n)
	}
}

func TestTargetRole(t *testing.T) {
	r := newRig(t)
	for _, tc := range []struct{ name, role, want string }{
		{"none given", "", "OpsItem-CWE-Role"},
		{"given", "arn:aws:iam::111122223333:role/service-role/My-Role", "My-Role"},
		{"no ARN", "x", "OpsItem-CWE-Role"},
		{"nothing at its end", "x/", "OpsItem-CWE-Role"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := r.targetRole(tc.role, testRule); !strings.HasPrefix(got, "arn:aws:sts::111122223333:assumed-role/"+tc.want+"/") {
				t.Error(got)
			}
		})
	}
}

// Whatever is sent, the answer is an OpsItem or a refusal; nothing breaks.
func FuzzRuleTarget(f *testing.F) {
	for _, s := range []string{
		terminated, `{"rule":"r","event":` + ec2Event + `}`, `{"rule":"r","input":{"title":"t","description":"d","source":"s"}}`,
		`{"rule":"r","input":{"resources":[null],"operationalData":{"k":null}}}`, `{"rule":"r","event":{"detail":1e999}}`, `{`,
	} {
		f.Add([]byte(s))
	}
	e, err := New(Config{Account: testAccount, Region: testRegion, Quotas: Quotas{Monthly: 1 << 30}})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = e.Close() })
	f.Fuzz(func(t *testing.T, body []byte) {
		var in targetOrder
		if decodeOrder(body, &in) != nil {
			return
		}
		out, refusal := e.ruleTarget(in)
		if refusal != nil && refusal.Status != http.StatusBadRequest {
			t.Fatalf("%+v", refusal)
		}
		if _, err := json.Marshal(out); err != nil {
			t.Fatal(err)
		}
		if refusal == nil && out.Created {
			if it, err := e.Item(t.Context(), out.OpsItemID); err != nil || it.Title == "" || aws.ToString(&it.Description) == "" {
				t.Fatalf("%+v %v", it, err)
			}
		}
	})
}
