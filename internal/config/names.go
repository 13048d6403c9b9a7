// Package config names everything that the deployed stack and the functions must agree on: environment keys, indexes,
// function and schedule names. It reads the environment into a typed struct per function and reports all problems at
// once. It is the one package of internal/ that infra/ imports.
package config

// Index names of the table; each is a sparse global secondary index with the key attributes <name>_p and <name>_s.
const (
	IndexPending = "pending" // orders not done yet: triage, filing, telling
	IndexRanked  = "ranked"  // by score: the queue, Improvements of one status
	IndexRecent  = "recent"  // by time of the last change
)

// Indexes lists them all.
var Indexes = []string{IndexPending, IndexRanked, IndexRecent}
