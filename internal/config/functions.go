package config

import (
	"log/slog"
	"strings"
)

// Common is what every function needs.
type Common struct {
	Stage     string
	LogLevel  slog.Level
	TableName string
	PublicURL string // absolute, no slash at its end; may have a path (the stage of API Gateway)
}

// TokenKey is where the HMAC key of tokens is; exactly one member is set.
type TokenKey struct {
	Literal   string
	SecretARN string
}

// String never shows the key.
func (k TokenKey) String() string {
	if k.SecretARN != "" {
		return k.SecretARN
	}
	return "(literal)"
}

// GoString never shows the key.
func (k TokenKey) GoString() string { return k.String() }

// LogValue never shows the key.
func (k TokenKey) LogValue() slog.Value { return slog.StringValue(k.String()) }

// Identity is who says who a member of staff is.
type Identity struct {
	Issuer          string // URL, exactly as in the tokens' iss claim
	ClientID        string
	ClientSecretARN string // "" for a public client
}

// Mail is how mail is sent.
type Mail struct {
	From             string // address, with or without a name
	ReplyTo          string // address; From where none was given
	ConfigurationSet string // of SES; "" for none
}

// OpsItemsBudget is what OpsItems may be filed, with the fields of governor.Budget; zero is AWS's quota, of Money (US
// dollars) no limit.
type OpsItemsBudget struct {
	Month int
	Total int
	Money float64
}

// APIConfig is what functions/api needs.
type APIConfig struct {
	Common
	TokenKey TokenKey
	Identity Identity
	Budget   OpsItemsBudget
}

// SignalsConfig is what functions/signals needs.
type SignalsConfig struct {
	Common
	TokenKey TokenKey // people are known by a key derived from it
}

// TriageConfig is what functions/triage needs.
type TriageConfig struct{ Common }

// OpsItemsConfig is what functions/opsitems needs.
type OpsItemsConfig struct {
	Common
	AccountID   string // 12 digits
	Region      string
	OpsTopicARN string // "" for no notifications
	// Tags of every OpsItem: the stage, and what the deployer allocates costs by.
	Tags   map[string]string
	Budget OpsItemsBudget
}

// FollowupConfig is what functions/followup needs.
type FollowupConfig struct {
	Common
	TokenKey TokenKey
	Mail     Mail
	EventBus string // name or ARN
}

// DigestConfig is what functions/digest needs. It sends nothing itself: followup does, from the outbox.
type DigestConfig struct {
	Common
	TokenKey TokenKey
	Budget   OpsItemsBudget
}

func (r *reader) common() Common {
	return Common{
		Stage:     r.required(KeyStage),
		LogLevel:  r.level(),
		TableName: r.required(KeyTableName),
		PublicURL: strings.TrimRight(r.url(KeyPublicURL), "/"), // so that paths can be appended
	}
}

func (r *reader) mail() Mail {
	m := Mail{
		From:             r.address(KeyMailFrom, r.required(KeyMailFrom)),
		ReplyTo:          r.address(KeyMailReplyTo, r.optional(KeyMailReplyTo)),
		ConfigurationSet: r.optional(KeyMailConfigurationSet),
	}
	if m.ReplyTo == "" {
		m.ReplyTo = m.From
	}
	return m
}

func (r *reader) budget() OpsItemsBudget {
	return OpsItemsBudget{Month: int(r.amount(KeyOpsItemsMonth)), Total: int(r.amount(KeyOpsItemsTotal)), Money: r.amount(KeyOpsItemsDollars)}
}

// tags reads "key=value" pairs with commas between them.
func (r *reader) tags(key string) map[string]string {
	const most, longestKey, longestValue = 40, 128, 256 // AWS takes 50 tags, some of which are ours
	out := map[string]string{}
	for pair := range strings.SplitSeq(r.optional(key), ",") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		k, v, ok := strings.Cut(pair, "=")
		k, v = strings.TrimSpace(k), strings.TrimSpace(v)
		if !ok || k == "" || len(k) > longestKey || len(v) > longestValue || strings.HasPrefix(strings.ToLower(k), "aws:") {
			r.bad(key, "must be pairs like CostCenter=4711 with commas between them, not %q", pair)
			continue
		}
		out[k] = v
	}
	if len(out) > most {
		r.bad(key, "must be at most %d tags", most)
	}
	return out
}

// API reads the environment of functions/api; the error is a Problems.
func (e Env) API() (APIConfig, error) {
	r := &reader{env: e}
	c := APIConfig{Common: r.common(), TokenKey: r.tokenKey(), Identity: Identity{
		Issuer:          r.url(KeyOIDCIssuer),
		ClientID:        r.required(KeyOIDCClientID),
		ClientSecretARN: r.arn(KeyOIDCClientSecretARN, "secretsmanager"),
	}, Budget: r.budget()}
	return c, r.err()
}

// Signals reads the environment of functions/signals; the error is a Problems.
func (e Env) Signals() (SignalsConfig, error) {
	r := &reader{env: e}
	c := SignalsConfig{Common: r.common(), TokenKey: r.tokenKey()}
	return c, r.err()
}

// Triage reads the environment of functions/triage; the error is a Problems.
func (e Env) Triage() (TriageConfig, error) {
	r := &reader{env: e}
	c := TriageConfig{Common: r.common()}
	return c, r.err()
}

// OpsItems reads the environment of functions/opsitems; the error is a Problems.
func (e Env) OpsItems() (OpsItemsConfig, error) {
	r := &reader{env: e}
	c := OpsItemsConfig{
		Common: r.common(), AccountID: r.account(), Region: r.required(KeyRegion), OpsTopicARN: r.arn(KeyOpsTopicARN, "sns"),
		Budget: r.budget(), Tags: r.tags(KeyOpsItemTags),
	}
	c.Tags["learningloop:stage"] = c.Stage
	return c, r.err()
}

// Followup reads the environment of functions/followup; the error is a Problems.
func (e Env) Followup() (FollowupConfig, error) {
	r := &reader{env: e}
	c := FollowupConfig{Common: r.common(), TokenKey: r.tokenKey(), Mail: r.mail(), EventBus: r.required(KeyEventBus)}
	return c, r.err()
}

// Digest reads the environment of functions/digest; the error is a Problems.
func (e Env) Digest() (DigestConfig, error) {
	r := &reader{env: e}
	c := DigestConfig{Common: r.common(), TokenKey: r.tokenKey(), Budget: r.budget()}
	return c, r.err()
}

// API reads the process's environment for functions/api.
func API() (APIConfig, error) { return OS().API() }

// Signals reads the process's environment for functions/signals.
func Signals() (SignalsConfig, error) { return OS().Signals() }

// Triage reads the process's environment for functions/triage.
func Triage() (TriageConfig, error) { return OS().Triage() }

// OpsItems reads the process's environment for functions/opsitems.
func OpsItems() (OpsItemsConfig, error) { return OS().OpsItems() }

// Followup reads the process's environment for functions/followup.
func Followup() (FollowupConfig, error) { return OS().Followup() }

// Digest reads the process's environment for functions/digest.
func Digest() (DigestConfig, error) { return OS().Digest() }
