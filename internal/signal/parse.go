package signal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"learningloop/internal/fault"
	"learningloop/internal/id"
)

// OwnSource and OwnDetailType are those of the project's own event, whose detail is the body of POST /v1/feedback.
const (
	OwnSource     = "learningloop"
	OwnDetailType = "Feedback Submitted"
)

// envelope is what every EventBridge event has (EventBridge User Guide, "AWS service event metadata").
type envelope struct {
	ID         string          `json:"id"`
	Source     string          `json:"source"`
	DetailType string          `json:"detail-type"`
	Account    string          `json:"account"`
	Region     string          `json:"region"`
	Time       time.Time       `json:"-"`
	RawTime    string          `json:"time"`
	Resources  []string        `json:"resources"`
	Detail     json.RawMessage `json:"detail"`
}

type kind struct{ source, detailType string }

type reader func(e *envelope) (Parsed, error)

// readers is everything that is understood. What a service sends that is not here is ErrUnknown.
var readers = map[kind]reader{
	{OwnSource, OwnDetailType}:          readFeedback,
	{OwnSource, "Post-Incident Opened"}: ignored(ReasonOwnWord),

	{"aws.cloudwatch", "CloudWatch Alarm State Change"}:         readAlarm,
	{"aws.cloudwatch", "CloudWatch Alarm Configuration Change"}: ignored(ReasonConfiguration),

	{"aws.synthetics", "Synthetics Canary TestRun Successful"}: readCanaryRun,
	{"aws.synthetics", "Synthetics Canary TestRun Failure"}:    readCanaryRun,
	{"aws.synthetics", "Synthetics Canary Status Change"}:      readCanaryStatus,

	{"aws.codepipeline", "CodePipeline Pipeline Execution State Change"}: readPipeline,
	{"aws.codepipeline", "CodePipeline Stage Execution State Change"}:    readPipelineStep,
	{"aws.codepipeline", "CodePipeline Action Execution State Change"}:   readPipelineStep,

	{"aws.codedeploy", "CodeDeploy Deployment State-change Notification"}: readDeployment,
	{"aws.codedeploy", "CodeDeploy Instance State-change Notification"}:   readDeploymentInstance,

	{"aws.codebuild", "CodeBuild Build State Change"}: readBuild,

	{"aws.appconfig", "On Deployment Start"}:       ignored(ReasonInProgress),
	{"aws.appconfig", "On Deployment Step"}:        ignored(ReasonInProgress),
	{"aws.appconfig", "On Deployment Baking"}:      ignored(ReasonInProgress),
	{"aws.appconfig", "On Deployment Complete"}:    readConfiguration,
	{"aws.appconfig", "On Deployment Rollback"}:    readConfiguration,
	{"aws.appconfig", "On Deployment Rolled Back"}: readConfiguration,

	{"aws.health", "AWS Health Event"}:       readHealth,
	{"aws.health", "AWS Health Abuse Event"}: readHealth,

	{"aws.guardduty", "GuardDuty Finding"}:                  readGuardDuty,
	{"aws.securityhub", "Security Hub Findings - Imported"}: readSecurityHub,
	{"aws.config", "Config Rules Compliance Change"}:        readCompliance,
	{"aws.ce", "Anomaly Detected"}:                          readAnomaly,

	{"aws.connect", "Contact Lens Post Call Rules Matched"}:     readContact,
	{"aws.connect", "Contact Lens Post Chat Rules Matched"}:     readContact,
	{"aws.connect", "Contact Lens Realtime Rules Matched"}:      readContact,
	{"aws.connect", "Contact Lens Realtime Chat Rules Matched"}: readContact,

	{"aws.ssm", "OpsItem Create"}:        ignored(ReasonOpsItem),
	{"aws.ssm", "OpsItem Update"}:        ignored(ReasonOpsItem),
	{"aws.events", "Scheduled Event"}:    ignored(ReasonSchedule),
	{"aws.scheduler", "Scheduled Event"}: ignored(ReasonSchedule),
}

