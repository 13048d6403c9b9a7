package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// suiteTimeout is go test's own limit per package: it prints the stacks of what hangs, which being killed would not.
const suiteTimeout = "12m"

// suite is one go test command.
type suite struct {
	log      string // file that keeps the events
	env      []string
	packages []string
	run      string // -run; "" for all
	plain    bool   // without the race detector
	fresh    bool   // no cached results: what the tests talk to is not what it was
}

// event is a line of go test -json (go doc test2json).
type event struct {
	Action, Package, Test, Output, Key, Value string
	Elapsed                                   float64
}

// goTest runs the suite and prints, as go test does, one line per package and the output of what failed. An error means
// that go test could not be run; failing tests are in the result.
func goTest(ctx context.Context, s suite) (*result, error) {
	args := []string{"test", "-json", "-shuffle=on", "-timeout=" + suiteTimeout}
	if !s.plain {
		args = append(args, "-race")
	}
	if s.run != "" {
		args = append(args, "-run", s.run)
	}
	if s.fresh {
		args = append(args, "-count=1")
	}
	cmd := exec.CommandContext(ctx, "go", append(args, s.packages...)...)
	cmd.Env, cmd.Stderr = s.env, os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 20 * time.Second
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	log, err := os.Create(s.log)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	res := newResult()
	readErr := res.read(io.TeeReader(out, log), os.Stdout)
	err = cmd.Wait()
	res.took = time.Since(began)
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		res.exit = exit.ExitCode()
		err = nil
	}
	return res, errors.Join(err, readErr)
}

// read takes in the events and prints what a reader of go test expects.
func (r *result) read(events io.Reader, w io.Writer) error {
	in := bufio.NewScanner(events)
	in.Buffer(nil, 16<<20) // a test may print a long line
	for in.Scan() {
		var e event
		if err := json.Unmarshal(in.Bytes(), &e); err != nil {
			fmt.Fprintln(w, in.Text()) // go itself, speaking plainly
			continue
		}
		r.take(e, w)
	}
	return in.Err()
}

func (r *result) take(e event, w io.Writer) {
	key := testID{e.Package, e.Test}
	switch e.Action {
	case "build-output":
		fmt.Fprint(w, e.Output)
	case "output":
		if e.Test == "" && isPackageLine(e.Output) {
			fmt.Fprint(w, e.Output)
			return
		}
		r.output[key] = append(r.output[key], e.Output)
	case "attr":
		r.figures[key] = append(r.figures[key], e.Key+": "+e.Value)
	case "pass", "skip", "fail":
		if e.Action == "fail" {
			fmt.Fprint(w, strings.Join(r.output[key], ""))
		}
		if e.Test == "" && e.Action == "fail" {
			r.failedPackages = append(r.failedPackages, e.Package)
		}
		if e.Test != "" {
			r.outcome[key] = e.Action
		}
		if e.Action != "skip" {
			delete(r.output, key)
		}
	}
}

// isPackageLine holds for go test's closing line of a package that ran tests.
func isPackageLine(s string) bool {
	return strings.HasPrefix(s, "ok  \t") || strings.HasPrefix(s, "FAIL\t") || strings.HasPrefix(s, "panic:")
}
