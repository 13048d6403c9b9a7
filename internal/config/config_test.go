package config

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const key32 = "0123456789abcdef0123456789abcdef"

func valid() map[string]string {
	return map[string]string{
		KeyStage: "prod", KeyTableName: "loop", KeyPublicURL: "https://feedback.example.com/prod/", KeyTokenKey: key32,
		KeyOIDCIssuer: "https://issuer.example.com/", KeyOIDCClientID: "client", KeyAccountID: "111122223333",
		KeyRegion: "eu-west-1", KeyOpsTopicARN: "arn:aws:sns:eu-west-1:111122223333:ops", KeyMailFrom: "Loop <loop@example.com>",
		KeyEventBus: "loop",
	}
}

func env(m map[string]string, change map[string]string) Env {
	m = maps.Clone(m)
	maps.Copy(m, change)
	return func(k string) string { return m[k] }
}

func TestLoad(t *testing.T) {
	common := Common{Stage: "prod", LogLevel: slog.LevelDebug, TableName: "loop", PublicURL: "https://feedback.example.com/prod"}
	token := TokenKey{Literal: key32}
	sender := Mail{From: "Loop <loop@example.com>", ReplyTo: "Loop <loop@example.com>", ConfigurationSet: "set"}
	e := env(valid(), map[string]string{KeyLogLevel: "debug", KeyMailConfigurationSet: "set", KeyOpsItemTags: " CostCenter = 4711,,team=a b"})
	tests := []struct {
		name string
		load func() (any, error)
		want any
	}{
		{FnAPI, func() (any, error) { return e.API() }, APIConfig{
			Common: common, TokenKey: token,
			// The slash stays: an issuer is compared with the iss claim byte by byte (OpenID Connect Core, 3.1.3.7).
			Identity: Identity{Issuer: "https://issuer.example.com/", ClientID: "client"},
		}},
		{FnSignals, func() (any, error) { return e.Signals() }, SignalsConfig{Common: common, TokenKey: token}},
		{FnTriage, func() (any, error) { return e.Triage() }, TriageConfig{Common: common}},
		{FnOpsItems, func() (any, error) { return e.OpsItems() }, OpsItemsConfig{
			Common: common, AccountID: "111122223333", Region: "eu-west-1", OpsTopicARN: "arn:aws:sns:eu-west-1:111122223333:ops",
			Tags: map[string]string{"learningloop:stage": "prod", "CostCenter": "4711", "team": "a b"},
		}},
		{FnFollowup, func() (any, error) { return e.Followup() }, FollowupConfig{Common: common, TokenKey: token, Mail: sender, EventBus: "loop"}},
		{FnDigest, func() (any, error) { return e.Digest() }, DigestConfig{Common: common, TokenKey: token}},
	}
	seen := make([]string, 0, len(tests))
	for _, tt := range tests {
		seen = append(seen, tt.name)
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.load()
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
		})
	}
	if d := cmp.Diff(Functions, seen); d != "" {
		t.Errorf("functions tried (-want +got)\n%s", d)
	}
}

