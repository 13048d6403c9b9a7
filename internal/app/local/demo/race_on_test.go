//go:build race

package demo_test

// volume is how much is said: the race detector makes everything some ten times slower.
const volume = 0.1
