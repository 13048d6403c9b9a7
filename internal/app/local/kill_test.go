package local_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// process is `make run` as a process that can be killed.
type process struct {
	t    *testing.T
	bin  string
	dir  string
	port string
	cmd  *exec.Cmd
}

func (p *process) start() {
	p.t.Helper()
	p.cmd = exec.Command(p.bin) //nolint:gosec // built by the test
	p.cmd.Env = []string{"DATA_DIR=" + p.dir, "PORT=" + p.port, "OPSCENTER_PORT=0", "PATH=/nonexistent"}
	var said bytes.Buffer
	p.cmd.Stderr = &said
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	for range 200 {
		if r, err := http.Get(p.url("/healthz")); err == nil {
			_ = r.Body.Close()
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	p.t.Fatalf("it does not answer after its restart: %s", said.String())
}

func (p *process) url(path string) string { return "http://127.0.0.1:" + p.port + path }

// kill ends the process as a power cut would end it, as far as the process is concerned.
func (p *process) kill() {
	p.t.Helper()
	if err := p.cmd.Process.Kill(); err != nil {
		p.t.Fatal(err)
	}
	_ = p.cmd.Wait() // it was killed
}

func (p *process) get(path, bearer string) (int, []byte) {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, p.url(path), nil)
	if err != nil {
		p.t.Fatal(err)
	}
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return res.StatusCode, b
}

type acknowledged struct {
	ID    string `json:"id"`
	Token string `json:"token"`
	email string
}

// load posts from several clients until stop is closed, and gives what was acknowledged.
func (p *process) load(round int, stop <-chan struct{}) []acknowledged {
	var mu sync.Mutex
	var acked []acknowledged
	var clients sync.WaitGroup
	for c := range 8 {
		clients.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				email := fmt.Sprintf("r%d-c%d-n%d@example.com", round, c, n)
				body := fmt.Sprintf(`{"product":"example","kind":"problem","text":"It stops.","submitter":{"email":%q,"hearBack":%t}}`, email, n%10 == 0)
				res, err := http.Post(p.url("/v1/feedback"), "application/json", strings.NewReader(body))
				if err != nil {
					return // killed
				}
				var a acknowledged
				err = json.NewDecoder(res.Body).Decode(&a)
				_ = res.Body.Close()
				if err == nil && res.StatusCode == http.StatusCreated {
					if n%10 == 0 {
						a.email = email
					}
					mu.Lock()
					acked = append(acked, a)
					mu.Unlock()
				}
			}
		})
	}
	clients.Wait()
	return acked
}

// TestKill kills the process again and again under load: whatever it acknowledged is there afterwards, is triaged and
// counted once, and is answered.
func TestKill(t *testing.T) {
	bin := filepath.Join(t.TempDir(), "local")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", bin, "learningloop/functions/local").CombinedOutput(); err != nil { //nolint:gosec // our own program
		t.Fatalf("build: %v\n%s", err, out)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, bin: bin, dir: t.TempDir(), port: port}
	p.start()
	t.Cleanup(func() { _ = p.cmd.Process.Kill(); _ = p.cmd.Wait() })

	var acked []acknowledged
	for round, after := range []time.Duration{150 * time.Millisecond, 400 * time.Millisecond, 900 * time.Millisecond} {
		stop := make(chan struct{})
		got := make(chan []acknowledged)
		go func() { got <- p.load(round, stop) }()
		time.Sleep(after)
		p.kill()
		close(stop)
		acked = append(acked, <-got...)
		p.start()
	}
	if len(acked) < 50 {
		t.Fatalf("only %d pieces were acknowledged: that is no load", len(acked))
	}
	t.Attr("acknowledged", fmt.Sprintf("%d over 3 kills", len(acked)))

	_, token := p.get("/_local/staff-token", "")
	deadline := time.Now().Add(time.Minute)
	for _, a := range acked {
		for {
			code, b := p.get("/v1/feedback/"+a.ID, a.Token)
			if code != http.StatusOK {
				t.Fatalf("acknowledged piece %s is gone: %d %s", a.ID, code, b)
			}
			if bytes.Contains(b, []byte(`"state":"triaged"`)) {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("piece %s is not triaged: %s", a.ID, b)
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	if _, b := p.get("/v1/recount?product=example", string(token)); !bytes.Contains(b, []byte(`"differences":[]`)) {
		t.Errorf("counts differ from a recount: %s", b)
	}
	p.answered(acked, deadline.Add(2*time.Minute))
}

// answered waits until everybody who asked has a receipt. A mail in flight at a kill waits for its lease, and may come
// twice.
func (p *process) answered(acked []acknowledged, deadline time.Time) {
	p.t.Helper()
	for {
		_, b := p.get("/_local/mail.json?limit=10000", "")
		var mails []struct{ To string }
		if err := json.Unmarshal(b, &mails); err != nil {
			p.t.Fatalf("mails: %v: %.200s", err, b)
		}
		n := map[string]int{}
		for _, m := range mails {
			n[m.To]++
		}
		missing, repeated := 0, 0
		for _, a := range acked {
			if a.email == "" {
				continue
			}
			if n[a.email] == 0 {
				missing++
			}
			if n[a.email] > 1 {
				repeated++
			}
		}
		if missing == 0 {
			if repeated > 3 {
				p.t.Errorf("%d receipts came twice after 3 kills: one is in flight at a time", repeated)
			}
			return
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("%d receipts are missing", missing)
		}
		time.Sleep(500 * time.Millisecond)
	}
}