func TestProblems(t *testing.T) {
	tests := []struct {
		name   string
		change map[string]string
		want   Problems // of api, opsitems and followup, in that order, each once
	}{
		{"nothing wrong", nil, nil},
		{"white space is unset", map[string]string{KeyTableName: " "}, Problems{"TABLE_NAME is not set"}},
		{
			"all at once",
			map[string]string{KeyStage: "", KeyTableName: "", KeyPublicURL: "", KeyOIDCClientID: "", KeyAccountID: "12", KeyMailFrom: "nobody"},
			Problems{
				"STAGE is not set", "TABLE_NAME is not set", "PUBLIC_URL is not set", "OIDC_CLIENT_ID is not set",
				`ACCOUNT_ID must be 12 digits, not "12"`, `MAIL_FROM must be a mail address, not "nobody"`,
			},
		},
		{"log level", map[string]string{KeyLogLevel: "loud"}, Problems{`LOG_LEVEL must be DEBUG, INFO, WARN or ERROR, not "loud"`}},
		{"relative URL", map[string]string{KeyPublicURL: "/prod"}, Problems{`PUBLIC_URL must be an absolute URL, not "/prod"`}},
		{"scheme", map[string]string{KeyPublicURL: "javascript://x"}, Problems{`PUBLIC_URL must be an absolute URL, not "javascript://x"`}},
		{"query", map[string]string{KeyPublicURL: "https://x.example.com?a=1"}, Problems{"PUBLIC_URL must have no user, query or fragment"}},
		{"http elsewhere", map[string]string{KeyPublicURL: "http://x.example.com"}, Problems{"PUBLIC_URL must be https, except on this machine"}},
		{"http here", map[string]string{KeyPublicURL: "http://127.0.0.1:8080", KeyOIDCIssuer: "http://localhost:9000/oidc"}, nil},
		{"no token key", map[string]string{KeyTokenKey: ""}, Problems{"TOKEN_KEY_ARN is not set, and neither is TOKEN_KEY"}},
		{
			"two token keys",
			map[string]string{KeyTokenKeyARN: "arn:aws:secretsmanager:eu-west-1:111122223333:secret:x"},
			Problems{"TOKEN_KEY_ARN and TOKEN_KEY are both set"},
		},
		{"short token key", map[string]string{KeyTokenKey: "short-secret"}, Problems{"TOKEN_KEY must have at least 32 bytes"}},
		{
			"ARN of something else",
			map[string]string{KeyOpsTopicARN: "arn:aws:sqs:eu-west-1:111122223333:ops"},
			Problems{`OPS_TOPIC_ARN must be an ARN of sns, not "arn:aws:sqs:eu-west-1:111122223333:ops"`},
		},
		{"topic is optional", map[string]string{KeyOpsTopicARN: ""}, nil},
		{"tags", map[string]string{KeyOpsItemTags: "aws:x=1,none"}, Problems{
			`OPSITEM_TAGS must be pairs like CostCenter=4711 with commas between them, not "aws:x=1"`,
			`OPSITEM_TAGS must be pairs like CostCenter=4711 with commas between them, not "none"`,
		}},
		{"a budget", map[string]string{KeyOpsItemsMonth: "2000", KeyOpsItemsTotal: "9000", KeyOpsItemsDollars: "9.50"}, nil},
		{
			"no budget",
			map[string]string{KeyOpsItemsMonth: "many", KeyOpsItemsTotal: "-1", KeyOpsItemsDollars: "NaN"},
			Problems{
				`OPSITEMS_MONTH must be a number from 0 up, not "many"`, `OPSITEMS_TOTAL must be a number from 0 up, not "-1"`,
				`OPSITEMS_DOLLARS must be a number from 0 up, not "NaN"`,
			},
		},
		{"reply-to", map[string]string{KeyMailReplyTo: "a@b@c"}, Problems{`MAIL_REPLY_TO must be a mail address, not "a@b@c"`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := env(valid(), tt.change)
			var got Problems
			for _, load := range []func() error{
				func() error { _, err := e.API(); return err },
				func() error { _, err := e.OpsItems(); return err },
				func() error { _, err := e.Followup(); return err },
			} {
				if p, ok := errors.AsType[Problems](load()); ok {
					for _, s := range p {
						if !strings.Contains(strings.Join(got, "\n"), s) {
							got = append(got, s)
						}
					}
				}
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
			if strings.Contains(got.Error(), "short-secret") {
				t.Error("a problem shows the token key")
			}
		})
	}
}

func TestTokenKeyIsHidden(t *testing.T) {
	c := APIConfig{TokenKey: TokenKey{Literal: key32}}
	for _, format := range []string{"%v", "%+v", "%s", "%#v"} {
		if s := fmt.Sprintf(format, c); strings.Contains(s, key32) {
			t.Errorf("%s shows the key: %s", format, s)
		}
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("start", "key", c.TokenKey)
	if strings.Contains(log.String(), key32) {
		t.Errorf("the log shows the key: %s", log.String())
	}
}
