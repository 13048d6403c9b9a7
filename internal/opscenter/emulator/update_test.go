package emulator

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/google/go-cmp/cmp"
)

func TestUpdate(t *testing.T) {
	topic := func(n string) []types.OpsItemNotification {
		return []types.OpsItemNotification{{Arn: aws.String("arn:aws:sns:us-east-1:111122223333:" + n)}}
	}
	for _, tc := range []struct {
		name string
		in   ssm.UpdateOpsItemInput
		want func(*Item) // what changes; nil: refused
		bad  string      // the parameter refused
	}{
		{name: "status", in: ssm.UpdateOpsItemInput{Status: "Resolved"}, want: func(it *Item) { it.Status = "Resolved" }},
		{name: "a change request's status", in: ssm.UpdateOpsItemInput{Status: "Approved"}, bad: "Status"},
		{name: "severity", in: ssm.UpdateOpsItemInput{Severity: aws.String("9")}, bad: "Severity"},
		{name: "texts and levels", in: ssm.UpdateOpsItemInput{
			Title: aws.String("T"), Description: aws.String("D"), Severity: aws.String("1"), Category: aws.String("Cost"), Priority: aws.Int32(5),
		}, want: func(it *Item) {
			it.Title, it.Description, it.Severity, it.Category, it.Priority = "T", "D", "1", "Cost", 5
		}},
		{
			name: "data is added, edited, deleted", in: ssm.UpdateOpsItemInput{
				OperationalData: data("new", "1", "edit", "2"), OperationalDataToDelete: []string{"old"},
			},
			want: func(it *Item) { it.Data = []Datum{it.Data[0], {"edit", "2", true}, {"new", "1", false}} },
		},
		{name: "a list replaces", in: ssm.UpdateOpsItemInput{Notifications: topic("b")}, want: func(it *Item) {
			it.Notifications = []string{"arn:aws:sns:us-east-1:111122223333:b"}
		}},
		{name: "an empty list clears", in: ssm.UpdateOpsItemInput{Notifications: []types.OpsItemNotification{}}, want: func(it *Item) { it.Notifications = nil }},
		{name: "the dedup string repeated", in: ssm.UpdateOpsItemInput{OperationalData: data(keyDedup, `{"dedupString":"ONE"}`)}, want: func(it *Item) {
			it.Data[0].Value = `{"dedupString":"ONE"}`
		}},
		{name: "the dedup string changed", in: ssm.UpdateOpsItemInput{OperationalData: data(keyDedup, `{"dedupString":"two"}`)}, bad: "OperationalData"},
		{name: "the dedup string deleted", in: ssm.UpdateOpsItemInput{OperationalDataToDelete: []string{keyDedup}}, bad: "OperationalData"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newRig(t)
			id := r.create(func(in *ssm.CreateOpsItemInput) {
				in.OperationalData = data(keyDedup, `{"dedupString":"one"}`, "old", "x")
				in.OperationalData["edit"] = types.OpsItemDataValue{Value: aws.String("1"), Type: types.OpsItemDataTypeSearchableString}
				in.Notifications = topic("a")
			})
			want, err := r.Item(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			r.clock.add(time.Minute)
			tc.in.OpsItemId = &id
			_, err = r.client.UpdateOpsItem(t.Context(), &tc.in)
			if tc.want == nil {
				e := refusal[*types.OpsItemInvalidParameterException](t, err)
				if diff := cmp.Diff([]string{tc.bad}, e.ParameterNames); diff != "" {
					t.Error(diff)
				}
			} else {
				if err != nil {
					t.Fatal(err)
				}
				want.Version, want.Modified = 2, want.Modified.Add(time.Minute)
				tc.want(&want)
			}
			got, err := r.Item(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			if len(want.Notifications) == 0 {
				want.Notifications, got.Notifications = nil, nil
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestUpdateRefused(t *testing.T) {
	r := newRig(t)
	_, err := r.client.UpdateOpsItem(t.Context(), &ssm.UpdateOpsItemInput{OpsItemId: aws.String("oi-0123456789ab")})
	refused[*types.OpsItemNotFoundException](t, err)
	id := r.create()
	_, err = r.client.UpdateOpsItem(t.Context(), &ssm.UpdateOpsItemInput{
		OpsItemId: &id, OpsItemArn: aws.String("arn:aws:ssm:us-east-1:999999999999:opsitem/" + id),
	})
	refused[*types.OpsItemAccessDeniedException](t, err)
}

// A resolved item cannot be opened again while another stands for the same thing.
func TestReopenBesideASuccessor(t *testing.T) {
	r := newRig(t)
	same := func(in *ssm.CreateOpsItemInput) { in.OperationalData = data(keyDedup, `{"dedupString":"one"}`) }
	first := r.create(same)
	set := func(id string, s types.OpsItemStatus) error {
		_, err := r.client.UpdateOpsItem(t.Context(), &ssm.UpdateOpsItemInput{OpsItemId: &id, Status: s})
		return err
	}
	if err := set(first, types.OpsItemStatusResolved); err != nil {
		t.Fatal(err)
	}
	second := r.create(same)
	if e := refusal[*types.OpsItemAlreadyExistsException](t, set(first, types.OpsItemStatusOpen)); *e.OpsItemId != second {
		t.Errorf("names %s, want %s", *e.OpsItemId, second)
	}
	if err := set(second, types.OpsItemStatusResolved); err != nil {
		t.Fatal(err)
	}
	if err := set(first, types.OpsItemStatusOpen); err != nil {
		t.Error(err)
	}
}

// Deletion takes a while, during which the item is read but not changed; repeating it is no error.
func TestDelete(t *testing.T) {
	r := newRig(t)
	id := r.create(func(in *ssm.CreateOpsItemInput) { in.OperationalData = data(keyDedup, `{"dedupString":"one"}`) })
	del := func() {
		t.Helper()
		if _, err := r.client.DeleteOpsItem(t.Context(), &ssm.DeleteOpsItemInput{OpsItemId: &id}); err != nil {
			t.Fatal(err)
		}
	}
	get := func() error {
		_, err := r.client.GetOpsItem(t.Context(), &ssm.GetOpsItemInput{OpsItemId: &id})
		return err
	}
	del()
	r.clock.add(DefaultDeletionDelay - time.Second)
	del()
	if err := get(); err != nil {
		t.Errorf("gone too soon: %v", err)
	}
	_, err := r.client.UpdateOpsItem(t.Context(), &ssm.UpdateOpsItemInput{OpsItemId: &id, Status: "Resolved"})
	refused[*types.OpsItemConflictException](t, err)
	r.create(func(in *ssm.CreateOpsItemInput) { in.OperationalData = data(keyDedup, `{"dedupString":"one"}`) })
	r.clock.add(time.Second)
	refused[*types.OpsItemNotFoundException](t, get())
	list, err := r.client.DescribeOpsItems(t.Context(), &ssm.DescribeOpsItemsInput{})
	if err != nil || len(list.OpsItemSummaries) != 1 {
		t.Errorf("%d items listed, %v; want the other one", len(list.OpsItemSummaries), err)
	}
	del()
	r.drain()
	if n := len(r.events.list()); n != 2 {
		t.Errorf("%d events, want those of the two creations: deletion sends none", n)
	}
}
