//go:build !race

package local_test

// every is how many calls the story's test goes on by.
const every = 1
