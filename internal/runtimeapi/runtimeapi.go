// Package runtimeapi runs a built function on this machine: a child process, and the Lambda Runtime API (AWS Lambda
// Developer Guide, "Custom runtimes") that it asks for work. make invoke and the benchmark of start-up use it.
package runtimeapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"time"
)

const (
	prefix = "/2018-06-01/runtime/"
	arn    = "arn:aws:lambda:eu-west-1:000000000000:function:local"
)

// Function is a running function. It handles one event at a time.
type Function struct {
	cmd     *exec.Cmd
	server  *http.Server
	events  chan event
	answers chan Answer
	ended   chan struct{}
	calls   int
}

type event struct {
	id, deadline string
	body         []byte
}

// Answer is what a function said to an event.
type Answer struct {
	Body   []byte // its result, or Lambda's error object where Failed
	Failed bool
}

// Start starts the bootstrap with env and nothing else in its environment but what names the Runtime API. What it prints
// goes to log. Close it.
func Start(ctx context.Context, bootstrap string, env []string, log io.Writer) (*Function, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	f := &Function{events: make(chan event), answers: make(chan Answer, 1), ended: make(chan struct{})}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+prefix+"invocation/next", f.next)
	mux.HandleFunc("POST "+prefix+"invocation/{id}/response", f.answered(false))
	mux.HandleFunc("POST "+prefix+"invocation/{id}/error", f.answered(true))
	mux.HandleFunc("POST "+prefix+"init/error", f.answered(true))
	f.server = &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	go func() { _ = f.server.Serve(l) }() // ends with Close

	f.cmd = exec.CommandContext(ctx, bootstrap)
	f.cmd.Env = append([]string{"AWS_LAMBDA_RUNTIME_API=" + l.Addr().String(), "AWS_LAMBDA_FUNCTION_NAME=local", "PATH=" + os.Getenv("PATH")}, env...)
	f.cmd.Stdout, f.cmd.Stderr = log, log
	if err := f.cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", bootstrap, err), f.server.Close())
	}
	go func() {
		_ = f.cmd.Wait() // f.cmd.ProcessState says how it ended
		close(f.ended)
	}()
	return f, nil
}

// Invoke hands the function an event and waits for its answer until ctx ends; the function is told that deadline. An error
// means that there was no answer.
func (f *Function) Invoke(ctx context.Context, body []byte) (Answer, error) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return Answer{}, errors.New("invoke: ctx has no deadline")
	}
	f.calls++
	e := event{id: "local-" + strconv.Itoa(f.calls), deadline: strconv.FormatInt(deadline.UnixMilli(), 10), body: body}
	events := f.events
	for {
		select {
		case events <- e:
			events = nil // handed over once; now only the answer counts
		case a := <-f.answers:
			return a, nil
		case <-f.ended:
			return f.lastWords()
		case <-ctx.Done():
			return Answer{}, fmt.Errorf("invoke: %w", ctx.Err())
		}
	}
}

// lastWords gives the answer of a function that ended right after it.
func (f *Function) lastWords() (Answer, error) {
	select {
	case a := <-f.answers:
		return a, nil
	default:
		return Answer{}, fmt.Errorf("the function ended without an answer: %s", f.cmd.ProcessState)
	}
}

// Close ends the process and the server.
func (f *Function) Close() error {
	err := f.cmd.Process.Kill()
	if errors.Is(err, os.ErrProcessDone) {
		err = nil
	}
	<-f.ended
	return errors.Join(err, f.server.Close())
}

func (f *Function) next(w http.ResponseWriter, r *http.Request) {
	select {
	case <-r.Context().Done():
	case e := <-f.events:
		h := w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("Lambda-Runtime-Aws-Request-Id", e.id)
		h.Set("Lambda-Runtime-Deadline-Ms", e.deadline)
		h.Set("Lambda-Runtime-Invoked-Function-Arn", arn)
		w.Write(e.body)
	}
}

func (f *Function) answered(failed bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		select {
		case f.answers <- Answer{body, failed || err != nil}:
		default: // an answer that nobody waits for any more
		}
		w.WriteHeader(http.StatusAccepted)
	}
}
