package main

import (
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"learningloop/internal/config"
)

// VariantLocalStack deploys to LocalStack's free edition: no Cognito, no SES identity, no dashboard; amd64 functions.
const VariantLocalStack = "localstack"

// Params are what one deployment differs in from another. Each is a context key of the CDK, named in the comment.
type Params struct {
	Stage    string // stage: name of the deployment and last part of the stack's name; default prod
	Variant  string // variant: "" for AWS, or localstack
	BuildDir string // buildDir: holds <function>/bootstrap; default ../.build/arm64, or amd64 for localstack

	// publicUrl: where people reach the pages. Default: API Gateway's own URL, which has the stage in its path. {apiId} and
	// {stage} in it are replaced, for addresses that are not known before the API exists.
	PublicURL string
	// certificateArn: of a certificate in this Region for publicUrl's host; with it the stack makes the custom domain.
	CertificateARN string

	MailFrom     string // mailFrom: sender of all mail; required in AWS
	MailReplyTo  string // mailReplyTo: where replies go; default mailFrom
	MailIdentity string // mailIdentity: the address or domain that SES verifies; default mailFrom's address
	OpsEmail     string // opsEmail: subscribed to the topic of OpsItems and alarms; "" for nobody

	// opsItemsMonth, opsItemsTotal, opsItemsDollars: what may be filed in OpsCenter in a month, in all, and for how many US
	// dollars a month; default AWS's quotas, and no limit on money.
	OpsItemsMonth, OpsItemsTotal, OpsItemsDollars string

	OpsItemTags string // opsItemTags: tags of every OpsItem, for cost allocation: CostCenter=4711,Team=checkout; "" for none

	RunbookURL string // runbookUrl: the page with the runbooks, linked from alarms; default README.md
	Keep       bool   // keep: data survives the stack and deletion is refused; default true

	OIDCIssuer   string // oidcIssuer, oidcClientId: an issuer of staff tokens other than the stack's Cognito pool
	OIDCClientID string

	EndpointSSM   string // endpointSsm, endpointSesv2: localstack only, where the stand-ins of these services listen
	EndpointSESv2 string
}

// local says whether the stack is for LocalStack.
func (p Params) local() bool { return p.Variant == VariantLocalStack }

// name is what a thing is called in the account: learningloop, or learningloop-<stage> for stages other than prod.
func (p Params) name() string {
	if p.Stage == "prod" {
		return "learningloop"
	}
	return "learningloop-" + p.Stage
}

// StackName is the stack's name in CloudFormation and of its template file.
func (p Params) StackName() string { return "learningloop-" + p.Stage }

// ParamsFrom reads the context and reports all that is wrong with it at once.
func ParamsFrom(node constructs.Node) (Params, error) {
	return paramsFrom(func(key string) string {
		v := node.TryGetContext(jsii.String(key))
		if v == nil {
			return ""
		}
		return fmt.Sprint(v)
	})
}

var (
	stagePattern = regexp.MustCompile(`^[a-z][a-z0-9-]{0,15}$`)
	certPattern  = regexp.MustCompile(`^arn:aws[a-z-]*:acm:[a-z0-9-]+:[0-9]{12}:certificate/.+$`)
)

func paramsFrom(get func(key string) string) (Params, error) {
	or := func(key, otherwise string) string {
		if v := get(key); v != "" {
			return v
		}
		return otherwise
	}
	p := Params{
		Variant:         get("variant"),
		PublicURL:       strings.TrimRight(get("publicUrl"), "/"),
		CertificateARN:  get("certificateArn"),
		MailFrom:        get("mailFrom"),
		MailReplyTo:     get("mailReplyTo"),
		MailIdentity:    get("mailIdentity"),
		OpsEmail:        get("opsEmail"),
		OpsItemsMonth:   get("opsItemsMonth"),
		OpsItemsTotal:   get("opsItemsTotal"),
		OpsItemsDollars: get("opsItemsDollars"),
		OpsItemTags:     get("opsItemTags"),
		RunbookURL:      or("runbookUrl", "README.md"),
		Keep:            get("keep") != "false",
		OIDCIssuer:      get("oidcIssuer"),
		OIDCClientID:    get("oidcClientId"),
		EndpointSSM:     get("endpointSsm"),
		EndpointSESv2:   get("endpointSesv2"),
	}
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }

	switch p.Variant {
	case "":
		p.Stage, p.BuildDir = or("stage", "prod"), or("buildDir", "../.build/arm64")
		if p.EndpointSSM != "" || p.EndpointSESv2 != "" {
			bad("endpointSsm and endpointSesv2 are for variant %s only", VariantLocalStack)
		}
		if p.MailFrom == "" {
			bad("mailFrom is not set: give the address that mail is sent from, -c mailFrom=loop@example.com")
		}
	case VariantLocalStack:
		p.Stage, p.BuildDir = or("stage", "local"), or("buildDir", "../.build/amd64")
		p.MailFrom = or("mailFrom", "loop@example.com")
		p.PublicURL = or("publicUrl", "http://localhost:4566/_aws/execute-api/{apiId}/{stage}")
		p.OIDCIssuer, p.OIDCClientID = or("oidcIssuer", "http://localhost:8081/oidc"), or("oidcClientId", "learningloop")
	default:
		bad("variant must be empty or %s, not %q", VariantLocalStack, p.Variant)
	}
	if p.Stage != "" && !stagePattern.MatchString(p.Stage) {
		bad("stage must be a lower-case letter and up to 15 letters, digits or hyphens, not %q", p.Stage)
	}
	for key, v := range map[string]string{"opsItemsMonth": p.OpsItemsMonth, "opsItemsTotal": p.OpsItemsTotal, "opsItemsDollars": p.OpsItemsDollars} {
		if n, err := strconv.ParseFloat(v, 64); v != "" && (err != nil || !(n > 0 && n <= 1e9)) {
			bad("%s must be a number above 0, not %q", key, v)
		}
	}
	addr, err := mail.ParseAddress(p.MailFrom)
	if p.MailFrom != "" && err != nil {
		bad("mailFrom must be a mail address, not %q", p.MailFrom)
	}
	if p.MailIdentity == "" && err == nil {
		p.MailIdentity = addr.Address
	}
	if p.CertificateARN != "" && (!certPattern.MatchString(p.CertificateARN) || p.host() == "") {
		bad("certificateArn must be the ARN of a certificate and needs publicUrl without a path")
	}
	if (p.OIDCIssuer == "") != (p.OIDCClientID == "") {
		bad("oidcIssuer and oidcClientId go together")
	}
	return p, errors.Join(errs...)
}

// host is publicUrl's host where it is https with no path: what a custom domain can serve.
func (p Params) host() string {
	u, err := url.Parse(p.PublicURL)
	if err != nil || u.Scheme != "https" || u.Path != "" {
		return ""
	}
	return u.Hostname()
}

// CheckBuild says what is missing in BuildDir: without it the CDK would upload nothing, or fail with a bare file error.
func (p Params) CheckBuild() error {
	var missing []string
	for _, fn := range config.Functions {
		if _, err := os.Stat(filepath.Join(p.BuildDir, fn, "bootstrap")); err != nil {
			missing = append(missing, fn)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("no bootstrap of %s in %s: run `make build` first", strings.Join(missing, ", "), p.BuildDir)
	}
	return nil
}
