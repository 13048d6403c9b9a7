// Package config names everything that the deployed stack and the functions must agree on: environment keys, indexes,
// functions, schedules, metrics. It reads the environment into a typed struct per function and reports all problems at
// once. It is the one package of internal/ that infra/ imports, so it imports nothing but the standard library.
package config

// Index names of the table; each is a sparse global secondary index with the key attributes <name>_p and <name>_s.
const (
	IndexPending = "pending" // orders not done yet: triage, filing, telling; andons that are up
	IndexRanked  = "ranked"  // by score: the queue, Improvements of one status
	IndexRecent  = "recent"  // by time of the last change
)

// Indexes lists them all.
var Indexes = []string{IndexPending, IndexRanked, IndexRecent}

// Function names: the folder under functions/, the package under internal/app/ and the Lambda function of the stack.
const (
	FnAPI      = "api"
	FnSignals  = "signals"
	FnTriage   = "triage"
	FnOpsItems = "opsitems"
	FnFollowup = "followup"
	FnDigest   = "digest"
)

// Functions lists them all.
var Functions = []string{FnAPI, FnSignals, FnTriage, FnOpsItems, FnFollowup, FnDigest}

// WakeTypes says which types of row (table.Row.Type), when they lie in the pending index, wake which function by the
// change stream. The sweep of the function finds the same rows without the stream.
var WakeTypes = map[string][]string{
	FnTriage:   {"feedback"},
	FnOpsItems: {"episode"},
	FnFollowup: {"mail", "notice", "postincident"},
}

// Schedule names. A function that a schedule invokes gets {"schedule": name, "at": RFC 3339 in UTC}.
const (
	ScheduleTriageSweep       = "triage-sweep"
	ScheduleFollowupSweep     = "followup-sweep"
	ScheduleOpsItemsSweep     = "opsitems-sweep"
	ScheduleOpsItemsReconcile = "opsitems-reconcile"
	ScheduleDigestWeekly      = "digest-weekly"
	ScheduleDigestMonthly     = "digest-monthly"
)

// Events of our own on EventBridge.
const (
	EventSource            = "learningloop"
	EventFeedbackSubmitted = "Feedback Submitted"
	EventPostIncident      = "Post-Incident Opened" // told by followup on the stack's own bus; internal/incident has its detail
)

// Metrics in CloudWatch's embedded metric format. All are in MetricNamespace with the one dimension DimensionStage; those
// of episodes besides with DimensionStage and DimensionProduct.
const (
	MetricNamespace = "LearningLoop"
	DimensionStage  = "Stage"

	DimensionProduct = "Product" // slug, as it was when the episode was opened

	MetricFilingFailed = "FilingFailed" // count: an attempt to file an OpsItem that did not succeed and will be tried again
	MetricMailFailed   = "MailFailed"   // count: an attempt to send a mail that did not succeed
	MetricSetAside     = "SetAside"     // count: an event nobody understood, kept for a person
	MetricEventFailed  = "EventFailed"  // count: an attempt to put an event on the bus that did not succeed and will be tried again
	MetricOpsItemsUsed = "OpsItemsUsed" // percent of the month's OpsItems (or of all there can be) that are filed; said by each sweep of opsitems
	MetricOpsItemsHeld = "OpsItemsHeld" // how many wait for room in the budget; likewise
	MetricMailSandbox  = "MailSandbox"  // 1 while SES is in its sandbox, else 0; said by each sweep of followup
)

// Metrics of episodes, by product. Each is told right after the transition was stored: once at most, and nearly always.
const (
	MetricEpisodesOpened    = "EpisodesOpened"    // count: the first episode of something
	MetricEpisodesResolved  = "EpisodesResolved"  // count: each time; -1 where an alarm that flaps takes it back. Only its sum says anything
	MetricEpisodesReopened  = "EpisodesReopened"  // count: came back, as the next episode or as the same one that goes on
	MetricTimeToAcknowledge = "TimeToAcknowledge" // seconds from opening until a person planned or began it
	MetricTimeToResolve     = "TimeToResolve"     // seconds from opening
	MetricOpenEpisodes      = "OpenEpisodes"      // how many are under way, said by each reconcile
)

// Paths of the pages that the identity provider sends a browser back to, below PUBLIC_URL.
const (
	PathSignedIn  = "/auth/callback"
	PathSignedOut = "/"
)
