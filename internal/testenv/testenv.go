// Package testenv names what some tests need besides Go, and hands it to them. Each thing is named by an environment key;
// make test starts or installs all of them and sets the keys. go test ./... alone sets none: a test that needs one skips
// then, and says which. make test fails where a test still skips for a key of this package.
//
// Only tests import it.
package testenv

import (
	"os"
	"testing"
)

// The environment keys. Paths are absolute.
const (
	// LocalStackURL is the endpoint of a running LocalStack, "http://127.0.0.1:4566", without a slash at the end. Tests
	// share it: they name what they create so that two runs do not meet, and delete what is large.
	LocalStackURL = "LOCALSTACK_URL"

	// DynamoDBEndpoint is an endpoint that speaks DynamoDB with streams and TTL; LocalStack's own under make test.
	DynamoDBEndpoint = "DYNAMODB_ENDPOINT"

	// AWS is the AWS command line.
	AWS = "WITH_AWS"

	// BuildDir is the folder of the functions as built for this machine: NAME/bootstrap.
	BuildDir = "BUILD_DIR"

	// CDK is the pinned AWS CDK command line. It takes environment keys that begin with CDK for its own options.
	CDK = "WITH_CDK"

	// Chromium is a headless-capable Chromium. Start it with --no-sandbox where the tests run as root.
	Chromium = "CHROMIUM"

	// NodeTools is a node_modules folder with playwright-core, axe-core and oidc-provider. Give it to node as NODE_PATH
	// for require, or link it next to a script that imports.
	NodeTools = "NODE_TOOLS"

	// Python is a Python >= 3.11 with boto3; beside it in the same folder lies schemathesis.
	Python = "PYTHON"

	// Shots is the folder where browser tests keep their screenshots.
	Shots = "SHOTS"
)

// Keys lists them all.
var Keys = []string{LocalStackURL, DynamoDBEndpoint, AWS, BuildDir, CDK, Chromium, NodeTools, Python, Shots}

// Need gives the value of key, or skips the test and says why.
func Need(t testing.TB, key string) string {
	t.Helper()
	v := os.Getenv(key)
	if v == "" {
		t.Skipf("SKIP: %s is not set; make test sets it", key)
	}
	return v
}
