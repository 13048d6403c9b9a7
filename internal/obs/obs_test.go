package obs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/config"
	"learningloop/internal/fault"
	"learningloop/internal/followup"
	"learningloop/internal/id"
	"learningloop/internal/opsitem"
)

var update = flag.Bool("update", false, "write the golden file anew")

func metrics(out, log *bytes.Buffer) *Metrics {
	now := func() time.Time { return time.Date(2026, 3, 2, 8, 0, 0, 123456789, time.UTC) }
	plain := &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}
	return NewMetrics(out, "prod", now, slog.New(slog.NewJSONHandler(log, plain)))
}

// The lines are what alarms and the dashboard hang on: a changed name breaks them in silence.
func TestEMF(t *testing.T) {
	var out, log bytes.Buffer
	m := metrics(&out, &log)
	ctx := t.Context()
	m.FilingFailed(ctx, id.NewImprovement(id.NewProduct("p"), "x"), fault.New(fault.RateLimited, "opscenter_throttled", "OpsCenter is throttling."))
	m.MailFailed(ctx, followup.Receipt, errors.New("no answer"))
	m.SetAside(ctx, "s-1", "Nobody here understands this event yet.")
	m.Count(config.MetricMailSandbox, 0)
	m.Reached(ctx, []opsitem.Step{
		{Kind: opsitem.StepOpened, Product: "shop"},
		{Kind: opsitem.StepReopened, Product: "shop"},
		{Kind: opsitem.StepAcknowledged, Product: "shop", Took: 90 * time.Second},
		{Kind: opsitem.StepResolved, Product: "shop", Took: 2*time.Hour + time.Millisecond},
		{Kind: opsitem.StepTakenBack, Product: "shop"},
	})
	m.OpenEpisodes(ctx, "shop", 3)
	m.EventFailed(ctx, config.EventPostIncident, fault.New(fault.RateLimited, "bus_throttled", "The event bus is throttling."))
	got := out.String() + log.String()
	if *update {
		if err := os.WriteFile("testdata/lines.golden", []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/lines.golden")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("(-want +got; -update writes it anew):\n%s", d)
	}
	for line := range strings.Lines(out.String()) {
		emf(t, line)
	}
}

// emf holds a line to the specification of the embedded metric format.
func emf(t *testing.T, line string) {
	t.Helper()
	var l struct {
		AWS struct {
			Timestamp         int64
			CloudWatchMetrics []struct {
				Namespace  string
				Dimensions [][]string
				Metrics    []struct{ Name, Unit string }
			}
		} `json:"_aws"`
	}
	var members map[string]any
	if err := errors.Join(json.Unmarshal([]byte(line), &l), json.Unmarshal([]byte(line), &members)); err != nil {
		t.Fatal(err)
	}
	if l.AWS.Timestamp != 1772438400123 || len(l.AWS.CloudWatchMetrics) != 1 {
		t.Fatalf("%+v", l)
	}
	d := l.AWS.CloudWatchMetrics[0]
	if d.Namespace != config.MetricNamespace || len(d.Dimensions) == 0 || len(d.Metrics) == 0 {
		t.Fatalf("%+v", d)
	}
	for _, name := range slices.Concat(d.Dimensions...) { // a dimension is a member whose value is text
		if _, ok := members[name].(string); !ok {
			t.Errorf("dimension %s is %v", name, members[name])
		}
	}
	for _, m := range d.Metrics {
		if _, ok := members[m.Name].(float64); !ok || m.Unit != "Count" && m.Unit != "Seconds" {
			t.Errorf("metric %+v is %v", m, members[m.Name])
		}
	}
}

func TestLinesDoNotMix(t *testing.T) {
	var out, log bytes.Buffer
	m := metrics(&out, &log)
	var g sync.WaitGroup
	for range 16 {
		g.Go(func() {
			for range 50 {
				m.Count("n", 1)
			}
		})
	}
	g.Wait()
	n := 0
	for line := range strings.Lines(out.String()) {
		n++
		emf(t, line)
	}
	if n != 16*50 {
		t.Errorf("%d lines", n)
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, fmt.Errorf("disk full") }

func TestAMetricThatCannotBeWrittenHarmsNobody(t *testing.T) {
	m := NewMetrics(full{}, "prod", time.Now, slog.New(slog.DiscardHandler))
	m.SetAside(context.Background(), "s-1", "x")
}
