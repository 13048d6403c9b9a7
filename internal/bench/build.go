package main

import (
	"archive/zip"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// lambdaFlags are those that make build ships functions with.
var lambdaFlags = []string{"-trimpath", "-buildvcs=false", "-tags", "lambda.norpc", "-ldflags", "-s -w -buildid="}

// build builds a package of this module and gives the program's path.
func (b *bench) build(ctx context.Context, pkg, arch string, flags ...string) (string, error) {
	out := filepath.Join(b.dir, "bin", arch, pkg)
	args := append([]string{"build", "-o", out}, flags...)
	cmd := exec.CommandContext(ctx, "go", append(args, "./"+pkg)...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+runtime.GOOS, "GOARCH="+arch)
	if arch != runtime.GOARCH {
		cmd.Env = append(cmd.Env, "GOOS=linux")
	}
	if msg, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", pkg, err, msg)
	}
	return out, nil
}

// zipped is how large a program is as Lambda is sent it, in bytes.
func zipped(program string) (int64, error) {
	f, err := os.Open(program) //nolint:gosec // built here
	if err != nil {
		return 0, err
	}
	defer f.Close()
	var n counter
	z := zip.NewWriter(&n)
	w, err := z.Create("bootstrap")
	if err != nil {
		return 0, err
	}
	if _, err := io.Copy(w, f); err != nil {
		return 0, err
	}
	return int64(n), z.Close()
}

// counter counts the bytes written to it.
type counter int64

func (c *counter) Write(b []byte) (int, error) {
	*c += counter(len(b))
	return len(b), nil
}
