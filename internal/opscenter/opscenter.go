// Package opscenter speaks to Systems Manager OpsCenter for the loop: it is the opsitem.Center on AWS's API. Rules and
// limits of OpsCenter that the code relies on are named beside it with where AWS says so.
package opscenter

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/smithy-go"

	"learningloop/internal/fault"
	"learningloop/internal/opsitem"
)

// API is the part of the SSM client that is used.
type API interface {
	CreateOpsItem(context.Context, *ssm.CreateOpsItemInput, ...func(*ssm.Options)) (*ssm.CreateOpsItemOutput, error)
	GetOpsItem(context.Context, *ssm.GetOpsItemInput, ...func(*ssm.Options)) (*ssm.GetOpsItemOutput, error)
	UpdateOpsItem(context.Context, *ssm.UpdateOpsItemInput, ...func(*ssm.Options)) (*ssm.UpdateOpsItemOutput, error)
	DescribeOpsItems(context.Context, *ssm.DescribeOpsItemsInput, ...func(*ssm.Options)) (*ssm.DescribeOpsItemsOutput, error)
}

// Center files and reads OpsItems. Topic is the ARN of the SNS topic that hears of every one; "" for none.
type Center struct {
	api   API
	topic string
	tags  map[string]string
}

// New makes a Center. The client should make one attempt only: whoever calls retries from a stored order.
func New(api API, topic string) *Center { return &Center{api: api, topic: topic} }

// Tagged gives a Center that puts these tags on every OpsItem it files, beside the request's own: the stage, and whatever
// costs are allocated by.
func (c *Center) Tagged(tags map[string]string) *Center {
	return &Center{api: c.api, topic: c.topic, tags: tags}
}

// Create files one.
func (c *Center) Create(ctx context.Context, r opsitem.Request) (string, bool, error) {
	in := &ssm.CreateOpsItemInput{
		Title: aws.String(r.Title), Description: aws.String(r.Description), Source: aws.String(opsitem.FiledBy),
		Severity: aws.String(strconv.Itoa(r.Severity)), Priority: aws.Int32(int32(r.Priority)), //nolint:gosec // 1..5
		OpsItemType: aws.String("/aws/issue"), OperationalData: searchable(r.Data),
	}
	if r.Category != "" {
		in.Category = aws.String(r.Category)
	}
	// Reserved keys hold JSON in a string (User Guide, "Create OpsItems manually").
	if r.Dedup != "" {
		in.OperationalData["/aws/dedup"] = jsonValue(map[string]string{"dedupString": r.Dedup})
	}
	reserve(in.OperationalData, r.Resources, r.Automations)
	if c.topic != "" {
		in.Notifications = []types.OpsItemNotification{{Arn: aws.String(c.topic)}}
	}
	in.RelatedOpsItems = related(r.Related)
	tags := maps.Clone(c.tags)
	if tags == nil {
		tags = map[string]string{}
	}
	maps.Copy(tags, r.Tags)
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		in.Tags = append(in.Tags, types.Tag{Key: aws.String(k), Value: aws.String(tags[k])})
	}
	out, err := c.api.CreateOpsItem(ctx, in)
	if exists, ok := errors.AsType[*types.OpsItemAlreadyExistsException](err); ok {
		return aws.ToString(exists.OpsItemId), true, nil
	}
	if err != nil {
		return "", false, translate("create OpsItem", err)
	}
	return aws.ToString(out.OpsItemId), false, nil
}

// Find gives the ids of the OpsItems of an episode, newest first.
func (c *Center) Find(ctx context.Context, episodeKey string) ([]string, error) {
	value, err := json.Marshal(map[string]string{"key": opsitem.KeyEpisode, "value": episodeKey})
	if err != nil {
		return nil, fmt.Errorf("encode filter: %w", err)
	}
	in := &ssm.DescribeOpsItemsInput{OpsItemFilters: []types.OpsItemFilter{
		filter(types.OpsItemFilterKeyOperationalData, types.OpsItemFilterOperatorEqual, string(value)),
	}}
	var found []types.OpsItemSummary
	// A page may be empty and still have one after it.
	for range maxPages {
		out, err := c.api.DescribeOpsItems(ctx, in)
		if err != nil {
			return nil, translate("describe OpsItems", err)
		}
		found = append(found, out.OpsItemSummaries...)
		if in.NextToken = out.NextToken; aws.ToString(in.NextToken) == "" {
			break
		}
	}
	slices.SortFunc(found, func(a, b types.OpsItemSummary) int {
		return aws.ToTime(b.CreatedTime).Compare(aws.ToTime(a.CreatedTime))
	})
	ids := make([]string, len(found))
	for i, s := range found {
		ids[i] = aws.ToString(s.OpsItemId)
	}
	return ids, nil
}

// maxPages bounds how far Find looks: an episode has one OpsItem, or very few.
const maxPages = 20

