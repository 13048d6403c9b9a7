package emulator

import (
	"cmp"
	"encoding/base64"
	"encoding/binary"
	"math"
	"slices"
)

// Order is how a console list is sorted. What is equal comes newest first.
type Order string

// The orders. AWS's API knows none; its console sorts.
const (
	Newest    Order = ""
	Oldest    Order = "oldest"
	Changed   Order = "changed"  // the last one changed first
	Severest  Order = "severity" // critical first, unset last
	ByUrgency Order = "priority" // 1 first, unset last
)

// ranks gives what an order sorts by, the lowest first.
var ranks = map[Order]func(*item) int64{
	Oldest:  func(it *item) int64 { return int64(it.Seq) },
	Changed: func(it *item) int64 { return -it.Modified.UnixMicro() },
	Severest: func(it *item) int64 {
		if it.Severity == "" {
			return math.MaxInt64
		}
		return int64(it.Severity[0])
	},
	ByUrgency: func(it *item) int64 {
		if it.Priority == 0 {
			return math.MaxInt64
		}
		return int64(it.Priority)
	},
}

// spot is where an item stands in an order.
type spot struct {
	rank int64
	seq  uint32
}

func (a spot) compare(b spot) int {
	return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(b.seq, a.seq))
}

// sorted gives a page of what meets all conditions in an order other than the newest first. It goes through all of it:
// a person's list, not a program's.
func (e *Emulator) sorted(q Query, conds []condition, scope any) ([]*item, string, *Error) {
	rank, ok := ranks[q.Order]
	if !ok {
		return nil, "", errRule("There is no order %q.", string(q.Order))
	}
	p, err := readPage("", q.Limit, "console "+string(q.Order), scope, nil)
	if err != nil {
		return nil, "", err
	}
	after, ok := readSpot(q.Cursor, p.scope)
	if !ok {
		return nil, "", errPageGone()
	}
	type ranked struct {
		spot

		it *item
	}
	var all []ranked
	e.scan(page{below: math.MaxUint32, limit: math.MaxInt}, conds, func(it *item) {
		at := spot{rank(it), it.Seq}
		if q.Cursor == "" || after.compare(at) < 0 {
			all = append(all, ranked{at, it})
		}
	})
	slices.SortFunc(all, func(a, b ranked) int { return a.compare(b.spot) })
	next := ""
	if len(all) > p.limit {
		all = all[:p.limit]
		next = all[p.limit-1].token(p.scope)
	}
	out := make([]*item, len(all))
	for i, x := range all {
		out[i] = x.it
	}
	return out, next, nil
}

func errPageGone() *Error { return errRule("The page is not there any more.") }

func (a spot) token(scope uint32) string {
	b := binary.BigEndian.AppendUint32(nil, scope)
	b = binary.BigEndian.AppendUint64(b, uint64(a.rank)) //nolint:gosec // the same bits come back
	return base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint32(b, a.seq))
}

func readSpot(token string, scope uint32) (spot, bool) {
	if token == "" {
		return spot{}, true
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(b) != 16 || binary.BigEndian.Uint32(b) != scope {
		return spot{}, false
	}
	return spot{int64(binary.BigEndian.Uint64(b[4:])), binary.BigEndian.Uint32(b[12:])}, true //nolint:gosec // as written
}
