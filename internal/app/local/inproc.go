package local

import (
	"bytes"
	"errors"
	"io"
	"net/http"
)

// inproc hands requests to a handler of this process, so that the loop speaks to its own stand-ins for AWS by the same
// clients and the same bytes as to AWS, without a port.
type inproc struct{ h http.Handler }

// RoundTrip implements http.RoundTripper.
func (t inproc) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	in := r.Clone(r.Context())
	in.RequestURI, in.RemoteAddr = r.URL.RequestURI(), "127.0.0.1:0"
	if in.Host == "" {
		in.Host = r.URL.Host
	}
	if in.Body == nil {
		in.Body = http.NoBody
	}
	rec := &recorder{header: http.Header{}, status: http.StatusOK}
	if !answers(t.h, rec, in) {
		return nil, errAborted
	}
	return &http.Response{
		Status: http.StatusText(rec.status), StatusCode: rec.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: rec.header,
		Body: io.NopCloser(&rec.body), ContentLength: int64(rec.body.Len()), Request: r,
	}, nil
}

// errAborted is what a client sees of a server that hangs up.
var errAborted = errors.New("the connection was closed without an answer")

// answers says whether a handler answered, or hung up as net/http lets it (http.ErrAbortHandler).
func answers(h http.Handler, w http.ResponseWriter, r *http.Request) (ok bool) {
	defer func() {
		p := recover()
		if err, is := p.(error); is && errors.Is(err, http.ErrAbortHandler) {
			ok = false
		} else if p != nil {
			panic(p) //nolint:forbidigo // not ours to swallow
		}
	}()
	h.ServeHTTP(w, r)
	return true
}

type recorder struct {
	header  http.Header
	status  int
	written bool
	body    bytes.Buffer
}

func (r *recorder) Header() http.Header { return r.header }

func (r *recorder) WriteHeader(status int) {
	if !r.written {
		r.status, r.written = status, true
	}
}

func (r *recorder) Write(b []byte) (int, error) {
	r.written = true
	return r.body.Write(b)
}
