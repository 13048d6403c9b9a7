package store

import (
	"context"
	"time"

	"learningloop/internal/table"
	"learningloop/internal/trail"
)

func logRow(e trail.Entry) (table.Row, error) {
	return row(TypeLog, table.Key{P: globalLog + e.At.UTC().Format(time.DateOnly), S: stamp(e.At) + "#" + e.ID}, e)
}

// Log stores one line of the staff log.
func (s *Store) Log(ctx context.Context, e trail.Entry) error {
	r, err := logRow(e)
	if err != nil {
		return err
	}
	return s.t.Write(ctx, table.Put(r, table.Always("the line of one request: writing it again writes the same")))
}

// LogFilter narrows the staff log; zero members do not.
type LogFilter struct{ By, Product, Subject string }

// ListLog gives the lines of one day in UTC, newest first.
func (s *Store) ListLog(ctx context.Context, day time.Time, flt LogFilter, cursor string, limit int) (Page[trail.Entry], error) {
	keep := func(e trail.Entry) bool {
		return (flt.By == "" || e.By == flt.By) && (flt.Product == "" || e.Product == flt.Product) && (flt.Subject == "" || e.Subject == flt.Subject)
	}
	return merged(ctx, s.t, "", []string{globalLog + day.UTC().Format(time.DateOnly)}, true, cursor, limitOf(limit), decode[trail.Entry], keep)
}
