package store

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"learningloop/internal/fault"
	"learningloop/internal/id"
	"learningloop/internal/table"
	"learningloop/internal/trend"
)

func versionMark(m *trend.Mark, v int64) { m.Version = v }

func keyCell(c trend.Cell) table.Key {
	return table.Key{P: countsOf(c.Product, c.Hour), S: string(c.Dimension) + "#" + c.Hour.UTC().Format(trend.Hour)}
}

func markRow(m trend.Mark) (table.Row, error) {
	return row(TypeMark, keyMark(m.Feedback, m.Received), m)
}

// Count adds each Mark to the counts exactly once. Marks and the sums they add go in one transaction, as many Marks to
// one as fit; what is marked already is left alone where it counts alike or is of a later version of the Feedback, else
// replaced with its difference posted. Of several Marks of one piece the latest counts.
func (s *Store) Count(ctx context.Context, marks []trend.Mark) error {
	for marks = latest(marks); len(marks) > 0; {
		n := fit(marks)
		if err := s.countSome(ctx, marks[:n]); err != nil {
			return err
		}
		marks = marks[n:]
	}
	return nil
}

// latest leaves out all but the latest Mark of each piece: a transaction takes one of a key.
func latest(marks []trend.Mark) []trend.Mark {
	at := make(map[table.Key]int, len(marks))
	out := make([]trend.Mark, 0, len(marks))
	for _, m := range marks {
		k := keyMark(m.Feedback, m.Received)
		i, seen := at[k]
		switch {
		case !seen:
			at[k] = len(out)
			out = append(out, m)
		case m.Seen >= out[i].Seen:
			out[i] = m
		}
	}
	return out
}

// fit says how many of the Marks, from the first, fit into one transaction with the sums they add.
func fit(marks []trend.Mark) int {
	cells := map[trend.Cell]struct{}{}
	for i, m := range marks {
		for c := range m.Cells() {
			cells[c] = struct{}{}
		}
		if i+1+len(cells) > table.MaxOps {
			return i
		}
	}
	return len(marks)
}

