package emulator

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"
)

// Requests that are not malformed as such, with what no SDK would write; those that are, are in TestBadRequests.
func TestRawRequests(t *testing.T) {
	r := newRig(t)
	header := func(name string, values ...string) func(*http.Request) {
		return func(req *http.Request) { req.Header[http.CanonicalHeaderKey(name)] = values }
	}
	method := func(m string) func(*http.Request) { return func(req *http.Request) { req.Method = m } }
	create := func(members string) string { return `{"Title":"t","Source":"s","Description":"d",` + members + `}` }
	deep := func(n int) string { return strings.Repeat(`[`, n) + strings.Repeat(`]`, n) }
	const get = `{"OpsItemId":"oi-0123456789ab"}`
	for _, tc := range []struct {
		name, op, body string
		edit           func(*http.Request)
		code, message  string // code "": answered
	}{
		{name: "PUT", op: "GetOpsItem", body: get, edit: method(http.MethodPut), code: "UnknownOperationException"},
		{name: "DELETE", op: "GetOpsItem", body: get, edit: method(http.MethodDelete), code: "UnknownOperationException"},
		{name: "a method that is none", op: "GetOpsItem", body: get, edit: method("BREW"), code: "UnknownOperationException"},
		{name: "no content type", op: "GetOpsItem", body: get, edit: header("Content-Type"), code: "UnknownOperationException"},
		{name: "JSON 1.0", op: "GetOpsItem", body: get, edit: header("Content-Type", "application/x-amz-json-1.0"), code: "UnknownOperationException"},
		{name: "plain JSON", op: "GetOpsItem", body: get, edit: header("Content-Type", "application/json"), code: "UnknownOperationException"},
		{name: "a content type that is none", op: "GetOpsItem", body: get, edit: header("Content-Type", ";;;"), code: "UnknownOperationException"},
		{name: "with a charset", op: "GetOpsItem", body: get, edit: header("Content-Type", contentType+"; charset=utf-8"), code: "OpsItemNotFoundException"},
		{name: "a target in another case", op: "GetOpsItem", body: get, edit: header("X-Amz-Target", "amazonssm.GetOpsItem"), code: "UnknownOperationException"},
		{name: "an operation in another case", op: "getopsitem", body: get, code: "UnknownOperationException"},
		{name: "a target without its operation", op: "", body: get, code: "UnknownOperationException"},
		{name: "a long target", op: strings.Repeat("GetOpsItem", 1000), body: get, code: "UnknownOperationException"},

		{name: "an empty signature", op: "GetOpsItem", body: get, edit: header("Authorization", ""), code: "MissingAuthenticationTokenException"},
		{name: "an algorithm alone", op: "GetOpsItem", body: get, edit: header("Authorization", algorithm), code: "IncompleteSignatureException"},
		{name: "commas alone", op: "GetOpsItem", body: get, edit: header("Authorization", algorithm+" ,,,=,=,"), code: "IncompleteSignatureException"},
		{name: "two signatures, the first good", op: "GetOpsItem", body: get, edit: header("Authorization", goodAuth, "Basic eA=="), code: "OpsItemNotFoundException"},
		{name: "slashes in the credential", op: "GetOpsItem", body: get, edit: header("Authorization", strings.Replace(goodAuth, "AKIDEXAMPLE", "A/K", 1)), code: "IncompleteSignatureException"},
		{name: "a signature in upper case", op: "GetOpsItem", body: get, edit: header("Authorization", strings.ReplaceAll(goodAuth, "abcdef", "ABCDEF")), code: "InvalidSignatureException"},
		{name: "an hour that is none", op: "GetOpsItem", body: get, edit: header("X-Amz-Date", "20261019T254653Z"), code: "IncompleteSignatureException"},
		{name: "a key that is markup", op: "CreateOpsItem", body: create(`"Priority":1`), edit: header("Authorization", strings.Replace(goodAuth, "AKIDEXAMPLE", "<b>'\"", 1))},

		{name: "null", op: "GetOpsItem", body: `null`, code: "SerializationException"},
		{name: "a string", op: "GetOpsItem", body: `"x"`, code: "SerializationException"},
		{name: "a byte order mark", op: "GetOpsItem", body: "\ufeff" + get, code: "SerializationException"},
		{name: "a comment", op: "GetOpsItem", body: get[:len(get)-1] + "/**/}", code: "SerializationException"},
		{name: "a comma too many", op: "GetOpsItem", body: get[:len(get)-1] + ",}", code: "SerializationException"},
		{name: "single quotes", op: "GetOpsItem", body: strings.ReplaceAll(get, `"`, `'`), code: "SerializationException"},
		{name: "a NUL after the body", op: "GetOpsItem", body: get + "\x00", code: "SerializationException"},
		{name: "a NUL in a string", op: "GetOpsItem", body: "{\"OpsItemId\":\"oi-\x00\"}", code: "SerializationException"},
		{name: "an escaped NUL in an id", op: "GetOpsItem", body: `{"OpsItemId":"oi-0123456789a\u0000"}`, code: "ValidationException", message: "regular expression pattern"},
		{name: "an escaped NUL in a text", op: "CreateOpsItem", body: create(`"Category":"Cost","OperationalData":{"k\u0000":{"Value":"\u0000"}}`)},
		{name: "half a surrogate pair", op: "CreateOpsItem", body: create(`"OperationalData":{"k":{"Value":"\ud83d"}}`)},
		{name: "an overlong encoding", op: "GetOpsItem", body: "{\"OpsItemId\":\"\xc0\xaf\"}", code: "SerializationException"},
		{name: "bad UTF-8 in what is unknown", op: "GetOpsItem", body: get[:len(get)-1] + ",\"\xff\":1}", code: "SerializationException"},
		{name: "a member twice: the last counts", op: "GetOpsItem", body: `{"OpsItemId":5,"OpsItemId":"oi-0123456789ab"}`, code: "OpsItemNotFoundException"},
		{name: "a key of a map twice", op: "CreateOpsItem", body: create(`"OperationalData":{"k":{"Value":""},"k":{"Value":"v"}}`)},
		{name: "deep in what is unknown", op: "GetOpsItem", body: get[:len(get)-1] + `,"x":` + deep(5000) + "}", code: "OpsItemNotFoundException"},
		{name: "too deep in what is unknown", op: "GetOpsItem", body: get[:len(get)-1] + `,"x":` + deep(100_000) + "}", code: "SerializationException"},
		{name: "deep for a string", op: "GetOpsItem", body: `{"OpsItemId":` + deep(5000) + "}", code: "SerializationException", message: "START_ARRAY"},
		{name: "aggregators in aggregators", op: "GetOpsSummary", body: strings.Repeat(`{"Aggregators":[`, 4000) + `{"AttributeName":"Status"}` + strings.Repeat(`]}`, 4000)},

		{name: "2^31", op: "CreateOpsItem", body: create(`"Priority":2147483648`), code: "SerializationException", message: "Integer"},
		{name: "2^31-1", op: "CreateOpsItem", body: create(`"Priority":2147483647`), code: "ValidationException", message: "less than or equal to 5"},
		{name: "-2^31", op: "CreateOpsItem", body: create(`"Priority":-2147483648`), code: "ValidationException", message: "greater than or equal to 1"},
		{name: "minus nothing", op: "CreateOpsItem", body: create(`"Priority":-0`), code: "ValidationException"},
		{name: "a number of 10,000 digits", op: "CreateOpsItem", body: create(`"Priority":` + strings.Repeat("9", 10_000)), code: "SerializationException"},
		{name: "an exponent", op: "CreateOpsItem", body: create(`"Priority":1e999999999`), code: "SerializationException"},
		{name: "not a number", op: "CreateOpsItem", body: create(`"Priority":NaN`), code: "SerializationException"},
		{name: "a zero before", op: "CreateOpsItem", body: create(`"Priority":03`), code: "SerializationException"},
		{name: "a time without end", op: "CreateOpsItem", body: create(`"PlannedEndTime":1e400`), code: "SerializationException", message: "Date"},
		{name: "a time after the year 9999", op: "CreateOpsItem", body: create(`"PlannedEndTime":253402300800`), code: "SerializationException"},
		{name: "a time before the year 1", op: "CreateOpsItem", body: create(`"PlannedEndTime":-62135596801`), code: "SerializationException"},
		{name: "a time as text", op: "CreateOpsItem", body: create(`"PlannedEndTime":"2026-10-19T02:46:53Z"`), code: "SerializationException"},

		{name: "a text of 300 KB", op: "CreateOpsItem", body: `{"Title":"` + strings.Repeat("t", 300<<10) + `","Source":"s","Description":"d"}`, code: "ValidationException", message: "1024"},
		{name: "10,000 members twice", op: "GetOpsItem", body: get[:len(get)-1] + strings.Repeat(`,"x":1`, 10_000) + "}", code: "OpsItemNotFoundException"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			edit := tc.edit
			if edit == nil {
				edit = func(*http.Request) {}
			}
			a := r.raw(tc.op, tc.body, edit)
			text := fmt.Sprint(a.body["message"], a.body["Message"])
			code, _ := a.body["__type"].(string)
			if (a.status == http.StatusOK) != (tc.code == "") || tc.code != "" && a.status != http.StatusBadRequest ||
				code != tc.code || !strings.Contains(text, tc.message) {
				t.Errorf("got %d %.300s, want %q %q", a.status, fmt.Sprint(a.body), tc.code, tc.message)
			}
		})
	}
}