// Get gives one.
func (c *Center) Get(ctx context.Context, oid string) (opsitem.Item, error) {
	out, err := c.api.GetOpsItem(ctx, &ssm.GetOpsItemInput{OpsItemId: aws.String(oid)})
	if err != nil {
		return opsitem.Item{}, translate("get OpsItem", err)
	}
	o := out.OpsItem
	if o == nil {
		return opsitem.Item{}, fault.New(fault.Unavailable, "opscenter_empty", "OpsCenter gave an empty answer.")
	}
	return opsitem.Item{
		ID: aws.ToString(o.OpsItemId), Title: aws.ToString(o.Title), Description: aws.ToString(o.Description), Status: opsitem.Status(o.Status),
		Level: level(o.Severity, o.Priority, o.Category), Source: aws.ToString(o.Source), Data: plain(o.OperationalData), Resources: resources(o.OperationalData),
		Created: aws.ToTime(o.CreatedTime), CreatedBy: aws.ToString(o.CreatedBy), Modified: aws.ToTime(o.LastModifiedTime), By: aws.ToString(o.LastModifiedBy),
	}, nil
}

// Update applies a patch. Related OpsItems are sent whole: it is not documented whether OpsCenter replaces or adds.
func (c *Center) Update(ctx context.Context, oid string, p opsitem.Patch) error {
	in := &ssm.UpdateOpsItemInput{OpsItemId: aws.String(oid), OperationalData: searchable(p.Data)}
	reserve(in.OperationalData, p.Resources, p.Automations)
	if p.Status != "" {
		in.Status = types.OpsItemStatus(p.Status)
	}
	if p.Level.Severity != 0 {
		in.Severity = aws.String(strconv.Itoa(p.Level.Severity))
	}
	if p.Level.Priority != 0 {
		in.Priority = aws.Int32(int32(p.Level.Priority)) //nolint:gosec // 1..5
	}
	if p.Level.Category != "" {
		in.Category = aws.String(p.Level.Category)
	}
	if p.Description != "" {
		in.Description = aws.String(p.Description)
	}
	in.OperationalDataToDelete = p.Drop
	in.RelatedOpsItems = related(p.Related)
	_, err := c.api.UpdateOpsItem(ctx, in)
	if exists, ok := errors.AsType[*types.OpsItemAlreadyExistsException](err); ok {
		return fmt.Errorf("update OpsItem: %w", &opsitem.ExistsError{OpsItem: aws.ToString(exists.OpsItemId)})
	}
	return translate("update OpsItem", err)
}

func filter(k types.OpsItemFilterKey, op types.OpsItemFilterOperator, v string) types.OpsItemFilter {
	return types.OpsItemFilter{Key: k, Operator: op, Values: []string{v}}
}

func searchable(data map[string]string) map[string]types.OpsItemDataValue {
	out := make(map[string]types.OpsItemDataValue, len(data)+2)
	for k, v := range data {
		out[k] = types.OpsItemDataValue{Type: types.OpsItemDataTypeSearchableString, Value: aws.String(v)}
	}
	return out
}

func jsonValue(v any) types.OpsItemDataValue {
	b, err := json.Marshal(v)
	if err != nil { // maps of strings always marshal
		b = []byte("{}")
	}
	return types.OpsItemDataValue{Type: types.OpsItemDataTypeSearchableString, Value: aws.String(string(b))}
}

func plain(data map[string]types.OpsItemDataValue) map[string]string {
	out := make(map[string]string, len(data))
	for k, v := range data {
		out[k] = aws.ToString(v.Value)
	}
	return out
}

// translate turns AWS's errors into the port's.
func translate(what string, err error) error {
	if err == nil {
		return nil
	}
	wrap := func(k fault.Kind, code, msg string) error {
		return fault.Wrap(k, code, msg, fmt.Errorf("%s: %w", what, err))
	}
	if _, ok := errors.AsType[*types.OpsItemNotFoundException](err); ok {
		return fmt.Errorf("%s: %w", what, opsitem.ErrNotFound)
	}
	if _, ok := errors.AsType[*types.OpsItemLimitExceededException](err); ok {
		return fmt.Errorf("%s: %w", what, opsitem.ErrLimit)
	}
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return wrap(fault.Unavailable, "opscenter_unreachable", "OpsCenter does not answer.")
	}
	switch api.ErrorCode() {
	case "ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded", "TooManyUpdates":
		return wrap(fault.RateLimited, "opscenter_throttled", "OpsCenter is throttling.")
	case "InternalServerError", "ServiceUnavailable", "InternalFailure":
		return wrap(fault.Unavailable, "opscenter_unavailable", "OpsCenter does not answer.")
	case "AccessDeniedException", "OpsItemAccessDeniedException", "UnrecognizedClientException", "InvalidSignatureException", "ExpiredTokenException":
		return wrap(fault.Forbidden, "opscenter_forbidden", "OpsCenter refused access.")
	case "OpsItemConflictException":
		return wrap(fault.Unavailable, "opscenter_deleting", "The OpsItem is being deleted.")
	default:
		return wrap(fault.Invalid, "opscenter_refused", "OpsCenter refused the request.")
	}
}
