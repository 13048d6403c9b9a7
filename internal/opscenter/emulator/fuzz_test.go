package emulator

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
)

// Whatever comes over the wire, headers too, the answer is JSON that an SDK can read, and no 500.
func FuzzWire(f *testing.F) {
	const get = `{"OpsItemId":"oi-0123456789ab"}`
	for _, s := range [][5]string{
		{contentType, targetPrefix + "GetOpsItem", goodAuth, "20261019T024653Z", get},
		{contentType + "; charset=utf-8", targetPrefix + "CreateOpsItem", goodAuth, "20261019T024653Z", `{"Title":"t","Source":"s","Description":"d","Tags":[{"Key":"a","Value":""}]}`},
		{"text/plain", targetPrefix, "AWS4-HMAC-SHA256 Credential=////, Signature=, SignedHeaders=host", "", "null"},
		{contentType, targetPrefix + "DescribeOpsItems", strings.ReplaceAll(goodAuth, ",", ""), "x", strings.Repeat("[", 100)},
		{contentType, targetPrefix + "UpdateOpsItem", "AWS4-HMAC-SHA256 =,=,=", "20261019T024653Z", "\xff"},
	} {
		f.Add(s[0], s[1], s[2], s[3], []byte(s[4]))
	}
	e, err := New(Config{Account: testAccount, Region: testRegion, Clock: newClock().now, MaxClockSkew: 1 << 40})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = e.Close() })
	f.Fuzz(func(t *testing.T, media, target, auth, date string, body []byte) {
		req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(string(body)))
		req.Header = http.Header{"Content-Type": {media}, "X-Amz-Target": {target}, "Authorization": {auth}, "X-Amz-Date": {date}}
		rec := httptest.NewRecorder()
		e.ServeHTTP(rec, req)
		var out map[string]any
		if err := json.Unmarshal(rec.Body.Bytes(), &out); err != nil || rec.Code >= http.StatusInternalServerError {
			t.Fatalf("%d %q: %v", rec.Code, rec.Body, err)
		}
		if kind, _ := out["__type"].(string); rec.Code != http.StatusOK && (kind == "" || kind != rec.Header().Get("X-Amzn-Errortype")) {
			t.Fatalf("%d %v %v", rec.Code, rec.Header(), out)
		}
	})
}

// Whatever is ordered, the answer is done or a refusal.
func FuzzOrders(f *testing.F) {
	alarm, err := os.ReadFile("testdata/" + alarmFixture)
	if err != nil {
		f.Fatal(err)
	}
	f.Add("alarm-action", `{"actionArn":"`+testAction("1#CATEGORY=Cost")+`","event":`+string(alarm)+`}`)
	f.Add("alarm-action", `{"actionArn":"arn:aws:ssm:::opsitem:","event":null}`)
	f.Add("faults", `{"next":[{"operation":"*","count":1}],"latency":{"GetOpsItem":"1ms"}}`)
	f.Add("faults", `{"next":[null],"latency":{"":""}}`)
	e, err := New(Config{Account: testAccount, Region: testRegion, Quotas: Quotas{Monthly: 1 << 30}})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = e.Close() })
	f.Fuzz(func(t *testing.T, path, body string) {
		method := http.MethodPost
		if path == "faults" {
			method = http.MethodPut
		} else {
			path = "alarm-action"
		}
		rec := httptest.NewRecorder()
		e.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), method, ControlPath+path, strings.NewReader(body)))
		if (rec.Code != http.StatusOK && rec.Code != http.StatusBadRequest) || !json.Valid(rec.Body.Bytes()) {
			t.Fatalf("%d %q", rec.Code, rec.Body)
		}
	})
}

// The examples in the package's documentation do what they say.
func TestExamplesInTheDocumentation(t *testing.T) {
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	doc := regexp.MustCompile(`(?m)^//\t?`).ReplaceAllString(string(text), "")
	examples := regexp.MustCompile(`(?s)curl -s (-X PUT )?http://127\.0\.0\.1:8081/_opscenter/([a-z-]+) -H 'Content-Type: application/json' -d '(.*?)'\n`).FindAllStringSubmatch(doc, -1)
	if len(examples) != 2 {
		t.Fatalf("%d examples, want an alarm action and faults", len(examples))
	}
	r := newRig(t)
	for _, x := range examples {
		method := http.MethodPost
		if x[1] != "" {
			method = http.MethodPut
		}
		status, out := r.order(method, x[2], x[3])
		if status != http.StatusOK || x[2] == "alarm-action" && out["created"] != true || x[2] == "faults" && len(out["next"].([]any)) != 4 {
			t.Errorf("%s: %d %v", x[2], status, out)
		}
	}
	// The other one is Python, whose raw string this is.
	m := regexp.MustCompile(`(?s)"inputTemplate": r"""(.*?)"""`).FindStringSubmatch(doc)
	if m == nil {
		t.Fatal("no example of a template")
	}
	status, out := r.order(http.MethodPost, "rule-target", encode(t, map[string]any{
		"rule": "instance-terminated", "inputTemplate": m[1], "event": json.RawMessage(ec2Event),
		"inputPathsMap": map[string]string{"instance": "$.detail.instance-id", "resources": "$.resources"},
	}))
	if status != http.StatusOK || out["created"] != true {
		t.Errorf("%d %v", status, out)
	}
}
