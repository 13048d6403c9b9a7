package emulator

import "time"

// deleteOpsItem marks an item; it is gone after the deletion delay. Repeating it, or naming an item that never was, is
// no error (DeleteOpsItem: "This operation is idempotent").
func (e *Emulator) deleteOpsItem(_ caller, in *deleteInput) (*empty, *Error) {
	err := e.change(func(now time.Time) (*record, *Error) {
		old := e.find(in.OpsItemId, now)
		if old == nil || !old.Deleted.IsZero() {
			return nil, nil
		}
		it := old.next()
		it.Deleted = now
		return &record{Item: it}, nil
	})
	if err != nil {
		return nil, err
	}
	return &empty{}, nil
}
