package emulator

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/google/go-cmp/cmp"
)

// GetOpsItem has Notifications and RelatedOpsItems where there are none, as recorded from AWS. SDKs do not tell.
func TestEmptyListsOfAnItem(t *testing.T) {
	r := newRig(t)
	a := r.raw("GetOpsItem", `{"OpsItemId":"`+r.create()+`"}`)
	it, _ := a.body["OpsItem"].(map[string]any)
	for _, name := range []string{"Notifications", "RelatedOpsItems"} {
		if list, ok := it[name].([]any); !ok || len(list) != 0 {
			t.Errorf("%s: %v", name, it[name])
		}
	}
}

// A resolved item beside an open successor can be edited: only one that is opened again meets it.
func TestEditBesideASuccessor(t *testing.T) {
	r := newRig(t)
	same := func(in *ssm.CreateOpsItemInput) { in.OperationalData = data(keyDedup, `{"dedupString":"one"}`) }
	first := r.create(same)
	for _, in := range []*ssm.UpdateOpsItemInput{{Status: "Resolved"}, {Title: aws.String("Mended")}} {
		in.OpsItemId = &first
		if _, err := r.client.UpdateOpsItem(t.Context(), in); err != nil {
			t.Fatal(err)
		}
		if in.Status != "" {
			r.create(same)
		}
	}
	if it := r.look(first); it.Title != "Mended" || it.Status != StatusResolved {
		t.Errorf("%+v", it)
	}
}

// A resource named twice is one of the set.
func TestDuplicateWithResourcesRepeated(t *testing.T) {
	r := newRig(t)
	in := func(resources string) *ssm.CreateOpsItemInput {
		return &ssm.CreateOpsItemInput{
			Title: aws.String("t"), Description: aws.String("d"), Source: aws.String("s"),
			OperationalData: data(keyDedup, `{"dedupString":"one"}`, keyResources, resources),
		}
	}
	if _, err := r.client.CreateOpsItem(t.Context(), in(`[{"arn":"arn:a"},{"arn":"arn:b"}]`)); err != nil {
		t.Fatal(err)
	}
	_, err := r.client.CreateOpsItem(t.Context(), in(`[{"arn":"arn:b"},{"arn":"arn:a"},{"arn":"arn:b"}]`))
	refused[*types.OpsItemAlreadyExistsException](t, err)
}

