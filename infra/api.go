package main

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigateway"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscertificatemanager"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
)

type api struct {
	rest      awsapigateway.RestApi
	publicURL *string
	domain    awsapigateway.DomainName // nil without a certificate
}

// accessLog has the resource's template, never the path: customers' pages carry their token in it. For the same reason
// the stage has neither X-Ray tracing nor execution logs, which both record the URL; traces start in the function. It
// has no address of the caller either. The function logs its route by the name of its pattern.
const accessLog = `{"requestId":"$context.requestId","method":"$context.httpMethod","resource":"$context.resourcePath",` +
	`"status":"$context.status","latencyMs":"$context.responseLatency","functionMs":"$context.integrationLatency",` +
	`"functionStatus":"$context.integrationStatus","responseBytes":"$context.responseLength","error":"$context.error.responseType"}`

// newAPI makes the API without its methods; serve adds them.
func newAPI(l *loop) *api {
	logs := awslogs.NewLogGroup(l.Stack, str("ApiAccessLog"), &awslogs.LogGroupProps{
		Retention: awslogs.RetentionDays_ONE_MONTH, RemovalPolicy: awscdk.RemovalPolicy_DESTROY,
	})
	a := &api{rest: awsapigateway.NewRestApi(l.Stack, str("Api"), &awsapigateway.RestApiProps{
		RestApiName:           str(l.name()),
		EndpointConfiguration: &awsapigateway.EndpointConfiguration{Types: &[]awsapigateway.EndpointType{awsapigateway.EndpointType_REGIONAL}},
		// API Gateway decides by the first media type of Accept whether an answer may be binary; browsers put anything there.
		// With */* bodies travel base64-encoded both ways, and a chart, a form and JSON all arrive as they were sent.
		BinaryMediaTypes:   list("*/*"),
		MinCompressionSize: awscdk.Size_Bytes(num(1024)),
		CloudWatchRole:     yes(), // the account's, needed for access logs; it stays when the stack goes
		DeployOptions: &awsapigateway.StageOptions{
			StageName:            str(l.Stage),
			ThrottlingRateLimit:  num(100), // requests a second: many times what feedback brings, far below what hurts
			ThrottlingBurstLimit: num(200),
			AccessLogDestination: awsapigateway.NewLogGroupLogDestination(logs),
			AccessLogFormat:      awsapigateway.AccessLogFormat_Custom(str(accessLog)),
			LoggingLevel:         awsapigateway.MethodLoggingLevel_OFF,
		},
	})}
	a.publicURL = a.public(l)
	if l.CertificateARN != "" {
		a.domain = awsapigateway.NewDomainName(l.Stack, str("Domain"), &awsapigateway.DomainNameProps{
			DomainName:     str(l.host()),
			Certificate:    awscertificatemanager.Certificate_FromCertificateArn(l.Stack, str("Certificate"), str(l.CertificateARN)),
			EndpointType:   awsapigateway.EndpointType_REGIONAL,
			SecurityPolicy: awsapigateway.SecurityPolicy_TLS_1_2,
			Mapping:        a.rest,
		})
		newOutputs(l, map[string]*string{"DomainTarget": a.domain.DomainNameAliasDomainName()})
	}
	a.problems()
	a.rest.Node().TryRemoveChild(str("Endpoint")) // an output that repeats ApiUrl
	return a
}

// public is the URL that every link starts with. Without publicUrl it is made of the API's id and the stage's literal
// name, and depends on neither deployment nor stage: those depend on the function that is told the URL.
func (a *api) public(l *loop) *string {
	pattern := l.PublicURL
	if pattern == "" {
		pattern = "https://{apiId}.execute-api." + *l.Region() + "." + *l.UrlSuffix() + "/{stage}"
	}
	return str(strings.NewReplacer("{apiId}", *a.rest.RestApiId(), "{stage}", l.Stage).Replace(pattern))
}

// serve sends every path and method to the function, whose own router knows which there are.
func (a *api) serve(fn awslambda.IFunction) {
	whole := awsapigateway.NewLambdaIntegration(fn, &awsapigateway.LambdaIntegrationOptions{
		ScopePermissionToMethod: new(bool), // one permission for the API instead of two for each method
	})
	a.rest.Root().AddMethod(str("ANY"), whole, nil)
	a.rest.Root().AddProxy(&awsapigateway.ProxyResourceOptions{DefaultIntegration: whole, AnyMethod: yes()})
}

// problems makes API Gateway's own refusals (throttled, too large, no answer in time) look like the function's: RFC 9457.
func (a *api) problems() {
	// In a fixed order: the deployment's id is a hash that depends on it.
	for _, t := range []awsapigateway.ResponseType{awsapigateway.ResponseType_DEFAULT_4XX(), awsapigateway.ResponseType_DEFAULT_5XX()} {
		a.rest.AddGatewayResponse(str("Problem"+*t.ResponseType()), &awsapigateway.GatewayResponseOptions{
			Type:            t,
			ResponseHeaders: &map[string]*string{"Content-Type": str("'application/problem+json'"), "Cache-Control": str("'no-store'")},
			Templates: &map[string]*string{"application/json": str(
				`{"type":"about:blank","title":$context.error.messageString,"instance":"urn:request:$context.requestId"}`)},
		})
	}
}
