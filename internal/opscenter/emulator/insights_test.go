package emulator

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
)

func (r *rig) insights(on bool) {
	r.t.Helper()
	value := map[bool]string{true: "Enabled", false: "Disabled"}[on]
	if _, err := r.client.UpdateServiceSetting(r.t.Context(), &ssm.UpdateServiceSettingInput{SettingId: aws.String(insightsSetting), SettingValue: &value}); err != nil {
		r.t.Fatal(err)
	}
}

// found lists the insights of a kind, or of all where kind is "", through the API.
func (r *rig) found(kind string) []types.OpsItemSummary {
	r.t.Helper()
	filters := []types.OpsItemFilter{{Key: types.OpsItemFilterKeyOpsitemType, Operator: types.OpsItemFilterOperatorEqual, Values: []string{typeInsight}}}
	if kind != "" {
		filters = append(filters, types.OpsItemFilter{Key: types.OpsItemFilterKeyInsightType, Operator: types.OpsItemFilterOperatorEqual, Values: []string{kind}})
	}
	out, err := r.client.DescribeOpsItems(r.t.Context(), &ssm.DescribeOpsItemsInput{OpsItemFilters: filters})
	if err != nil {
		r.t.Fatal(err)
	}
	return out.OpsItemSummaries
}

// at makes an OpsItem with a title for a resource, and gives its id.
func (r *rig) at(title, arn string) string {
	r.t.Helper()
	return r.create(func(in *ssm.CreateOpsItemInput) {
		in.Title = &title
		if arn != "" {
			in.OperationalData = data(keyResources, `[{"arn":"`+arn+`"}]`)
		}
	})
}

// Each kind of insight comes with the OpsItem that makes the number full, and not before.
func TestInsights(t *testing.T) {
	for _, tc := range []struct {
		kind   insightKind
		n      int
		create func(r *rig, i int) string
	}{
		{duplicateItems, 8, func(r *rig, _ int) string { return r.at("same", "arn:one") }},
		{commonTitle, 51, func(r *rig, i int) string { return r.at("same", fmt.Sprint("arn:", i)) }},
		{noisyResource, 11, func(r *rig, i int) string { return r.at(fmt.Sprint("title ", i), "arn:one") }},
	} {
		t.Run(tc.kind.name, func(t *testing.T) {
			r := newRig(t)
			r.insights(true)
			var ids []string
			for i := range tc.n - 1 {
				ids = append(ids, tc.create(r, i))
			}
			if got := r.found(""); len(got) != 0 {
				t.Fatalf("too early: %v", aws.ToString(got[0].Title))
			}
			// One that is resolved does not count.
			if err := r.Edit(t.Context(), ids[0], Edit{Status: StatusResolved}); err != nil {
				t.Fatal(err)
			}
			tc.create(r, tc.n)
			if got := r.found(""); len(got) != 0 {
				t.Fatalf("counts a resolved one: %v", aws.ToString(got[0].Title))
			}
			tc.create(r, tc.n+1)
			got := r.found(tc.kind.name)
			if len(got) != 1 || len(r.found("")) != 1 || got[0].Status != types.OpsItemStatusOpen || !strings.Contains(*got[0].CreatedBy, "AWSServiceRoleForAmazonSSM_OpsInsights") {
				t.Fatalf("%+v", got)
			}
			if tc.kind != noisyResource && !strings.Contains(*got[0].Title, "same") || tc.kind != commonTitle && !strings.Contains(*got[0].OperationalData[keyResources].Value, "arn:one") {
				t.Errorf("%+v", got[0])
			}
			tc.create(r, tc.n+2)
			if got := r.found(tc.kind.name); len(got) != 1 {
				t.Errorf("%d of one", len(got))
			}
			if err := r.Edit(t.Context(), *got[0].OpsItemId, Edit{Status: StatusResolved}); err != nil {
				t.Fatal(err)
			}
			tc.create(r, tc.n+3)
			if got := r.found(tc.kind.name); len(got) != 2 {
				t.Errorf("%d after the first was resolved, want a second", len(got))
			}
		})
	}
}

func TestInsightsAreOffByDefault(t *testing.T) {
	r := newRig(t)
	for range 20 {
		r.at("same", "arn:one")
	}
	r.insights(true)
	if got := r.found(""); len(got) != 0 {
		t.Errorf("%d", len(got))
	}
	r.at("same", "arn:one")
	if got := r.found(""); len(got) != 2 {
		t.Errorf("%d with the next OpsItem, want duplicates and a noisy resource", len(got))
	}
	if _, page, _ := newBrowser(t, r).open(testPrefix); strings.Count(page, ">insight</span>") != 2 {
		t.Error("the console does not tell insights apart")
	}
	r.insights(false)
	for range 20 {
		r.at("other", "arn:two")
	}
	if got := r.found(""); len(got) != 2 {
		t.Errorf("%d, though it is off", len(got))
	}
}

func TestFifteenInsightsOfAKind(t *testing.T) {
	r := newRig(t)
	r.insights(true)
	for i := range insightsPerKind + 1 {
		for range duplicateItems.atLeast {
			r.at("same", fmt.Sprint("arn:", i))
		}
	}
	if got := r.found(duplicateItems.name); len(got) != insightsPerKind {
		t.Errorf("%d", len(got))
	}
	if got := r.found(commonTitle.name); len(got) != 1 {
		t.Errorf("%d of another kind", len(got))
	}
}

// Titles as long as they can be make insights that keep to the model.
func TestHostileInsight(t *testing.T) {
	r := newRig(t)
	r.insights(true)
	for range duplicateItems.atLeast {
		r.at(strings.Repeat("ä", 1024), "arn:"+strings.Repeat("x", 3000))
	}
	if got := r.found(""); len(got) != 1 || length(*got[0].Title) != 1024 {
		t.Errorf("%d", len(got))
	}
}
