package main

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"learningloop/internal/testenv"
)

// testID names a test or a subtest; Test is "" for the package as a whole.
type testID struct{ Package, Test string }

// top gives the top-level test of a subtest: what -run can choose for sure.
func (id testID) top() testID {
	name, _, _ := strings.Cut(id.Test, "/")
	return testID{id.Package, name}
}

// result is what one go test command said.
type result struct {
	outcome        map[testID]string // pass, skip or fail
	output         map[testID][]string
	figures        map[testID][]string // what a test counted, as it said with testing.T.Attr
	failedPackages []string
	exit           int
	took           time.Duration
}

func newResult() *result {
	return &result{outcome: map[testID]string{}, output: map[testID][]string{}, figures: map[testID][]string{}}
}

// waitingTests are the top-level tests of a package that skipped because keys were not set.
type waitingTests struct {
	pkg   string
	tests []string
	keys  []string
}

// waiting finds them: a test waits when it skipped and said the name of a key.
func (r *result) waiting(keys []string) []waitingTests {
	mentions := regexp.MustCompile(`\b(` + strings.Join(keys, "|") + `)\b`)
	tests, said := map[string]map[string]bool{}, map[string]map[string]bool{}
	for id, outcome := range r.outcome {
		found := mentions.FindAllString(strings.Join(r.output[id], ""), -1)
		if outcome != "skip" || len(found) == 0 {
			continue
		}
		if tests[id.Package] == nil {
			tests[id.Package], said[id.Package] = map[string]bool{}, map[string]bool{}
		}
		tests[id.Package][id.top().Test] = true
		for _, k := range found {
			said[id.Package][k] = true
		}
	}
	var all []waitingTests
	for _, pkg := range slices.Sorted(maps.Keys(tests)) {
		all = append(all, waitingTests{pkg, slices.Sorted(maps.Keys(tests[pkg])), slices.Sorted(maps.Keys(said[pkg]))})
	}
	return all
}

// pattern is the -run that chooses the waiting tests and no others.
func (w waitingTests) pattern() string { return "^(" + strings.Join(w.tests, "|") + ")$" }

func (w waitingTests) logName() string {
	return strings.ReplaceAll(strings.TrimPrefix(w.pkg, "learningloop/"), "/", "-") + ".json"
}

// needs says in words what the keys stand for.
func (w waitingTests) needs() string {
	words := map[string]string{
		testenv.LocalStackURL: "LocalStack", testenv.DynamoDBEndpoint: "LocalStack", testenv.Chromium: "Chromium",
		testenv.NodeTools: "Node", testenv.Python: "Python", testenv.CDK: "CDK", testenv.AWS: "AWS CLI", testenv.BuildDir: "built functions",
		testenv.Shots: "screenshots",
	}
	set := map[string]bool{}
	for _, k := range w.keys {
		set[words[k]] = true
	}
	return strings.Join(slices.Sorted(maps.Keys(set)), ", ")
}

func needLocalStack(waiting []waitingTests) bool {
	return slices.ContainsFunc(waiting, func(w waitingTests) bool {
		return slices.Contains(w.keys, testenv.LocalStackURL) || slices.Contains(w.keys, testenv.DynamoDBEndpoint)
	})
}

// minus forgets the tests that run again later, with their subtests.
func (r *result) minus(waiting []waitingTests) *result {
	again := map[testID]bool{}
	for _, w := range waiting {
		for _, name := range w.tests {
			again[testID{w.pkg, name}] = true
		}
	}
	maps.DeleteFunc(r.outcome, func(id testID, outcome string) bool { return again[id.top()] && outcome != "fail" })
	return r
}

// only notes as failed every named test that go test did not run.
func (r *result) only(names []string) {
	ran := map[string]bool{}
	for id := range r.outcome {
		ran[id.top().Test] = true
	}
	for _, name := range names {
		if !ran[name] {
			r.failedPackages = append(r.failedPackages, fmt.Sprintf("%s did not run", name))
		}
	}
}

// skips gives the skipped tests, each with the reason it gave.
func (r *result) skips() []string {
	var all []string
	for id, outcome := range r.outcome {
		if outcome == "skip" {
			all = append(all, fmt.Sprintf("%s %s: %s", id.Package, id.Test, reason(r.output[id])))
		}
	}
	slices.Sort(all)
	return all
}

// counted gives what the tests that ran said they counted, a line each.
func (r *result) counted() []string {
	var all []string
	for id, figures := range r.figures {
		if r.outcome[id] != "skip" {
			all = append(all, fmt.Sprintf("%s %s: %s", id.Package, id.Test, strings.Join(figures, "; ")))
		}
	}
	slices.Sort(all)
	return all
}

// reason is what a skipping test said, without go test's frame around it.
func reason(output []string) string {
	var said []string
	for _, line := range output {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "=== ") && !strings.HasPrefix(line, "--- ") {
			said = append(said, line)
		}
	}
	return strings.Join(said, " ")
}

// count gives how many tests and subtests had the outcome.
func (r *result) count(outcome string) int {
	n := 0
	for _, o := range r.outcome {
		if o == outcome {
			n++
		}
	}
	return n
}
