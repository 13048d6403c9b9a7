package table

import (
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
		if op.Kind == OpAdd {
			if err := checkDeltas(op.Deltas); err != nil {
				return err
			}
		}
		if op.Kind != OpPut {
			continue
		}
		size += len(op.Row.Attrs) + keyBytes(&op.Row)
		if err := checkRow(&op.Row); err != nil {
			return err
		}
	}
	if len(ops) > 1 && (size > MaxWrite || size > MaxWrite/2 && itemSizes(ops) > MaxWrite) {
		return fault.New(fault.Invalid, "write_too_large", "The write is larger than 4 MB.")
	}
	return nil
}

// keyBytes is what a row's keys take, those of its indexes included.
func keyBytes(r *Row) int {
	n := len(r.Key.P) + len(r.Key.S)
	for _, k := range r.Index {
		n += len(k.P) + len(k.S)
	}
	return n
}

func itemSizes(ops []Op) (n int) {
	for i := range ops {
		if ops[i].Kind == OpPut {
			n += ItemSize(ops[i].Row)
		}
	}
	return n
}

// checkRow holds a row that is to be put against the limits.
func checkRow(r *Row) error {
	tooLarge := fault.New(fault.Invalid, "row_too_large", "The row is larger than 390 KB.")
	if len(r.Attrs) > MaxRow {
		return tooLarge
	}
	if err := CheckAttrs(r.Attrs); err != nil {
		return err
	}
	for name, k := range r.Index {
		if name == "" {
			return invalid("An index must have a name.")
		}
		if err := CheckKey(k); err != nil {
			return err
		}
	}
	// Short numbers are the one thing that takes more room in DynamoDB than in JSON, twice as much at most.
	if len(r.Attrs) > MaxRow/2 && ItemSize(*r) > MaxItem {
		return tooLarge
	}
	return nil
}

func checkDeltas(deltas map[string]int64) error {
	if len(deltas) == 0 {
		return invalid("An addition adds nothing.")
	}
	for name := range deltas {
		if name == "" || !utf8.ValidString(name) {
			return invalid("The attributes of a row must have names.")
		}
	}
	return nil
}

// CheckQuery holds a query against the limits, but for its cursor, and gives the page size to use.
func CheckQuery(q Query) (limit int, err error) {
	switch {
	case q.P == "" || len(q.P) > MaxPartitionKey || !utf8.ValidString(q.P):
		return 0, invalid("The partition key must be 1 to 2,048 bytes of UTF-8.")
	case len(q.From) > MaxSortKey || len(q.To) > MaxSortKey || !utf8.ValidString(q.From) || !utf8.ValidString(q.To):
		return 0, invalid("The bounds of a query must be at most 1,024 bytes of UTF-8.")
	case q.Limit < 0 || q.Limit > MaxPage:
		return 0, invalid("A page holds 1 to 1,000 rows.")
	case q.Index != "" && q.Consistent:
		return 0, invalid("An index has no consistent read.")
	case q.Limit == 0:
		return MaxPage, nil
	default:
		return q.Limit, nil
	}
}

// CheckKeys holds the keys of one GetAll against the limits.
func CheckKeys(keys []Key) error {
	if len(keys) > MaxOps {
		return invalid("One read takes at most 100 keys.")
	}
	for _, k := range keys {
		if err := CheckKey(k); err != nil {
			return err
		}
	}
	return nil
}
