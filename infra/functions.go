package main

import (
	"path/filepath"
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambdadestinations"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"

	"learningloop/internal/config"
)

// spec is what functions differ in. Lambda gives processor by memory, a whole one at 1,769 MB: 512 MB answer a page in
// tens of milliseconds; digest reads whole periods.
//
// None reserves concurrency: new accounts have 10 in all and refuse any reservation. The API's throttle and the queues'
// limits on workers keep one function from starving another.
type spec struct {
	what    string
	memory  float64 // MB
	timeout float64 // seconds
}

var specs = map[string]spec{
	config.FnAPI:      {"Pages and API", 512, 25}, // API Gateway gives up after 29
	config.FnSignals:  {"Reads events of operations as feedback", 512, 30},
	config.FnTriage:   {"Counts, scores and attaches feedback", 512, 60},
	config.FnOpsItems: {"Files OpsItems and mirrors them both ways", 512, 60},
	config.FnFollowup: {"Tells everybody who asked", 512, 60},
	config.FnDigest:   {"Writes the digest", 1024, 300},
}

type functionInput struct {
	table  awsdynamodb.Table
	api    *api
	staff  identity
	sender sender
	secret awssecretsmanager.Secret
	notify notify
	queues queues
	bus    awsevents.IEventBus // of the loop's own events
}

type functions struct {
	api    awslambda.Function
	byName map[string]awslambda.Function
}

func newFunctions(l *loop, in functionInput) functions {
	fns := functions{byName: map[string]awslambda.Function{}}
	for _, name := range config.Functions {
		fns.byName[name] = newFunction(l, name, environment(l, name, in), in)
	}
	fns.api = fns.byName[config.FnAPI]
	grant(l, in, fns)
	return fns
}

// newFunction makes one function with a role of its own that may do nothing yet but write its log and traces. AWS's
// managed policy for that would let it write every log of the account.
func newFunction(l *loop, name string, env map[string]*string, in functionInput) awslambda.Function {
	s, id := specs[name], title(name)
	logs := awslogs.NewLogGroup(l.Stack, str(id+"Log"), &awslogs.LogGroupProps{
		LogGroupName: str("/" + l.name() + "/" + name), Retention: awslogs.RetentionDays_ONE_MONTH, RemovalPolicy: awscdk.RemovalPolicy_DESTROY,
	})
	role := awsiam.NewRole(l.Stack, str(id+"Role"), &awsiam.RoleProps{AssumedBy: awsiam.NewServicePrincipal(str("lambda.amazonaws.com"), nil)})
	logs.GrantWrite(role)

	arch := awslambda.Architecture_ARM_64()
	if l.local() {
		arch = awslambda.Architecture_X86_64() // LocalStack runs functions as processes of its host
	}
	props := &awslambda.FunctionProps{
		Description:   str(s.what),
		Runtime:       awslambda.Runtime_PROVIDED_AL2023(),
		Architecture:  arch,
		Code:          awslambda.Code_FromAsset(str(filepath.Join(l.BuildDir, name)), nil),
		Handler:       str("bootstrap"),
		MemorySize:    num(s.memory),
		Timeout:       seconds(s.timeout),
		Environment:   &env,
		Role:          role,
		LogGroup:      logs,
		LoggingFormat: awslambda.LoggingFormat_JSON,
		Tracing:       awslambda.Tracing_ACTIVE,
	}
	if _, ok := scheduled()[name]; ok {
		// A schedule only hands its event over; this is who notices when the run itself fails.
		props.OnFailure = awslambdadestinations.NewSqsDestination(in.queues.schedules)
		props.RetryAttempts = num(2)
		props.MaxEventAge = hours(6) // Lambda's longest: a digest is still worth sending at noon
	}
	return awslambda.NewFunction(l.Stack, str(id+"Function"), props)
}

// environment is what a function is told: the keys its loader in internal/config asks for, and no others.
func environment(l *loop, name string, in functionInput) map[string]*string {
	env := map[string]*string{
		config.KeyStage:     str(l.Stage),
		config.KeyLogLevel:  str("INFO"),
		config.KeyTableName: in.table.TableName(),
		config.KeyPublicURL: in.api.publicURL,
	}
	set := func(keys map[string]*string) {
		for k, v := range keys {
			if v != nil && *v != "" {
				env[k] = v
			}
		}
	}
	if slices.Contains(useTokens, name) {
		set(map[string]*string{config.KeyTokenKeyARN: in.secret.SecretArn()})
	}
	if slices.Contains(minding, name) {
		set(map[string]*string{
			config.KeyOpsItemsMonth: str(l.OpsItemsMonth), config.KeyOpsItemsTotal: str(l.OpsItemsTotal), config.KeyOpsItemsDollars: str(l.OpsItemsDollars),
		})
	}
	if slices.Contains(callSES, name) {
		set(map[string]*string{"AWS_ENDPOINT_URL_SESV2": str(l.EndpointSESv2)})
	}
	switch name {
	case config.FnAPI:
		set(map[string]*string{config.KeyOIDCIssuer: in.staff.issuer, config.KeyOIDCClientID: in.staff.clientID})
	case config.FnOpsItems:
		set(map[string]*string{
			config.KeyAccountID: l.Account(), config.KeyOpsTopicARN: in.notify.topic.TopicArn(), config.KeyOpsItemTags: str(l.OpsItemTags), "AWS_ENDPOINT_URL_SSM": str(l.EndpointSSM),
		})
	case config.FnFollowup:
		set(map[string]*string{
			config.KeyMailFrom: str(l.MailFrom), config.KeyMailReplyTo: str(l.MailReplyTo), config.KeyMailConfigurationSet: str(in.sender.set),
			config.KeyEventBus: in.bus.EventBusName(),
		})
	}
	return env
}

// useTokens are the functions that make or read tokens, or know people by a key derived from theirs.
var useTokens = []string{config.FnAPI, config.FnSignals, config.FnFollowup, config.FnDigest}

// minding are the functions that know the budget for OpsItems: the one that files, and those that say how it stands.
var minding = []string{config.FnAPI, config.FnOpsItems, config.FnDigest}

// callSES are the functions that call SES: the one that sends, and the API, whose staff pages say whether it is a sandbox.
var callSES = []string{config.FnAPI, config.FnFollowup}

// newTokenKey is the key of the tokens in customers' links; lose it, and every link sent so far is dead.
func newTokenKey(l *loop) awssecretsmanager.Secret {
	return awssecretsmanager.NewSecret(l.Stack, str("TokenKey"), &awssecretsmanager.SecretProps{
		Description:          str("HMAC key of the tokens in links to customers"),
		GenerateSecretString: &awssecretsmanager.SecretStringGenerator{PasswordLength: num(64), ExcludePunctuation: yes()},
		RemovalPolicy:        l.keep(),
	})
}
