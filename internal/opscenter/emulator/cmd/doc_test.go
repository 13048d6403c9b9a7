package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"learningloop/internal/testenv"
)

// The commands and scripts in the package's documentation do as printed what they say: all that changes is the port, and
// where the data lies.
func TestDocumentation(t *testing.T) {
	python, cli := testenv.Need(t, testenv.Python), testenv.Need(t, testenv.AWS)
	text, err := os.ReadFile("../doc.go")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile(`(?m)(^//\t.*\n)+`).FindAllString(string(text), -1)
	block := func(part string) string {
		t.Helper()
		for _, b := range blocks {
			if strings.Contains(b, part) {
				return strings.ReplaceAll(strings.ReplaceAll(b, "//\t", ""), "\\\n", "")
			}
		}
		t.Fatalf("no example with %q", part)
		return ""
	}
	startAs := func(line string) *running {
		t.Helper()
		_, flags, _ := strings.Cut(line, "emulator/cmd ")
		args := strings.Fields(flags)
		for i := range args {
			if args[i] == "-dir" {
				args[i+1] = t.TempDir()
			}
		}
		return start(t, args...)
	}
	environment := []string{"PATH=" + filepath.Dir(cli) + ":" + os.Getenv("PATH"), "HOME=" + t.TempDir()} // nothing of the machine's own
	execute := func(r *running, script string, command ...string) string {
		t.Helper()
		script = strings.ReplaceAll(script, "http://127.0.0.1:8081", r.url)
		cmd := exec.CommandContext(t.Context(), command[0], append(command[1:], script)...) //nolint:gosec // the documentation's own
		cmd.Env = environment
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%s\n%v: %s", script, err, out)
		}
		return string(out)
	}
	said := func(got, want string) {
		t.Helper()
		if !strings.Contains(got, want) {
			t.Errorf("said %s, want %s", got, want)
		}
	}
	alone := startAs(block("emulator/cmd -addr"))
	shell := block("export AWS_ENDPOINT_URL_SSM")
	said(execute(alone, shell, "bash", "-euc"), `"Title": "Checkout answers slowly"`)
	said(execute(alone, block("import boto3")+"print(ssm.describe_ops_items()['OpsItemSummaries'])", python, "-c"), "Checkout answers slowly")
	said(execute(alone, block("/alarm-action -H"), "bash", "-euc"), `"created":true`)
	said(execute(alone, strings.Replace(block("/rule-target"), "urllib.request.urlopen", "answer = urllib.request.urlopen", 1)+
		"print(answer.read())", python, "-c"), `"created":true`)
	said(execute(alone, block("-X PUT http"), "bash", "-euc"), `"loseEvents":0`)

	first, second, _ := strings.Cut(block("HUB=arn"), "\nAWS_ACCESS_KEY_ID")
	hub := startAs(first)
	exports, _, _ := strings.Cut(shell, "aws ssm")
	execute(hub, exports+"AWS_ACCESS_KEY_ID"+second, "bash", "-euc")
	_, list := hub.get("GET", consolePath, "")
	said(list, "Public bucket")
}
