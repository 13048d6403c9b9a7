package dynamo_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/fault"
	"learningloop/internal/table"
)

var (
	key      = table.Key{P: "p", S: "s"}
	row      = table.Row{Key: key, Type: "thing", Schema: 1, Attrs: []byte(`{"n":1}`)}
	other    = table.Row{Key: table.Key{P: "p", S: "other"}, Type: "thing", Attrs: []byte(`{}`)}
	put      = table.Put(row, table.Absent())
	putV4    = table.Put(row, table.VersionIs(4))
	putOver  = table.Put(row, table.Always("a test"))
	putThere = table.Put(row, table.Exists())
	beside   = table.Put(other, table.Absent())
	add      = table.Add(key, "sum", 1, map[string]int64{"n": 1})
	remove   = table.Delete(key, table.Exists())
)

// stored is a row of version 5 as an error tells it.
const (
	item5    = `{"pk":{"S":"p"},"sk":{"S":"s"},"version":{"N":"5"},"schema":{"N":"1"},"n":{"N":"7"}}`
	item6    = `{"pk":{"S":"p"},"sk":{"S":"s"},"version":{"N":"6"},"schema":{"N":"1"},"n":{"N":"7"}}`
	itemOld  = `{"pk":{"S":"p"},"sk":{"S":"s"},"version":{"N":"5"},"schema":{"N":"1"},"expires":{"N":"1000000"}}`
	unmet    = "ConditionalCheckFailedException"
	throttle = "ProvisionedThroughputExceededException"
)

var (
	reset = answer{err: &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}}
	dial  = answer{err: &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}}
	oops  = answer{status: 500, body: `{"__type":"InternalServerError"}`}
	gone  = answer{status: 503, body: `<html>`}
)

func reason5() string { return `{"Code":"ConditionalCheckFailed","Item":` + item5 + `}` }

// conflict stands for a ConflictError in the tables below; the other outcomes are kinds.
const conflict = fault.Kind(-1)

func kindOf(err error) fault.Kind {
	if _, ok := table.Conflict(err); ok {
		return conflict
	}
	return fault.KindOf(err)
}

