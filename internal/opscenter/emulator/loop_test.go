package emulator

import (
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/smithy-go/document"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var noDocuments = cmpopts.IgnoreUnexported(types.OpsItem{}, types.OpsItemDataValue{}, types.OpsItemNotification{},
	types.RelatedOpsItem{}, types.OpsItemSummary{}, document.NoSerde{})

// An OpsItem made, read, worked and found again by AWS's own SDK.
func TestLifeOfAnOpsItem(t *testing.T) {
	r := newRig(t)
	id := r.create(func(in *ssm.CreateOpsItemInput) {
		in.Severity, in.Category, in.Priority = aws.String("2"), aws.String("Performance"), aws.Int32(3)
		in.OperationalData = map[string]types.OpsItemDataValue{
			"/aws/dedup": {Value: aws.String(`{"dedupString":"checkout"}`)},
			"ll.score":   {Value: aws.String("17"), Type: types.OpsItemDataTypeSearchableString},
			"ll.note":    {Value: aws.String("not searchable")},
		}
		in.Notifications = []types.OpsItemNotification{{Arn: aws.String("arn:aws:sns:us-east-1:111122223333:ops")}}
	})
	created := r.clock.now()
	r.clock.add(time.Hour)
	if _, err := r.client.UpdateOpsItem(t.Context(), &ssm.UpdateOpsItemInput{
		OpsItemId: &id, Status: types.OpsItemStatusInProgress, Severity: aws.String("1"),
	}); err != nil {
		t.Fatal(err)
	}
	got, err := r.client.GetOpsItem(t.Context(), &ssm.GetOpsItemInput{OpsItemId: &id})
	if err != nil {
		t.Fatal(err)
	}
	ms := func(t time.Time) *time.Time { return aws.Time(t.Truncate(time.Millisecond)) }
	want := &types.OpsItem{
		Category: aws.String("Performance"), CreatedBy: aws.String(testCaller), CreatedTime: ms(created),
		Description: aws.String("Checkout answers slowly."), LastModifiedBy: aws.String(testCaller),
		LastModifiedTime: ms(created.Add(time.Hour)),
		Notifications:    []types.OpsItemNotification{{Arn: aws.String("arn:aws:sns:us-east-1:111122223333:ops")}},
		OperationalData: map[string]types.OpsItemDataValue{
			"/aws/dedup": {Value: aws.String(`{"dedupString":"checkout"}`), Type: types.OpsItemDataTypeSearchableString},
			"ll.score":   {Value: aws.String("17"), Type: types.OpsItemDataTypeSearchableString},
			"ll.note":    {Value: aws.String("not searchable"), Type: types.OpsItemDataTypeString},
		},
		OpsItemArn: aws.String("arn:aws:ssm:us-east-1:111122223333:opsitem/" + id), OpsItemId: &id,
		OpsItemType: aws.String("/aws/issue"), Priority: aws.Int32(3), RelatedOpsItems: []types.RelatedOpsItem{},
		Severity: aws.String("1"), Source: aws.String("LearningLoop"), Status: types.OpsItemStatusInProgress,
		Title: aws.String("Checkout answers slowly"), Version: aws.String("2"),
	}
	if diff := cmp.Diff(want, got.OpsItem, noDocuments); diff != "" {
		t.Error(diff)
	}
	list, err := r.client.DescribeOpsItems(t.Context(), &ssm.DescribeOpsItemsInput{OpsItemFilters: []types.OpsItemFilter{
		{Key: types.OpsItemFilterKeyStatus, Operator: types.OpsItemFilterOperatorEqual, Values: []string{"InProgress"}},
		{
			Key: types.OpsItemFilterKeyOperationalData, Operator: types.OpsItemFilterOperatorEqual,
			Values: []string{`{"key":"ll.score","value":"17"}`},
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
	delete(want.OperationalData, "ll.note") // only searchable data is described
	if diff := cmp.Diff([]types.OpsItemSummary{{
		Category: want.Category, CreatedBy: want.CreatedBy, CreatedTime: want.CreatedTime, LastModifiedBy: want.LastModifiedBy,
		LastModifiedTime: want.LastModifiedTime, OperationalData: want.OperationalData, OpsItemId: &id,
		OpsItemType: want.OpsItemType, Priority: want.Priority, Severity: want.Severity, Source: want.Source,
		Status: want.Status, Title: want.Title,
	}}, list.OpsItemSummaries, noDocuments); diff != "" {
		t.Error(diff)
	}
	r.drain()
	if n := len(r.notes.list()); n != 2 {
		t.Errorf("%d notifications, want one for the creation and one for the edit", n)
	}
}

// The events have the members and forms of AWS's samples.
func TestEventsAsAWSSendsThem(t *testing.T) {
	r := newRig(t)
	id := r.create()
	r.clock.add(707*time.Millisecond + 993*time.Microsecond)
	if _, err := r.client.UpdateOpsItem(t.Context(), &ssm.UpdateOpsItemInput{OpsItemId: &id, Status: types.OpsItemStatusResolved}); err != nil {
		t.Fatal(err)
	}
	r.drain()
	got := r.events.list()
	if len(got) != 2 {
		t.Fatalf("%d events, want 2", len(got))
	}
	for i, name := range []string{"create", "update"} {
		sample, err := os.ReadFile("testdata/ssm-opsitem-" + name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var want, have map[string]any
		if err := json.Unmarshal(sample, &want); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(got[i], &have); err != nil {
			t.Fatal(err)
		}
		detail := want["detail"].(map[string]any)
		want["id"], want["time"], want["region"] = have["id"], "2026-10-19T02:46:53Z", "us-east-1"
		want["resources"] = []any{"arn:aws:ssm:us-east-1:111122223333:opsitem/" + id}
		detail["created-by"], detail["created-time"] = testCaller, "2026-10-19T02:46:53.629361Z"
		detail["source"], detail["ops-item-id"] = "LearningLoop", id // the sample's "aws.ssm" could not be created
		if name == "update" {
			want["time"] = "2026-10-19T02:46:54Z"
			detail["modified-by"], detail["modified-time"], detail["status"] = testCaller, "2026-10-19T02:46:54.337354Z", "Resolved"
		}
		if diff := cmp.Diff(want, have); diff != "" {
			t.Errorf("%s event (-want +got):\n%s", name, diff)
		}
	}
}
