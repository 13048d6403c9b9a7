// Package obs is what the functions tell about themselves: structured logs, metrics in CloudWatch's embedded metric
// format, and the ids that tie a request's lines together. Neither addresses nor tokens nor customers' words go into any.
package obs

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"time"

	"learningloop/internal/config"
	"learningloop/internal/fault"
	"learningloop/internal/followup"
	"learningloop/internal/id"
)

// Metrics writes metrics as log lines that CloudWatch reads (CloudWatch User Guide, "Embedded metric format"). It is safe
// for concurrent use.
type Metrics struct {
	mu    sync.Mutex
	w     io.Writer
	stage string
	now   func() time.Time
	log   *slog.Logger
}

// NewMetrics writes to w: standard output in Lambda.
func NewMetrics(w io.Writer, stage string, now func() time.Time, log *slog.Logger) *Metrics {
	return &Metrics{w: w, stage: stage, now: now, log: log}
}

type emfMetric struct {
	Name string `json:"Name"`
	Unit string `json:"Unit"`
}

type emfDirective struct {
	Namespace  string      `json:"Namespace"`
	Dimensions [][]string  `json:"Dimensions"`
	Metrics    []emfMetric `json:"Metrics"`
}

type emfHead struct {
	Timestamp         int64          `json:"Timestamp"` // milliseconds
	CloudWatchMetrics []emfDirective `json:"CloudWatchMetrics"`
}

// Count says that a metric happened n times.
func (m *Metrics) Count(name string, n float64) {
	line := map[string]any{
		"_aws": emfHead{Timestamp: m.now().UnixMilli(), CloudWatchMetrics: []emfDirective{{
			Namespace: config.MetricNamespace, Dimensions: [][]string{{config.DimensionStage}}, Metrics: []emfMetric{{Name: name, Unit: "Count"}},
		}}},
		config.DimensionStage: m.stage,
		name:                  n,
	}
	m.write(line)
}

// FilingFailed counts an attempt to file that did not succeed.
func (m *Metrics) FilingFailed(ctx context.Context, iid id.Improvement, err error) {
	m.log.WarnContext(ctx, "filing failed", "improvement", string(iid), "kind", fault.KindOf(err).String(), "error", err.Error())
	m.Count(config.MetricFilingFailed, 1)
}

// MailFailed counts an attempt to send that did not succeed.
func (m *Metrics) MailFailed(ctx context.Context, kind followup.MailKind, err error) {
	m.log.WarnContext(ctx, "mail failed", "mail", string(kind), "kind", fault.KindOf(err).String(), "error", err.Error())
	m.Count(config.MetricMailFailed, 1)
}

// SetAside counts an event that nobody understood.
func (m *Metrics) SetAside(ctx context.Context, sid, why string) {
	m.log.WarnContext(ctx, "event set aside", "set_aside", sid, "why", why)
	m.Count(config.MetricSetAside, 1)
}
