// Package localstack is LocalStack 4.14.0, the last release free of a token, on this machine without a container: the
// recipe (setup.sh, start.sh), the executor that runs functions as processes, and the address of the one that runs, for
// tests. README.md says what the free edition lacks.
package localstack

import (
	"testing"

	"learningloop/internal/testenv"
)

// Endpoint gives the URL of the LocalStack that runs, without a slash at the end, or skips the test and says why.
func Endpoint(t testing.TB) string {
	t.Helper()
	return testenv.Need(t, testenv.LocalStackURL)
}