func TestOpsSummaryOperators(t *testing.T) {
	r := newRig(t)
	name := map[string]string{}
	for _, title := range []string{"a1", "b2", "b3"} {
		name[r.create(func(in *ssm.CreateOpsItemInput) {
			if in.Title = &title; title == "a1" {
				in.Severity = aws.String("2")
			}
		})] = title
	}
	for _, tc := range []struct {
		key, operator string
		values        []string
		want          []string // newest first
	}{
		{"Title", "Equal", []string{"b2"}, []string{"b2"}},
		{"Title", "Equal", []string{"b2", "a1"}, []string{"b2", "a1"}},
		{"Title", "NotEqual", []string{"b2"}, []string{"b3", "a1"}},
		{"Title", "NotEqual", []string{"b2", "b3"}, []string{"a1"}},
		{"Title", "BeginWith", []string{"b"}, []string{"b3", "b2"}},
		{"Title", "BeginWith", []string{"2"}, nil},
		{"Title", "GreaterThan", []string{"b2"}, []string{"b3"}},
		{"Title", "LessThan", []string{"b2"}, []string{"a1"}},
		{"Severity", "Exists", []string{"true"}, []string{"a1"}},
		{"Severity", "Exists", []string{"false"}, []string{"b3", "b2"}},
		{"Severity", "LessThan", []string{"3"}, []string{"a1"}},
		{"Severity", "GreaterThan", []string{"1"}, []string{"a1"}},
		{"Severity", "NotEqual", []string{"2"}, []string{"b3", "b2"}},
		{"AccountId", "Equal", []string{testAccount}, []string{"b3", "b2", "a1"}},
		{"Status", "Equal", []string{"Open"}, []string{"b3", "b2", "a1"}},
		{"Status", "", []string{"Resolved"}, nil},
	} {
		t.Run(fmt.Sprint(tc.key, tc.operator, tc.values), func(t *testing.T) {
			out, err := r.client.GetOpsSummary(t.Context(), &ssm.GetOpsSummaryInput{Filters: []types.OpsFilter{
				{Key: aws.String("AWS:OpsItem." + tc.key), Type: types.OpsFilterOperatorType(tc.operator), Values: tc.values},
			}})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, e := range out.Entities {
				got = append(got, name[*e.Id])
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Latency for any operation is added to that of the operation.
func TestLatencyOfAny(t *testing.T) {
	r := newRig(t)
	r.Faults().Latency(Any, time.Hour)
	for _, op := range []string{"GetOpsItem", "DescribeOpsItems"} {
		if _, delay := r.Faults().strike(op); delay != time.Hour {
			t.Errorf("%s: %s", op, delay)
		}
	}
	r.Faults().Latency("GetOpsItem", time.Minute)
	if _, delay := r.Faults().strike("GetOpsItem"); delay != time.Hour+time.Minute {
		t.Errorf("both: %s", delay)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := r.client.DescribeOpsItems(ctx, &ssm.DescribeOpsItemsInput{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func (r *rig) associate(id, uri string) error {
	_, err := r.client.AssociateOpsItemRelatedItem(r.t.Context(), &ssm.AssociateOpsItemRelatedItemInput{
		OpsItemId: &id, AssociationType: aws.String("RelatesTo"), ResourceType: aws.String("AWS::SSM::Document"), ResourceUri: &uri,
	})
	return err // the SDK's own
}

func (r *rig) remove(id string) {
	r.t.Helper()
	if _, err := r.client.DeleteOpsItem(r.t.Context(), &ssm.DeleteOpsItemInput{OpsItemId: &id}); err != nil {
		r.t.Fatal(err)
	}
}

func TestRelatedItemsLimit(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Quotas.Resources = 2 })
	id := r.create()
	for i := range 2 {
		if err := r.associate(id, fmt.Sprint("arn:", i)); err != nil {
			t.Fatal(err)
		}
	}
	e := refusal[*types.OpsItemLimitExceededException](t, r.associate(id, "arn:2"))
	if e.Limit != 2 || *e.LimitType != "RelatedItemsPerOpsItem" || !slices.Equal(e.ResourceTypes, []string{"RelatedItems"}) {
		t.Errorf("%d %s %v", e.Limit, *e.LimitType, e.ResourceTypes)
	}
	if err := r.associate(r.create(), "arn:2"); err != nil {
		t.Errorf("another item: %v", err)
	}
}

// What the quotas leave out is not counted, and once it is gone nothing is counted less than is there.
func TestExemptAndGone(t *testing.T) {
	r := newRig(t, func(c *Config) {
		c.Quotas.Total = 1
		c.Callers = map[string]string{"HUB": "arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForSecurityHub/securityhub"}
	})
	in := &ssm.CreateOpsItemInput{Title: aws.String("t"), Description: aws.String("d"), Source: aws.String("s")}
	out, err := r.client.CreateOpsItem(t.Context(), in, func(o *ssm.Options) { o.Credentials = aws.CredentialsProviderFunc(credentialsOf("HUB")) })
	if err != nil {
		t.Fatal(err)
	}
	r.remove(*out.OpsItemId)
	r.clock.add(DefaultDeletionDelay)
	r.create()
	_, err = r.client.CreateOpsItem(t.Context(), in)
	refused[*types.OpsItemLimitExceededException](t, err)
}

// An item whose deletion is over is gone from every list at that moment, though no change has cleared it away yet.
func TestGoneFromEveryList(t *testing.T) {
	r := newRig(t)
	kept, id := r.create(), r.create()
	for _, of := range []string{kept, id} {
		if err := r.associate(of, "arn:x"); err != nil {
			t.Fatal(err)
		}
	}
	count := func(what string) (events, ofItem, related, itsRelated, listed, found, counted int) {
		t.Helper()
		ctx := t.Context()
		all, err := r.client.ListOpsItemEvents(ctx, &ssm.ListOpsItemEventsInput{})
		if err != nil {
			t.Fatal(what, err)
		}
		mine, err := r.client.ListOpsItemEvents(ctx, &ssm.ListOpsItemEventsInput{
			Filters: []types.OpsItemEventFilter{{Key: "OpsItemId", Operator: "Equal", Values: []string{id}}},
		})
		if err == nil {
			ofItem = len(mine.Summaries)
		} else {
			refused[*types.OpsItemNotFoundException](t, err)
			ofItem = -1
		}
		rel, err := r.client.ListOpsItemRelatedItems(ctx, &ssm.ListOpsItemRelatedItemsInput{})
		if err != nil {
			t.Fatal(what, err)
		}
		its, err := r.client.ListOpsItemRelatedItems(ctx, &ssm.ListOpsItemRelatedItemsInput{OpsItemId: &id})
		if err != nil {
			t.Fatal(what, err)
		}
		items, _, err := r.List(ctx, Query{})
		if err != nil {
			t.Fatal(what, err)
		}
		byID, _, err := r.List(ctx, Query{Title: " " + id})
		if err != nil {
			t.Fatal(what, err)
		}
		return len(all.Summaries), ofItem, len(rel.Summaries), len(its.Summaries), len(items), len(byID), r.Counts()[StatusOpen]
	}
	said := func(what, want string) {
		t.Helper()
		events, ofItem, related, itsRelated, listed, found, counted := count(what)
		if got := fmt.Sprint(events, ofItem, related, itsRelated, listed, found, counted); got != want {
			t.Errorf("%s: events, the item's, related items, the item's, listed, found, counted: %s, want %s", what, got, want)
		}
	}
	said("there", "2 1 2 1 2 1 2")
	r.remove(id)
	r.clock.add(DefaultDeletionDelay - time.Second)
	said("on its way out", "2 1 2 1 2 1 2")
	r.clock.add(time.Second)
	if len(r.st.deleting) != 1 {
		t.Fatal("cleared away already")
	}
	said("gone", "1 -1 1 0 1 0 1")
	r.create()
	if len(r.st.deleting) != 0 {
		t.Fatal("not cleared away")
	}
	said("cleared away", "2 -1 1 0 2 0 2")
}