func TestWriteRetries(t *testing.T) {
	tests := []struct {
		name    string
		ops     []table.Op
		answers []answer
		want    fault.Kind
		sent    string // operations, by their first letters
	}{
		{"throttled once", []table.Op{put}, []answer{refuse(throttle), ok(`{}`)}, fault.Unset, "Put Put"},
		{"throttled in other words", []table.Op{add}, []answer{refuse("ThrottlingException"), refuse("RequestLimitExceeded"), ok(`{}`)}, fault.Unset, "Upd Upd Upd"},
		{"throttled for good", []table.Op{remove}, []answer{refuse(throttle), refuse(throttle), refuse(throttle), refuse(throttle)}, fault.RateLimited, "Del Del Del Del"},
		{"a transaction has the row", []table.Op{add}, []answer{refuse("TransactionConflictException"), ok(`{}`)}, fault.Unset, "Upd Upd"},
		{"a transaction has it for good", []table.Op{put}, []answer{refuse("TransactionConflictException"), refuse("TransactionConflictException"), refuse("TransactionConflictException"), refuse("TransactionConflictException")}, fault.Unavailable, "Put Put Put Put"},
		{"transaction conflict", []table.Op{put, beside}, []answer{cancel("None", "TransactionConflict"), ok(`{}`)}, fault.Unset, "Tra Tra"},
		{"transaction conflict for good", []table.Op{put, beside}, []answer{cancel("TransactionConflict", "None"), cancel("TransactionConflict", "None"), cancel("TransactionConflict", "None"), cancel("TransactionConflict", "None")}, fault.Unavailable, "Tra Tra Tra Tra"},
		{"transaction throttled", []table.Op{put, beside}, []answer{cancel("ThrottlingError", "None"), cancel("None", "ProvisionedThroughputExceeded"), refuse("TransactionInProgressException"), ok(`{}`)}, fault.Unset, "Tra Tra Tra Tra"},
		{"transaction throttled for good", []table.Op{put, beside}, []answer{refuse(throttle), refuse(throttle), refuse(throttle), cancel("ThrottlingError", "TransactionConflict")}, fault.RateLimited, "Tra Tra Tra Tra"},
		{"transaction cancelled for a reason unknown", []table.Op{put, beside}, []answer{cancel("Weather", "TransactionConflict")}, fault.Internal, "Tra"},
		{"transaction does not take the row", []table.Op{add, beside}, []answer{cancel("ValidationError", "None")}, fault.Invalid, "Tra"},
		{"does not take the row", []table.Op{add}, []answer{refuse("ValidationException")}, fault.Invalid, "Upd"},
		{"not allowed", []table.Op{put}, []answer{refuse("AccessDeniedException")}, fault.Internal, "Put"},
		{"no such table", []table.Op{put}, []answer{refuse("ResourceNotFoundException")}, fault.Internal, "Put"},

		{"condition does not hold", []table.Op{put}, []answer{refuse(unmet, `"Item":`+item5)}, conflict, "Put"},
		{"condition of a transaction does not hold", []table.Op{put, beside}, []answer{cancel(reason5(), "None")}, conflict, "Tra"},
		{"condition decides over a busy row", []table.Op{put, beside}, []answer{cancel(reason5(), "TransactionConflict")}, conflict, "Tra"},
		{"throttled, then the condition does not hold", []table.Op{putV4}, []answer{refuse(throttle), refuse(unmet, `"Item":`+item5)}, conflict, "Put Put"},

		// The answer was lost: the write may have been applied.
		{"lost, then done", []table.Op{put}, []answer{oops, reset, ok(`{}`)}, fault.Unset, "Put Put Put"},
		{"lost, then the write's own doing", []table.Op{put}, []answer{reset, refuse(unmet, `"Item":`+item5)}, fault.Unavailable, "Put Put"},
		{"lost by the server, then the write's own doing", []table.Op{putV4}, []answer{oops, refuse(unmet, `"Item":`+item5)}, fault.Unavailable, "Put Put"},
		{"lost by a proxy, then a deletion's own doing", []table.Op{remove}, []answer{gone, refuse(unmet)}, fault.Unavailable, "Del Del"},
		{"lost for good", []table.Op{put}, []answer{reset, reset, oops, gone}, fault.Unavailable, "Put Put Put Put"},
		{"an addition is not sent twice", []table.Op{add}, []answer{oops}, fault.Unavailable, "Upd"},
		{"nor where the connection broke", []table.Op{add}, []answer{reset}, fault.Unavailable, "Upd"},
		{"but it is where it never left", []table.Op{add}, []answer{dial, ok(`{}`)}, fault.Unset, "Upd Upd"},
		{"and in a transaction", []table.Op{add, beside}, []answer{reset, oops, ok(`{}`)}, fault.Unset, "Tra Tra Tra"},
		{"a transaction's lost answer and its conflict", []table.Op{put, beside}, []answer{reset, cancel(reason5(), "None")}, conflict, "Tra Tra"},

		// What the engine only assumed.
		{"put over nothing", []table.Op{putOver}, []answer{ok(`{}`), ok(`{}`)}, fault.Unset, "Bat Put"},
		{"put over a row that came meanwhile", []table.Op{putOver}, []answer{ok(`{}`), refuse(unmet, `"Item":`+item5), ok(`{}`)}, fault.Unset, "Bat Put Put"},
		{"put over a row that went meanwhile", []table.Op{putOver}, []answer{found(item5), refuse(unmet), ok(`{}`)}, fault.Unset, "Bat Put Put"},
		{"put over a row that moves on and on", []table.Op{putOver}, []answer{found(item5), refuse(unmet, `"Item":`+item6), refuse(unmet, `"Item":`+item5), refuse(unmet, `"Item":`+item6), refuse(unmet, `"Item":`+item5)}, fault.Unavailable, "Bat Put Put Put Put"},
		{"put over, answer lost", []table.Op{putOver}, []answer{found(item5), reset, refuse(unmet, `"Item":`+item6)}, fault.Unavailable, "Bat Put Put"},
		{"put on what went meanwhile", []table.Op{putThere}, []answer{found(item5), refuse(unmet)}, conflict, "Bat Put"},
		{"put on what expired", []table.Op{putThere}, []answer{found(itemOld), refuse(unmet, `"Item":`+itemOld)}, conflict, "Bat Put"},
		{"put on nothing", []table.Op{putThere}, []answer{ok(`{}`), refuse(unmet)}, conflict, "Bat Put"},
		{"put on what came meanwhile", []table.Op{putThere}, []answer{ok(`{}`), refuse(unmet, `"Item":`+item5), ok(`{}`)}, fault.Unset, "Bat Put Put"},
		{"put over in a transaction", []table.Op{beside, putOver}, []answer{found(item5), cancel("None", `{"Code":"ConditionalCheckFailed","Item":`+item6+`}`), ok(`{}`)}, fault.Unset, "Bat Tra Tra"},
		{"put over beside a conflict", []table.Op{put, table.Put(other, table.Always("a test"))}, []answer{ok(`{}`), cancel(reason5(), reason5())}, conflict, "Bat Tra"},
		{"addition to an expired row", []table.Op{add}, []answer{refuse(unmet, `"Item":`+itemOld), ok(`{}`)}, fault.Unset, "Upd Put"},
		{"addition to an expired row that somebody replaced", []table.Op{add}, []answer{refuse(unmet, `"Item":`+itemOld), refuse(unmet, `"Item":`+item5), ok(`{}`)}, fault.Unset, "Upd Put Upd"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := &script{t: t, answers: tt.answers}
			err := s.engine().Write(t.Context(), tt.ops...)
			if got := kindOf(err); got != tt.want {
				t.Errorf("Write = %v (%v), want %v", got, err, tt.want)
			}
			var sent []string
			for _, op := range s.ops() {
				sent = append(sent, op[:3])
			}
			if got := strings.Join(sent, " "); got != tt.sent {
				t.Errorf("sent %s, want %s", got, tt.sent)
			}
		})
	}
}

