package fault

import (
	"context"
	"errors"
)

const codeMeanwhile = "changed_meanwhile"

// Meanwhile is the Conflict of a writer that somebody else was faster than. cause may be nil.
func Meanwhile(cause error) *Error {
	return Wrap(Conflict, codeMeanwhile, "It was changed by somebody else meanwhile. Load it again.", cause)
}

// tries is how often Anew runs a step. Every time it lost somebody else won, so that as many writers as this at once all
// get through.
const tries = 50

// Anew runs a step that reads, decides and writes until nobody else wrote in between. Any other Conflict, which the step
// found by itself, is given back like every error; so is an Unavailable one where others are faster all the time.
func Anew(ctx context.Context, step func() error) error {
	for range tries {
		err := step()
		if e, ok := errors.AsType[*Error](err); !ok || e.Kind != Conflict || e.Code != codeMeanwhile {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return New(Unavailable, "busy", "Too many changes at once. Try again in a moment.")
}