// Parse reads one EventBridge event. It is pure: the same bytes give the same outcome. Errors are *fault.Error of kind
// Invalid: ErrUnknown, "malformed_event" with a pointer to each bad field, or "event_too_large".
func Parse(event []byte) (Parsed, error) {
	p := Parsed{ID: identity("bytes", string(event))}
	if len(event) > MaxEvent {
		return p, fault.New(fault.Invalid, "event_too_large", "The event is larger than 1 MB.")
	}
	e, err := open(event)
	// The rest can be shown even where part of it is wrong. An id alone is no identity: services reuse them (doc.go), so the
	// bytes stay in.
	p.EventID, p.Source, p.DetailType, p.Time = line(e.ID, MaxName), line(e.Source, MaxName), line(e.DetailType, MaxName), e.Time
	if err != nil {
		return p, err
	}
	read, ok := readers[kind{e.Source, e.DetailType}]
	if !ok {
		return p, fmt.Errorf("read event %q of %q: %w", p.DetailType, p.Source, ErrUnknown)
	}
	out, err := read(&e)
	if err != nil {
		return p, fmt.Errorf("read event %q of %q: %w", p.DetailType, p.Source, err)
	}
	p.Signal, p.Feedback, p.Ignore = out.Signal, out.Feedback, out.Ignore
	if p.Signal != nil {
		p.Signal.bound()
		p.ID = p.Signal.ID
	} else if e.ID != "" {
		p.ID = identity("event", e.Source, e.DetailType, e.ID)
	}
	return p, nil
}

// open reads the envelope and what every kind needs of it.
func open(event []byte) (envelope, error) {
	var e envelope
	var bad problems
	bad.decode(event, "", &e)
	if len(bad) > 0 {
		return e, bad.err()
	}
	bad.need("/source", e.Source)
	bad.need("/detail-type", e.DetailType)
	if t, err := time.Parse(time.RFC3339, e.RawTime); err == nil {
		e.Time = t.UTC()
	} else if e.Source != OwnSource || e.RawTime != "" {
		bad.add("/time", "must be an RFC 3339 time")
	}
	if e.Detail = bytes.TrimSpace(e.Detail); len(e.Detail) == 0 {
		bad.add("/detail", "is missing")
	}
	return e, bad.err()
}

// aws holds the envelope of a service's event to what AWS always sets; it begins a reader's problems.
func (e *envelope) aws() problems {
	var bad problems
	bad.need("/id", e.ID)
	bad.account("/account", e.Account)
	bad.region("/region", e.Region)
	return bad
}

// signal begins a Signal with what the envelope says.
func (e *envelope) signal() Signal {
	return Signal{
		EventID: e.ID, Source: e.Source, DetailType: e.DetailType, Account: e.Account, Region: e.Region,
		Time: e.Time, Resources: e.Resources, Severity: 3, Category: Availability,
		ID: identity(e.Source, e.DetailType, e.ID),
	}
}

func keep(s Signal) (Parsed, error) { return Parsed{Signal: &s}, nil }

func ignore(why Reason) (Parsed, error) { return Parsed{Ignore: why}, nil }

func ignored(why Reason) reader {
	return func(*envelope) (Parsed, error) { return ignore(why) }
}

// unknown is for a value that AWS added to an enumeration after this was written.
func unknown(field, value string) (Parsed, error) {
	return Parsed{}, fmt.Errorf("%s %q: %w", field, line(value, 80), ErrUnknown)
}

func readFeedback(e *envelope) (Parsed, error) {
	var bad problems
	if e.Detail[0] != '{' {
		bad.add("/detail", "must be an object: the body of POST /v1/feedback")
	}
	bad.need("/id", e.ID) // the idempotency key
	if err := bad.err(); err != nil {
		return Parsed{}, err
	}
	return Parsed{Feedback: e.Detail}, nil
}

// identity is the deterministic id of what its parts name.
func identity(parts ...string) string { return id.Hash(26, append([]string{"signal"}, parts...)...) }
