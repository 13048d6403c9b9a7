package main

import (
	"slices"
	"strings"
)

// without gives env less the keys, so that a value left in a person's shell does not decide which tests run.
func without(env, keys []string) []string {
	return slices.DeleteFunc(slices.Clone(env), func(kv string) bool {
		k, _, _ := strings.Cut(kv, "=")
		return slices.Contains(keys, k)
	})
}
