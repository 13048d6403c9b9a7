package emulator

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/google/go-cmp/cmp"
)

// What all three clients ask for and expect (testdata/clients/drive.py has the same for boto3).
const (
	wrongID    = "oi-0123456789ab"
	settingARN = "arn:aws:ssm:us-east-1:111122223333:servicesetting/ssm/opsinsights/opscenter"
	groupARN   = "arn:aws:ssm:us-east-1:111122223333:opsitemgroup/default"
	policyText = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"999999999999"},"Action":"ssm:GetOpsItem","Resource":"*"}]}`
	incident   = "arn:aws:ssm-incidents::111122223333:incident-record/checkout/1"
	runbook    = "arn:aws:ssm:us-east-1:111122223333:document/Restart"
	createdAt  = "2026-10-19T02:46:53.629Z" // newClock, to the millisecond
)

// sdkDrive is one run of aws-sdk-go-v2; a step that fails ends it.
type sdkDrive struct {
	*testing.T
	c *ssm.Client
}

func (d sdkDrive) must(err error) {
	d.Helper()
	if err != nil {
		d.Fatal(err)
	}
}

func (d sdkDrive) same(want, got any) {
	d.Helper()
	if diff := cmp.Diff(want, got, noDocuments); diff != "" {
		d.Error(diff)
	}
}

func driveSDK(t *testing.T, r *rig, endpoint string) {
	d := sdkDrive{t, ssm.New(r.client.Options(), func(o *ssm.Options) { o.BaseEndpoint = &endpoint })}
	first := d.creation()
	ids := d.changes(first)
	d.lists(ids)
	d.related(ids[0])
	d.tags(ids[0])
	d.summary(ids)
	d.settings()
	d.policies()
	d.deletion(ids[2])
}

// creation makes an item with all there is, reads it, and meets the exceptions that name an item, parameters and limits.
func (d sdkDrive) creation() string {
	in := &ssm.CreateOpsItemInput{
		Title: aws.String("Checkout answers slowly"), Description: aws.String("**43** companies"), Source: aws.String("LearningLoop"),
		Severity: aws.String("1"), Category: aws.String("Performance"), Priority: aws.Int32(2),
		Notifications:   []types.OpsItemNotification{{Arn: aws.String("arn:aws:sns:us-east-1:111122223333:ops")}},
		RelatedOpsItems: []types.RelatedOpsItem{{OpsItemId: aws.String(wrongID)}},
		Tags:            []types.Tag{{Key: aws.String("product"), Value: aws.String("shop")}},
		OperationalData: map[string]types.OpsItemDataValue{
			keyDedup: {Value: aws.String(`{"dedupString":"episode-1"}`)},
			"score":  {Value: aws.String("17"), Type: types.OpsItemDataTypeSearchableString},
			"note":   {Value: aws.String("not searchable")},
		},
	}
	made, err := d.c.CreateOpsItem(d.Context(), in)
	d.must(err)
	id := *made.OpsItemId
	d.same("arn:aws:ssm:us-east-1:111122223333:opsitem/"+id, *made.OpsItemArn)

	_, err = d.c.CreateOpsItem(d.Context(), in)
	d.same(id, aws.ToString(refusal[*types.OpsItemAlreadyExistsException](d.T, err).OpsItemId))
	bad := *in
	bad.Severity = aws.String("5")
	_, err = d.c.CreateOpsItem(d.Context(), &bad)
	d.same([]string{"Severity"}, refusal[*types.OpsItemInvalidParameterException](d.T, err).ParameterNames)
	bad = *in
	bad.RelatedOpsItems = slices.Repeat(bad.RelatedOpsItems, 11)
	_, err = d.c.CreateOpsItem(d.Context(), &bad)
	limit := refusal[*types.OpsItemLimitExceededException](d.T, err)
	d.same("10 RelatedOpsItemsPerOpsItem [RelatedOpsItems]", fmt.Sprint(limit.Limit, " ", aws.ToString(limit.LimitType), " ", limit.ResourceTypes))

	got, err := d.c.GetOpsItem(d.Context(), &ssm.GetOpsItemInput{OpsItemId: &id, OpsItemArn: made.OpsItemArn})
	d.must(err)
	d.same(createdAt, got.OpsItem.CreatedTime.Format("2006-01-02T15:04:05.000Z"))
	d.same(got.OpsItem.CreatedTime, got.OpsItem.LastModifiedTime)
	got.OpsItem.CreatedTime, got.OpsItem.LastModifiedTime = nil, nil
	data := in.OperationalData
	data[keyDedup] = types.OpsItemDataValue{Value: data[keyDedup].Value, Type: types.OpsItemDataTypeSearchableString}
	data["note"] = types.OpsItemDataValue{Value: data["note"].Value, Type: types.OpsItemDataTypeString}
	d.same(&types.OpsItem{
		OpsItemId: &id, OpsItemArn: made.OpsItemArn, OpsItemType: aws.String(typeIssue), Title: in.Title, Description: in.Description,
		Source: in.Source, Severity: in.Severity, Category: in.Category, Priority: in.Priority, Status: types.OpsItemStatusOpen,
		Version: aws.String("1"), CreatedBy: aws.String(testCaller), LastModifiedBy: aws.String(testCaller), Notifications: in.Notifications,
		RelatedOpsItems: in.RelatedOpsItems, OperationalData: data,
	}, got.OpsItem)
	_, err = d.c.GetOpsItem(d.Context(), &ssm.GetOpsItemInput{OpsItemId: aws.String(wrongID)})
	refused[*types.OpsItemNotFoundException](d.T, err)
	_, err = d.c.GetOpsItem(d.Context(), &ssm.GetOpsItemInput{OpsItemId: aws.String("ticket-5")})
	refusedAs(d.T, err, "ValidationException")
	return id
}

// changes makes two more items and works the first; it gives all, the newest last.
func (d sdkDrive) changes(first string) []string {
	ids := []string{first}
	for _, title := range []string{"Search is slow", "Mail is late"} {
		made, err := d.c.CreateOpsItem(d.Context(), &ssm.CreateOpsItemInput{Title: &title, Description: aws.String("d"), Source: aws.String("EC2")})
		d.must(err)
		ids = append(ids, *made.OpsItemId)
	}
	_, err := d.c.UpdateOpsItem(d.Context(), &ssm.UpdateOpsItemInput{
		OpsItemId: &first, Status: types.OpsItemStatusInProgress, Severity: aws.String("2"), OperationalDataToDelete: []string{"note"},
		OperationalData: map[string]types.OpsItemDataValue{"owner": {Value: aws.String("mary")}},
	})
	d.must(err)
	got, err := d.c.GetOpsItem(d.Context(), &ssm.GetOpsItemInput{OpsItemId: &first})
	d.must(err)
	d.same("2 InProgress 2 mary 3", fmt.Sprint(*got.OpsItem.Version, " ", got.OpsItem.Status, " ", *got.OpsItem.Severity, " ",
		*got.OpsItem.OperationalData["owner"].Value, " ", len(got.OpsItem.OperationalData)))
	_, err = d.c.UpdateOpsItem(d.Context(), &ssm.UpdateOpsItemInput{OpsItemId: aws.String(wrongID)})
	refused[*types.OpsItemNotFoundException](d.T, err)
	return ids
}

func (d sdkDrive) lists(ids []string) {
	var got []string
	items := ssm.NewDescribeOpsItemsPaginator(d.c, &ssm.DescribeOpsItemsInput{
		MaxResults: aws.Int32(2), OpsItemFilters: []types.OpsItemFilter{filterBy("Status", "Equal", "Open", "InProgress")},
	})
	for items.HasMorePages() {
		p, err := items.NextPage(d.Context())
		d.must(err)
		for _, s := range p.OpsItemSummaries {
			got = append(got, fmt.Sprint(*s.OpsItemId, " ", *s.Title, " ", len(s.OperationalData)))
		}
	}
	d.same([]string{ids[2] + " Mail is late 0", ids[1] + " Search is slow 0", ids[0] + " Checkout answers slowly 2"}, got) // searchable data only
	_, err := d.c.DescribeOpsItems(d.Context(), &ssm.DescribeOpsItemsInput{OpsItemFilters: []types.OpsItemFilter{filterBy("Status", "Contains", "Op")}})
	refusedAs(d.T, err, "ValidationException")

	got = nil
	events := ssm.NewListOpsItemEventsPaginator(d.c, &ssm.ListOpsItemEventsInput{
		MaxResults: aws.Int32(1), Filters: []types.OpsItemEventFilter{{Key: "OpsItemId", Operator: "Equal", Values: ids[:1]}},
	})
	for events.HasMorePages() {
		p, err := events.NextPage(d.Context())
		d.must(err)
		for _, s := range p.Summaries {
			got = append(got, fmt.Sprint(*s.DetailType, " ", *s.Source, " ", *s.CreatedBy.Arn, " ", *s.OpsItemId == ids[0]))
		}
	}
	d.same([]string{"OpsItem Update aws.ssm " + testCaller + " true", "OpsItem Create aws.ssm " + testCaller + " true"}, got)
}

func (d sdkDrive) related(id string) {
	associate := func(kind, uri string) (*ssm.AssociateOpsItemRelatedItemOutput, error) {
		return d.c.AssociateOpsItemRelatedItem(d.Context(), &ssm.AssociateOpsItemRelatedItemInput{
			OpsItemId: &id, AssociationType: aws.String("RelatesTo"), ResourceType: &kind, ResourceUri: &uri,
		})
	}
	made, err := associate("AWS::SSMIncidents::IncidentRecord", incident)
	d.must(err)
	_, err = associate("AWS::SSM::Document", runbook)
	d.must(err)
	_, err = associate("AWS::SSM::Document", runbook)
	e := refusal[*types.OpsItemRelatedItemAlreadyExistsException](d.T, err)
	d.same(runbook+" "+id, aws.ToString(e.ResourceUri)+" "+aws.ToString(e.OpsItemId))

	var got []string
	pages := ssm.NewListOpsItemRelatedItemsPaginator(d.c, &ssm.ListOpsItemRelatedItemsInput{OpsItemId: &id, MaxResults: aws.Int32(1)})
	for pages.HasMorePages() {
		p, err := pages.NextPage(d.Context())
		d.must(err)
		for _, s := range p.Summaries {
			got = append(got, *s.ResourceUri)
		}
	}
	d.same([]string{runbook, incident}, got)
	un := &ssm.DisassociateOpsItemRelatedItemInput{OpsItemId: &id, AssociationId: made.AssociationId}
	_, err = d.c.DisassociateOpsItemRelatedItem(d.Context(), un)
	d.must(err)
	_, err = d.c.DisassociateOpsItemRelatedItem(d.Context(), un)
	refused[*types.OpsItemRelatedItemAssociationNotFoundException](d.T, err)
}

func (d sdkDrive) tags(id string) {
	_, err := d.c.AddTagsToResource(d.Context(), &ssm.AddTagsToResourceInput{
		ResourceType: "OpsItem", ResourceId: &id, Tags: []types.Tag{{Key: aws.String("cost"), Value: aws.String("")}},
	})
	d.must(err)
	_, err = d.c.RemoveTagsFromResource(d.Context(), &ssm.RemoveTagsFromResourceInput{ResourceType: "OpsItem", ResourceId: &id, TagKeys: []string{"product"}})
	d.must(err)
	out, err := d.c.ListTagsForResource(d.Context(), &ssm.ListTagsForResourceInput{ResourceType: "OpsItem", ResourceId: &id})
	d.must(err)
	if len(out.TagList) != 1 || *out.TagList[0].Key != "cost" || *out.TagList[0].Value != "" {
		d.Errorf("tags %v", out.TagList)
	}
	_, err = d.c.ListTagsForResource(d.Context(), &ssm.ListTagsForResourceInput{ResourceType: "OpsItem", ResourceId: aws.String(wrongID)})
	refused[*types.InvalidResourceId](d.T, err)
}

func (d sdkDrive) summary(ids []string) {
	var got []string
	pages := ssm.NewGetOpsSummaryPaginator(d.c, &ssm.GetOpsSummaryInput{
		MaxResults: aws.Int32(2), ResultAttributes: []types.OpsResultAttribute{{TypeName: aws.String(opsItemData)}},
	})
	for pages.HasMorePages() {
		p, err := pages.NextPage(d.Context())
		d.must(err)
		for _, entity := range p.Entities {
			got = append(got, *entity.Id+" "+entity.Data[opsItemData].Content[0]["Title"])
		}
	}
	d.same([]string{ids[2] + " Mail is late", ids[1] + " Search is slow", ids[0] + " Checkout answers slowly"}, got)
	counted, err := d.c.GetOpsSummary(d.Context(), &ssm.GetOpsSummaryInput{
		Filters:     []types.OpsFilter{{Key: aws.String("AWS:OpsItem.Source"), Values: []string{"EC2"}, Type: "Equal"}},
		Aggregators: []types.OpsAggregator{{AggregatorType: aws.String("count"), TypeName: aws.String(opsItemData), AttributeName: aws.String("Status")}},
	})
	d.must(err)
	d.same([]map[string]string{{"Count": "2", "Status": "Open"}}, counted.Entities[0].Data[opsItemData].Content)
	_, err = d.c.GetOpsSummary(d.Context(), &ssm.GetOpsSummaryInput{SyncName: aws.String("none")})
	d.same("none", aws.ToString(refusal[*types.ResourceDataSyncNotFoundException](d.T, err).SyncName))
}

// settings makes the calls of Terraform's aws_ssm_service_setting (hashicorp/aws, service_setting.go) in its order: update,
// read until the status is Customized, reset, read until it is Default, by the setting's ARN. The same goes by its id.
// Terraform itself is not run.
func (d sdkDrive) settings() {
	for _, id := range []string{insightsSetting, settingARN} {
		read := func(want ...string) {
			d.Helper()
			got, err := d.c.GetServiceSetting(d.Context(), &ssm.GetServiceSettingInput{SettingId: &id})
			d.must(err)
			s := got.ServiceSetting
			d.same(append([]string{settingARN, insightsSetting}, want...), []string{*s.ARN, *s.SettingId, *s.SettingValue, *s.Status, *s.LastModifiedUser})
		}
		_, err := d.c.UpdateServiceSetting(d.Context(), &ssm.UpdateServiceSettingInput{SettingId: &id, SettingValue: aws.String("Enabled")})
		d.must(err)
		read("Enabled", "Customized", testCaller)
		reset, err := d.c.ResetServiceSetting(d.Context(), &ssm.ResetServiceSettingInput{SettingId: &id})
		d.must(err)
		d.same("Disabled Default", *reset.ServiceSetting.SettingValue+" "+*reset.ServiceSetting.Status)
		read("Disabled", "Default", testCaller)
	}
	_, err := d.c.GetServiceSetting(d.Context(), &ssm.GetServiceSettingInput{SettingId: aws.String(strings.Replace(settingARN, "111122223333", "999999999999", 1))})
	refused[*types.ServiceSettingNotFound](d.T, err)
}

func (d sdkDrive) policies() {
	put := &ssm.PutResourcePolicyInput{ResourceArn: aws.String(groupARN), Policy: aws.String(policyText)}
	made, err := d.c.PutResourcePolicy(d.Context(), put)
	d.must(err)
	_, err = d.c.PutResourcePolicy(d.Context(), put)
	limit := refusal[*types.ResourcePolicyLimitExceededException](d.T, err)
	d.same("1 PoliciesPerResource", fmt.Sprint(limit.Limit, " ", aws.ToString(limit.LimitType)))
	pages := ssm.NewGetResourcePoliciesPaginator(d.c, &ssm.GetResourcePoliciesInput{ResourceArn: aws.String(groupARN), MaxResults: aws.Int32(1)})
	for n := 0; pages.HasMorePages(); n++ {
		p, err := pages.NextPage(d.Context())
		d.must(err)
		if n > 0 || len(p.Policies) != 1 || *p.Policies[0].Policy != policyText || *p.Policies[0].PolicyHash != *made.PolicyHash {
			d.Errorf("policies %v", p.Policies)
		}
	}
	_, err = d.c.GetResourcePolicies(d.Context(), &ssm.GetResourcePoliciesInput{ResourceArn: aws.String("some/thing/that/is/no/arn")})
	d.same([]string{"ResourceArn"}, refusal[*types.ResourcePolicyInvalidParameterException](d.T, err).ParameterNames)
	del := &ssm.DeleteResourcePolicyInput{ResourceArn: aws.String(groupARN), PolicyId: made.PolicyId, PolicyHash: made.PolicyHash}
	_, err = d.c.DeleteResourcePolicy(d.Context(), del)
	d.must(err)
	_, err = d.c.DeleteResourcePolicy(d.Context(), del)
	refused[*types.ResourcePolicyNotFoundException](d.T, err)
}

// deletion is idempotent, and what is on its way out cannot be changed.
func (d sdkDrive) deletion(id string) {
	for range 2 {
		_, err := d.c.DeleteOpsItem(d.Context(), &ssm.DeleteOpsItemInput{OpsItemId: &id})
		d.must(err)
	}
	_, err := d.c.UpdateOpsItem(d.Context(), &ssm.UpdateOpsItemInput{OpsItemId: &id, Status: types.OpsItemStatusResolved})
	refused[*types.OpsItemConflictException](d.T, err)
}
