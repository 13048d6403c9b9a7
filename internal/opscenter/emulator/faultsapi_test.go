package emulator

import (
	"net/http"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/google/go-cmp/cmp"
)

func noFaults() map[string]any {
	return map[string]any{"next": []any{}, "down": false, "latency": map[string]any{}, "loseEvents": 0.0, "repeatEvents": 0.0}
}

// Faults set from outside strike as those set within the process, and count down where it can be seen.
func TestFaultsFromOutside(t *testing.T) {
	r := newRig(t)
	create := func() error {
		_, err := r.client.CreateOpsItem(t.Context(), &ssm.CreateOpsItemInput{Title: aws.String("t"), Description: aws.String("d"), Source: aws.String("s")})
		return err
	}
	set := func(body string) map[string]any {
		t.Helper()
		status, out := r.order(http.MethodPut, "faults", body)
		if status != http.StatusOK {
			t.Fatalf("%d %v", status, out)
		}
		return out
	}
	if _, out := r.order(http.MethodGet, "faults", ""); !cmp.Equal(noFaults(), out) {
		t.Errorf("to begin with: %v", out)
	}
	t.Run("the next two", func(t *testing.T) {
		set(`{"next":[{"operation":"CreateOpsItem","count":2,"kind":"throttle"}]}`)
		refusedAs(t, create(), "ThrottlingException")
		_, out := r.order(http.MethodGet, "faults", "")
		want := noFaults()
		want["next"] = []any{map[string]any{"operation": "CreateOpsItem", "count": 1.0, "code": "ThrottlingException", "message": "Rate exceeded"}}
		if diff := cmp.Diff(want, out); diff != "" {
			t.Error(diff)
		}
		refusedAs(t, create(), "ThrottlingException")
		if err := create(); err != nil {
			t.Error(err)
		}
	})
	t.Run("over quota", func(t *testing.T) {
		set(`{"next":[{"operation":"*","kind":"overQuota"}]}`)
		e := refusal[*types.OpsItemLimitExceededException](t, create())
		if e.Limit != 10_000 || aws.ToString(e.LimitType) != "OpsItemsPerMonth" || !slices.Equal(e.ResourceTypes, []string{"OpsItem"}) {
			t.Errorf("limit %d of type %v for %v", e.Limit, e.LimitType, e.ResourceTypes)
		}
	})
	t.Run("with members", func(t *testing.T) {
		out := set(`{"next":[{"operation":"CreateOpsItem","code":"OpsItemAlreadyExistsException","members":{"OpsItemId":"oi-0123456789ab"}},
			{"operation":"CreateOpsItem","kind":"overQuota","members":{"Limit":7}}]}`)
		if again := set(encode(t, out)); !cmp.Equal(out, again) {
			t.Errorf("what GET gives cannot be put: %v", again)
		}
		if e := refusal[*types.OpsItemAlreadyExistsException](t, create()); aws.ToString(e.OpsItemId) != "oi-0123456789ab" {
			t.Errorf("names %v", e.OpsItemId)
		}
		if e := refusal[*types.OpsItemLimitExceededException](t, create()); e.Limit != 7 || e.LimitType != nil {
			t.Errorf("%+v", e)
		}
	})
	t.Run("applied, and the answer lost", func(t *testing.T) {
		before := r.Counts()[StatusOpen]
		set(`{"next":[{"operation":"CreateOpsItem","kind":"drop","after":true}]}`)
		if err := create(); err == nil || r.Counts()[StatusOpen] != before+1 {
			t.Errorf("%v, %d more", err, r.Counts()[StatusOpen]-before)
		}
	})
	t.Run("an error of its own", func(t *testing.T) {
		set(`{"next":[{"operation":"*","count":-1,"code":"OpsItemAccessDeniedException","status":403,"message":"no"}]}`)
		for range 3 {
			refusedAs(t, create(), "OpsItemAccessDeniedException")
		}
	})
	t.Run("down, and up again from outside", func(t *testing.T) {
		set(`{"down":true}`)
		if create() == nil {
			t.Error("answered")
		}
		if status, out := r.order(http.MethodDelete, "faults", ""); status != http.StatusOK || !cmp.Equal(noFaults(), out) {
			t.Errorf("%d %v", status, out)
		}
		if err := create(); err != nil {
			t.Error(err)
		}
	})
	t.Run("latency and events", func(t *testing.T) {
		r.drain() // or what went before would be lost
		out := set(`{"latency":{"GetOpsItem":"250ms","*":"1ms","CreateOpsItem":"0s"},"loseEvents":1,"repeatEvents":2}`)
		want := noFaults()
		want["latency"] = map[string]any{"GetOpsItem": "250ms", "*": "1ms"}
		want["loseEvents"], want["repeatEvents"] = 1.0, 2.0
		if diff := cmp.Diff(want, out); diff != "" {
			t.Error(diff)
		}
		if out := set(encode(t, out)); !cmp.Equal(want, out) {
			t.Errorf("what GET gives cannot be put: %v", out)
		}
		before := len(r.events.list())
		r.create()
		r.create()
		r.drain()
		if got := len(r.events.list()) - before; got != 2 {
			t.Errorf("%d events of two, of which one is lost and one comes twice", got)
		}
	})
}

