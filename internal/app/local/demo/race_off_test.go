//go:build !race

package demo_test

// volume is how much is said.
const volume = 1
