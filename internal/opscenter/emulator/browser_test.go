package emulator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"learningloop/internal/testenv"
)

const story = `## What happened

Answers of **checkout** took more than 2 s for 43 companies since release 1.42.

| Evidence | Count |
| --- | --- |
| Complaints | 12 |
| Alarms | 1 |

> "It just spins." - a redacted quote

1. Open the [dashboard](https://example.com/dashboard)
2. Compare with ` + "`checkout-p99`" + `

See also https://example.com/runbooks/checkout`

// workday fills a console with what a team may find in the morning, and says which items are which.
func (r *rig) workday() map[string]any {
	r.t.Helper()
	set := func(title, severity, category string) func(*ssm.CreateOpsItemInput) {
		return func(in *ssm.CreateOpsItemInput) {
			in.Title = &title
			if severity != "" {
				in.Severity = &severity
			}
			if category != "" {
				in.Category = &category
			}
		}
	}
	const function = "arn:aws:lambda:us-east-1:111122223333:function:checkout"
	resolved := r.create(set("Checkout answers slowly since release 1.42", "2", "Performance"), func(in *ssm.CreateOpsItemInput) {
		in.OperationalData = data(keyResources, `[{"arn":"`+function+`"}]`)
	})
	if err := r.Edit(r.t.Context(), resolved, Edit{Status: StatusResolved}); err != nil {
		r.t.Fatal(err)
	}
	r.clock.add(26 * time.Hour)
	nightly := r.create(set("The nightly export has not finished", "3", "Recovery"))
	disk := r.create(set("EC2 instance disk full", "4", ""))
	old := r.create(set("Old budget warning", "", "Cost"), func(in *ssm.CreateOpsItemInput) { in.Source = aws.String("ec2") })
	r.clock.add(2 * time.Hour)
	wild := r.create(set(hostile+strings.Repeat("W", 90), "1", "Security"), func(in *ssm.CreateOpsItemInput) {
		in.Source = aws.String(hostile)
		in.Description = aws.String(hostile + "\n\n" + strings.Repeat("W", 300) + "\n\n[a](javascript:window.pwned=1)\n\n<img src=x onerror=\"window.pwned=1\">")
		in.OperationalData = data(hostile, strings.Repeat("W", 300), "json", `{"a":[1,2,3]}`)
	})
	status, out := r.alarm(testAction("1#CATEGORY=Performance"), fixture(r.t, alarmFixture))
	alarm, _ := out["OpsItemId"].(string)
	if status != http.StatusOK || alarm == "" {
		r.t.Fatalf("%d %v", status, out)
	}
	r.clock.add(30 * time.Minute)
	item := r.create(set("Checkout answers slowly since release 1.42", "2", "Performance"), relatedTo(resolved), func(in *ssm.CreateOpsItemInput) {
		in.Description = aws.String(story)
		in.Notifications = []types.OpsItemNotification{{Arn: aws.String("arn:aws:sns:us-east-1:111122223333:ops")}}
		in.Tags = []types.Tag{{Key: aws.String("product"), Value: aws.String("web-shop")}}
		in.OperationalData = data(
			keyResources, `[{"arn":"`+function+`"},{"arn":"arn:aws:dynamodb:us-east-1:111122223333:table/orders"}]`,
			keyAutomations, runbooks(2), keyDedup, `{"dedupString":"imp_7k2m"}`, "learningloop.score", "87",
		)
		maps.Copy(in.OperationalData, findable("learningloop.owner", "mary.major@example.com"))
	})
	if _, err := r.client.AssociateOpsItemRelatedItem(r.t.Context(), &ssm.AssociateOpsItemRelatedItemInput{
		OpsItemId: &item, AssociationType: aws.String("IsParentOf"), ResourceType: aws.String("AWS::SSMIncidents::IncidentRecord"),
		ResourceUri: aws.String("arn:aws:ssm-incidents::111122223333:incident-record/checkout/7bf73129"),
	}); err != nil {
		r.t.Fatal(err)
	}
	r.clock.add(10 * time.Minute)
	if _, err := r.client.UpdateOpsItem(r.t.Context(), &ssm.UpdateOpsItemInput{
		OpsItemId: &item, Description: aws.String(strings.Replace(story, "Complaints | 12", "Complaints | 31", 1)),
		OperationalData: data("learningloop.score", "91"),
	}); err != nil {
		r.t.Fatal(err)
	}
	r.clock.add(10 * time.Minute)
	return map[string]any{"item": item, "alarm": alarm, "hostile": wild, "resolve": []string{nightly, disk}, "delete": old}
}

// TestConsoleInABrowser works in the console as an operator does: filters, views, edits, bulk; it looks at every page in
// both colour schemes on a desktop and a phone. Screenshots stay in .shots/opscenter.
func TestConsoleInABrowser(t *testing.T) {
	chromium, tools := testenv.Need(t, testenv.Chromium), testenv.Need(t, testenv.NodeTools)
	shots := filepath.Join(testenv.Need(t, testenv.Shots), "opscenter")
	r := newRig(t, func(c *Config) { c.ConsoleHome = "/_local/" })
	config := r.workday()
	b := newBrowser(t, r)
	maps.Copy(config, map[string]any{"base": b.server.URL, "prefix": testPrefix, "tools": tools, "chromium": chromium, "shots": shots})
	cmd := exec.CommandContext(t.Context(), "node", "testdata/console.mjs")
	cmd.Env = append(os.Environ(), "NODE_NO_WARNINGS=1")
	cmd.Stdin = strings.NewReader(encode(t, config))
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		t.Errorf("browser: %v\n%s", err, complaints.String())
	}
	checks, ended := 0, false
	for l := range strings.Lines(string(out)) {
		var c struct{ Page, Check, Detail string }
		if err := json.Unmarshal([]byte(l), &c); err != nil {
			t.Errorf("browser said %q", l)
			continue
		}
		checks++
		ended = ended || c.Check == "came to the end"
		if c.Detail != "" {
			t.Errorf("%s: %s:\n%s", c.Page, c.Check, c.Detail)
		}
	}
	if !ended {
		t.Error("the browser did not come to the end of its list")
	}
	t.Attr("checks", fmt.Sprint(checks))

	// What was done there is what the API tells.
	item := r.look(config["item"].(string))
	if item.Status != StatusInProgress || item.Severity != "1" || item.Version != 3 || item.Priority != 2 || item.Category != "Availability" || !strings.HasSuffix(item.ModifiedBy, "operator/console") {
		t.Errorf("after the edit: %+v", item)
	}
	for _, id := range config["resolve"].([]string) {
		if it := r.look(id); it.Status != StatusResolved {
			t.Errorf("%s is %s", id, it.Status)
		}
	}
	if it := r.look(config["delete"].(string)); !it.Deleting {
		t.Error("not deleted")
	}
	if it := r.look(config["hostile"].(string)); it.Status != StatusInProgress || it.Severity != "4" || it.Priority != 3 || it.Version != 5 {
		t.Errorf("after two worked on it at once: %+v", it)
	}
}
