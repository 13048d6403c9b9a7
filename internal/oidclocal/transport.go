package oidclocal

import (
	"bytes"
	"io"
	"net/http"
	"strings"
)

// Transport answers requests to the issuer's own address itself and hands all others to next. A process that is its own
// issuer needs it: before it listens nobody would answer it, and behind a stage or a proxy its public address may not be
// reachable from inside.
func (i *Issuer) Transport(next http.RoundTripper) http.RoundTripper {
	return transport{issuer: i, next: next}
}

type transport struct {
	issuer *Issuer
	next   http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	base := t.issuer.base
	if r.URL.Host != base.Host || !strings.HasPrefix(r.URL.Path, base.Path+"/") {
		return t.next.RoundTrip(r)
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	in := r.Clone(r.Context())
	if in.Body == nil {
		in.Body = http.NoBody
	}
	defer in.Body.Close() // a RoundTripper closes the body it was given
	out := recorder{header: http.Header{}, status: http.StatusOK}
	t.issuer.ServeHTTP(&out, in)
	return &http.Response{
		Status: http.StatusText(out.status), StatusCode: out.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: out.header, Body: io.NopCloser(&out.body), ContentLength: int64(out.body.Len()), Request: r,
	}, nil
}

// recorder keeps what a handler answers.
type recorder struct {
	header http.Header
	status int
	wrote  bool
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header { return r.header }

func (r *recorder) WriteHeader(status int) {
	if !r.wrote {
		r.status, r.wrote = status, true
	}
}

func (r *recorder) Write(b []byte) (int, error) {
	r.wrote = true
	return r.body.Write(b)
}
