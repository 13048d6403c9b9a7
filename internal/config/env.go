package config

import (
	"fmt"
	"log/slog"
	"net"
	"net/mail"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
)

// Environment keys. The AWS SDK reads its own besides (AWS_REGION, AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_SSM, ...).
const (
	KeyStage                = "STAGE"                  // name of the deployment: "prod", "local"
	KeyLogLevel             = "LOG_LEVEL"              // DEBUG, INFO, WARN or ERROR; default INFO
	KeyTableName            = "TABLE_NAME"             //
	KeyPublicURL            = "PUBLIC_URL"             // where people reach the pages; every link starts with it
	KeyTokenKey             = "TOKEN_KEY"              // the HMAC key of tokens itself, for local runs and tests
	KeyTokenKeyARN          = "TOKEN_KEY_ARN"          // or the Secrets Manager secret that holds it
	KeyOIDCIssuer           = "OIDC_ISSUER"            // URL of the issuer of staff tokens
	KeyOIDCClientID         = "OIDC_CLIENT_ID"         //
	KeyOIDCClientSecretARN  = "OIDC_CLIENT_SECRET_ARN" // Secrets Manager; empty for a public client
	KeyMailFrom             = "MAIL_FROM"              // address, with or without a name
	KeyMailReplyTo          = "MAIL_REPLY_TO"          // address; empty: MAIL_FROM
	KeyMailConfigurationSet = "MAIL_CONFIGURATION_SET" // of SES; empty: none
	KeyEventBus             = "EVENT_BUS"              // name or ARN of the bus that the loop's own events go to
	KeyOpsTopicARN          = "OPS_TOPIC_ARN"          // SNS topic of OpsItem notifications; empty: none
	KeyAccountID            = "ACCOUNT_ID"             // the AWS account, for ARNs
	KeyRegion               = "AWS_REGION"             // set by Lambda
	KeyOpsItemsMonth        = "OPSITEMS_MONTH"         // OpsItems filed in a month at most; empty: AWS's quota
	KeyOpsItemsTotal        = "OPSITEMS_TOTAL"         // OpsItems in all; empty: AWS's quota
	KeyOpsItemTags          = "OPSITEM_TAGS"           // tags of every OpsItem: "CostCenter=4711,Team=checkout"; empty: none
	KeyOpsItemsDollars      = "OPSITEMS_DOLLARS"       // what OpsItems may cost in a month, in US dollars; empty: no limit
)

// MinTokenKey is the least length of a token key in bytes: that of the HMAC-SHA-256 it is used in.
const MinTokenKey = 32

// Env looks up one environment key; "" is unset. os.Getenv is one.
type Env func(key string) string

// Problems are all the things wrong with an environment, one sentence each.
type Problems []string

// Error lists them.
func (p Problems) Error() string { return "environment: " + strings.Join(p, "; ") }

// OS is the environment of the process.
func OS() Env { return os.Getenv }

// reader collects what is wrong while a struct is filled, so that one start tells everything there is to mend.
type reader struct {
	env      Env
	problems Problems
}

func (r *reader) bad(key, format string, args ...any) {
	r.problems = append(r.problems, key+" "+fmt.Sprintf(format, args...))
}

func (r *reader) err() error {
	if len(r.problems) == 0 {
		return nil
	}
	return r.problems
}

func (r *reader) optional(key string) string { return strings.TrimSpace(r.env(key)) }

func (r *reader) required(key string) string {
	v := r.optional(key)
	if v == "" {
		r.bad(key, "is not set")
	}
	return v
}

func (r *reader) level() slog.Level {
	var l slog.Level
	if v := r.optional(KeyLogLevel); v != "" {
		if err := l.UnmarshalText([]byte(v)); err != nil {
			r.bad(KeyLogLevel, "must be DEBUG, INFO, WARN or ERROR, not %q", v)
		}
	}
	return l
}

// amount takes a number from 0 up; 0 where the key is not set.
func (r *reader) amount(key string) float64 {
	v := r.optional(key)
	if v == "" {
		return 0
	}
	n, err := strconv.ParseFloat(v, 64)
	if err != nil || !(n >= 0 && n <= 1e9) {
		r.bad(key, "must be a number from 0 up, not %q", v)
		return 0
	}
	return n
}

// url takes an absolute URL without user, query or fragment. Plain http is for this machine only.
func (r *reader) url(key string) string {
	v := r.required(key)
	if v == "" {
		return ""
	}
	u, err := url.Parse(v)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		r.bad(key, "must be an absolute URL, not %q", v)
	case u.RawQuery != "" || u.Fragment != "" || u.User != nil:
		r.bad(key, "must have no user, query or fragment")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		r.bad(key, "must be https, except on this machine")
	}
	return v
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}

func (r *reader) address(key, v string) string {
	if v == "" {
		return ""
	}
	if _, err := mail.ParseAddress(v); err != nil {
		r.bad(key, "must be a mail address, not %q", v)
	}
	return v
}

var (
	arnPattern     = regexp.MustCompile(`^arn:aws[a-z-]*:([a-z0-9-]+):[a-z0-9-]*:[0-9]{12}:.+$`)
	accountPattern = regexp.MustCompile(`^[0-9]{12}$`)
)

func (r *reader) arn(key, service string) string {
	v := r.optional(key)
	if v == "" {
		return ""
	}
	if m := arnPattern.FindStringSubmatch(v); m == nil || m[1] != service {
		r.bad(key, "must be an ARN of %s, not %q", service, v)
	}
	return v
}

func (r *reader) account() string {
	v := r.required(KeyAccountID)
	if v != "" && !accountPattern.MatchString(v) {
		r.bad(KeyAccountID, "must be 12 digits, not %q", v)
	}
	return v
}

// tokenKey never puts the key into a problem.
func (r *reader) tokenKey() TokenKey {
	k := TokenKey{Literal: r.env(KeyTokenKey), SecretARN: r.arn(KeyTokenKeyARN, "secretsmanager")}
	switch {
	case k.Literal == "" && k.SecretARN == "":
		r.bad(KeyTokenKeyARN, "is not set, and neither is %s", KeyTokenKey)
	case k.Literal != "" && k.SecretARN != "":
		r.bad(KeyTokenKeyARN, "and %s are both set", KeyTokenKey)
	case k.Literal != "" && len(k.Literal) < MinTokenKey:
		r.bad(KeyTokenKey, "must have at least %d bytes", MinTokenKey)
	}
	return k
}
