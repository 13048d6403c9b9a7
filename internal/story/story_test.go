// Package story holds the scripts that go all the way round the loop by nothing but HTTP and boto3: as customers and staff
// do (story.py), as operations does (operations.py). Its tests run them against one process and against the stack deployed
// to LocalStack.
package story

import (
	"bufio"
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"learningloop/internal/app/beside"
	"learningloop/internal/app/local"
	"learningloop/internal/oidclocal"
	"learningloop/internal/testenv"
)

// tell runs a script and puts what it says into the test's log.
func tell(t *testing.T, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), testenv.Need(t, testenv.Python), append([]string{"-u"}, args...)...) //nolint:gosec // the project's own script
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		t.Log(lines.Text())
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("the story failed: %v", err)
	}
}

func TestOneProcess(t *testing.T) {
	testenv.Need(t, testenv.Python)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ready := make(chan *local.World, 1)
	ended := make(chan error, 1)
	go func() {
		ended <- local.Serve(ctx, local.Config{Dir: t.TempDir(), Log: slog.New(slog.DiscardHandler)}, local.Ports{Web: "0", AWS: "0"}, func(w *local.World) { ready <- w })
	}()
	select {
	case w := <-ready:
		tell(t, "story.py", "--api", w.Public(), "--aws", w.AWSAddress())
		t.Run("operations", func(t *testing.T) { tell(t, "operations.py", "--api", w.Public(), "--aws", w.AWSAddress()) })
	case err := <-ended:
		t.Fatal(err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("end: %v", err)
	}
}

// TestLocalStack deploys the stack as it ships, less what LocalStack lacks, and tells the same story through API Gateway.
func TestLocalStack(t *testing.T) {
	endpoint := testenv.Need(t, testenv.LocalStackURL)
	cdk, aws, build := testenv.Need(t, testenv.CDK), testenv.Need(t, testenv.AWS), testenv.Need(t, testenv.BuildDir)
	testenv.Need(t, testenv.Python)
	for k, v := range map[string]string{
		"AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": local.Region,
		"AWS_DEFAULT_REGION": local.Region, // what boto3 reads
	} {
		t.Setenv(k, v)
	}
	web, ops := listen(t), listen(t)
	stands, err := beside.New(t.Context(), beside.Config{Dir: t.TempDir(), Public: address(web)})
	if err != nil {
		t.Fatal(err)
	}
	serve(t, web, stands.Handler())
	serve(t, ops, stands.AWS())

	outputs := filepath.Join(t.TempDir(), "outputs.json")
	deploy := exec.CommandContext(t.Context(), "../../infra/localstack.sh", outputs, "-c", "stage=story", //nolint:gosec // the project's own script
		"-c", "endpointSsm="+address(ops), "-c", "endpointSesv2="+address(ops), "-c", "oidcIssuer="+address(web)+oidclocal.Path, "-c", "oidcClientId="+local.ClientID)
	deploy.Env = append(os.Environ(), "WITH_CDK="+cdk, "WITH_AWS="+aws, "BUILD_DIR="+build)
	start := time.Now()
	out, err := deploy.CombinedOutput()
	if err != nil {
		t.Fatalf("deploy: %v\n%s", err, out)
	}
	t.Logf("%sdeployed in %.0f s", out, time.Since(start).Seconds())

	turn, stop := context.WithCancel(context.Background())
	turned := make(chan struct{})
	go func() { stands.Turn(turn, 5*time.Second); close(turned) }()
	t.Cleanup(func() {
		stop()
		<-turned
		if err := stands.Close(); err != nil {
			t.Errorf("close stand-ins: %v", err)
		}
	})
	api := apiURL(t, outputs)
	tell(t, "story.py", "--api", api, "--local", address(web), "--aws", address(ops), "--patience", "150")
	t.Run("operations", func(t *testing.T) {
		tell(t, "operations.py", "--api", api, "--local", address(web), "--aws", address(ops), "--patience", "150")
	})
	t.Run("topics", func(t *testing.T) { tell(t, "topics.py", "--aws", address(ops), "--patience", "60") })
	t.Run("poison", func(t *testing.T) { tell(t, "poison.py", "--api", api, "--local", address(web), "--patience", "150") })
}

func apiURL(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file) //nolint:gosec // written above
	if err != nil {
		t.Fatal(err)
	}
	var stacks map[string]map[string]string
	if err := json.Unmarshal(b, &stacks); err != nil {
		t.Fatal(err)
	}
	for _, o := range stacks {
		if u := o["ApiUrl"]; u != "" {
			return u
		}
	}
	t.Fatalf("no ApiUrl in %s", b)
	return ""
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func address(l net.Listener) string { return "http://" + l.Addr().String() }

func serve(t *testing.T, l net.Listener, h http.Handler) {
	t.Helper()
	s := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close() })
}
