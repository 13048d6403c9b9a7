package embedded

import (
	"encoding/json"
	"math/big"

	"learningloop/internal/fault"
	"learningloop/internal/table"
)

// add gives the row that results from adding to cur; cur is nil where there is none.
func add(op *table.Op, cur *table.Row) (table.Row, error) {
	next := table.Row{Key: op.Row.Key, Type: op.Row.Type, Schema: op.Row.Schema}
	m := map[string]json.RawMessage{}
	if cur != nil {
		next = *cur
		var err error
		if m, err = members(cur.Attrs); err != nil {
			return table.Row{}, err
		}
	}
	for name, delta := range op.Deltas {
		sum := big.NewInt(delta)
		if v, ok := m[name]; ok {
			old, ok := integer(v)
			if !ok {
				return table.Row{}, fault.New(fault.Invalid, "not_a_number", "What is added to is not an integer.")
			}
			sum.Add(sum, old)
		}
		m[name] = json.RawMessage(sum.String())
	}
	var err error
	if next.Attrs, err = join(m); err != nil {
		return table.Row{}, err
	}
	return next, table.CheckAttrs(next.Attrs)
}

// integer reads a JSON number without a fraction, however it is spelled.
func integer(v json.RawMessage) (*big.Int, bool) {
	if i, ok := new(big.Int).SetString(string(v), 10); ok {
		return i, true
	}
	if len(v) == 0 || v[0] != '-' && (v[0] < '0' || v[0] > '9') {
		return nil, false
	}
	r, ok := new(big.Rat).SetString(string(v))
	if !ok || !r.IsInt() {
		return nil, false
	}
	return r.Num(), true
}
