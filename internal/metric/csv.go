package metric

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"learningloop/internal/opsitem"
)

// header are the columns, in order. They are a contract: columns are only added, at the end.
var header = []string{
	"product", "week", "from", "to", "partial", "scope", "opened", "resolved", "reopened", "open", "age_n", "age_median_s", "age_p90_s",
	"acknowledge_n", "acknowledge_median_s", "acknowledge_p90_s", "file_n", "file_median_s", "file_p90_s", "resolve_n", "resolve_median_s", "resolve_p90_s",
	"opened_change_low", "opened_change_high", "resolved_change_low", "resolved_change_high", "reopened_change_low", "reopened_change_high",
	"open_before",
}

// WriteCSV writes a review as RFC 4180: for each week a line over all, one for each severity and one for each source.
// In each line open_before + opened + reopened - resolved = open; the package's doc says what they are. What is not known
// is empty. The changes are the ends of the interval of the ratio to the week before.
func (r Review) WriteCSV(w io.Writer, slug string) error {
	c := csv.NewWriter(w)
	c.UseCRLF = true
	write := func(cells ...string) error {
		for i := range cells {
			cells[i] = Harmless(cells[i])
		}
		return c.Write(cells)
	}
	if err := write(append([]string(nil), header...)...); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	for _, row := range r.Rows {
		line := func(scope string, n Counts, changes ...Change) error {
			cells := []string{
				slug, row.Name(), row.Start.Format(time.DateOnly), row.End.AddDate(0, 0, -1).Format(time.DateOnly), strconv.FormatBool(row.Partial), scope,
				strconv.Itoa(n.Opened), strconv.Itoa(n.Resolved), strconv.Itoa(n.Reopened), strconv.Itoa(n.Open),
			}
			for _, s := range []Spread{n.Age, n.Acknowledge, n.File, n.Resolve} {
				cells = append(cells, s.cells()...)
			}
			for i := range 3 {
				low, high := "", ""
				if i < len(changes) && changes[i].Known {
					low, high = ratio(changes[i].Ratio.Low), ratio(changes[i].Ratio.High)
				}
				cells = append(cells, low, high)
			}
			return write(append(cells, strconv.Itoa(n.Before))...)
		}
		if err := line("all", row.All, row.Opened, row.Resolved, row.Reopened); err != nil {
			return fmt.Errorf("write CSV: %w", err)
		}
		for i, n := range row.BySeverity {
			if err := line(fmt.Sprintf("severity %d", i+1), n); err != nil {
				return fmt.Errorf("write CSV: %w", err)
			}
		}
		for _, src := range opsitem.Sources {
			if err := line("source "+string(src), row.BySource[src]); err != nil {
				return fmt.Errorf("write CSV: %w", err)
			}
		}
	}
	c.Flush()
	if err := c.Error(); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	return nil
}

// CSV is the review as a file.
func (r Review) CSV(slug string) ([]byte, error) {
	var b bytes.Buffer
	err := r.WriteCSV(&b, slug)
	return b.Bytes(), err
}

// Harmless makes a cell what it says and nothing else: spreadsheets take one that begins with = + - @, a tab or a carriage
// return for a formula (OWASP, "CSV Injection"), so a quote goes before it.
func Harmless(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

func (s Spread) cells() []string {
	if !s.Known() {
		return []string{strconv.Itoa(s.N), "", ""}
	}
	return []string{strconv.Itoa(s.N), seconds(s.Median), seconds(s.P90)}
}

func seconds(d time.Duration) string {
	return strconv.FormatInt(int64(d.Round(time.Second)/time.Second), 10)
}

// ratio writes an end of an interval; one that is open is empty.
func ratio(x float64) string {
	s := strconv.FormatFloat(x, 'f', 3, 64)
	if strings.Contains(s, "Inf") || strings.Contains(s, "NaN") {
		return ""
	}
	return s
}
