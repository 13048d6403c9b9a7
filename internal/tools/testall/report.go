package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// report is the table that closes make test.
type report struct {
	rows     []row
	problems []string
}

type row struct {
	name string
	*result
}

func (r *report) add(name string, res *result) {
	r.rows = append(r.rows, row{strings.ReplaceAll(name, "learningloop/", ""), res})
	for _, p := range res.failedPackages {
		r.problem("failed: %s", p)
	}
	if res.exit != 0 && len(res.failedPackages) == 0 {
		r.problem("go test of %s ended with exit code %d", name, res.exit)
	}
}

func (r *report) problem(format string, args ...any) {
	r.problems = append(r.problems, fmt.Sprintf(format, args...))
}

// print writes the table, what tests counted, what was skipped and why, what is wrong, and the sum in one line.
func (r *report) print(w io.Writer) {
	fmt.Fprintln(w)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "passed\tfailed\tskipped\ttook\t  what ran")
	var passed, failed, skipped int
	var skips, counted []string
	for _, row := range r.rows {
		p, f, s := row.count("pass"), row.count("fail"), row.count("skip")
		fmt.Fprintf(t, "%d\t%d\t%d\t%.0f s\t  %s\n", p, f, s, row.took.Seconds(), row.name)
		passed, failed, skipped = passed+p, failed+f, skipped+s
		skips = append(skips, row.skips()...)
		counted = append(counted, row.counted()...)
	}
	t.Flush()
	list(w, "counted", counted)
	list(w, "skipped", skips)
	for _, p := range r.problems {
		fmt.Fprintln(w, "problem: "+p)
	}
	// A package that does not compile fails no test, and still is a failure.
	fmt.Fprintf(w, "\ntests: %d passed, %d failed, %d skipped\n", passed, max(failed, len(r.problems)), skipped)
}

func list(w io.Writer, name string, lines []string) {
	if len(lines) > 0 {
		fmt.Fprintf(w, "\n%s:\n", name)
	}
	for _, s := range lines {
		fmt.Fprintln(w, "  "+strings.TrimPrefix(s, "learningloop/internal/"))
	}
}

func (r *report) err() error {
	if len(r.problems) > 0 {
		return errors.New("not everything passed; the events of every test are in .build/logs")
	}
	return nil
}