func TestBadFaults(t *testing.T) {
	r := newRig(t)
	const before = `{"next":[{"operation":"GetOpsItem"}],"down":true}`
	if status, out := r.order(http.MethodPut, "faults", before); status != http.StatusOK {
		t.Fatalf("%d %v", status, out)
	}
	_, want := r.order(http.MethodGet, "faults", "")
	for _, tc := range []struct{ name, body, field string }{
		{"no operation", `{"next":[{}]}`, "next[0].operation"},
		{"an unknown operation", `{"next":[{"operation":"*"},{"operation":"GetParameter"}]}`, "next[1].operation"},
		{"an unknown kind", `{"next":[{"operation":"*","kind":"explode"}]}`, "next[0].kind"},
		{"none", `{"next":[{"operation":"*","count":0}]}`, "next[0].count"},
		{"fewer than none", `{"next":[{"operation":"*","count":-2}]}`, "next[0].count"},
		{"a good status", `{"next":[{"operation":"*","status":200}]}`, "next[0].status"},
		{"an odd code", `{"next":[{"operation":"*","code":"a b"}]}`, "next[0].code"},
		{"a wrong type", `{"next":[{"operation":5}]}`, "next.operation"},
		{"a member of no exception", `{"next":[{"operation":"*","kind":"throttle","members":{"OpsItemId":"x"}}]}`, "next[0].members.OpsItemId"},
		{"a member of another exception", `{"next":[{"operation":"*","kind":"overQuota","members":{"OpsItemId":"x"}}]}`, "next[0].members.OpsItemId"},
		{"a member of what is no exception", `{"next":[{"operation":"*","code":"OpsItem","members":{"Title":"x"}}]}`, "next[0].members.Title"},
		{"the message as a member", `{"next":[{"operation":"*","kind":"overQuota","members":{"Message":"x"}}]}`, "next[0].members.Message"},
		{"a member of a wrong type", `{"next":[{"operation":"*","kind":"overQuota","members":{"Limit":"x"}}]}`, "next[0].members"},
		{"latency of an unknown operation", `{"latency":{"x":"1s"}}`, "latency.x"},
		{"latency that is none", `{"latency":{"*":"soon"}}`, "latency.*"},
		{"latency without end", `{"latency":{"*":"1h"}}`, "latency.*"},
		{"latency backwards", `{"latency":{"*":"-1s"}}`, "latency.*"},
		{"events fewer than none", `{"loseEvents":-1}`, "loseEvents"},
		{"an unknown member", `{"up":true}`, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			status, out := r.order(http.MethodPut, "faults", tc.body)
			field, _ := out["Field"].(string)
			if status != http.StatusBadRequest || field != tc.field {
				t.Errorf("%d %v, want %s", status, out, tc.field)
			}
			if _, now := r.order(http.MethodGet, "faults", ""); !cmp.Equal(want, now) {
				t.Errorf("changed all the same: %v", now)
			}
		})
	}
}
