//go:build race

package local_test

// every is how many calls the story's test goes on by: the race detector makes each story some ten times slower. make test
// runs it besides without the detector, for every call.
const every = 13