func (s *Store) countSome(ctx context.Context, marks []trend.Mark) error {
	var known []trend.Mark
	for len(marks) > 0 {
		ops := make([]table.Op, 0, table.MaxOps)
		for _, m := range marks {
			r, err := markRow(m)
			if err != nil {
				return err
			}
			ops = append(ops, table.Put(r, table.Absent()))
		}
		err := s.t.Write(ctx, append(ops, addCells(trend.Tally(marks))...)...)
		c, conflict := table.Conflict(err)
		if err != nil && !conflict {
			return err
		}
		if err == nil {
			break
		}
		// Those that are marked already are looked at one by one; the others are tried again together.
		taken := map[int]bool{}
		for _, f := range c.Failed {
			taken[f.Op] = true
		}
		var rest []trend.Mark
		for i, m := range marks {
			if taken[i] {
				known = append(known, m)
			} else {
				rest = append(rest, m)
			}
		}
		marks = rest
	}
	for _, m := range known {
		if err := s.recount(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

// addCells adds sums, in the order of keys so that two writers never wait for each other.
func addCells(cells map[trend.Cell]trend.Counts) []table.Op {
	ops := make([]table.Op, 0, len(cells))
	for c, n := range cells {
		if len(n) > 0 {
			ops = append(ops, table.Add(keyCell(c), TypeCount, schema, n))
		}
	}
	slices.SortFunc(ops, func(a, b table.Op) int { return cmp.Compare(a.Row.Key.String(), b.Row.Key.String()) })
	return ops
}

// recount replaces a Mark that counts differently now, and posts the difference with it. One that counts alike is replaced
// too where it is of a later version, so that what was read in between comes too late.
func (s *Store) recount(ctx context.Context, m trend.Mark) error {
	return fault.Anew(ctx, func() error {
		old, v, err := get[trend.Mark](ctx, s.t, keyMark(m.Feedback, m.Received), "mark")
		if err != nil {
			return err
		}
		if m.Seen < old.Seen || m.Seen == old.Seen && old.Same(m) { // a late look at what it was before it changed
			return nil
		}
		r, err := markRow(m)
		if err != nil {
			return err
		}
		diff := map[trend.Cell]trend.Counts{}
		for c, n := range m.Cells() {
			diff[c] = n.Minus(nil)
		}
		for c, n := range old.Cells() {
			diff[c] = diff[c].Minus(n)
		}
		maps.DeleteFunc(diff, func(_ trend.Cell, n trend.Counts) bool { return len(n) == 0 })
		return s.write(ctx, append([]table.Op{table.Put(r, table.VersionIs(v))}, addCells(diff)...)...)
	})
}

// Counts gives the cells of one dimension of a product with from <= hour < to, in order. Hours without a count have no
// cell.
func (s *Store) Counts(ctx context.Context, p id.Product, d trend.Dimension, from, to time.Time) ([]trend.Hourly, error) {
	var out []trend.Hourly
	for _, month := range months(from, to) {
		rows, err := Everything(func(cursor string) ([]table.Row, string, error) {
			page, err := s.t.Query(ctx, table.Query{
				P: countsOf(p, month), Consistent: true, Cursor: cursor,
				From: string(d) + "#" + from.UTC().Format(trend.Hour), To: string(d) + "#" + to.UTC().Format(trend.Hour),
			})
			return page.Rows, page.Cursor, err
		})
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			h, err := cellOf(r)
			if err != nil {
				return nil, err
			}
			out = append(out, h)
		}
	}
	return out, nil
}

func cellOf(r table.Row) (trend.Hourly, error) {
	at := strings.LastIndexByte(r.Key.S, '#')
	hour, err := time.Parse(trend.Hour, r.Key.S[at+1:])
	if err != nil {
		return trend.Hourly{}, fmt.Errorf("read hour of %s: %w", r.Key, err)
	}
	n := trend.Counts{}
	if err := json.Unmarshal(r.Attrs, &n); err != nil {
		return trend.Hourly{}, fmt.Errorf("read counts of %s: %w", r.Key, err)
	}
	return trend.Hourly{Hour: hour, Dimension: trend.Dimension(r.Key.S[:at]), Counts: n}, nil
}

// months gives the first instants of the months that from..to touches.
func months(from, to time.Time) []time.Time {
	var out []time.Time
	from, to = from.UTC(), to.UTC()
	for m := time.Date(from.Year(), from.Month(), 1, 0, 0, 0, 0, time.UTC); m.Before(to); m = m.AddDate(0, 1, 0) {
		out = append(out, m)
	}
	return out
}

// listMarks gives a product's Marks received since a time, newest first.
func (s *Store) listMarks(ctx context.Context, p id.Product, since time.Time, cursor string, limit int, keep func(trend.Mark) bool) (Page[trend.Mark], error) {
	var partitions []string
	for _, m := range months(since, s.now().Add(time.Minute)) {
		partitions = append(partitions, marksOf(p, m))
	}
	slices.Reverse(partitions)
	at, err := parsePosition(cursor, 2) // partition, last sort key
	if err != nil {
		return Page[trend.Mark]{}, err
	}
	first := 0
	if at[0] != "" {
		if first = slices.Index(partitions, at[0]); first < 0 {
			return Page[trend.Mark]{}, badCursor
		}
	}
	var out Page[trend.Mark]
	read := 0
	for _, part := range partitions[min(first, len(partitions)):] {
		q := table.Query{P: part, Desc: true, Limit: limit + 1}
		if part == at[0] {
			q.To = at[1]
		}
		for {
			page, err := s.t.Query(ctx, q)
			if err != nil {
				return out, err
			}
			for _, r := range page.Rows {
				if len(out.Items) == limit || read >= Window {
					out.Next = at.cursor()
					return out, nil
				}
				read++
				at = position{part, r.Key.S}
				m, err := decode[trend.Mark](r)
				if err != nil {
					return out, err
				}
				m.Version = r.Version
				if keep == nil || keep(m) {
					out.Items = append(out.Items, m)
				}
			}
			if q.Cursor = page.Cursor; q.Cursor == "" {
				break
			}
		}
	}
	return out, nil
}

// Recount counts a month of a product again from its Feedback and gives the cells that differ from what is stored: none,
// when all is well.
func (s *Store) Recount(ctx context.Context, p id.Product, month time.Time) (map[trend.Cell]trend.Counts, error) {
	want := map[trend.Cell]trend.Counts{}
	cursor := ""
	for {
		page, err := s.t.Query(ctx, table.Query{P: marksOf(p, month), Limit: table.MaxOps, Cursor: cursor, Consistent: true})
		if err != nil {
			return nil, err
		}
		marks, err := decodeAll(page.Rows, versionMark)
		if err != nil {
			return nil, err
		}
		fids := make([]id.Feedback, len(marks))
		for i, m := range marks {
			fids[i] = m.Feedback
		}
		if len(fids) > 0 {
			all, err := s.FeedbackAll(ctx, fids)
			if err != nil {
				return nil, err
			}
			fresh := make([]trend.Mark, len(all))
			for i, f := range all {
				fresh[i] = trend.MarkOf(f)
			}
			for c, n := range trend.Tally(fresh) {
				if want[c] == nil {
					want[c] = trend.Counts{}
				}
				want[c].Add(n)
			}
		}
		if cursor = page.Cursor; cursor == "" {
			break
		}
	}
	return s.differences(ctx, p, month, want)
}

func (s *Store) differences(ctx context.Context, p id.Product, month time.Time, want map[trend.Cell]trend.Counts) (map[trend.Cell]trend.Counts, error) {
	diff := maps.Clone(want)
	cursor := ""
	var errs error
	for {
		page, err := s.t.Query(ctx, table.Query{P: countsOf(p, month), Cursor: cursor, Consistent: true})
		if err != nil {
			return nil, err
		}
		for _, r := range page.Rows {
			h, err := cellOf(r)
			errs = errors.Join(errs, err)
			c := trend.Cell{Product: p, Dimension: h.Dimension, Hour: h.Hour}
			diff[c] = diff[c].Minus(h.Counts)
		}
		if cursor = page.Cursor; cursor == "" {
			break
		}
	}
	maps.DeleteFunc(diff, func(_ trend.Cell, n trend.Counts) bool { return len(n.Minus(nil)) == 0 })
	return diff, errs
}
