package auth

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

const (
	keepAnswer = 10 * time.Second // in which the issuer is not asked the same again
	maxAnswer  = 1 << 20          // bytes of an answer of the issuer
)

// unansweredError says that the issuer could not be asked or had no answer.
type unansweredError struct {
	host string
	err  error
}

func (e *unansweredError) Error() string { return fmt.Sprintf("ask %s: %v", e.host, e.err) }

func (e *unansweredError) Unwrap() error { return e.err }

// transport remembers what the issuer answered for a few seconds. Tokens that name keys which do not exist make the
// verifier ask for keys each time; anybody can send such tokens.
type transport struct {
	next http.RoundTripper
	now  func() time.Time

	mu   sync.Mutex
	kept map[string]answer // by address; the issuer has two: configuration and keys
}

type answer struct {
	resp  http.Response
	body  []byte
	until time.Time
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodGet {
		return t.ask(r)
	}
	address := r.URL.String()
	t.mu.Lock()
	defer t.mu.Unlock()
	if a, ok := t.kept[address]; ok && t.now().Before(a.until) {
		return a.response(r), nil
	}
	resp, err := t.ask(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, &unansweredError{r.URL.Host, err}
	}
	if resp.StatusCode != http.StatusOK {
		return nil, &unansweredError{r.URL.Host, fmt.Errorf("status %d", resp.StatusCode)}
	}
	a := answer{resp: *resp, body: body, until: t.now().Add(keepAnswer)}
	if t.kept == nil {
		t.kept = map[string]answer{}
	}
	t.kept[address] = a
	return a.response(r), nil
}

func (t *transport) ask(r *http.Request) (*http.Response, error) {
	resp, err := t.next.RoundTrip(r)
	if err != nil {
		return nil, &unansweredError{r.URL.Host, err}
	}
	if resp.StatusCode >= http.StatusInternalServerError || resp.StatusCode == http.StatusTooManyRequests {
		resp.Body.Close()
		return nil, &unansweredError{r.URL.Host, fmt.Errorf("status %d", resp.StatusCode)}
	}
	return resp, nil
}

func (a answer) response(r *http.Request) *http.Response {
	resp := a.resp
	resp.Request, resp.Body, resp.ContentLength = r, io.NopCloser(bytes.NewReader(a.body)), int64(len(a.body))
	return &resp
}
