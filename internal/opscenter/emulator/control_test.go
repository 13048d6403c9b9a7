package emulator

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
)

// order sends a request below ControlPath, without a signature, and gives status and answer.
func (r *rig) order(method, path, body string, edit ...func(*http.Request)) (int, map[string]any) {
	r.t.Helper()
	req := httptest.NewRequestWithContext(r.t.Context(), method, "http://127.0.0.1:8081"+ControlPath+path, strings.NewReader(body))
	for _, f := range edit {
		f(req)
	}
	rec := httptest.NewRecorder()
	r.ServeHTTP(rec, req)
	var out map[string]any
	if strings.HasPrefix(rec.Header().Get("Content-Type"), "application/json") {
		if err := json.Unmarshal(rec.Body.Bytes(), &out); err != nil {
			r.t.Fatalf("%s %s: answer %q is not JSON: %v", method, path, rec.Body, err)
		}
	}
	return rec.Code, out
}

// encode is v as JSON.
func encode(t testing.TB, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// fixture reads an event of testdata, as plain JSON values to change.
func fixture(t testing.TB, name string) map[string]any {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// put sets the value at a path of names.
func put(v map[string]any, value any, path ...string) map[string]any {
	at := v
	for _, name := range path[:len(path)-1] {
		next, ok := at[name].(map[string]any)
		if !ok {
			next = map[string]any{}
			at[name] = next
		}
		at = next
	}
	at[path[len(path)-1]] = value
	return v
}

func TestOrdersThatAreNone(t *testing.T) {
	r := newRig(t)
	elsewhere := func(req *http.Request) { req.Header.Set("Sec-Fetch-Site", "cross-site") }
	for _, tc := range []struct {
		name, method, path, body string
		edit                     func(*http.Request)
		status                   int
		message                  string
	}{
		{name: "nothing there", method: "GET", path: "", status: http.StatusNotFound},
		{name: "another method", method: "GET", path: "alarm-action", status: http.StatusMethodNotAllowed},
		{name: "from a page elsewhere", method: "POST", path: "alarm-action", edit: elsewhere, status: http.StatusForbidden},
		{name: "no body", method: "POST", path: "alarm-action", status: http.StatusBadRequest, message: "not what is expected here: EOF"},
		{name: "not JSON", method: "POST", path: "alarm-action", body: "actionArn=x", status: http.StatusBadRequest, message: "invalid character"},
		{name: "two objects", method: "POST", path: "alarm-action", body: "{} {}", status: http.StatusBadRequest, message: "more after"},
		{name: "unknown member", method: "POST", path: "alarm-action", body: `{"colour":1}`, status: http.StatusBadRequest, message: `unknown field "colour"`},
		{name: "wrong type", method: "POST", path: "alarm-action", body: `{"actionArn":5}`, status: http.StatusBadRequest, message: "actionArn cannot be a JSON number."},
		{name: "too large", method: "POST", path: "alarm-action", body: strings.Repeat(" ", maxBody+1), status: http.StatusRequestEntityTooLarge, message: "larger than"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.edit == nil {
				tc.edit = func(*http.Request) {}
			}
			status, out := r.order(tc.method, tc.path, tc.body, tc.edit)
			text, _ := out["message"].(string)
			if status != tc.status || !strings.Contains(text, tc.message) {
				t.Errorf("%d %v, want %d %q", status, out, tc.status, tc.message)
			}
		})
	}
}
