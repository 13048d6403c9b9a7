package emulator

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/google/go-cmp/cmp"
)

func filterBy(key, op string, values ...string) types.OpsItemFilter {
	return types.OpsItemFilter{Key: types.OpsItemFilterKey(key), Operator: types.OpsItemFilterOperator(op), Values: values}
}

// Every documented filter and operator, by what it finds among three items.
func TestDescribeFilters(t *testing.T) {
	r := newRig(t)
	start := r.clock.now()
	long := strings.Repeat("x", 100)
	a := r.create(func(in *ssm.CreateOpsItemInput) {
		in.Title, in.Source, in.Severity, in.Category, in.Priority = aws.String("Checkout is slow"), aws.String("EC2"), aws.String("1"), aws.String("Performance"), aws.Int32(1)
		in.OperationalData = data(keyResources, `[{"arn":"arn:aws:ec2:us-east-1:111122223333:instance/i-1"}]`,
			keyAutomations, `[{"automationType":"AWS::SSM::Automation","automationId":"AWS-RestartEC2Instance"}]`, "plain", "17")
		in.OperationalData["score"] = types.OpsItemDataValue{Value: aws.String("17"), Type: types.OpsItemDataTypeSearchableString}
		in.OperationalData["owner"] = types.OpsItemDataValue{Value: aws.String("mary"), Type: types.OpsItemDataTypeSearchableString}
	})
	r.clock.add(time.Hour)
	b := r.create(func(in *ssm.CreateOpsItemInput) {
		in.Title, in.Source, in.Severity, in.Priority = aws.String(long+" one"), aws.String("Retail"), aws.String("2"), aws.Int32(2)
		in.OperationalData = data(keyResources, `[{"arn":"arn:aws:ec2:us-east-1:111122223333:instance/i-22"}]`)
		in.OperationalData["score"] = types.OpsItemDataValue{Value: aws.String("8"), Type: types.OpsItemDataTypeSearchableString}
	})
	r.clock.add(time.Hour)
	c := r.create(func(in *ssm.CreateOpsItemInput) {
		in.Title, in.PlannedStartTime = aws.String("Search is slow"), aws.Time(start.Add(30*time.Hour))
	})
	if _, err := r.client.UpdateOpsItem(t.Context(), &ssm.UpdateOpsItemInput{OpsItemId: &b, Status: "Resolved"}); err != nil {
		t.Fatal(err)
	}
	name := map[string]string{a: "a", b: "b", c: "c"}
	at := func(d time.Duration) string { return start.Add(d).Format(time.RFC3339Nano) }
	for _, tc := range []struct {
		name    string
		filters []types.OpsItemFilter
		want    string // newest first; "!" for a ValidationException
	}{
		{"none", nil, "cba"},
		{"status", []types.OpsItemFilter{filterBy("Status", "Equal", "Open")}, "ca"},
		{"values are alternatives", []types.OpsItemFilter{filterBy("Status", "Equal", "Open", "Resolved")}, "cba"},
		{"a value twice", []types.OpsItemFilter{filterBy("Status", "Equal", "Open", "Open")}, "ca"},
		{"filters are joined", []types.OpsItemFilter{filterBy("Status", "Equal", "Open"), filterBy("Source", "Equal", "EC2")}, "a"},
		{"the same key twice", []types.OpsItemFilter{filterBy("Title", "Contains", "Search"), filterBy("Title", "Contains", "slow")}, "c"},
		{"three filters", []types.OpsItemFilter{filterBy("Title", "Contains", "slow"), filterBy("Status", "Equal", "Open"), filterBy("OperationalDataValue", "Contains", "mar")}, "a"},
		{"three filters, a time last", []types.OpsItemFilter{filterBy("Title", "Contains", "slow"), filterBy("Status", "Equal", "Open"), filterBy("CreatedTime", "LessThan", at(time.Hour))}, "a"},
		{"an id and a status", []types.OpsItemFilter{filterBy("OpsItemId", "Equal", a, b), filterBy("Status", "Equal", "Open")}, "a"},
		{"an id that is none", []types.OpsItemFilter{filterBy("OpsItemId", "Equal", "oi-0123456789ab")}, ""},
		{"status contains", []types.OpsItemFilter{filterBy("Status", "Contains", "Op")}, "!"},
		{"source", []types.OpsItemFilter{filterBy("Source", "Equal", "EC2")}, "a"},
		{"source contains", []types.OpsItemFilter{filterBy("Source", "Contains", "e")}, "cb"},
		{"source greater", []types.OpsItemFilter{filterBy("Source", "GreaterThan", "A")}, "!"},
		{"title", []types.OpsItemFilter{filterBy("Title", "Equal", "Search is slow")}, "c"},
		{"title in part", []types.OpsItemFilter{filterBy("Title", "Equal", "Search")}, ""},
		{"title contains", []types.OpsItemFilter{filterBy("Title", "Contains", "slow")}, "ca"},
		{"title contains past the 100th", []types.OpsItemFilter{filterBy("Title", "Contains", "x one")}, "b"},
		{"title compares 100 characters", []types.OpsItemFilter{filterBy("Title", "Equal", long)}, "b"},
		{"title longer than that", []types.OpsItemFilter{filterBy("Title", "Equal", long+" ")}, "!"},
		{"priority", []types.OpsItemFilter{filterBy("Priority", "Equal", "2")}, "b"},
		{"severity", []types.OpsItemFilter{filterBy("Severity", "Equal", "1", "2")}, "ba"},
		{"category", []types.OpsItemFilter{filterBy("Category", "Equal", "Performance")}, "a"},
		{"type", []types.OpsItemFilter{filterBy("OpsItemType", "Equal", "/aws/issue")}, "cba"},
		{"id", []types.OpsItemFilter{filterBy("OpsItemId", "Equal", a, c)}, "ca"},
		{"created by", []types.OpsItemFilter{filterBy("CreatedBy", "Equal", testCaller)}, "cba"},
		{"created after", []types.OpsItemFilter{filterBy("CreatedTime", "GreaterThan", at(0))}, "cb"},
		{"created before", []types.OpsItemFilter{filterBy("CreatedTime", "LessThan", at(time.Hour))}, "a"},
		{"created before, in epoch seconds", []types.OpsItemFilter{filterBy("CreatedTime", "LessThan", fmt.Sprint(start.Unix()+60))}, "a"},
		{"created after either", []types.OpsItemFilter{filterBy("CreatedTime", "GreaterThan", at(time.Hour), at(0))}, "cb"},
		{"created before either", []types.OpsItemFilter{filterBy("CreatedTime", "LessThan", at(time.Hour), at(2*time.Hour))}, "ba"},
		{"changed before", []types.OpsItemFilter{filterBy("LastModifiedTime", "LessThan", at(time.Hour))}, "a"},
		{"created at", []types.OpsItemFilter{filterBy("CreatedTime", "Equal", at(0))}, "!"},
		{"created some day", []types.OpsItemFilter{filterBy("CreatedTime", "LessThan", "yesterday")}, "!"},
		{"created never", []types.OpsItemFilter{filterBy("CreatedTime", "LessThan", "NaN")}, "!"},
		{"changed after", []types.OpsItemFilter{filterBy("LastModifiedTime", "GreaterThan", at(time.Hour))}, "cb"},
		{"planned after", []types.OpsItemFilter{filterBy("PlannedStartTime", "GreaterThan", at(0))}, "c"},
		{"planned before: not what has no plan", []types.OpsItemFilter{filterBy("PlannedStartTime", "LessThan", at(50*time.Hour))}, "c"},
		{"data", []types.OpsItemFilter{filterBy("OperationalData", "Equal", `{"key":"score","value":"17"}`)}, "a"},
		{"data under another key", []types.OpsItemFilter{filterBy("OperationalData", "Equal", `{"key":"owner","value":"17"}`)}, ""},
		{"data that is not searchable", []types.OpsItemFilter{filterBy("OperationalData", "Equal", `{"key":"plain","value":"17"}`)}, ""},
		{"data by other names", []types.OpsItemFilter{filterBy("OperationalData", "Equal", `{"Key":"score","Value":"17"}`)}, "!"},
		{"data of another form", []types.OpsItemFilter{filterBy("OperationalData", "Equal", "score=17")}, "!"},
		{"data key", []types.OpsItemFilter{filterBy("OperationalDataKey", "Equal", "score")}, "ba"},
		{"data key not searchable", []types.OpsItemFilter{filterBy("OperationalDataKey", "Equal", "plain")}, ""},
		{"data key reserved", []types.OpsItemFilter{filterBy("OperationalDataKey", "Equal", keyResources)}, ""},
		{"data value", []types.OpsItemFilter{filterBy("OperationalDataValue", "Equal", "17", "8")}, "ba"},
		{"data value contains", []types.OpsItemFilter{filterBy("OperationalDataValue", "Contains", "ar")}, "a"},
		{"resource", []types.OpsItemFilter{filterBy("ResourceId", "Contains", "instance/i-2")}, "b"},
		{"resource equal", []types.OpsItemFilter{filterBy("ResourceId", "Equal", "instance/i-2")}, "!"},
		{"runbook", []types.OpsItemFilter{filterBy("AutomationId", "Equal", "AWS-RestartEC2Instance")}, "a"},
		{"account", []types.OpsItemFilter{filterBy("AccountId", "Equal", testAccount)}, "cba"},
		{"another account", []types.OpsItemFilter{filterBy("AccountId", "Equal", "999999999999")}, ""},
		{"change requests", []types.OpsItemFilter{filterBy("ChangeRequestByTemplate", "Equal", "x")}, ""},
		{"changed by is no key on the wire", []types.OpsItemFilter{filterBy("LastModifiedBy", "Equal", "x")}, "!"},
		{"no values", []types.OpsItemFilter{filterBy("Status", "Equal", []string{}...)}, "!"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for i := range tc.filters {
				if tc.filters[i].Values == nil {
					tc.filters[i].Values = []string{}
				}
			}
			out, err := r.client.DescribeOpsItems(t.Context(), &ssm.DescribeOpsItemsInput{OpsItemFilters: tc.filters})
			if tc.want == "!" {
				refusedAs(t, err, "ValidationException")
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, s := range out.OpsItemSummaries {
				got += name[*s.OpsItemId]
			}
			if got != tc.want {
				t.Errorf("found %q, want %q", got, tc.want)
			}
		})
	}
}

