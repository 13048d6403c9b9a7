package app_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"learningloop/internal/app"
	"learningloop/internal/app/apptest"
	"learningloop/internal/fault"
	"learningloop/internal/table"
)

func TestSourceOf(t *testing.T) {
	tests := []struct {
		name, in string
		want     app.Source
	}{
		{"a schedule", `{"schedule":"triage-sweep","at":"2026-03-02T08:00:00Z"}`, app.SourceSchedule},
		{"a queue", `{"Records":[{"eventSource":"aws:sqs","body":"x"}]}`, app.SourceSQS},
		{"a stream", `{"Records":[{"eventSource":"aws:dynamodb"}]}`, app.SourceStream},
		{"an S3 event", `{"Records":[{"eventSource":"aws:s3"}]}`, app.SourceUnknown},
		{"no records", `{"Records":[]}`, app.SourceUnknown},
		{"an object", `{}`, app.SourceUnknown},
		{"a list", `[]`, app.SourceUnknown},
		{"null", `null`, app.SourceUnknown},
		{"nothing", ``, app.SourceUnknown},
		{"no JSON", `{`, app.SourceUnknown},
		{"another type", `{"schedule":7}`, app.SourceUnknown},
	}
	for _, tt := range tests {
		if got := app.SourceOf(json.RawMessage(tt.in)); got != tt.want {
			t.Errorf("%s: %d", tt.name, got)
		}
	}
	if !fault.Is(app.ErrInput("x"), fault.Invalid) {
		t.Error(app.ErrInput("x"))
	}
}

func TestDecode(t *testing.T) {
	got, err := app.Decode(t.Context(), json.RawMessage(`{"schedule":"s","at":"2026-03-02T08:00:00Z"}`), func(_ context.Context, s app.Schedule) (string, error) {
		return s.Schedule + s.At.Format("15:04"), nil
	})
	if got != "s08:00" || err != nil {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := app.Decode(t.Context(), json.RawMessage(`{"at":7}`), func(context.Context, app.Schedule) (any, error) { return nil, nil }); !fault.Is(err, fault.Invalid) {
		t.Errorf("%v", err)
	}
}

func TestStream(t *testing.T) {
	row := func(name string) table.Change {
		k := table.Key{P: name, S: "self"}
		return table.Change{Key: k, New: &table.Row{Key: k, Type: "thing", Schema: 1, Version: 3, Attrs: json.RawMessage(`{"a":1,"b":[{"c":true}]}`)}}
	}
	tests := []struct {
		name   string
		rows   []string
		calls  int // of the handler
		failed []string
	}{
		{"all together", []string{"a", "b", "c"}, 1, nil},
		{"one that fails holds up no other", []string{"a", "down", "c"}, 4, []string{fmt.Sprintf("%021d", 2)}},
		{"one that never will succeed is passed over", []string{"poison", "b"}, 3, nil},
		{"the first of several that fail", []string{"poison", "down", "b", "down"}, 5, []string{fmt.Sprintf("%021d", 2)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var changes []table.Change
			for _, r := range tt.rows {
				changes = append(changes, row(r))
			}
			raw, err := apptest.Stream(changes...)
			if err != nil {
				t.Fatal(err)
			}
			calls, done := 0, map[string]bool{}
			do := func(_ context.Context, cs []table.Change) error {
				calls++
				for _, c := range cs {
					switch c.Key.P {
					case "down":
						return fault.New(fault.Unavailable, "down", "")
					case "poison":
						return fault.New(fault.Invalid, "poison", "")
					}
				}
				for _, c := range cs {
					done[c.Key.P] = true
					if c.New.Version != 3 || string(c.New.Attrs) != `{"a":1,"b":[{"c":true}]}` {
						t.Errorf("%+v", c.New)
					}
				}
				return nil
			}
			got, err := app.Decode(t.Context(), raw, func(ctx context.Context, e events.DynamoDBEvent) (events.DynamoDBEventResponse, error) {
				return app.Stream(ctx, slog.New(slog.DiscardHandler), e, do)
			})
			if err != nil {
				t.Fatal(err)
			}
			var failed []string
			for _, f := range got.(events.DynamoDBEventResponse).BatchItemFailures {
				failed = append(failed, f.ItemIdentifier)
			}
			if d := cmp.Diff(tt.failed, failed); d != "" || calls != tt.calls {
				t.Errorf("%d calls (-want +got):\n%s", calls, d)
			}
			for _, r := range tt.rows {
				if good := !slices.Contains([]string{"down", "poison"}, r); good != done[r] {
					t.Errorf("%s done: %v", r, done[r])
				}
			}
		})
	}
	t.Run("one that cannot be read", func(t *testing.T) {
		e := events.DynamoDBEvent{Records: []events.DynamoDBEventRecord{{Change: events.DynamoDBStreamRecord{SequenceNumber: "1"}}}}
		out, err := app.Stream(t.Context(), slog.New(slog.DiscardHandler), e, func(context.Context, []table.Change) error { return errors.New("called") })
		if err != nil || len(out.BatchItemFailures) != 1 {
			t.Errorf("%+v, %v", out, err)
		}
	})
}
