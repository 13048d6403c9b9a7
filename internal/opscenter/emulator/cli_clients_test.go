package emulator

import (
	"encoding/json"
	"errors"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/testenv"
)

// cliDrive is one run of the aws command, one process for each call.
type cliDrive struct {
	*testing.T
	command string
	env     []string
}

// aws runs "aws ssm ARGS" and gives what the answer holds at each of the CLI's own queries, in one list.
func (d cliDrive) aws(query string, args ...string) any {
	d.Helper()
	out, err := d.run(append(args, "--query", query)...)
	if err != nil {
		d.Fatalf("aws ssm %s: %v: %s", strings.Join(args, " "), err, out)
	}
	if len(out) == 0 {
		return nil // an operation without an answer
	}
	var v any
	if err := json.Unmarshal(out, &v); err != nil {
		d.Fatalf("aws ssm %s: %v in %s", strings.Join(args, " "), err, out)
	}
	return v
}

// run gives what a command says, on standard error where it fails.
func (d cliDrive) run(args ...string) ([]byte, error) {
	cmd := exec.CommandContext(d.Context(), d.command, append([]string{"ssm", "--output", "json"}, args...)...) //nolint:gosec // the AWS CLI under test
	cmd.Env = d.env
	out, err := cmd.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.Stderr, err
	}
	return out, err
}

// refused runs a command that has to fail. The CLI of PyPI shows a refusal's code and message, not its members.
func (d cliDrive) refused(code, words string, args ...string) {
	d.Helper()
	said, err := d.run(args...)
	want := "An error occurred (" + code + ") when calling the "
	if err == nil || !strings.Contains(string(said), want) || !strings.Contains(string(said), words) {
		d.Errorf("aws ssm %s: %v: %s; want %q and %q in it", args[0], err, said, want, words)
	}
}

func (d cliDrive) same(want, got any) {
	d.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		d.Error(diff)
	}
}

func driveCLI(t *testing.T, _ *rig, endpoint string) {
	d := cliDrive{t, testenv.Need(t, testenv.AWS), clientEnv(endpoint)}
	create := []string{
		"create-ops-item", "--title", "Checkout answers slowly", "--description", "**43** companies", "--source", "LearningLoop",
		"--severity", "1", "--category", "Performance", "--priority", "2", "--tags", "Key=product,Value=shop",
		"--notifications", "Arn=arn:aws:sns:us-east-1:111122223333:ops", "--operational-data",
		`{"/aws/dedup":{"Value":"{\"dedupString\":\"episode-1\"}","Type":"SearchableString"},"note":{"Value":"x"}}`,
	}
	id := d.aws("OpsItemId", create...).(string)
	d.refused("OpsItemAlreadyExistsException", id, create...)
	d.refused("OpsItemLimitExceededException", "at most 10", append([]string{
		"create-ops-item", "--title", "t", "--description", "d", "--source", "s", "--related-ops-items",
	}, strings.Fields(strings.Repeat("OpsItemId="+wrongID+" ", 11))...)...)
	second := d.aws("OpsItemId", "create-ops-item", "--title", "Search is slow", "--description", "d", "--source", "EC2").(string)

	d.same(nil, d.aws("@", "update-ops-item", "--ops-item-id", id, "--status", "InProgress", "--severity", "2", "--operational-data-to-delete", "note"))
	d.same([]any{"Checkout answers slowly", "2", "InProgress", "2", float64(2), []any{"/aws/dedup"}, testCaller, 1792378013.629},
		d.aws("OpsItem.[Title,Version,Status,Severity,Priority,keys(OperationalData),CreatedBy,CreatedTime]", "get-ops-item", "--ops-item-id", id))
	d.refused("OpsItemNotFoundException", wrongID, "get-ops-item", "--ops-item-id", wrongID)
	d.same([]any{second, id}, d.aws("OpsItemSummaries[].OpsItemId", "describe-ops-items", "--page-size", "1",
		"--ops-item-filters", "Key=Status,Values=Open,InProgress,Operator=Equal"))
	d.same([]any{"OpsItem Update", "OpsItem Create"}, d.aws("Summaries[].DetailType", "list-ops-item-events", "--page-size", "1",
		"--filters", "Key=OpsItemId,Values="+id+",Operator=Equal"))

	associate := []string{
		"associate-ops-item-related-item", "--ops-item-id", id, "--association-type", "RelatesTo",
		"--resource-type", "AWS::SSM::Document", "--resource-uri", runbook,
	}
	association := d.aws("AssociationId", associate...).(string)
	_ = d.aws("AssociationId", append(associate[:5:5], "--resource-type", "AWS::SSMIncidents::IncidentRecord", "--resource-uri", incident)...)
	d.same([]any{incident, runbook}, d.aws("Summaries[].ResourceUri", "list-ops-item-related-items", "--ops-item-id", id, "--page-size", "1"))
	d.same(nil, d.aws("@", "disassociate-ops-item-related-item", "--ops-item-id", id, "--association-id", association))

	tagged := []string{"--resource-type", "OpsItem", "--resource-id", id}
	d.same(nil, d.aws("@", append([]string{"add-tags-to-resource", "--tags", "Key=cost,Value=12"}, tagged...)...))
	d.same(nil, d.aws("@", append([]string{"remove-tags-from-resource", "--tag-keys", "product"}, tagged...)...))
	d.same([]any{[]any{"cost", "12"}}, d.aws("TagList[].[Key,Value]", append([]string{"list-tags-for-resource"}, tagged...)...))

	d.same([]any{second, id}, d.aws("Entities[].Id", "get-ops-summary", "--page-size", "1"))

	d.same(nil, d.aws("@", "update-service-setting", "--setting-id", settingARN, "--setting-value", "Enabled"))
	d.same("Enabled", d.aws("ServiceSetting.SettingValue", "get-service-setting", "--setting-id", insightsSetting))
	d.same("Default", d.aws("ServiceSetting.Status", "reset-service-setting", "--setting-id", settingARN))

	policy := d.aws("[PolicyId,PolicyHash]", "put-resource-policy", "--resource-arn", groupARN, "--policy", policyText).([]any)
	d.same([]any{policyText}, d.aws("Policies[].Policy", "get-resource-policies", "--resource-arn", groupARN))
	d.same(nil, d.aws("@", "delete-resource-policy", "--resource-arn", groupARN, "--policy-id", policy[0].(string), "--policy-hash", policy[1].(string)))
	d.same(nil, d.aws("@", "delete-ops-item", "--ops-item-id", second))
}
