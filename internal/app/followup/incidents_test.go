package followup_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"learningloop/internal/app/apptest"
	"learningloop/internal/feedback"
	"learningloop/internal/improvement"
	"learningloop/internal/incident"
)

// incidentOver has a severe problem reported, worked and resolved.
func (w *world) incidentOver() improvement.Improvement {
	w.t.Helper()
	f, err := w.say.Submit(w.t.Context(), feedback.Draft{
		Product: "shop", Kind: feedback.Problem, Rating: 1, Text: "I paid twice.",
		Submitter: feedback.DraftSubmitter{Name: "Kim", Email: "kim@example.org", HearBack: true},
	}, "", feedback.API)
	if err != nil {
		w.t.Fatal(err)
	}
	iid := w.accept("Payments fail", f)
	w.now = w.now.Add(time.Hour)
	im, err := w.team.Decide(w.t.Context(), iid, improvement.Decision{Verb: improvement.Ship}, ana)
	if err != nil {
		w.t.Fatal(err)
	}
	return im
}

// The change stream wakes the opening; doubled records and the sweep open nothing more.
func TestPostIncidentByStream(t *testing.T) {
	w := newWorld(t)
	im := w.incidentOver()
	changes, err := apptest.Written(t.Context(), w.feed)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := apptest.Stream(changes...)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		out, err := w.Handle(t.Context(), raw)
		if err != nil || len(out.(events.DynamoDBEventResponse).BatchItemFailures) != 0 {
			t.Fatalf("%+v, %v", out, err)
		}
	}
	w.sweep()
	if len(w.bus.events) != 1 || w.bus.events[0].DetailType != incident.DetailType {
		t.Fatalf("%+v", w.bus.events)
	}
	var d incident.Detail
	if err := json.Unmarshal(w.bus.events[0].Detail, &d); err != nil {
		t.Fatal(err)
	}
	if d.Improvement != string(im.ID) || d.Product != "shop" || d.Severity != 1 || d.Links.Timeline != public+"/team/shop/improvements/"+string(im.ID)+"/episodes/1" {
		t.Errorf("%+v", d)
	}
	if all := string(w.bus.events[0].Detail); strings.Contains(all, "Payments") || strings.Contains(all, "paid") || strings.Contains(all, "kim@") {
		t.Errorf("words in the event: %s", all)
	}
	p, err := w.st.PostIncident(t.Context(), im.ID, 1)
	if err != nil || p.Due() || p.Timeline == nil || len(p.Timeline.Moments) < 3 {
		t.Errorf("%+v, %v", p, err)
	}
}

// While the bus is down the order waits, and mails go out all the same.
func TestPostIncidentWhileTheBusIsDown(t *testing.T) {
	w := newWorld(t)
	w.bus.down = true
	w.incidentOver()
	w.sweep()
	if len(w.bus.events) != 0 || w.meter.failed != 1 || len(w.mails()) == 0 {
		t.Fatalf("%d events, %d failures, %d mails", len(w.bus.events), w.meter.failed, len(w.mails()))
	}
	w.bus.down = false
	w.sweep() // too early
	if len(w.bus.events) != 0 {
		t.Error("no wait after a failure")
	}
	w.now = w.now.Add(incident.Backoff(1))
	w.sweep()
	if len(w.bus.events) != 1 {
		t.Errorf("%d events", len(w.bus.events))
	}
}
