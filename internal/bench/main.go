package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// bench is one run: what it was asked, where it works, and the table so far.
type bench struct {
	dir   string // for data; gone at the end
	items int    // the larger of the sizes of lists
	say   func(format string, args ...any)
	table report
}

// sections are the parts of the table, in its order.
var sections = []struct {
	name string
	run  func(*bench, context.Context) error
}{
	{"process", (*bench).process},
	{"intake", (*bench).intake},
	{"lists", (*bench).lists},
	{"lambda", (*bench).lambda},
	{"units", (*bench).units},
	{"emulator", (*bench).emulator},
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out, progress io.Writer) (err error) {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(progress)
	asJSON := flags.Bool("json", false, "print JSON instead of a table")
	only := flags.String("only", "", "sections to run, with commas between them; all of them by default")
	items := flags.Int("items", 500_000, "the larger of the two sizes of lists")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if err := known(*only); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "learningloop-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	began := time.Now()
	b := &bench{dir: dir, items: *items, say: func(format string, args ...any) {
		fmt.Fprintf(progress, "%5.0fs  %s\n", time.Since(began).Seconds(), fmt.Sprintf(format, args...))
	}}
	b.table.begin()
	for _, s := range sections {
		if *only != "" && !slices.Contains(strings.Split(*only, ","), s.name) {
			continue
		}
		b.say("%s (load average %s)", s.name, loadAverage())
		b.table.section = s.name
		if err := s.run(b, ctx); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	if *asJSON {
		return b.table.json(out)
	}
	return b.table.print(out)
}

func known(only string) error {
	for name := range strings.SplitSeq(only, ",") {
		ok := name == ""
		for _, s := range sections {
			ok = ok || s.name == name
		}
		if !ok {
			return fmt.Errorf("there is no section %q", name)
		}
	}
	return nil
}

// sub makes a directory of its own for data.
func (b *bench) sub(name string) (string, error) {
	dir := filepath.Join(b.dir, name)
	return dir, os.MkdirAll(dir, 0o700)
}
