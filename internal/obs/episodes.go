package obs

import (
	"context"
	"encoding/json"

	"learningloop/internal/config"
	"learningloop/internal/fault"
	"learningloop/internal/opsitem"
)

// value is one metric of a line.
type value struct {
	name, unit string
	v          float64
}

var (
	byStage   = []string{config.DimensionStage}
	byProduct = []string{config.DimensionStage, config.DimensionProduct}
)

// ofProduct writes one line with metrics of one product, under each of the sets of dimensions: CloudWatch adds nothing up
// by itself, so a total over products is a set of its own.
func (m *Metrics) ofProduct(product string, sets [][]string, values ...value) {
	head := emfDirective{Namespace: config.MetricNamespace, Dimensions: sets}
	line := map[string]any{config.DimensionStage: m.stage, config.DimensionProduct: product}
	for _, v := range values {
		head.Metrics = append(head.Metrics, emfMetric{Name: v.name, Unit: v.unit})
		line[v.name] = v.v
	}
	line["_aws"] = emfHead{Timestamp: m.now().UnixMilli(), CloudWatchMetrics: []emfDirective{head}}
	m.write(line)
}

func (m *Metrics) write(line map[string]any) {
	b, err := json.Marshal(line)
	if err != nil { // strings and numbers always marshal
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	_, _ = m.w.Write(append(b, '\n')) // a metric that cannot be written has nobody to be told to
}

// Reached tells the stages that episodes have just reached, as store.Store.Observe has them.
func (m *Metrics) Reached(_ context.Context, steps []opsitem.Step) {
	both := [][]string{byStage, byProduct}
	for _, s := range steps {
		switch took := s.Took.Seconds(); s.Kind {
		case opsitem.StepOpened:
			m.ofProduct(s.Product, both, value{config.MetricEpisodesOpened, "Count", 1})
		case opsitem.StepReopened:
			m.ofProduct(s.Product, both, value{config.MetricEpisodesReopened, "Count", 1})
		case opsitem.StepAcknowledged:
			m.ofProduct(s.Product, both, value{config.MetricTimeToAcknowledge, "Seconds", took})
		case opsitem.StepResolved:
			m.ofProduct(s.Product, both, value{config.MetricEpisodesResolved, "Count", 1}, value{config.MetricTimeToResolve, "Seconds", took})
		case opsitem.StepTakenBack: // so that the sum is of what stayed resolved
			m.ofProduct(s.Product, both, value{config.MetricEpisodesResolved, "Count", -1})
		}
	}
}

// OpenEpisodes says how many episodes of a product are under way. It is by product alone: values of several products under
// one name would be averaged, not added.
func (m *Metrics) OpenEpisodes(_ context.Context, product string, n int) {
	m.ofProduct(product, [][]string{byProduct}, value{config.MetricOpenEpisodes, "Count", float64(n)})
}

// EventFailed counts an attempt to put an event on the bus that did not succeed.
func (m *Metrics) EventFailed(ctx context.Context, detailType string, err error) {
	m.log.WarnContext(ctx, "event not put", "event", detailType, "kind", fault.KindOf(err).String(), "error", err.Error())
	m.Count(config.MetricEventFailed, 1)
}
