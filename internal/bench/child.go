package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// child is functions/local as a process of its own, with its own data.
type child struct {
	cmd   *exec.Cmd
	addr  string        // host:port of pages and API
	aws   string        // host:port of OpsCenter
	ready time.Duration // from its start to its first answer
	ended chan error
}

// startChild starts the program and waits until it answers.
func startChild(ctx context.Context, program, data string) (*child, error) {
	web, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	aws, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	c := &child{cmd: exec.CommandContext(ctx, program), addr: "127.0.0.1:" + web, aws: "127.0.0.1:" + aws, ended: make(chan error, 1)}
	c.cmd.Env = append(os.Environ(), "PORT="+web, "OPSCENTER_PORT="+aws, "DATA_DIR="+data)
	c.cmd.Stderr = os.Stderr
	c.cmd.Cancel = func() error { return c.cmd.Process.Signal(syscall.SIGTERM) }
	began := time.Now()
	if err := c.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", program, err)
	}
	go func() { c.ended <- c.cmd.Wait() }()
	const patience = 30 * time.Second
	for !c.answers(ctx) {
		select {
		case err := <-c.ended:
			return nil, fmt.Errorf("%s ended before it answered: %w", program, err)
		case <-time.After(time.Millisecond):
		}
		if time.Since(began) > patience {
			return nil, errors.Join(fmt.Errorf("%s does not answer", program), c.stop())
		}
	}
	c.ready = time.Since(began)
	return c, nil
}

// answers says whether the health check is answered.
func (c *child) answers(ctx context.Context) bool {
	cn, err := dial(ctx, c.addr)
	if err != nil {
		return false
	}
	defer cn.close()
	status, _, err := cn.do([]byte("GET /healthz HTTP/1.1\r\nHost: " + c.addr + "\r\n\r\n"))
	return err == nil && status == http.StatusOK
}

// stop ends the process as Ctrl-C does.
func (c *child) stop() error {
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return <-c.ended
}

// pending is how many orders wait, of all types together, counted up to a limit of each: counting costs a read of each.
func (c *child) pending(ctx context.Context, most int) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://%s/_local/pending.json?most=%d", c.addr, most), http.NoBody)
	if err != nil {
		return 0, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	var types map[string]int
	if err := json.NewDecoder(resp.Body).Decode(&types); err != nil {
		return 0, fmt.Errorf("read what is pending: %w", err)
	}
	n := 0
	for _, x := range types {
		n += x
	}
	return n, nil
}

// drain waits until nothing is pending and says how long that took.
func (c *child) drain(ctx context.Context) (time.Duration, error) {
	began := time.Now()
	const patience = 5 * time.Minute
	for {
		n, err := c.pending(ctx, 1)
		took := time.Since(began)
		if err != nil || n == 0 {
			return took, err
		}
		if took > patience {
			return took, fmt.Errorf("orders still wait after %s", patience)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// memory is what a process holds in memory, in bytes.
type memory struct{ resident, anonymous, peak int64 }

func (m memory) String() string {
	const mb = 1 << 20
	return fmt.Sprintf("%.1f MB (%.1f of its own, %.1f of files; at most %.1f)",
		float64(m.resident)/mb, float64(m.anonymous)/mb, float64(m.resident-m.anonymous)/mb, float64(m.peak)/mb)
}

// memory reads what the system says of the process (proc(5): VmRSS, RssAnon, VmHWM).
func (c *child) memory() (memory, error) {
	f, err := os.Open("/proc/" + strconv.Itoa(c.cmd.Process.Pid) + "/status")
	if err != nil {
		return memory{}, fmt.Errorf("read resident memory: %w", err)
	}
	defer f.Close()
	var m memory
	where := map[string]*int64{"VmRSS:": &m.resident, "RssAnon:": &m.anonymous, "VmHWM:": &m.peak}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		field := strings.Fields(lines.Text())
		if len(field) < 2 || where[field[0]] == nil {
			continue
		}
		kb, err := strconv.ParseInt(field[1], 10, 64)
		if err != nil {
			return memory{}, fmt.Errorf("read resident memory: %w", err)
		}
		*where[field[0]] = kb << 10
	}
	return m, lines.Err()
}

// processor is how much of the processor a process has used so far (proc(5), "stat": utime and stime).
func (c *child) processor() (time.Duration, error) {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(c.cmd.Process.Pid) + "/stat")
	if err != nil {
		return 0, fmt.Errorf("read processor time: %w", err)
	}
	// The name, in parentheses, may hold anything; the fields behind it are numbers but for the first.
	fields := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
	const utime, stime, tick = 11, 12, time.Second / 100 // USER_HZ is 100 wherever Go runs
	if len(fields) <= stime {
		return 0, errors.New("read processor time: too few fields")
	}
	user, err1 := strconv.Atoi(fields[utime])
	system, err2 := strconv.Atoi(fields[stime])
	return time.Duration(user+system) * tick, errors.Join(err1, err2)
}

func freePort(ctx context.Context) (string, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, errors.Join(err, l.Close())
}