// found is BatchGetItem's answer.
func found(items ...string) answer {
	return ok(`{"Responses":{"table":[` + strings.Join(items, ",") + `]}}`)
}

// What is sent goes by the row that was in the way, and a transaction keeps its token while it stays the same.
func TestWriteAdapts(t *testing.T) {
	s := &script{t: t, answers: []answer{found(item5), cancel("None", "TransactionConflict"), cancel("None", `{"Code":"ConditionalCheckFailed","Item":`+item6+`}`), ok(`{}`)}}
	if err := s.engine().Write(t.Context(), beside, putOver); err != nil {
		t.Fatal(err)
	}
	var versions, conditions, tokens []any
	for _, r := range s.sent[1:] {
		p := r.body["TransactItems"].([]any)[1].(map[string]any)["Put"].(map[string]any)
		versions = append(versions, p["Item"].(map[string]any)["version"].(map[string]any)["N"])
		conditions = append(conditions, p["ExpressionAttributeValues"].(map[string]any)[":version"].(map[string]any)["N"])
		tokens = append(tokens, r.body["ClientRequestToken"])
	}
	if diff := cmp.Diff([]any{"6", "6", "7"}, versions); diff != "" {
		t.Errorf("versions differ (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]any{"5", "5", "6"}, conditions); diff != "" {
		t.Errorf("conditions differ (-want +got):\n%s", diff)
	}
	if tokens[0] != tokens[1] || tokens[1] == tokens[2] || len(tokens[0].(string)) > 36 {
		t.Errorf("tokens are %v: the same for the same transaction, another for another", tokens)
	}
}

// The waits have full jitter, and grow.
func TestBackoff(t *testing.T) {
	s := &script{t: t, answers: []answer{refuse(throttle), refuse(throttle), refuse(throttle), ok(`{}`)}}
	if err := s.engine().Write(t.Context(), put); err != nil {
		t.Fatal(err)
	}
	want := []time.Duration{12500 * time.Microsecond, 25 * time.Millisecond, 50 * time.Millisecond}
	if diff := cmp.Diff(want, s.waits); diff != "" {
		t.Errorf("waits differ (-want +got):\n%s", diff)
	}
}

// A context that ends while the engine waits ends the call.
func TestBackoffCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := &script{t: t, answers: []answer{refuse(throttle)}, onWait: cancel}
	err := s.engine().Write(ctx, put)
	if !errors.Is(err, context.Canceled) || !fault.Is(err, fault.Unavailable) {
		t.Errorf("Write = %v, want the context's error", err)
	}
}
