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
	Held   int       `json:"held,omitempty"`
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
		u.Total += b.Filed
		u.Held += b.Held
		if b.Until.After(u.Shut) {
			u.Shut = b.Until
		}
		if month, ok := strings.CutPrefix(r.Key.S, budgetMonth); ok && month == u.Month {
			u.Filed, u.Folded = b.Filed, b.Folded
		}
	}
	return u, nil
}

func budgetOps(d governor.Delta) ([]table.Op, error) {
	var ops []table.Op
	month := map[string]int64{}
	if d.Filed != 0 {
		month["filed"] = int64(d.Filed)
	}
	if d.Folded != 0 {
		month["folded"] = int64(d.Folded)
	}
	if len(month) > 0 {
		ops = append(ops, table.Add(keyBudget(budgetMonth+d.Month), TypeBudget, schema, month))
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
