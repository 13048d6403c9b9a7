// Command testall is make test: every test there is, and a table of what ran.
//
// It runs go test ./... first with no service in reach. Tests that skip because an environment key of internal/testenv is
// not set are remembered; then LocalStack is started, all keys are set, and exactly those tests run again, package by
// package. Nobody keeps a list of them, and none can be forgotten: one that still skips for a key fails the run.
// Arguments are packages, ./... without any.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"learningloop/internal/testenv"
)

// wholeRun is how long everything may take; CI promises less than half an hour.
const wholeRun = 25 * time.Minute

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	ctx, cancel := context.WithTimeout(ctx, wholeRun)
	code := 0
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "make test:", err)
		code = 1
	}
	cancel()
	stop()
	os.Exit(code)
}

func run(ctx context.Context, packages []string) error {
	if len(packages) == 0 {
		packages = []string{"./..."}
	}
	root, err := os.Getwd()
	if err != nil {
		return err
	}
	logs := filepath.Join(root, ".build", "logs")
	if err := os.MkdirAll(logs, 0o755); err != nil {
		return err
	}
	env := environment(root)
	if err := present(env); err != nil {
		return err
	}

	var r report
	fmt.Println("== unit tests and the embedded engine")
	alone, err := goTest(ctx, suite{log: filepath.Join(logs, "alone.json"), env: without(os.Environ(), testenv.Keys), packages: packages})
	if err != nil {
		return err
	}
	waiting := alone.waiting(testenv.Keys)
	r.add("unit, embedded engine", alone.minus(waiting))

	// What fails every call of a whole story, and a whole month of filing, take ten times as long under the race detector,
	// which therefore sees a part of them; here they are whole.
	fmt.Println("== failing every call, and a month of filing, without the race detector")
	every, err := goTest(ctx, suite{
		log: filepath.Join(logs, "every-call.json"), env: without(os.Environ(), testenv.Keys), packages: []string{"./internal/app/local", "./internal/mirror"},
		run: "EveryCall|MonthOfCandidates", plain: true,
	})
	if err != nil {
		return err
	}
	r.add("every call, a month; no race detector", every)

	if len(waiting) > 0 {
		if err := runWaiting(ctx, &r, waiting, root, logs, env); err != nil {
			return err
		}
	}
	r.print(os.Stdout)
	if ctx.Err() != nil {
		return fmt.Errorf("stopped before its end: %w", context.Cause(ctx))
	}
	return r.err()
}

// runWaiting starts what the waiting tests need and runs them, one package after the other: they share one LocalStack and
// two processors.
func runWaiting(ctx context.Context, r *report, waiting []waitingTests, root, logs string, env map[string]string) error {
	if needLocalStack(waiting) && env[testenv.LocalStackURL] == "" {
		began := time.Now()
		ls, err := startLocalStack(ctx, root, filepath.Join(logs, "localstack.log"))
		if err != nil {
			return err
		}
		defer ls.stop()
		fmt.Printf("== LocalStack on %s, ready in %.1f s\n", ls.url, time.Since(began).Seconds())
		env[testenv.LocalStackURL] = ls.url
		env[testenv.DynamoDBEndpoint] = ls.url
	}
	full := without(os.Environ(), testenv.Keys)
	for k, v := range env {
		full = append(full, k+"="+v)
	}
	slices.Sort(full)
	for _, w := range waiting {
		fmt.Printf("== %s: %d tests with %s\n", w.pkg, len(w.tests), w.needs())
		res, err := goTest(ctx, suite{
			log: filepath.Join(logs, w.logName()), env: full, packages: []string{w.pkg}, run: w.pattern(), fresh: true,
		})
		if err != nil {
			return err
		}
		res.only(w.tests)
		for _, still := range res.waiting(testenv.Keys) {
			r.problem("%s still skips, although its keys are set: %v", still.pkg, still.tests)
		}
		r.add(w.pkg+" with "+w.needs(), res)
	}
	return nil
}

// environment gives the keys of internal/testenv, as make lays things out; one that is set already wins.
func environment(root string) map[string]string {
	env := map[string]string{
		testenv.LocalStackURL:    "", // started when a test needs it
		testenv.DynamoDBEndpoint: "",
		testenv.AWS:              filepath.Join(root, ".tools/aws/bin/aws"),
		testenv.BuildDir:         filepath.Join(root, ".build/amd64"),
		testenv.CDK:              filepath.Join(root, ".tools/cdk/node_modules/.bin/cdk"),
		testenv.Chromium:         "",
		testenv.NodeTools:        filepath.Join(root, ".tools/node/node_modules"),
		testenv.Python:           filepath.Join(root, ".tools/aws/bin/python"),
		testenv.Shots:            filepath.Join(root, ".shots"),
	}
	for k := range env {
		if v := os.Getenv(k); v != "" {
			env[k] = v
		}
	}
	if env[testenv.LocalStackURL] != "" && env[testenv.DynamoDBEndpoint] == "" {
		env[testenv.DynamoDBEndpoint] = env[testenv.LocalStackURL]
	}
	return env
}

// present names at once everything that make should have installed and that is not there.
func present(env map[string]string) error {
	var errs []error
	for _, k := range []string{testenv.AWS, testenv.BuildDir, testenv.CDK, testenv.Chromium, testenv.NodeTools, testenv.Python} {
		if _, err := os.Stat(env[k]); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", k, err))
		}
	}
	if err := os.MkdirAll(env[testenv.Shots], 0o755); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
