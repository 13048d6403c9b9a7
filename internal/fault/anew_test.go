package fault_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"learningloop/internal/fault"
)

func TestAnew(t *testing.T) {
	lost := fmt.Errorf("save: %w", fault.Meanwhile(errors.New("version is 3")))
	own := fault.New(fault.Conflict, "wrong_status", "It is shipped.")
	broken := errors.New("broken")
	tests := []struct {
		name  string
		comes []error // of one run after the other; nil at the end
		want  error
		runs  int
	}{
		{"nobody else", nil, nil, 1},
		{"others are faster twice", []error{lost, lost}, nil, 3},
		{"a conflict of its own", []error{lost, own}, own, 2},
		{"an error", []error{broken}, broken, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			runs := 0
			err := fault.Anew(t.Context(), func() error {
				if runs++; runs <= len(tt.comes) {
					return tt.comes[runs-1]
				}
				return nil
			})
			if !errors.Is(err, tt.want) || runs != tt.runs {
				t.Errorf("%v after %d runs", err, runs)
			}
		})
	}
	t.Run("others are faster all the time", func(t *testing.T) {
		if err := fault.Anew(t.Context(), func() error { return lost }); !fault.Is(err, fault.Unavailable) {
			t.Errorf("%v", err)
		}
	})
	t.Run("the context ends", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		runs := 0
		err := fault.Anew(ctx, func() error { runs++; cancel(); return lost })
		if !errors.Is(err, context.Canceled) || runs != 1 {
			t.Errorf("%v after %d runs", err, runs)
		}
	})
}
