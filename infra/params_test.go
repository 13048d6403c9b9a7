package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParams(t *testing.T) {
	get := func(m map[string]string) func(string) string { return func(k string) string { return m[k] } }
	tests := []struct {
		name    string
		context map[string]string
		want    Params
	}{
		{"defaults in AWS", map[string]string{"mailFrom": "Loop <loop@example.com>"}, Params{
			Stage: "prod", BuildDir: "../.build/arm64", MailFrom: "Loop <loop@example.com>", MailIdentity: "loop@example.com",
			RunbookURL: "README.md", Keep: true,
		}},
		{"defaults in LocalStack", map[string]string{"variant": "localstack"}, Params{
			Stage: "local", Variant: "localstack", BuildDir: "../.build/amd64", MailFrom: "loop@example.com", MailIdentity: "loop@example.com",
			PublicURL: "http://localhost:4566/_aws/execute-api/{apiId}/{stage}", OIDCIssuer: "http://localhost:8081/oidc", OIDCClientID: "learningloop",
			RunbookURL: "README.md", Keep: true,
		}},
		{"a slash at the end of publicUrl would double", map[string]string{"mailFrom": "a@example.com", "publicUrl": "https://x.example.com/", "keep": "false"}, Params{
			Stage: "prod", BuildDir: "../.build/arm64", MailFrom: "a@example.com", MailIdentity: "a@example.com",
			PublicURL: "https://x.example.com", RunbookURL: "README.md",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := paramsFrom(get(tt.context))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
		})
	}

	bad := []struct {
		name    string
		context map[string]string
		want    []string
	}{
		{"no sender", nil, []string{"mailFrom is not set"}},
		{
			"all at once",
			map[string]string{"stage": "Prod!", "mailFrom": "nobody", "endpointSsm": "http://x", "certificateArn": "c", "oidcIssuer": "https://i"},
			[]string{"stage must be", "mailFrom must be", "endpointSsm", "certificateArn must be", "oidcIssuer and oidcClientId"},
		},
		{"unknown variant", map[string]string{"variant": "azure"}, []string{`not "azure"`}},
		{"certificate for a path", map[string]string{
			"mailFrom": "a@example.com", "publicUrl": "https://x.example.com/loop", "certificateArn": "arn:aws:acm:eu-west-1:111122223333:certificate/1",
		}, []string{"certificateArn must be"}},
	}
	for _, tt := range bad {
		t.Run(tt.name, func(t *testing.T) {
			_, err := paramsFrom(get(tt.context))
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error does not say %q: %v", want, err)
				}
			}
		})
	}
}

func TestCheckBuild(t *testing.T) {
	err := Params{BuildDir: t.TempDir()}.CheckBuild()
	if err == nil || !strings.Contains(err.Error(), "make build") || !strings.Contains(err.Error(), "signals") {
		t.Errorf("a missing build is told as: %v", err)
	}
}
