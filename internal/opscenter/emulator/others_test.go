package emulator

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/google/go-cmp/cmp"
)

func TestHistory(t *testing.T) {
	r := newRig(t)
	id, other := r.create(), r.create()
	for _, s := range []types.OpsItemStatus{"InProgress", "Resolved"} {
		r.clock.add(time.Minute)
		if _, err := r.client.UpdateOpsItem(t.Context(), &ssm.UpdateOpsItemInput{OpsItemId: &id, Status: s}); err != nil {
			t.Fatal(err)
		}
	}
	list := func(in *ssm.ListOpsItemEventsInput) []string {
		t.Helper()
		var got []string
		pages := ssm.NewListOpsItemEventsPaginator(r.client, in)
		for pages.HasMorePages() {
			p, err := pages.NextPage(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range p.Summaries {
				var detail struct {
					Status string `json:"status"`
				}
				if err := json.Unmarshal([]byte(*s.Detail), &detail); err != nil {
					t.Fatal(err)
				}
				if *s.CreatedBy.Arn != testCaller || s.EventId == nil || s.CreatedTime == nil {
					t.Errorf("%+v", s)
				}
				got = append(got, fmt.Sprint(*s.DetailType, " ", detail.Status, " ", *s.OpsItemId == id))
			}
		}
		return got
	}
	want := []string{"OpsItem Update Resolved true", "OpsItem Update InProgress true", "OpsItem Create Open true"}
	mine := []types.OpsItemEventFilter{{Key: "OpsItemId", Operator: "Equal", Values: []string{id}}}
	if diff := cmp.Diff(want, list(&ssm.ListOpsItemEventsInput{Filters: mine, MaxResults: aws.Int32(2)})); diff != "" {
		t.Error(diff)
	}
	if got := list(&ssm.ListOpsItemEventsInput{MaxResults: aws.Int32(1)}); len(got) != 4 {
		t.Errorf("without a filter: %v", got)
	}
	mine[0].Values = []string{"oi-0123456789ab", other}
	_, err := r.client.ListOpsItemEvents(t.Context(), &ssm.ListOpsItemEventsInput{Filters: mine})
	refused[*types.OpsItemNotFoundException](t, err)
}

func TestRelatedItems(t *testing.T) {
	r := newRig(t)
	id := r.create()
	in := &ssm.AssociateOpsItemRelatedItemInput{
		OpsItemId: &id, AssociationType: aws.String("IsParentOf"), ResourceType: aws.String("AWS::SSMIncidents::IncidentRecord"),
		ResourceUri: aws.String("arn:aws:ssm-incidents::111122223333:incident-record/checkout/1"),
	}
	made, err := r.client.AssociateOpsItemRelatedItem(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.client.AssociateOpsItemRelatedItem(t.Context(), in)
	if e := refusal[*types.OpsItemRelatedItemAlreadyExistsException](t, err); *e.OpsItemId != id || *e.ResourceUri != *in.ResourceUri {
		t.Errorf("%+v", e)
	}
	document := *in
	document.ResourceType, document.ResourceUri = aws.String("AWS::SSM::Document"), aws.String("arn:aws:ssm:us-east-1:111122223333:document/Restart")
	if _, err := r.client.AssociateOpsItemRelatedItem(t.Context(), &document); err != nil {
		t.Fatal(err)
	}
	for name, edit := range map[string]func(*ssm.AssociateOpsItemRelatedItemInput){
		"AssociationType": func(in *ssm.AssociateOpsItemRelatedItemInput) { in.AssociationType = aws.String("Likes") },
		"ResourceType":    func(in *ssm.AssociateOpsItemRelatedItemInput) { in.ResourceType = aws.String("AWS::EC2::Instance") },
		"ResourceUri":     func(in *ssm.AssociateOpsItemRelatedItemInput) { in.ResourceUri = aws.String("") },
	} {
		bad := *in
		edit(&bad)
		_, err := r.client.AssociateOpsItemRelatedItem(t.Context(), &bad)
		if diff := cmp.Diff([]string{name}, refusal[*types.OpsItemInvalidParameterException](t, err).ParameterNames); diff != "" {
			t.Error(diff)
		}
	}
	missing := *in
	missing.OpsItemId = aws.String("oi-0123456789ab")
	_, err = r.client.AssociateOpsItemRelatedItem(t.Context(), &missing)
	refused[*types.OpsItemNotFoundException](t, err)

	count := func(in *ssm.ListOpsItemRelatedItemsInput) int {
		t.Helper()
		out, err := r.client.ListOpsItemRelatedItems(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		return len(out.Summaries)
	}
	by := func(key, v string) []types.OpsItemRelatedItemsFilter {
		return []types.OpsItemRelatedItemsFilter{{Key: types.OpsItemRelatedItemsFilterKey(key), Operator: "Equal", Values: []string{v}}}
	}
	for name, tc := range map[string]struct {
		in   ssm.ListOpsItemRelatedItemsInput
		want int
	}{
		"of the item":    {ssm.ListOpsItemRelatedItemsInput{OpsItemId: &id}, 2},
		"of all":         {ssm.ListOpsItemRelatedItemsInput{}, 2},
		"of no item":     {ssm.ListOpsItemRelatedItemsInput{OpsItemId: aws.String("oi-0123456789ab")}, 0},
		"by type":        {ssm.ListOpsItemRelatedItemsInput{Filters: by("ResourceType", "AWS::SSM::Document")}, 1},
		"by association": {ssm.ListOpsItemRelatedItemsInput{Filters: by("AssociationId", *made.AssociationId)}, 1},
		"by resource":    {ssm.ListOpsItemRelatedItemsInput{Filters: by("ResourceUri", *in.ResourceUri)}, 1},
	} {
		if got := count(&tc.in); got != tc.want {
			t.Errorf("%s: %d, want %d", name, got, tc.want)
		}
	}
	un := &ssm.DisassociateOpsItemRelatedItemInput{OpsItemId: &id, AssociationId: made.AssociationId}
	if _, err := r.client.DisassociateOpsItemRelatedItem(t.Context(), un); err != nil {
		t.Fatal(err)
	}
	_, err = r.client.DisassociateOpsItemRelatedItem(t.Context(), un)
	refused[*types.OpsItemRelatedItemAssociationNotFoundException](t, err)
	if got := count(&ssm.ListOpsItemRelatedItemsInput{OpsItemId: &id}); got != 1 {
		t.Errorf("%d left, want 1", got)
	}
	if it := r.look(id); it.Version != 1 {
		t.Errorf("version %d, want 1: associating is no edit", it.Version)
	}
}

func TestTags(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Quotas.Tags = 3 })
	id := r.create(func(in *ssm.CreateOpsItemInput) {
		in.Tags = []types.Tag{{Key: aws.String("product"), Value: aws.String("shop")}}
	})
	add := func(id string, kind types.ResourceTypeForTagging, keys ...string) error {
		in := &ssm.AddTagsToResourceInput{ResourceType: kind, ResourceId: &id}
		for _, k := range keys {
			in.Tags = append(in.Tags, types.Tag{Key: aws.String(k), Value: aws.String("v")})
		}
		_, err := r.client.AddTagsToResource(t.Context(), in)
		return err
	}
	list := func() string {
		t.Helper()
		out, err := r.client.ListTagsForResource(t.Context(), &ssm.ListTagsForResourceInput{ResourceType: "OpsItem", ResourceId: &id})
		if err != nil {
			t.Fatal(err)
		}
		var s []string
		for _, tag := range out.TagList {
			s = append(s, *tag.Key+"="+*tag.Value)
		}
		return strings.Join(s, " ")
	}
	if err := add(id, "OpsItem", "cost", "product"); err != nil {
		t.Fatal(err)
	}
	if got := list(); got != "cost=v product=v" {
		t.Error(got)
	}
	refused[*types.TooManyTagsError](t, add(id, "OpsItem", "a", "b"))
	refused[*types.InvalidResourceId](t, add("oi-0123456789ab", "OpsItem", "a"))
	refused[*types.InvalidResourceId](t, add(id, "Parameter", "a"))
	if _, err := r.client.RemoveTagsFromResource(t.Context(), &ssm.RemoveTagsFromResourceInput{
		ResourceType: "OpsItem", ResourceId: &id, TagKeys: []string{"cost", "never there"},
	}); err != nil {
		t.Fatal(err)
	}
	if got := list(); got != "product=v" {
		t.Error(got)
	}
	if it := r.look(id); it.Version != 1 {
		t.Errorf("version %d, want 1: tagging is no edit", it.Version)
	}
}

func TestOpsSummary(t *testing.T) {
	r := newRig(t)
	for _, severity := range []string{"1", "1", "2"} {
		r.create(func(in *ssm.CreateOpsItemInput) { in.Severity = &severity })
	}
	id := r.create(func(in *ssm.CreateOpsItemInput) {
		in.Source = aws.String("EC2")
		in.OperationalData = data("k", "v")
	})
	out, err := r.client.GetOpsSummary(t.Context(), &ssm.GetOpsSummaryInput{
		Filters:          []types.OpsFilter{{Key: aws.String("AWS:OpsItem.Source"), Values: []string{"EC2"}, Type: "Equal"}},
		ResultAttributes: []types.OpsResultAttribute{{TypeName: aws.String("AWS:OpsItem")}},
	})
	if err != nil || len(out.Entities) != 1 {
		t.Fatalf("%+v, %v", out, err)
	}
	c := out.Entities[0].Data["AWS:OpsItem"].Content[0]
	if *out.Entities[0].Id != id || c["OperationalData"] != `{"k":{"type":"String","value":"v"}}` || c["Notifications"] != "" || c["Status"] != "Open" {
		t.Errorf("%v", c)
	}
	out, err = r.client.GetOpsSummary(t.Context(), &ssm.GetOpsSummaryInput{Aggregators: []types.OpsAggregator{{
		AggregatorType: aws.String("count"), TypeName: aws.String("AWS:OpsItem"), AttributeName: aws.String("Severity"),
		Filters: []types.OpsFilter{{Key: aws.String("AWS:OpsItem.Severity"), Values: []string{"x"}, Type: "Exists"}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	want := []map[string]string{{"Count": "2", "Severity": "1"}, {"Count": "1", "Severity": "2"}}
	if diff := cmp.Diff(want, out.Entities[0].Data["AWS:OpsItem"].Content); diff != "" {
		t.Error(diff)
	}
	n := 0
	pages := ssm.NewGetOpsSummaryPaginator(r.client, &ssm.GetOpsSummaryInput{MaxResults: aws.Int32(3)})
	for pages.HasMorePages() {
		p, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		n += len(p.Entities)
	}
	if n != 4 {
		t.Errorf("%d entities over all pages, want 4", n)
	}
	_, err = r.client.GetOpsSummary(t.Context(), &ssm.GetOpsSummaryInput{SyncName: aws.String("none")})
	refused[*types.ResourceDataSyncNotFoundException](t, err)
	_, err = r.client.GetOpsSummary(t.Context(), &ssm.GetOpsSummaryInput{NextToken: aws.String("x")})
	refused[*types.InvalidNextToken](t, err)
	_, err = r.client.GetOpsSummary(t.Context(), &ssm.GetOpsSummaryInput{Filters: []types.OpsFilter{{Key: aws.String("Colour"), Values: []string{"red"}}}})
	refused[*types.InvalidFilter](t, err)
	_, err = r.client.GetOpsSummary(t.Context(), &ssm.GetOpsSummaryInput{ResultAttributes: []types.OpsResultAttribute{{TypeName: aws.String("AWS:Other")}}})
	refused[*types.InvalidTypeNameException](t, err)
	_, err = r.client.GetOpsSummary(t.Context(), &ssm.GetOpsSummaryInput{Aggregators: []types.OpsAggregator{{AggregatorType: aws.String("sum")}}})
	refused[*types.InvalidAggregatorException](t, err)
}

// An attribute has 4,096 characters at most; the rig holds each answer to that.
func TestLargeDataInOpsSummary(t *testing.T) {
	r := newRig(t)
	r.create(func(in *ssm.CreateOpsItemInput) {
		in.OperationalData = data("a", "1", "b", strings.Repeat("é", 3000), "c", strings.Repeat("é", 3000), "d", "4")
	})
	out, err := r.client.GetOpsSummary(t.Context(), &ssm.GetOpsSummaryInput{})
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]struct{ Value string }
	if err := json.Unmarshal([]byte(out.Entities[0].Data["AWS:OpsItem"].Content[0]["OperationalData"]), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a", "b", "d"}, slices.Sorted(maps.Keys(got))); diff != "" {
		t.Error(diff)
	}
}

func TestServiceSetting(t *testing.T) {
	r := newRig(t)
	state := func(s *types.ServiceSetting) string { return *s.SettingValue + " " + *s.Status }
	get := func(id string) string {
		t.Helper()
		out, err := r.client.GetServiceSetting(t.Context(), &ssm.GetServiceSettingInput{SettingId: &id})
		if err != nil {
			t.Fatal(err)
		}
		return state(out.ServiceSetting)
	}
	const arn = "arn:aws:ssm:us-east-1:111122223333:servicesetting/ssm/opsinsights/opscenter"
	if got := get(insightsSetting); got != "Disabled Default" {
		t.Error(got)
	}
	user := func() string {
		t.Helper()
		out, err := r.client.GetServiceSetting(t.Context(), &ssm.GetServiceSettingInput{SettingId: aws.String(arn)})
		if err != nil {
			t.Fatal(err)
		}
		return aws.ToString(out.ServiceSetting.LastModifiedUser)
	}
	if got := user(); got != "System" {
		t.Errorf("set by %q", got)
	}
	if _, err := r.client.UpdateServiceSetting(t.Context(), &ssm.UpdateServiceSettingInput{SettingId: aws.String(arn), SettingValue: aws.String("Enabled")}); err != nil {
		t.Fatal(err)
	}
	if got := get(arn); got != "Enabled Customized" {
		t.Error(got)
	}
	if got := user(); got != testCaller {
		t.Errorf("set by %q", got)
	}
	out, err := r.client.ResetServiceSetting(t.Context(), &ssm.ResetServiceSettingInput{SettingId: aws.String(insightsSetting)})
	if err != nil || state(out.ServiceSetting) != "Disabled Default" {
		t.Errorf("%+v, %v", out, err)
	}
	_, err = r.client.UpdateServiceSetting(t.Context(), &ssm.UpdateServiceSettingInput{SettingId: aws.String(arn), SettingValue: aws.String("Maybe")})
	refusedAs(t, err, "ValidationException")
	_, err = r.client.GetServiceSetting(t.Context(), &ssm.GetServiceSettingInput{SettingId: aws.String("/ssm/other")})
	refused[*types.ServiceSettingNotFound](t, err)
}

func TestResourcePolicy(t *testing.T) {
	r := newRig(t)
	arn := aws.String("arn:aws:ssm:us-east-1:111122223333:opsitemgroup/default")
	text := aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"999999999999"},"Action":"ssm:GetOpsItem","Resource":"*"}]}`)
	made, err := r.client.PutResourcePolicy(t.Context(), &ssm.PutResourcePolicyInput{ResourceArn: arn, Policy: text})
	if err != nil {
		t.Fatal(err)
	}
	got, err := r.client.GetResourcePolicies(t.Context(), &ssm.GetResourcePoliciesInput{ResourceArn: arn})
	if err != nil || len(got.Policies) != 1 || *got.Policies[0].Policy != *text || *got.Policies[0].PolicyHash != *made.PolicyHash {
		t.Errorf("%+v, %v", got, err)
	}
	put := func(in *ssm.PutResourcePolicyInput) error {
		_, err := r.client.PutResourcePolicy(t.Context(), in)
		return err
	}
	refused[*types.ResourcePolicyLimitExceededException](t, put(&ssm.PutResourcePolicyInput{ResourceArn: arn, Policy: text}))
	refused[*types.MalformedResourcePolicyDocumentException](t, put(&ssm.PutResourcePolicyInput{ResourceArn: arn, Policy: aws.String("allow all")}))
	refused[*types.ResourcePolicyConflictException](t, put(&ssm.PutResourcePolicyInput{ResourceArn: arn, Policy: text, PolicyId: made.PolicyId, PolicyHash: aws.String("old")}))
	refused[*types.ResourcePolicyNotFoundException](t, put(&ssm.PutResourcePolicyInput{ResourceArn: arn, Policy: text, PolicyId: aws.String("x"), PolicyHash: made.PolicyHash}))
	refused[*types.ResourcePolicyInvalidParameterException](t, put(&ssm.PutResourcePolicyInput{ResourceArn: arn, Policy: text, PolicyId: made.PolicyId}))
	refused[*types.ResourceNotFoundException](t, put(&ssm.PutResourcePolicyInput{ResourceArn: aws.String("arn:aws:ssm:us-east-1:111122223333:parameter/p"), Policy: text}))
	refused[*types.ResourcePolicyInvalidParameterException](t, put(&ssm.PutResourcePolicyInput{ResourceArn: aws.String("opsitemgroup/default"), Policy: text}))
	del := &ssm.DeleteResourcePolicyInput{ResourceArn: arn, PolicyId: made.PolicyId, PolicyHash: aws.String("old")}
	_, err = r.client.DeleteResourcePolicy(t.Context(), del)
	refused[*types.ResourcePolicyConflictException](t, err)
	del.PolicyHash = made.PolicyHash
	if _, err = r.client.DeleteResourcePolicy(t.Context(), del); err != nil {
		t.Fatal(err)
	}
	_, err = r.client.DeleteResourcePolicy(t.Context(), del)
	refused[*types.ResourcePolicyNotFoundException](t, err)
}
