package dynamo_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/fault"
	"learningloop/internal/table"
)

func TestReadRetries(t *testing.T) {
	forever := []answer{refuse(throttle), refuse(throttle), refuse(throttle), refuse(throttle)}
	tests := []struct {
		name    string
		answers []answer
		want    fault.Kind
	}{
		{"throttled", []answer{refuse(throttle), ok(`{"Item":` + item5 + `}`)}, fault.Unset},
		{"lost", []answer{reset, oops, dial, ok(`{"Item":` + item5 + `}`)}, fault.Unset},
		{"throttled for good", forever, fault.RateLimited},
		{"lost for good", []answer{reset, reset, reset, reset}, fault.Unavailable},
		{"not allowed", []answer{refuse("AccessDeniedException")}, fault.Internal},
		{"bad request", []answer{refuse("ValidationException")}, fault.Internal},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := &script{t: t, answers: tt.answers}
			_, err := s.engine().Get(t.Context(), key, true)
			if got := fault.KindOf(err); got != tt.want || len(s.sent) != len(tt.answers) {
				t.Errorf("Get = %v (%v) after %d requests, want %v after %d", got, err, len(s.sent), tt.want, len(tt.answers))
			}
		})
	}
}

func stored(n int, more string) string {
	return fmt.Sprintf(`{"pk":{"S":"p"},"sk":{"S":"%d"},"version":{"N":"1"}%s}`, n, more)
}

func keyJSON(n int) string { return fmt.Sprintf(`{"pk":{"S":"p"},"sk":{"S":"%d"}}`, n) }

func unprocessed(items []string, keys ...int) answer {
	var list []string
	for _, k := range keys {
		list = append(list, keyJSON(k))
	}
	return ok(`{"Responses":{"table":[` + strings.Join(items, ",") + `]},"UnprocessedKeys":{"table":{"Keys":[` + strings.Join(list, ",") + `]}}}`)
}

// BatchGetItem gives what fits, or what the table's throughput allows; the rest is asked for again.
func TestUnprocessedKeys(t *testing.T) {
	keys := []table.Key{{P: "p", S: "3"}, {P: "p", S: "1"}, {P: "p", S: "2"}}
	s := &script{t: t, answers: []answer{
		unprocessed([]string{stored(2, "")}, 1, 3), // was full: again at once
		unprocessed(nil, 3, 1),                     // throttled: wait
		unprocessed(nil, 3, 1),
		unprocessed([]string{stored(1, "")}, 3),
		found(stored(3, "")),
	}}
	rows, err := s.engine().GetAll(t.Context(), keys)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range rows {
		got = append(got, r.Key.S)
	}
	if diff := cmp.Diff([]string{"3", "1", "2"}, got); diff != "" {
		t.Errorf("rows differ (-want +got):\n%s", diff)
	}
	if len(s.waits) != 2 {
		t.Errorf("waited %d times, want 2: only where nothing came", len(s.waits))
	}

	s = &script{t: t, answers: []answer{unprocessed(nil, 1), unprocessed(nil, 1), unprocessed(nil, 1), unprocessed(nil, 1)}}
	if _, err := s.engine().GetAll(t.Context(), keys[1:2]); !fault.Is(err, fault.RateLimited) {
		t.Errorf("GetAll throttled for good = %v, want RateLimited", err)
	}
}

// An index lags: entries whose row is gone, expired, moved out of the range or out of the index are left out; a row that
// moved within the range is given at its old place.
func TestStaleIndex(t *testing.T) {
	entry := func(n int) string {
		return fmt.Sprintf(`{"pk":{"S":"p"},"sk":{"S":"%d"},"i_p":{"S":"ip"},"i_s":{"S":"k%d"}}`, n, n)
	}
	at := func(n int, p, s string) string {
		return stored(n, fmt.Sprintf(`,"i_p":{"S":"%s"},"i_s":{"S":"%s"}`, p, s))
	}
	var entries []string
	for n := 1; n <= 7; n++ {
		entries = append(entries, entry(n))
	}
	s := &script{t: t, answers: []answer{
		ok(`{"Items":[` + strings.Join(entries, ",") + `],"LastEvaluatedKey":` + entry(7) + `}`),
		found(at(7, "ip", "k7"), at(6, "ip", "k8"), at(5, "ip", "z"), at(4, "elsewhere", "k4"), stored(3, ""),
			stored(2, `,"expires":{"N":"1000000"},"i_p":{"S":"ip"},"i_s":{"S":"k2"}`)), // 1 is gone
		ok(`{"Items":[` + entry(8) + `,` + entry(9) + `]}`),
		found(at(9, "ip", "k9"), at(8, "ip", "k8")),
	}}
	page, err := s.engine().Query(t.Context(), table.Query{Index: "i", P: "ip", From: "k", To: "l", Limit: 3})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range page.Rows {
		got = append(got, r.Key.S)
	}
	if diff := cmp.Diff([]string{"6", "7", "8"}, got); diff != "" {
		t.Errorf("rows differ (-want +got):\n%s", diff)
	}
	if page.Cursor == "" {
		t.Error("no cursor, though row 9 is behind the page")
	}
	if limit := s.sent[2].body["Limit"]; limit != 2.0 {
		t.Errorf("the second request asks for %v entries, want 2: those missing and one more", limit)
	}
}
