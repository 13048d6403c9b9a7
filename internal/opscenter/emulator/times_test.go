package emulator

import (
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/google/go-cmp/cmp"
)

// Each time of an OpsItem is its own: as it is created, as it is changed, as it is read, and as it is filtered by.
func TestTimes(t *testing.T) {
	r := newRig(t)
	began := r.clock.now().Truncate(time.Second)
	hour := func(n int) *time.Time { return aws.Time(began.Add(time.Duration(n) * time.Hour)) }
	id := r.create(func(in *ssm.CreateOpsItemInput) {
		in.ActualStartTime, in.ActualEndTime, in.PlannedStartTime, in.PlannedEndTime = hour(11), hour(12), hour(13), hour(14)
	})
	want := map[string]time.Time{"ActualStartTime": *hour(11), "ActualEndTime": *hour(12), "PlannedStartTime": *hour(13), "PlannedEndTime": *hour(14)}
	look := func(when string) {
		t.Helper()
		out, err := r.client.GetOpsItem(t.Context(), &ssm.GetOpsItemInput{OpsItemId: &id})
		if err != nil {
			t.Fatal(err)
		}
		it := out.OpsItem
		got := map[string]time.Time{
			"ActualStartTime": *it.ActualStartTime, "ActualEndTime": *it.ActualEndTime,
			"PlannedStartTime": *it.PlannedStartTime, "PlannedEndTime": *it.PlannedEndTime,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", when, diff)
		}
		list, err := r.client.DescribeOpsItems(t.Context(), &ssm.DescribeOpsItemsInput{})
		if err != nil {
			t.Fatal(err)
		}
		s := list.OpsItemSummaries[0]
		got = map[string]time.Time{
			"ActualStartTime": *s.ActualStartTime, "ActualEndTime": *s.ActualEndTime,
			"PlannedStartTime": *s.PlannedStartTime, "PlannedEndTime": *s.PlannedEndTime,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s, listed: %s", when, diff)
		}
	}
	look("created")
	for i, name := range []string{"ActualStartTime", "ActualEndTime", "PlannedStartTime", "PlannedEndTime"} {
		r.clock.add(time.Hour)
		in := &ssm.UpdateOpsItemInput{OpsItemId: &id}
		*map[string]**time.Time{
			"ActualStartTime": &in.ActualStartTime, "ActualEndTime": &in.ActualEndTime,
			"PlannedStartTime": &in.PlannedStartTime, "PlannedEndTime": &in.PlannedEndTime,
		}[name] = hour(21 + i)
		if _, err := r.client.UpdateOpsItem(t.Context(), in); err != nil {
			t.Fatal(err)
		}
		want[name] = *hour(21 + i)
		look(name + " changed")
	}
	it := r.look(id)
	want["CreatedTime"], want["LastModifiedTime"] = it.Created, it.Modified
	for name, at := range want {
		for _, tc := range []struct {
			operator string
			bound    time.Duration
			found    int
		}{
			{opGreater, -time.Millisecond, 1}, {opGreater, 0, 0}, {opLess, time.Millisecond, 1}, {opLess, 0, 0},
		} {
			out, err := r.client.DescribeOpsItems(t.Context(), &ssm.DescribeOpsItemsInput{OpsItemFilters: []types.OpsItemFilter{
				filterBy(name, tc.operator, at.Add(tc.bound).Format(time.RFC3339Nano)),
			}})
			if err != nil || len(out.OpsItemSummaries) != tc.found {
				t.Errorf("%s %s its time and %s: %v, %v; want %d", name, tc.operator, tc.bound, out, err, tc.found)
			}
		}
	}
}

// Every key with every operator: those of the documented table, Equal for keys that it leaves out, and no others.
func TestFilterOperators(t *testing.T) {
	r := newRig(t)
	r.create()
	both := []string{"Equal", "Contains"}
	operators := map[string][]string{"Source": both, "Title": both, "OperationalDataValue": both, "ResourceId": {"Contains"}}
	values := map[string]string{"OperationalData": `{"key":"k","value":"v"}`}
	for _, key := range []string{"CreatedTime", "LastModifiedTime", "ActualStartTime", "ActualEndTime", "PlannedStartTime", "PlannedEndTime"} {
		operators[key], values[key] = []string{"GreaterThan", "LessThan"}, "2026-01-01T00:00:00Z"
	}
	keys := types.OpsItemFilterKey("").Values()
	for _, key := range keys {
		for _, operator := range types.OpsItemFilterOperator("").Values() {
			allowed, ok := operators[string(key)]
			if !ok {
				allowed = []string{"Equal"}
			}
			value, ok := values[string(key)]
			if !ok {
				value = "x"
			}
			_, err := r.client.DescribeOpsItems(t.Context(), &ssm.DescribeOpsItemsInput{
				OpsItemFilters: []types.OpsItemFilter{filterBy(string(key), string(operator), value)},
			})
			if takes := slices.Contains(allowed, string(operator)); takes != (err == nil) {
				t.Errorf("%s %s: %v", key, operator, err)
			}
			if err != nil {
				refusedAs(t, err, "ValidationException")
			}
		}
	}
	if len(keys) < 25 {
		t.Errorf("only %d keys", len(keys))
	}
}
