package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// events is go test -json of a package with every outcome, as go 1.26 prints it, less times.
const events = `{"Action":"start","Package":"learningloop/internal/a"}
{"Action":"run","Package":"learningloop/internal/a","Test":"TestGood"}
{"Action":"output","Package":"learningloop/internal/a","Test":"TestGood","Output":"=== RUN   TestGood\n"}
{"Action":"output","Package":"learningloop/internal/a","Test":"TestGood","Output":"=== ATTR  TestGood rows 30 of 30\n"}
{"Action":"attr","Package":"learningloop/internal/a","Test":"TestGood","Key":"rows","Value":"30 of 30"}
{"Action":"pass","Package":"learningloop/internal/a","Test":"TestGood","Elapsed":0}
{"Action":"output","Package":"learningloop/internal/a","Test":"TestBad","Output":"    a_test.go:9: wrong\n"}
{"Action":"fail","Package":"learningloop/internal/a","Test":"TestBad","Elapsed":0}
{"Action":"output","Package":"learningloop/internal/a","Test":"TestStack/api","Output":"    a_test.go:12: SKIP: LOCALSTACK_URL is not set; make test sets it\n"}
{"Action":"output","Package":"learningloop/internal/a","Test":"TestStack/api","Output":"    --- SKIP: TestStack/api (0.00s)\n"}
{"Action":"skip","Package":"learningloop/internal/a","Test":"TestStack/api","Elapsed":0}
{"Action":"pass","Package":"learningloop/internal/a","Test":"TestStack","Elapsed":0}
{"Action":"output","Package":"learningloop/internal/a","Test":"TestPage","Output":"    a_test.go:20: needs CHROMIUM and NODE_TOOLS\n"}
{"Action":"skip","Package":"learningloop/internal/a","Test":"TestPage","Elapsed":0}
{"Action":"output","Package":"learningloop/internal/a","Test":"TestRoot","Output":"    a_test.go:30: root may write anywhere\n"}
{"Action":"output","Package":"learningloop/internal/a","Test":"TestRoot","Output":"--- SKIP: TestRoot (0.00s)\n"}
{"Action":"skip","Package":"learningloop/internal/a","Test":"TestRoot","Elapsed":0}
{"Action":"output","Package":"learningloop/internal/a","Output":"FAIL\tlearningloop/internal/a\t0.004s\n"}
{"Action":"fail","Package":"learningloop/internal/a","Elapsed":0.004}
`

var keys = []string{"LOCALSTACK_URL", "CHROMIUM", "NODE_TOOLS"}

func read(t *testing.T, s string) (*result, string) {
	t.Helper()
	r := newResult()
	var w bytes.Buffer
	if err := r.read(strings.NewReader(s), &w); err != nil {
		t.Fatal(err)
	}
	return r, w.String()
}

func TestReadPrintsWhatFailed(t *testing.T) {
	r, printed := read(t, events)
	want := "    a_test.go:9: wrong\nFAIL\tlearningloop/internal/a\t0.004s\n"
	if diff := cmp.Diff(want, printed); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"learningloop/internal/a"}, r.failedPackages); diff != "" {
		t.Error(diff)
	}
}

func TestReadKeepsWhatIsNoEvent(t *testing.T) {
	_, printed := read(t, "go: no such module\n"+`{"Action":"build-output","ImportPath":"x","Output":"x.go:1: syntax error\n"}`+"\n")
	if want := "go: no such module\nx.go:1: syntax error\n"; printed != want {
		t.Errorf("printed %q, want %q", printed, want)
	}
}

func TestWaiting(t *testing.T) {
	r, _ := read(t, events)
	want := []waitingTests{{
		pkg: "learningloop/internal/a", tests: []string{"TestPage", "TestStack"}, keys: []string{"CHROMIUM", "LOCALSTACK_URL", "NODE_TOOLS"},
	}}
	got := r.waiting(keys)
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(waitingTests{})); diff != "" {
		t.Fatal(diff)
	}
	if got := got[0].pattern(); got != "^(TestPage|TestStack)$" {
		t.Errorf("pattern %q", got)
	}
	if got := got[0].needs(); got != "Chromium, LocalStack, Node" {
		t.Errorf("needs %q", got)
	}
}

func TestReport(t *testing.T) {
	first, _ := read(t, events)
	waiting := first.waiting(keys)
	again := newResult()
	again.outcome[testID{waiting[0].pkg, "TestStack"}] = "pass"
	again.only(waiting[0].tests)

	var r report
	r.add("alone", first.minus(waiting))
	r.add("learningloop/internal/a with LocalStack", again)
	var w bytes.Buffer
	r.print(&w)
	want := `
  passed  failed  skipped  took  what ran
       1       1        1   0 s  alone
       1       0        0   0 s  internal/a with LocalStack

counted:
  a TestGood: rows: 30 of 30

skipped:
  a TestRoot: a_test.go:30: root may write anywhere
problem: failed: learningloop/internal/a
problem: failed: TestPage did not run

tests: 2 passed, 2 failed, 1 skipped
`
	if diff := cmp.Diff(want, w.String()); diff != "" {
		t.Error(diff)
	}
	if r.err() == nil {
		t.Error("no error, although a test failed")
	}
}

func TestReportOfSuccess(t *testing.T) {
	res := newResult()
	res.outcome[testID{"p", "TestGood"}] = "pass"
	var r report
	r.add("alone", res)
	if err := r.err(); err != nil {
		t.Error(err)
	}
	res.exit = 1 // a package that does not compile fails no test
	r.add("again", res)
	if r.err() == nil {
		t.Error("no error, although go test ended with code 1")
	}
}

func TestWithout(t *testing.T) {
	got := without([]string{"HOME=h", "CHROMIUM=c", "CHROMIUM_X=x"}, keys)
	if diff := cmp.Diff([]string{"HOME=h", "CHROMIUM_X=x"}, got); diff != "" {
		t.Error(diff)
	}
}
