package intake

import (
	"context"
	"strings"
	"testing"
	"time"

	"learningloop/internal/fault"
	"learningloop/internal/feedback"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/product"
	"learningloop/internal/signal"
	"learningloop/internal/trail"
)

// aside keeps set-aside events, and has products that claim nothing.
type aside struct {
	products []product.Product
	kept     map[string]signal.SetAside
	log      []trail.Entry
}

func (s *aside) Products(context.Context) ([]product.Product, error) { return s.products, nil }

func (s *aside) Improvement(context.Context, id.Improvement) (improvement.Improvement, error) {
	return improvement.Improvement{}, fault.New(fault.NotFound, "unknown_improvement", "")
}

func (s *aside) SetAside(_ context.Context, a signal.SetAside) error {
	if _, there := s.kept[a.ID]; !there {
		s.kept[a.ID] = a
	}
	return nil
}

func (s *aside) SetAsideByID(_ context.Context, sid string) (signal.SetAside, error) {
	a, ok := s.kept[sid]
	if !ok {
		return a, fault.New(fault.NotFound, "unknown_set-aside_event", "")
	}
	return a, nil
}

func (s *aside) SaveSetAside(_ context.Context, a signal.SetAside, log *trail.Entry) error {
	s.kept[a.ID] = a
	s.log = append(s.log, *log)
	return nil
}

// received notes what was stored about which product.
type received struct{ about []string }

func (r *received) Submit(_ context.Context, d feedback.Draft, _ string, _ feedback.Channel) (feedback.Feedback, error) {
	if d.Product == "nowhere" {
		return feedback.Feedback{}, fault.Fields(fault.Field{Pointer: "/product", Detail: "is not the slug of a product here"})
	}
	r.about = append(r.about, d.Product)
	return feedback.Feedback{ID: "f-submitted"}, nil
}

func (r *received) Receive(_ context.Context, p id.Product, s signal.Signal) (feedback.Feedback, error) {
	r.about = append(r.about, string(p))
	return feedback.Feedback{ID: id.NewFeedback(p, s.ID)}, nil
}

func (*aside) SignalKey(context.Context, id.Product, string) (improvement.SignalKey, error) {
	return improvement.SignalKey{}, nil
}

type quiet struct{}

func (quiet) SetAside(context.Context, string, string) {}

const (
	alarm = `{"version":"0","id":"e-1","detail-type":"CloudWatch Alarm State Change","source":"aws.cloudwatch","account":"111122223333",
"time":"2026-03-02T08:00:00Z","region":"us-east-1","resources":["arn:aws:cloudwatch:us-east-1:111122223333:alarm:checkout-errors"],
"detail":{"alarmName":"checkout-errors","state":{"value":"ALARM","reason":"2 datapoints","timestamp":"2026-03-02T08:00:00.000+0000"},"previousState":{"value":"OK"}}}`
	submitted = `{"version":"0","id":"e-2","detail-type":"Feedback Submitted","source":"learningloop","account":"111122223333",
"time":"2026-03-02T08:00:00Z","region":"us-east-1","resources":[],"detail":{"product":"nowhere","kind":"idea","text":"More rows"}}`
	unknown = `{"version":"0","id":"e-3","detail-type":"Scan Completed","source":"custom.scanner","account":"111122223333",
"time":"2026-03-02T08:00:00Z","region":"us-east-1","resources":[],"detail":{}}`
)

func TestReplayTo(t *testing.T) {
	shop := product.Product{ID: id.NewProduct("shop"), Slug: "shop"}
	other := product.Product{ID: id.NewProduct("other"), Slug: "other"}
	tests := []struct {
		name  string
		event string
		claim []signal.Rule // of the other product
		want  string        // what it was stored about; "" where it stays set aside
	}{
		{"a signal that no product claims", alarm, nil, string(shop.ID)},
		{"a signal that another product has come to claim", alarm, []signal.Rule{{Source: "aws.cloudwatch"}}, string(shop.ID)},
		{"feedback about an unknown product", submitted, nil, "shop"},
		{"an event that nobody understands", unknown, nil, ""},
		{"no event at all", "hello", nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			st, got := &aside{products: []product.Product{shop, other}, kept: map[string]signal.SetAside{}}, &received{}
			s := &Service{Store: st, Receiver: got, Meter: quiet{}, Now: func() time.Time { return time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC) }}
			out, err := s.Take(t.Context(), []byte(tt.event))
			if err != nil || out.SetAside == "" {
				t.Fatalf("taken: %+v, %v", out, err)
			}
			sid := out.SetAside
			if _, err := s.Replay(t.Context(), sid, "staff@example.com", "r"); !fault.Is(err, fault.Invalid) {
				t.Fatalf("replayed by the rules: %v", err)
			}
			st.products[1].Routing = tt.claim
			out, err = s.ReplayTo(t.Context(), sid, shop, "staff@example.com", "r")
			if tt.want == "" {
				if !fault.Is(err, fault.Invalid) || st.kept[sid].State != signal.Waiting || len(st.log)+len(got.about) != 0 {
					t.Errorf("%+v, %v, %s", out, err, st.kept[sid].State)
				}
				return
			}
			if err != nil || strings.Join(got.about, " ") != tt.want || st.kept[sid].State != signal.Replayed {
				t.Errorf("%v, about %v, %s", err, got.about, st.kept[sid].State)
			}
			if len(st.log) != 1 {
				t.Fatalf("%d lines in the log", len(st.log))
			}
			if e := st.log[0]; e.By != "staff@example.com" || e.Product != string(shop.ID) || e.Subject != sid || e.Request != "r" {
				t.Errorf("log %+v", e)
			}
			if _, err := s.ReplayTo(t.Context(), sid, shop, "staff@example.com", "r"); !fault.Is(err, fault.Conflict) || len(got.about) != 1 {
				t.Errorf("twice: %v, about %v", err, got.about)
			}
		})
	}
}
