// Package archtest holds the architecture: which package may import which, what a Lambda may link, and that the domain
// asks neither the clock nor chance. layers.go is the architecture; a new package must find its place there before the
// tests pass.
package archtest
