package table

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"

	"learningloop/internal/fault"
)

func invalid(msg string) error { return fault.New(fault.Invalid, "invalid_row", msg) }

// CheckKey holds a key against the limits.
func CheckKey(k Key) error {
	switch {
	case k.P == "" || len(k.P) > MaxPartitionKey || !utf8.ValidString(k.P):
		return invalid("The partition key must be 1 to 2,048 bytes of UTF-8.")
	case k.S == "" || len(k.S) > MaxSortKey || !utf8.ValidString(k.S):
		return invalid("The sort key must be 1 to 1,024 bytes of UTF-8.")
	}
	return nil
}

// CheckWrite holds the operations of one Write against the limits; every engine calls it first.
func CheckWrite(ops []Op) error {
	if len(ops) == 0 || len(ops) > MaxOps {
		return invalid("A write takes 1 to 100 operations.")
	}
	seen, size := make(map[Key]struct{}, len(ops)), 0
	for i := range ops {
		op := &ops[i]
		if err := CheckKey(op.Row.Key); err != nil {
			return err
		}
		if _, dup := seen[op.Row.Key]; dup {
			return invalid("Two operations of one write name the same key.")
		}
		seen[op.Row.Key] = struct{}{}
		if op.Cond.kind == condUnset || op.Kind == OpUnset {
			return invalid("An operation has no kind or no condition.")
		}
		if op.Kind == OpAdd && len(op.Deltas) == 0 {
			return invalid("An addition adds nothing.")
		}
		if op.Kind != OpPut {
			continue
		}
		size += len(op.Row.Attrs)
		if len(op.Row.Attrs) > MaxRow {
			return fault.New(fault.Invalid, "row_too_large", "The row is larger than 390 KB.")
		}
		if b := bytes.TrimSpace(op.Row.Attrs); len(b) < 2 || b[0] != '{' || !json.Valid(b) {
			return invalid("The attributes of a row must be a JSON object.")
		}
		for _, k := range op.Row.Index {
			if err := CheckKey(k); err != nil {
				return err
			}
		}
	}
	if len(ops) > 1 && size > MaxWrite {
		return fault.New(fault.Invalid, "write_too_large", "The write is larger than 4 MB.")
	}
	return nil
}
