package emulator

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/google/go-cmp/cmp"
)

func data(pairs ...string) map[string]types.OpsItemDataValue {
	out := map[string]types.OpsItemDataValue{}
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i]] = types.OpsItemDataValue{Value: aws.String(pairs[i+1])}
	}
	return out
}

// findable is data that filters find.
func findable(pairs ...string) map[string]types.OpsItemDataValue {
	out := data(pairs...)
	for k, v := range out {
		v.Type = types.OpsItemDataTypeSearchableString
		out[k] = v
	}
	return out
}

func arns(n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf(`{"arn":"arn:aws:ec2:us-east-1:111122223333:instance/i-%d"}`, i)
	}
	return "[" + strings.Join(list, ",") + "]"
}

func runbooks(n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf(`{"automationType":"AWS::SSM::Automation","automationId":"Runbook-%d"}`, i)
	}
	return "[" + strings.Join(list, ",") + "]"
}

// The rules that AWS states in prose: which parameter is refused for what.
func TestCreateRules(t *testing.T) {
	r := newRig(t)
	dedup := func(n int) string { return `{"dedupString":"` + strings.Repeat("ä", n) + `"}` }
	for _, tc := range []struct {
		name  string
		edit  func(*ssm.CreateOpsItemInput)
		param string // "" where the request is fine
	}{
		{"plain", func(*ssm.CreateOpsItemInput) {}, ""},
		{"source with a reserved word", func(in *ssm.CreateOpsItemInput) { in.Source = aws.String("my-AWS-thing") }, "Source"},
		{"source with another", func(in *ssm.CreateOpsItemInput) { in.Source = aws.String("amazonian") }, "Source"},
		{"source as AWS's samples have it", func(in *ssm.CreateOpsItemInput) { in.Source = aws.String("EC2") }, ""},
		{"severity 4", func(in *ssm.CreateOpsItemInput) { in.Severity = aws.String("4") }, ""},
		{"severity 5", func(in *ssm.CreateOpsItemInput) { in.Severity = aws.String("5") }, "Severity"},
		{"severity in words", func(in *ssm.CreateOpsItemInput) { in.Severity = aws.String("High") }, "Severity"},
		{"category", func(in *ssm.CreateOpsItemInput) { in.Category = aws.String("Recovery") }, ""},
		{"category of one's own", func(in *ssm.CreateOpsItemInput) { in.Category = aws.String("Usability") }, "Category"},
		{"insight", func(in *ssm.CreateOpsItemInput) { in.OpsItemType = aws.String("/aws/insight") }, ""},
		{"change request", func(in *ssm.CreateOpsItemInput) { in.OpsItemType = aws.String("/aws/changerequest") }, "OpsItemType"},
		{"data under the size", func(in *ssm.CreateOpsItemInput) { in.OperationalData = data("k", strings.Repeat("x", 20<<10)) }, ""},
		{"data over the size", func(in *ssm.CreateOpsItemInput) { in.OperationalData = data("k", strings.Repeat("x", 20<<10+1)) }, "OperationalData"},
		{"a reserved key", func(in *ssm.CreateOpsItemInput) { in.OperationalData = data("/aws/other", "v") }, "OperationalData"},
		{"a key that begins so", func(in *ssm.CreateOpsItemInput) { in.OperationalData = data("ssmagent", "v") }, "OperationalData"},
		{"a key that has it inside", func(in *ssm.CreateOpsItemInput) { in.OperationalData = data("/custodian/aws", "v") }, ""},
		{"no value", func(in *ssm.CreateOpsItemInput) {
			in.OperationalData = map[string]types.OpsItemDataValue{"k": {Type: types.OpsItemDataTypeString}}
		}, "OperationalData"},
		{"dedup string at its length", func(in *ssm.CreateOpsItemInput) { in.OperationalData = data(keyDedup, dedup(512)) }, ""},
		{"dedup string too long", func(in *ssm.CreateOpsItemInput) { in.OperationalData = data(keyDedup, dedup(513)) }, "OperationalData"},
		{"dedup that is no JSON", func(in *ssm.CreateOpsItemInput) { in.OperationalData = data(keyDedup, "checkout") }, "OperationalData"},
		{"dedup without its string", func(in *ssm.CreateOpsItemInput) { in.OperationalData = data(keyDedup, "{}") }, "OperationalData"},
		{"dedup string under another name", func(in *ssm.CreateOpsItemInput) { in.OperationalData = data(keyDedup, `{"DEDUPSTRING":"checkout"}`) }, "OperationalData"},
		{"an empty dedup string", func(in *ssm.CreateOpsItemInput) { in.OperationalData = data(keyDedup, `{"dedupString":" "}`) }, "OperationalData"},
		{"resources under another name", func(in *ssm.CreateOpsItemInput) { in.OperationalData = data(keyResources, `[{"ARN":"arn:aws:x"}]`) }, "OperationalData"},
		{"a resource without ARN", func(in *ssm.CreateOpsItemInput) {
			in.OperationalData = data(keyResources, `[{"arn":"arn:aws:x"},{"arn":""}]`)
		}, "OperationalData"},
		{"no resources", func(in *ssm.CreateOpsItemInput) { in.OperationalData = data(keyResources, `[]`) }, ""},
		{"resources that are null", func(in *ssm.CreateOpsItemInput) { in.OperationalData = data(keyResources, `null`) }, "OperationalData"},
		{"runbooks under another name", func(in *ssm.CreateOpsItemInput) {
			in.OperationalData = data(keyAutomations, `[{"AutomationId":"AWS-RestartEC2Instance"}]`)
		}, "OperationalData"},
		{"resources", func(in *ssm.CreateOpsItemInput) { in.OperationalData = data(keyResources, arns(100)) }, ""},
		{"resources that are no list", func(in *ssm.CreateOpsItemInput) { in.OperationalData = data(keyResources, "arn:aws:x") }, "OperationalData"},
		{"runbooks", func(in *ssm.CreateOpsItemInput) { in.OperationalData = data(keyAutomations, runbooks(10)) }, ""},
		{"a topic of another Region", func(in *ssm.CreateOpsItemInput) {
			in.Notifications = []types.OpsItemNotification{{Arn: aws.String("arn:aws:sns:eu-west-1:111122223333:ops")}}
		}, "Notifications"},
		{"a queue for a topic", func(in *ssm.CreateOpsItemInput) {
			in.Notifications = []types.OpsItemNotification{{Arn: aws.String("arn:aws:sqs:us-east-1:111122223333:ops")}}
		}, "Notifications"},
		{"a related item that is none", func(in *ssm.CreateOpsItemInput) {
			in.RelatedOpsItems = []types.RelatedOpsItem{{OpsItemId: aws.String("ticket-5")}}
		}, "RelatedOpsItems"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			in := &ssm.CreateOpsItemInput{Title: aws.String("t"), Description: aws.String("d"), Source: aws.String("s")}
			tc.edit(in)
			_, err := r.client.CreateOpsItem(t.Context(), in)
			if tc.param == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			e := refusal[*types.OpsItemInvalidParameterException](t, err)
			if diff := cmp.Diff([]string{tc.param}, e.ParameterNames); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run("another account", func(t *testing.T) {
		_, err := r.client.CreateOpsItem(t.Context(), &ssm.CreateOpsItemInput{
			Title: aws.String("t"), Description: aws.String("d"), Source: aws.String("s"), AccountId: aws.String("999999999999"),
		})
		refused[*types.OpsItemAccessDeniedException](t, err)
	})
}

func TestLimits(t *testing.T) {
	for _, tc := range []struct {
		name      string
		quotas    Quotas
		edit      func(*ssm.CreateOpsItemInput)
		limit     int32
		limitType string
	}{
		{"in all", Quotas{Total: 2}, nil, 2, "OpsItemsPerAccount"},
		{"in a month", Quotas{Monthly: 2}, nil, 2, "OpsItemsPerMonth"},
		{"resources", Quotas{}, func(in *ssm.CreateOpsItemInput) { in.OperationalData = data(keyResources, arns(101)) }, 100, "ResourcesPerOpsItem"},
		{"runbooks", Quotas{}, func(in *ssm.CreateOpsItemInput) { in.OperationalData = data(keyAutomations, runbooks(11)) }, 10, "AutomationsPerOpsItem"},
		{"related items", Quotas{RelatedOpsItems: 1}, func(in *ssm.CreateOpsItemInput) {
			in.RelatedOpsItems = slices.Repeat([]types.RelatedOpsItem{{OpsItemId: aws.String("oi-0123456789ab")}}, 2)
		}, 1, "RelatedOpsItemsPerOpsItem"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newRig(t, func(c *Config) { c.Quotas = tc.quotas })
			r.create()
			r.create()
			in := &ssm.CreateOpsItemInput{Title: aws.String("t"), Description: aws.String("d"), Source: aws.String("s")}
			if tc.edit != nil {
				tc.edit(in)
			}
			_, err := r.client.CreateOpsItem(t.Context(), in)
			e := refusal[*types.OpsItemLimitExceededException](t, err)
			if e.Limit != tc.limit || *e.LimitType != tc.limitType || len(e.ResourceTypes) != 1 || e.Message == nil {
				t.Errorf("got limit %d, type %s, resources %v", e.Limit, *e.LimitType, e.ResourceTypes)
			}
		})
	}
}

// The month's quota is free again in the next month, the total after a deletion.
func TestQuotasComeBack(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Quotas = Quotas{Monthly: 1, Total: 2} })
	first := r.create()
	r.clock.add(31 * 24 * time.Hour)
	r.create()
	r.clock.add(31 * 24 * time.Hour)
	in := &ssm.CreateOpsItemInput{Title: aws.String("t"), Description: aws.String("d"), Source: aws.String("s")}
	_, err := r.client.CreateOpsItem(t.Context(), in)
	refused[*types.OpsItemLimitExceededException](t, err)
	if _, err := r.client.DeleteOpsItem(t.Context(), &ssm.DeleteOpsItemInput{OpsItemId: &first}); err != nil {
		t.Fatal(err)
	}
	r.clock.add(DefaultDeletionDelay)
	r.create()
}

