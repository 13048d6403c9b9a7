package runtimeapi

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestInvoke(t *testing.T) {
	bootstrap := filepath.Join(t.TempDir(), "bootstrap")
	build := exec.Command("go", "build", "-tags", "lambda.norpc", "-o", bootstrap, "../localstack/testdata/probe")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	tests := []struct {
		name, event string
		want        string // in the answer
		failed      bool
		wantErr     string
	}{
		{"answers", `{"do":"answer","n":7}`, "7", false, ""},
		{"fails", `{"do":"fail"}`, "asked to fail", true, ""},
		{"refuses the event", `[]`, "cannot unmarshal", true, ""},
		{"ends", `{"do":"exit"}`, "", false, "ended without an answer: exit status 3"},
		{"hangs", `{"do":"hang"}`, "", false, "deadline exceeded"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var log bytes.Buffer
			f, err := Start(t.Context(), bootstrap, nil, &log)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			got, err := f.Invoke(ctx, []byte(tt.event))
			if err := f.Close(); err != nil {
				t.Error(err)
			}
			if tt.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), tt.wantErr) {
					t.Errorf("error %v, want %q", err, tt.wantErr)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got.Failed != tt.failed || !strings.Contains(string(got.Body), tt.want) {
				t.Errorf("answer %q, failed %t; want %q, %t", got.Body, got.Failed, tt.want, tt.failed)
			}
		})
	}
}

func TestInvokeManyTimes(t *testing.T) {
	bootstrap := filepath.Join(t.TempDir(), "bootstrap")
	build := exec.Command("go", "build", "-tags", "lambda.norpc", "-o", bootstrap, "../localstack/testdata/probe")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	f, err := Start(t.Context(), bootstrap, nil, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for _, n := range []string{"1", "2", "3"} {
		got, err := f.Invoke(ctx, []byte(`{"do":"answer","n":`+n+`}`))
		if err != nil || string(got.Body) != n {
			t.Errorf("answer %q, %v; want %s", got.Body, err, n)
		}
	}
}

func TestStartOfNothing(t *testing.T) {
	if _, err := Start(t.Context(), filepath.Join(t.TempDir(), "bootstrap"), nil, t.Output()); err == nil {
		t.Error("no error, although there is no bootstrap")
	}
}