// What is wrong with the stream of bytes itself: the emulator answers as far as there is a request, and lives on.
func TestRawBytes(t *testing.T) {
	r := newRig(t)
	server := httptest.NewServer(r.Emulator) // the rig's own gives up on who does not wait
	defer server.Close()
	head := "POST / HTTP/1.1\r\nHost: ssm\r\nContent-Type: " + contentType + "\r\nX-Amz-Target: AmazonSSM.GetOpsItem\r\n" +
		"X-Amz-Date: 20261019T024653Z\r\nAuthorization: " + goodAuth + "\r\n"
	const get = `{"OpsItemId":"oi-0123456789ab"}`
	for _, tc := range []struct {
		name, bytes, code string // code "": net/http's own answer, or none
	}{
		{"a whole request", head + fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(get), get), "OpsItemNotFoundException"},
		{"in chunks", head + fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n5\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n", get[:5], len(get)-5, get[5:]), "OpsItemNotFoundException"},
		{"half of a body", head + fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(get), get[:10]), "SerializationException"},
		{"half of a chunk", head + "Transfer-Encoding: chunked\r\n\r\nff\r\n" + get, "SerializationException"},
		{"a chunk of no length", head + "Transfer-Encoding: chunked\r\n\r\nzz\r\n" + get, "SerializationException"},
		{"no body at all", head + "\r\n", "ValidationException"},
		{"two lengths", head + "Content-Length: 5\r\nContent-Length: 6\r\n\r\n" + get, ""},
		{"another protocol", "EHLO example.com\r\n\r\n", ""},
		{"half of the headers", head, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			conn, err := net.Dial("tcp", server.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(conn, tc.bytes); err != nil {
				t.Fatal(err)
			}
			if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
				t.Fatal(err)
			}
			resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if tc.code == "" {
				if err == nil {
					resp.Body.Close()
				}
				if err == nil && resp.StatusCode != http.StatusBadRequest {
					t.Errorf("got %d", resp.StatusCode)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			text, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			var body map[string]any
			if err := json.NewDecoder(bytes.NewReader(text)).Decode(&body); err != nil || body["__type"] != tc.code || resp.StatusCode != http.StatusBadRequest {
				t.Errorf("got %d %s, want %s", resp.StatusCode, text, tc.code)
			}
		})
	}
	if a := r.raw("DescribeOpsItems", "{}"); a.status != http.StatusOK {
		t.Errorf("afterwards: %d %v", a.status, a.body)
	}
}

