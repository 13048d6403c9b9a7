package eventbus_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/google/go-cmp/cmp"

	"learningloop/internal/eventbus"
	"learningloop/internal/fault"
	"learningloop/internal/incident"
)

var event = incident.Event{
	ID: "p-1", DetailType: incident.DetailType, Time: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC), Detail: json.RawMessage(`{"id":"p-1","x":"<&é"}`),
}

// ask puts the event to a server that answers so; it gives what the server was asked, how often, and the error.
func ask(t *testing.T, status int, answer string) (asked map[string]any, calls int, err error) {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls++
		b, _ := io.ReadAll(r.Body)
		if r.Header.Get("X-Amz-Target") != "AWSEvents.PutEvents" || json.Unmarshal(b, &asked) != nil {
			t.Errorf("%s %s", r.Header.Get("X-Amz-Target"), b)
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(srv.Close)
	client := eventbus.NewClient(aws.Config{
		Region: "us-east-1", BaseEndpoint: aws.String(srv.URL), Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
	})
	err = eventbus.New(client, "loop").Put(t.Context(), event)
	return asked, calls, err
}

func TestPut(t *testing.T) {
	asked, calls, err := ask(t, 200, `{"FailedEntryCount":0,"Entries":[{"EventId":"11710aed-b79e-4468-a20b-bb3c0c3b4860"}]}`)
	if err != nil || calls != 1 {
		t.Fatalf("%v, %d calls", err, calls)
	}
	want := map[string]any{"Entries": []any{map[string]any{
		"EventBusName": "loop", "Source": "learningloop", "DetailType": "Post-Incident Opened", "Detail": string(event.Detail), "Time": 1772438400.0,
	}}}
	if d := cmp.Diff(want, asked); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// An event counts as taken only when EventBridge says so, and nothing is tried twice here.
func TestPutThatFails(t *testing.T) {
	tests := []struct {
		name   string
		status int
		answer string
		want   fault.Kind
	}{
		{"throttled", 400, `{"__type":"ThrottlingException","message":"Rate exceeded"}`, fault.RateLimited},
		{"the entry is throttled", 200, `{"FailedEntryCount":1,"Entries":[{"ErrorCode":"ThrottlingException","ErrorMessage":"x"}]}`, fault.RateLimited},
		{"the entry fails inside", 200, `{"FailedEntryCount":1,"Entries":[{"ErrorCode":"InternalFailure","ErrorMessage":"x"}]}`, fault.Unavailable},
		{"not allowed", 400, `{"__type":"AccessDeniedException","message":"x"}`, fault.Internal},
		{"no such bus", 200, `{"FailedEntryCount":1,"Entries":[{"ErrorCode":"ResourceNotFoundException","ErrorMessage":"x"}]}`, fault.Internal},
		{"broken", 500, `{"__type":"InternalException"}`, fault.Unavailable},
		{"no JSON", 200, `<html>`, fault.Unavailable},
		{"no entry", 200, `{"FailedEntryCount":0,"Entries":[]}`, fault.Unavailable},
		{"no id", 200, `{"FailedEntryCount":0,"Entries":[{}]}`, fault.Unavailable},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, calls, err := ask(t, tt.status, tt.answer)
			if fault.KindOf(err) != tt.want || err == nil || calls != 1 {
				t.Errorf("%v (%v), %d calls", err, fault.KindOf(err), calls)
			}
		})
	}
}
