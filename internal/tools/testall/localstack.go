package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

const (
	startWait = 90 * time.Second // 2-4 s here; a container's first start is slower
	stopWait  = 30 * time.Second // it stops its services one by one
)

// localStack is a LocalStack that this run started.
type localStack struct {
	url   string
	cmd   *exec.Cmd
	ended chan struct{}
}

// startLocalStack runs it on a free port and waits until it answers.
func startLocalStack(ctx context.Context, root, logFile string) (*localStack, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	log, err := os.Create(logFile)
	if err != nil {
		return nil, err
	}
	defer log.Close() // the process has its own
	ls := &localStack{url: "http://127.0.0.1:" + port, ended: make(chan struct{})}
	// Not bound to ctx: it is stopped after the tests, in its own time.
	ls.cmd = exec.Command(filepath.Join(root, "internal/localstack/start.sh"), filepath.Join(root, ".tools/localstack"), port) //nolint:noctx // see above
	ls.cmd.Stdout, ls.cmd.Stderr = log, log
	ls.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for the tests first
	if err := ls.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = ls.cmd.Wait() // how it ended is in its log
		close(ls.ended)
	}()
	if err := ls.ready(ctx); err != nil {
		ls.stop()
		return nil, fmt.Errorf("start LocalStack, its log is %s: %w", logFile, err)
	}
	return ls, nil
}

func (ls *localStack) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startWait)
	defer cancel()
	for {
		if healthy(ctx, ls.url) {
			return nil
		}
		select {
		case <-ls.ended:
			return errors.New("it ended")
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func healthy(ctx context.Context, url string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/_localstack/health", nil)
	if err != nil {
		return false
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// stop ends it and waits for its end: it stops the functions and the Java process it started.
func (ls *localStack) stop() {
	_ = ls.cmd.Process.Signal(syscall.SIGTERM) // it may have ended by itself
	select {
	case <-ls.ended:
	case <-time.After(stopWait):
		_ = syscall.Kill(-ls.cmd.Process.Pid, syscall.SIGKILL) // the group
		<-ls.ended
	}
}

// freePort asks the system for a port that nobody listens on.
func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port), nil
}
