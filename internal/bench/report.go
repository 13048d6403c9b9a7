package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"unicode/utf8"
)

// figure is one row of the table.
type figure struct {
	Section  string `json:"section"`
	What     string `json:"what"`
	Measured string `json:"measured"`
	Target   string `json:"target,omitempty"`
	Held     *bool  `json:"held,omitempty"` // nil where nothing was promised
}

// report is what is printed in the end.
type report struct {
	section string
	load    string // when it began
	figures []figure
}

func (t *report) begin() { t.load = loadAverage() }

// add adds a figure that something was promised about.
func (t *report) add(held bool, what, target, measured string, args ...any) {
	t.figures = append(t.figures, figure{t.section, what, fmt.Sprintf(measured, args...), target, &held})
}

// note adds a figure that nothing was promised about.
func (t *report) note(what, measured string, args ...any) {
	t.figures = append(t.figures, figure{Section: t.section, What: what, Measured: fmt.Sprintf(measured, args...)})
}

func (t *report) json(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(map[string]any{"figures": t.figures, "processors": runtime.NumCPU(), "loadAverage": []string{t.load, loadAverage()}})
}

// print writes the table so that it reads well as text and as Markdown.
func (t *report) print(w io.Writer) error {
	rows := [][]string{{"", "what", "measured", "target", "held"}}
	promised, held := 0, 0
	for _, f := range t.figures {
		word := "-"
		if f.Held != nil {
			promised++
			word = "NO"
			if *f.Held {
				held++
				word = "yes"
			}
		}
		rows = append(rows, []string{f.Section, f.What, f.Measured, cmp.Or(f.Target, "-"), word})
	}
	width := make([]int, len(rows[0]))
	for _, r := range rows {
		for i, cell := range r {
			width[i] = max(width[i], utf8.RuneCountInString(cell))
		}
	}
	var sb strings.Builder
	for n, r := range rows {
		for i, cell := range r {
			sb.WriteString("| " + cell + strings.Repeat(" ", width[i]-utf8.RuneCountInString(cell)+1))
		}
		sb.WriteString("|\n")
		if n == 0 {
			for _, x := range width {
				sb.WriteString("|" + strings.Repeat("-", x+2))
			}
			sb.WriteString("|\n")
		}
	}
	fmt.Fprintf(&sb, "\n%d of %d targets held, on %d processors (%s); load average %s at the start, %s at the end.\n",
		held, promised, runtime.NumCPU(), runtime.GOARCH, t.load, loadAverage())
	_, err := io.WriteString(w, sb.String())
	return err
}

// loadAverage is that of the last minute, as the system says it.
func loadAverage() string {
	b, err := os.ReadFile("/proc/loadavg")
	first, _, ok := strings.Cut(string(b), " ")
	if err != nil || !ok {
		return "unknown"
	}
	return first
}