// Filters that name very many items are looked at once, not once for each other name.
func TestManyNames(t *testing.T) {
	r := newRig(t)
	ids := make([]string, 80_000)
	for i := range ids {
		ids[i] = fmt.Sprintf("oi-%012x", i)
	}
	f := eventFilter{Key: "OpsItemId", Operator: opEqual, Values: ids}
	began := time.Now()
	if _, err := r.eventsOf([]eventFilter{f, f}, r.clock.now()); err == nil || err.Code != "OpsItemNotFoundException" {
		t.Errorf("got %v", err)
	}
	if took := time.Since(began); took > 5*time.Second { // each with each took twenty
		t.Errorf("took %s", took)
	}
}

// What is wrong a hundred thousand times over, or deep down, costs no more to refuse than to send.
func TestCheckIsFrugal(t *testing.T) {
	m, err := loadModel()
	if err != nil {
		t.Fatal(err)
	}
	deep := strings.Repeat(`{"Aggregators":[`, 4000)
	for _, tc := range []struct {
		name, op, body, message string
	}{
		{"filters without anything", "DescribeOpsItems", `{"OpsItemFilters":[{}` + strings.Repeat(`,{}`, 99_999) + `]}`, "300000 validation errors detected: Value null at 'opsItemFilters.1.member.key' "},
		{"nothing, far down", "GetOpsSummary", deep + `null` + strings.Repeat(`,null`, 49_999) + strings.Repeat(`]}`, 4000), "50001 validation errors detected: Value at 'aggregators.1.member.aggregators.1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			in, refusal := parse([]byte(tc.body))
			if refusal != nil {
				t.Fatal(refusal)
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			refusal = check(m.Operations[tc.op].Input.shape, in)
			runtime.ReadMemStats(&after)
			if used := after.TotalAlloc - before.TotalAlloc; used > 100<<20 {
				t.Errorf("took %d MB", used>>20)
			}
			if refusal == nil || !strings.HasPrefix(refusal.Message, tc.message) {
				t.Errorf("got %.100q, want %q", fmt.Sprint(refusal), tc.message)
			}
		})
	}
}
