package embedded_test

import (
	"context"
	"testing"
	"time"

	"learningloop/internal/table/embedded"
	"learningloop/internal/table/tabletest"
)

func TestConformance(t *testing.T) {
	tabletest.Run(t, func(t *testing.T, clock func() time.Time) tabletest.Engine {
		db, err := embedded.OpenMem(embedded.Options{Clock: clock})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
		return tabletest.Engine{
			Table: db,
			Feed:  db.Feed,
			Sweep: func(ctx context.Context) error {
				_, err := db.Sweep(ctx)
				return err
			},
		}
	})
}
