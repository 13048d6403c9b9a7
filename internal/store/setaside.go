package store

import (
	"context"
	"encoding/json"

	"learningloop/internal/signal"
	"learningloop/internal/table"
	"learningloop/internal/trail"
)

// setAsideItem keeps the event as text: as attributes it would lose its nulls and the order of its members, and an event
// with a number of 40 digits or 33 levels could not be kept at all.
type setAsideItem struct {
	signal.SetAside

	Event string `json:"event"`
}

// setAsideRow lies in the index of waiting ones by time.
func setAsideRow(a signal.SetAside) (table.Row, error) {
	r, err := row(TypeSetAside, keySetAside(a.ID), setAsideItem{a, string(a.Event)})
	if err == nil && a.State == signal.Waiting {
		r.Index = map[table.Index]table.Key{recent: {P: globalSetAside, S: stamp(a.Received) + "#" + a.ID}}
	}
	return r, err
}

func setAsideOf(r table.Row) (signal.SetAside, error) {
	it, err := decode[setAsideItem](r)
	a := it.SetAside
	a.Event, a.Version = json.RawMessage(it.Event), r.Version
	return a, err
}

// SetAside keeps an event that nobody understood; the same one again changes nothing.
func (s *Store) SetAside(ctx context.Context, a signal.SetAside) error {
	r, err := setAsideRow(a)
	if err != nil {
		return err
	}
	err = s.t.Write(ctx, table.Put(r, table.Absent()))
	if _, there := table.Conflict(err); there {
		return nil
	}
	return err
}

// SetAsideByID gives one, or NotFound.
func (s *Store) SetAsideByID(ctx context.Context, sid string) (signal.SetAside, error) {
	if sid == "" || len(sid) > 64 {
		return signal.SetAside{}, notFound("set-aside event")
	}
	it, v, err := get[setAsideItem](ctx, s.t, keySetAside(sid), "set-aside event")
	a := it.SetAside
	a.Event, a.Version = json.RawMessage(it.Event), v
	return a, err
}

// SaveSetAside stores what became of one.
func (s *Store) SaveSetAside(ctx context.Context, a signal.SetAside, log *trail.Entry) error {
	r, err := setAsideRow(a)
	if err != nil {
		return err
	}
	ops, err := withLog([]table.Op{table.Put(r, table.VersionIs(a.Version))}, log)
	if err != nil {
		return err
	}
	return s.write(ctx, ops...)
}

// ListSetAside gives the waiting ones, newest first.
func (s *Store) ListSetAside(ctx context.Context, cursor string, limit int) (Page[signal.SetAside], error) {
	return merged(ctx, s.t, recent, []string{globalSetAside}, true, cursor, limitOf(limit), setAsideOf, nil)
}