// What is created, changed or deleted between two pages neither hides an item nor shows one twice.
func TestPagesSurviveChanges(t *testing.T) {
	for _, filters := range [][]types.OpsItemFilter{nil, {filterBy("Source", "Equal", "LearningLoop")}, {filterBy("Title", "Contains", "Checkout")}} {
		t.Run(fmt.Sprint(len(filters)), func(t *testing.T) {
			dir := t.TempDir()
			r := newRig(t, func(c *Config) { c.Dir, c.DeletionDelay = dir, -1 })
			var want []string
			for range 25 {
				want = append(want, r.create())
			}
			slices.Reverse(want)
			var got []string
			pages := ssm.NewDescribeOpsItemsPaginator(r.client, &ssm.DescribeOpsItemsInput{MaxResults: aws.Int32(10), OpsItemFilters: filters})
			for n := 0; pages.HasMorePages(); n++ {
				p, err := pages.NextPage(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				for _, s := range p.OpsItemSummaries {
					got = append(got, *s.OpsItemId)
				}
				r.create() // lies before the page
				if n == 0 {
					if _, err := r.client.DeleteOpsItem(t.Context(), &ssm.DeleteOpsItemInput{OpsItemId: &want[9]}); err != nil { // the token's own item
						t.Fatal(err)
					}
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTokens(t *testing.T) {
	r := newRig(t)
	for range 3 {
		r.create()
	}
	first, err := r.client.DescribeOpsItems(t.Context(), &ssm.DescribeOpsItemsInput{MaxResults: aws.Int32(1)})
	if err != nil {
		t.Fatal(err)
	}
	for name, in := range map[string]*ssm.DescribeOpsItemsInput{
		"forged":           {NextToken: aws.String("page-2")},
		"of other filters": {NextToken: first.NextToken, OpsItemFilters: []types.OpsItemFilter{filterBy("Status", "Equal", "Open")}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := r.client.DescribeOpsItems(t.Context(), in)
			refusedAs(t, err, "ValidationException")
		})
	}
	second, err := r.client.DescribeOpsItems(t.Context(), &ssm.DescribeOpsItemsInput{NextToken: first.NextToken})
	if err != nil || len(second.OpsItemSummaries) != 2 || second.NextToken != nil {
		t.Errorf("the rest: %d items, token %v, %v", len(second.OpsItemSummaries), second.NextToken, err)
	}
	_, err = r.client.ListOpsItemEvents(t.Context(), &ssm.ListOpsItemEventsInput{NextToken: first.NextToken})
	refused[*types.OpsItemInvalidParameterException](t, err)
}
