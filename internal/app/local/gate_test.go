package local_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"learningloop/internal/app/local"
	"learningloop/internal/mail/inbox"
	"learningloop/internal/opscenter/emulator"
)

// What needs no signature answers to this machine only, whatever name a page elsewhere has point at it.
func TestOrdersComeFromThisMachine(t *testing.T) {
	in, err := inbox.Open(inbox.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.Close() })
	h := local.AWSHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }), in)
	for _, tc := range []struct {
		name, url string
		want      int
	}{
		{"by address", "http://127.0.0.1:8081" + emulator.ControlPath + "alarm-action", http.StatusOK},
		{"by name", "http://localhost:8081" + emulator.ControlPath + "alarm-action", http.StatusOK},
		{"by another name", "http://opscenter.example:8081" + emulator.ControlPath + "alarm-action", http.StatusMisdirectedRequest},
		{"AWS's endpoint, by another name", "http://opscenter.example:8081/", http.StatusOK},
	} {
		t.Run(tc.name, func(t *testing.T) {
			rec := httptest.NewRecorder()
			h.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodPost, tc.url, nil))
			if rec.Code != tc.want {
				t.Errorf("%d, want %d", rec.Code, tc.want)
			}
		})
	}
}
