package store

import (
	"context"
	"strings"
	"time"

	"learningloop/internal/governor"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/opsitem"
	"learningloop/internal/table"
)

// What a month, and what waits, are counted in.
type budgetRow struct {
	Filed  int       `json:"filed,omitempty"`
	Folded int       `json:"folded,omitempty"`
	Gone   int       `json:"gone,omitempty"`
	Held   int       `json:"held,omitempty"`
	Looked time.Time `json:"looked,omitzero"`
	Until  time.Time `json:"until,omitzero"`
}

const budgetMonth = "month#"

func keyBudget(name string) table.Key { return table.Key{P: globalBudget, S: name} }

// BudgetUse is what was used of the budget for OpsItems as of a moment.
func (s *Store) BudgetUse(ctx context.Context, now time.Time) (governor.Use, error) {
	u := governor.Use{Month: governor.MonthOf(now)}
	// A row a month: centuries fit on a page.
	page, err := s.t.Query(ctx, table.Query{P: globalBudget, Consistent: true})
	if err != nil {
		return u, err
	}
	for _, r := range page.Rows {
		b, err := decode[budgetRow](r)
		if err != nil {
			return u, err
		}
		u.Total += b.Filed - b.Gone
		u.Held += b.Held
		if b.Until.After(u.Shut) {
			u.Shut = b.Until
		}
		if month, ok := strings.CutPrefix(r.Key.S, budgetMonth); ok {
			u.Months = append(u.Months, governor.Month{Name: month, Filed: b.Filed, Folded: b.Folded, Gone: b.Gone, Looked: b.Looked, Version: r.Version})
		}
	}
	m := u.Current()
	u.Filed, u.Folded = m.Filed, m.Folded
	return u, nil
}

// SaveMonth stores a month's counts; Conflict where they changed since they were read.
func (s *Store) SaveMonth(ctx context.Context, m governor.Month) error {
	op, err := monthOp(m)
	if err != nil {
		return err
	}
	return s.write(ctx, op)
}

func monthOp(m governor.Month) (table.Op, error) {
	r, err := row(TypeBudget, keyBudget(budgetMonth+m.Name), budgetRow{Filed: m.Filed, Folded: m.Folded, Gone: m.Gone, Looked: m.Looked})
	return table.Put(r, table.VersionIs(m.Version)), err
}

// monthOps counts in a month: by additions, so that nobody waits for anybody, or on condition of what was seen.
func monthOps(d governor.Delta) ([]table.Op, error) {
	var ops []table.Op
	if d.Out != "" {
		ops = append(ops, table.Add(keyBudget(budgetMonth+d.Out), TypeBudget, schema, map[string]int64{"filed": -1}))
	}
	add := map[string]int64{}
	for name, n := range map[string]int{"filed": d.Filed, "folded": d.Folded, "gone": d.Gone} {
		if n != 0 {
			add[name] = int64(n)
		}
	}
	switch {
	case len(add) == 0:
	case d.Seen != nil:
		m := *d.Seen
		m.Filed, m.Folded, m.Gone = m.Filed+d.Filed, m.Folded+d.Folded, m.Gone+d.Gone
		op, err := monthOp(m)
		if err != nil {
			return nil, err
		}
		ops = append(ops, op)
	default:
		ops = append(ops, table.Add(keyBudget(budgetMonth+d.Month), TypeBudget, schema, add))
	}
	return ops, nil
}

func budgetOps(d governor.Delta) ([]table.Op, error) {
	ops, err := monthOps(d)
	if err != nil {
		return nil, err
	}
	if d.Held != 0 {
		ops = append(ops, table.Add(keyBudget("held"), TypeBudget, schema, map[string]int64{"held": int64(d.Held)}))
	}
	if !d.Shut.IsZero() {
		r, err := row(TypeBudget, keyBudget("shut"), budgetRow{Until: d.Shut})
		if err != nil {
			return nil, err
		}
		ops = append(ops, table.Put(r, table.Always("an hour more or less until the next try costs nothing")))
	}
	return ops, nil
}

// SaveBudgeted stores a changed episode and what it changes in the budget as a whole; Conflict where it changed since it
// was read.
func (s *Store) SaveBudgeted(ctx context.Context, e opsitem.Episode, d governor.Delta) error {
	r, err := episodeRow(e)
	if err != nil {
		return err
	}
	ops, err := budgetOps(d)
	if err != nil {
		return err
	}
	return s.write(ctx, append(ops, table.Put(r, table.VersionIs(e.Version)))...)
}

// SaveFolded stores that an episode is a line of a list now, with the line and the list's own episode, as a whole. Conflict
// where one of the episodes changed since it was read.
func (s *Store) SaveFolded(ctx context.Context, c improvement.Change, line governor.Folded, list opsitem.Episode) error {
	changed, err := changeOps(c)
	if err != nil {
		return err
	}
	rl, err := episodeRow(list)
	if err != nil {
		return err
	}
	rf, err := row(TypeFolded, table.Key{P: string(list.Improvement), S: "folded#" + line.Key()}, line)
	if err != nil {
		return err
	}
	return s.write(ctx, append(changed, table.Put(rl, table.VersionIs(list.Version)), table.Put(rf, table.Absent()))...)
}

// Folded gives the lines of a weekly list, best first, a page at a time.
func (s *Store) Folded(ctx context.Context, list id.Improvement, cursor string) ([]governor.Folded, string, error) {
	return section[governor.Folded](ctx, s.t, string(list), "folded#", cursor, nil)
}
