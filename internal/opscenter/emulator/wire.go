package emulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	contentType  = "application/x-amz-json-1.1"
	targetPrefix = "AmazonSSM."
	// maxBody is our own limit; an OpsItem at all of its documented limits stays under it.
	maxBody = 4 << 20
)

// ServeHTTP answers AWS's endpoint: POST / with JSON 1.1, the operation in X-Amz-Target. What is below ControlPath is the
// emulator's own.
func (e *Emulator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, ControlPath) {
		e.control.ServeHTTP(w, r)
		return
	}
	w.Header().Set("X-Amzn-Requestid", e.newUUID())
	op, ok := operationOf(r)
	if !ok {
		e.refuse(w, errUnknownOperation())
		return
	}
	who, err := e.authenticate(r)
	if err != nil {
		e.refuse(w, err)
		return
	}
	// Read before anything waits: net/http notices that a client is gone only once the body is read.
	body, rerr := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if rerr != nil {
		e.refuse(w, errUnreadable(rerr))
		return
	}
	fault, delay := e.faults.strike(op.name)
	if !pause(r, delay) {
		abort() // or a server that stops would answer an empty 200
	}
	if fault == nil && !e.throttle.take(time.Now()) {
		e.refuse(w, newError("ThrottlingException", "Rate exceeded"))
		return
	}
	if fault != nil && !fault.After {
		e.fail(w, fault)
		return
	}
	var out any
	in, err := parse(body)
	if err == nil {
		out, err = e.invoke(r.Context(), op, who, in)
	}
	switch {
	case fault != nil:
		e.fail(w, fault)
	case err != nil:
		e.refuse(w, err)
	default:
		e.answer(w, http.StatusOK, out)
	}
}

func operationOf(r *http.Request) (operation, bool) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != contentType || r.Method != http.MethodPost || r.URL.Path != "/" {
		return operation{}, false
	}
	name, ok := strings.CutPrefix(r.Header.Get("X-Amz-Target"), targetPrefix)
	if !ok {
		return operation{}, false
	}
	op, ok := operations[name]
	return op, ok
}

func errUnreadable(err error) *Error {
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return &Error{
			Code: "RequestEntityTooLargeException", Status: http.StatusRequestEntityTooLarge,
			Message: fmt.Sprintf("The request is larger than %d bytes.", tooLarge.Limit),
		}
	}
	return errSerialization("") // the client went away or sent half a request
}

// pause waits; false says that the client did not, or that the server stops.
func pause(r *http.Request, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-r.Context().Done():
		return false
	}
}

func (e *Emulator) fail(w http.ResponseWriter, f *Fault) {
	if f.Drop {
		abort()
	}
	e.refuse(w, e.struck(f))
}

// abort cuts the connection.
func abort() {
	panic(http.ErrAbortHandler) //nolint:forbidigo // net/http's documented way; it does not end the process
}

func (e *Emulator) refuse(w http.ResponseWriter, err *Error) {
	w.Header().Set("X-Amzn-Errortype", err.Code)
	e.answer(w, err.Status, err.body(e.model))
}

func (e *Emulator) answer(w http.ResponseWriter, status int, v any) {
	e.write(w, status, contentType, v)
}

func (e *Emulator) write(w http.ResponseWriter, status int, media string, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		e.cfg.Log.Error("encode an answer", "error", err)
		status, body = http.StatusInternalServerError, []byte(`{"__type":"InternalServerError"}`)
	}
	h := w.Header()
	h.Set("Content-Type", media)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	if _, err := w.Write(body); err != nil {
		e.cfg.Log.Debug("write an answer", "error", err) // the client is gone
	}
}
