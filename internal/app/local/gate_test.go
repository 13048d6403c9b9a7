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
	accepts := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	beside := local.AWSHandler(accepts, in)
	w, err := local.New(t.Context(), local.Config{Public: "http://127.0.0.1:8080"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	const order = emulator.ControlPath + "alarm-action"
	for _, tc := range []struct {
		name, url string
		h         http.Handler
		want      int
	}{
		{"by address", "http://127.0.0.1:8081" + order, beside, http.StatusOK},
		{"by name", "http://localhost:8081" + order, beside, http.StatusOK},
		{"by another name", "http://opscenter.example:8081" + order, beside, http.StatusMisdirectedRequest},
		{"AWS's endpoint beside LocalStack, by another name", "http://opscenter.example:8081/", beside, http.StatusOK},
		{"a path that is none", "http://opscenter.example:8081//", beside, http.StatusOK},  // no redirect: AWS refuses it
		{"AWS's endpoint alone", "http://127.0.0.1:8081/", w.AWS(), http.StatusBadRequest}, // says nothing that could be signed
		{"AWS's endpoint alone, by another name", "http://opscenter.example:8081/", w.AWS(), http.StatusMisdirectedRequest},
		{"mails alone, by another name", "http://opscenter.example:8081/v2/email/outbound-emails", w.AWS(), http.StatusMisdirectedRequest},
	} {
		t.Run(tc.name, func(t *testing.T) {
			rec := httptest.NewRecorder()
			tc.h.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodPost, tc.url, nil))
			if rec.Code != tc.want {
				t.Errorf("%d, want %d", rec.Code, tc.want)
			}
		})
	}
}
