package opscenter

import (
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"learningloop/internal/opsitem"
)

// perPage is the most that DescribeOpsItems gives at once (API_DescribeOpsItems, MaxResults).
const perPage = 50

// active are the statuses of OpsItems of type /aws/issue that nobody is done with. Values of one filter are alternatives.
var active = types.OpsItemFilter{
	Key: types.OpsItemFilterKeyStatus, Operator: types.OpsItemFilterOperatorEqual, Values: []string{string(opsitem.Open), string(opsitem.InProgress)},
}

// ours are the OpsItems that carry the loop's key: those it filed, and those it adopted.
var ours = filter(types.OpsItemFilterKeyOperationalDataKey, types.OpsItemFilterOperatorEqual, opsitem.KeyEpisode)

// Holding gives the OpsItems that are Open or InProgress and name the resource, newest first: one call, whose first page
// holds more than anybody files for one alarm.
func (c *Center) Holding(ctx context.Context, arn string) ([]opsitem.Item, error) {
	items, _, err := c.list(ctx, "", filter(types.OpsItemFilterKeyResourceId, types.OpsItemFilterOperatorContains, arn), active)
	slices.SortStableFunc(items, func(a, b opsitem.Item) int { return b.Created.Compare(a.Created) })
	return items, err
}

// OpenOnes gives the ids of the loop's own OpsItems that are Open or InProgress.
func (c *Center) OpenOnes(ctx context.Context, cursor string) ([]string, string, error) {
	items, next, err := c.list(ctx, cursor, ours, active)
	ids := make([]string, len(items))
	for i, it := range items {
		ids[i] = it.ID
	}
	return ids, next, err
}

// Filed counts the loop's own OpsItems that were created from a time on and before another, to the second.
func (c *Center) Filed(ctx context.Context, from, to time.Time, cursor string) (int, string, error) {
	at := func(op types.OpsItemFilterOperator, t time.Time) types.OpsItemFilter {
		return filter(types.OpsItemFilterKeyCreatedTime, op, t.UTC().Format(time.RFC3339))
	}
	items, next, err := c.list(ctx, cursor, ours, at(types.OpsItemFilterOperatorGreaterThan, from.Add(-time.Second)), at(types.OpsItemFilterOperatorLessThan, to))
	return len(items), next, err
}

// ChangedSince gives the OpsItems modified after t, or with a zero t all of the loop's own.
func (c *Center) ChangedSince(ctx context.Context, t time.Time, cursor string) ([]opsitem.Item, string, error) {
	if t.IsZero() {
		return c.list(ctx, cursor, ours)
	}
	return c.list(ctx, cursor, filter(types.OpsItemFilterKeyLastModifiedTime, types.OpsItemFilterOperatorGreaterThan, t.UTC().Format(time.RFC3339)))
}

func (c *Center) list(ctx context.Context, cursor string, filters ...types.OpsItemFilter) ([]opsitem.Item, string, error) {
	in := &ssm.DescribeOpsItemsInput{MaxResults: aws.Int32(perPage), OpsItemFilters: filters}
	if cursor != "" {
		in.NextToken = aws.String(cursor)
	}
	out, err := c.api.DescribeOpsItems(ctx, in)
	if err != nil {
		return nil, "", translate("describe OpsItems", err)
	}
	items := make([]opsitem.Item, len(out.OpsItemSummaries))
	for i, s := range out.OpsItemSummaries {
		items[i] = opsitem.Item{
			ID: aws.ToString(s.OpsItemId), Title: aws.ToString(s.Title), Status: opsitem.Status(s.Status), Level: level(s.Severity, s.Priority, s.Category),
			Source: aws.ToString(s.Source), Data: plain(s.OperationalData), Resources: resources(s.OperationalData),
			Created: aws.ToTime(s.CreatedTime), CreatedBy: aws.ToString(s.CreatedBy), Modified: aws.ToTime(s.LastModifiedTime), By: aws.ToString(s.LastModifiedBy),
		}
	}
	return items, aws.ToString(out.NextToken), nil
}
