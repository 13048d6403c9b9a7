package main

import (
	"context"
	"sync"

	"learningloop/internal/table"
)

// spy is the storage port with its rows counted, and with a way to fill it quickly: while bulk is on, puts are gathered
// and written a hundred at a time.
type spy struct {
	table.Table

	mu    sync.Mutex
	bulk  bool
	wait  []table.Op
	calls int
	rows  int // read
}

func (s *spy) count(rows int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	s.rows += rows
}

// reset sets the counts to zero and gives what they stood at.
func (s *spy) reset() (calls, rows int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls, rows = s.calls, s.rows
	s.calls, s.rows = 0, 0
	return calls, rows
}

// Get is table.Table's.
func (s *spy) Get(ctx context.Context, k table.Key, consistent bool) (table.Row, error) {
	r, err := s.Table.Get(ctx, k, consistent)
	s.count(1)
	return r, err
}

// GetAll is table.Table's.
func (s *spy) GetAll(ctx context.Context, keys []table.Key) ([]table.Row, error) {
	rows, err := s.Table.GetAll(ctx, keys)
	s.count(len(rows))
	return rows, err
}

// Query is table.Table's.
func (s *spy) Query(ctx context.Context, q table.Query) (table.Page, error) {
	p, err := s.Table.Query(ctx, q)
	s.count(len(p.Rows))
	return p, err
}

// Write is table.Table's, but for bulk.
func (s *spy) Write(ctx context.Context, ops ...table.Op) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.bulk {
		s.calls++
		return s.Table.Write(ctx, ops...)
	}
	if len(ops) > 1 || ops[0].Kind != table.OpPut {
		return s.Table.Write(ctx, ops...)
	}
	if s.wait = append(s.wait, ops...); len(s.wait) < table.MaxOps {
		return nil
	}
	return s.flush(ctx)
}

// flush writes what was gathered. The caller holds the lock.
func (s *spy) flush(ctx context.Context) error {
	if len(s.wait) == 0 {
		return nil
	}
	err := s.Table.Write(ctx, s.wait...)
	s.wait = nil
	return err
}

// filling turns bulk on or off.
func (s *spy) filling(ctx context.Context, on bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bulk = on
	return s.flush(ctx)
}
