package localstack_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"learningloop/internal/localstack"
)

// TestExecutor holds our executor to what Lambda does with a function that answers, fails, hangs, exits and writes.
func TestExecutor(t *testing.T) {
	f := deploy(t, localstack.Endpoint(t))
	lines := "line 0\nline 1\nline 2\n"
	tests := []struct {
		name, do  string
		n         int
		want      string // in the answer
		failed    bool
		wantInLog string
	}{
		{"cold start", "answer", 1, "1", false, "probe was asked to answer\n"},
		{"warm", "answer", 2, "2", false, ""},
		{"error", "fail", 0, "asked to fail", true, ""},
		{"time-out kills", "hang", 0, "Task timed out after 1.00 seconds", true, "probe was asked to hang\n"},
		{"recovers from a time-out", "answer", 3, "3", false, ""},
		{"exit", "exit", 0, "Runtime exited with error: exit status 3", true, "probe was asked to exit\n"},
		{"recovers from an exit", "answer", 4, "4", false, ""},
		// The answer overtakes the lines written before it, unless the executor waits for them.
		{"every line written", "chatter", 3, "3", false, lines},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, failed, log := f.invoke(t, tt.do, tt.n)
			if failed != tt.failed || !strings.Contains(got, tt.want) {
				t.Errorf("answer %q, failed %t; want %q, %t", got, failed, tt.want, tt.failed)
			}
			if !strings.Contains(log, tt.wantInLog) {
				t.Errorf("log %q lacks %q", log, tt.wantInLog)
			}
		})
	}
}

func TestExecutorManyAtOnce(t *testing.T) {
	f := deploy(t, localstack.Endpoint(t))
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			if got, failed, _ := f.invoke(t, "answer", i); failed || got != fmt.Sprint(i) {
				t.Errorf("invocation %d got %q, failed %t", i, got, failed)
			}
		})
	}
	wg.Wait()
}

// function is the probe, deployed.
type function struct{ base, name string }

func deploy(t *testing.T, url string) function {
	t.Helper()
	code, err := probe()
	if err != nil {
		t.Fatal(err)
	}
	f := function{url + "/2015-03-31/functions", fmt.Sprintf("probe-%d", time.Now().UnixNano())}
	body, err := json.Marshal(map[string]any{
		"FunctionName": f.name, "Runtime": "provided.al2023", "Handler": "bootstrap", "Timeout": 1,
		"Role": "arn:aws:iam::000000000000:role/probe",
		"Code": map[string]any{"ZipFile": base64.StdEncoding.EncodeToString(code)},
	})
	if err != nil {
		t.Fatal(err)
	}
	if status, _, answer := f.call(t, http.MethodPost, "", body); status != http.StatusCreated {
		t.Fatalf("CreateFunction: %d %s", status, answer)
	}
	t.Cleanup(func() { f.call(t, http.MethodDelete, "/"+f.name, nil) })
	return f
}

func (f function) invoke(t *testing.T, do string, n int) (answer string, failed bool, log string) {
	t.Helper()
	status, h, body := f.call(t, http.MethodPost, "/"+f.name+"/invocations", fmt.Appendf(nil, `{"do":%q,"n":%d}`, do, n))
	if status != http.StatusOK {
		t.Errorf("Invoke %s: %d %s", do, status, body)
	}
	tail, err := base64.StdEncoding.DecodeString(h.Get("X-Amz-Log-Result"))
	if err != nil {
		t.Errorf("log of %s: %v", do, err)
	}
	return string(body), h.Get("X-Amz-Function-Error") != "", string(tail)
}

// call is Lambda's REST API; LocalStack reads the service and the Region from the signature, and checks nothing else of it.
func (f function) call(t *testing.T, method, path string, body []byte) (int, http.Header, []byte) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context()) // in a cleanup the test's context has ended
	r, err := http.NewRequestWithContext(ctx, method, f.base+path, bytes.NewReader(body))
	if err != nil {
		t.Error(err)
		return 0, nil, nil
	}
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20260101/eu-west-1/lambda/aws4_request, "+
		"SignedHeaders=host, Signature=00")
	r.Header.Set("X-Amz-Log-Type", "Tail")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Error(err)
		return 0, nil, nil
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Error(err)
	}
	return resp.StatusCode, resp.Header, answer
}

// probe builds the function for this machine, because LocalStack runs it here, and zips it.
var probe = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "probe")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	exe := filepath.Join(dir, "bootstrap")
	cmd := exec.Command("go", "build", "-tags", "lambda.norpc", "-o", exe, "./testdata/probe")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build the probe: %w\n%s", err, out)
	}
	code, err := os.ReadFile(exe)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	h := &zip.FileHeader{Name: "bootstrap", Method: zip.Deflate}
	h.SetMode(0o755)
	w, err := z.CreateHeader(h)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(code); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
})