// FACTS of deduplication, one case each.
func TestDeduplication(t *testing.T) {
	const here, there = `[{"arn":"arn:aws:ec2:us-east-1:111122223333:instance/a"},{"arn":"arn:aws:ec2:us-east-1:111122223333:instance/b"}]`,
		`[{"arn":"arn:aws:ec2:us-east-1:111122223333:instance/c"}]`
	const swapped = `[{"arn":"arn:aws:ec2:us-east-1:111122223333:instance/b"},{"arn":"arn:aws:ec2:us-east-1:111122223333:instance/a"}]`
	for _, tc := range []struct {
		name   string
		status types.OpsItemStatus
		second map[string]types.OpsItemDataValue
		exists bool
	}{
		{"same string, open", types.OpsItemStatusOpen, data(keyDedup, `{"dedupString":"Checkout"}`, keyResources, here), true},
		{"same string, in progress", types.OpsItemStatusInProgress, data(keyDedup, `{"dedupString":"Checkout"}`, keyResources, here), true},
		{"same string, resolved", types.OpsItemStatusResolved, data(keyDedup, `{"dedupString":"Checkout"}`, keyResources, here), false},
		{"upper and lower case are one", types.OpsItemStatusOpen, data(keyDedup, `{"dedupString":"cHECKOUT"}`, keyResources, here), true},
		{"resources in another order are the same", types.OpsItemStatusOpen, data(keyDedup, `{"dedupString":"Checkout"}`, keyResources, swapped), true},
		{"another string", types.OpsItemStatusOpen, data(keyDedup, `{"dedupString":"Search"}`, keyResources, here), false},
		{"other resources", types.OpsItemStatusOpen, data(keyDedup, `{"dedupString":"Checkout"}`, keyResources, there), false},
		{"no resources", types.OpsItemStatusOpen, data(keyDedup, `{"dedupString":"Checkout"}`), false},
		{"no string", types.OpsItemStatusOpen, data(keyResources, here), false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newRig(t)
			first := r.create(func(in *ssm.CreateOpsItemInput) {
				in.OperationalData = data(keyDedup, `{"dedupString":"Checkout"}`, keyResources, here)
			})
			if tc.status != types.OpsItemStatusOpen {
				if _, err := r.client.UpdateOpsItem(t.Context(), &ssm.UpdateOpsItemInput{OpsItemId: &first, Status: tc.status}); err != nil {
					t.Fatal(err)
				}
			}
			before := r.look(first)
			r.clock.add(time.Hour)
			_, err := r.client.CreateOpsItem(t.Context(), &ssm.CreateOpsItemInput{
				Title: aws.String("Checkout answers slowly"), Description: aws.String("again"), Source: aws.String("LearningLoop"),
				OperationalData: tc.second,
			})
			if !tc.exists {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			e := refusal[*types.OpsItemAlreadyExistsException](t, err)
			if *e.OpsItemId != first {
				t.Errorf("names %s, want %s", *e.OpsItemId, first)
			}
			after := r.look(first)
			if diff := cmp.Diff(before, after); diff != "" {
				t.Errorf("a duplicate left a trace: %s", diff)
			}
		})
	}
}

// However many file the same thing at once, there is one OpsItem, and all others hear its id.
func TestTwoAtOnceMakeOne(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Dir = t.TempDir() })
	const callers = 16
	ids := make([]string, callers)
	var created box[string]
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			out, err := r.client.CreateOpsItem(t.Context(), &ssm.CreateOpsItemInput{
				Title: aws.String("t"), Description: aws.String("d"), Source: aws.String("s"),
				OperationalData: data(keyDedup, `{"dedupString":"episode-1"}`),
			})
			if err == nil {
				ids[i] = *out.OpsItemId
				created.add(ids[i])
				return
			}
			ids[i] = *refusal[*types.OpsItemAlreadyExistsException](t, err).OpsItemId
		})
	}
	wg.Wait()
	if n := len(created.list()); n != 1 {
		t.Errorf("%d OpsItems, want 1", n)
	}
	if slices.Sort(ids); ids[0] != ids[callers-1] || ids[0] == "" {
		t.Errorf("ids differ: %v", ids)
	}
	r.drain()
	if n := len(r.events.list()); n != 1 {
		t.Errorf("%d events, want 1", n)
	}
}
