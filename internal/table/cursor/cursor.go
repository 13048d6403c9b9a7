// Package cursor writes and reads the cursors of pages, the same for every engine, so that what a cursor promises (opaque,
// URL-safe, valid whatever is written in between, refused by another query) is decided once.
package cursor

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"unicode/utf8"

	"learningloop/internal/fault"
	"learningloop/internal/table"
)

// Pos is where a page ended: the sort key of its last row and, on an index, the row's own key, because index keys repeat.
type Pos struct {
	S   string
	Row table.Key // zero on the table itself
}

const (
	layout  = 1
	sumSize = 8
)

// Encode makes the cursor that continues q after pos.
func Encode(q table.Query, pos Pos) string {
	sum := fingerprint(q)
	b := make([]byte, 0, 1+len(sum)+3*binary.MaxVarintLen16+len(pos.S)+len(pos.Row.P)+len(pos.Row.S))
	b = append(b, layout)
	b = append(b, sum[:]...)
	for _, s := range []string{pos.S, pos.Row.P, pos.Row.S} {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// Decode reads the cursor of q; ok is false where q has none. A cursor of another query, or one that no engine made, is
// an Invalid error.
func Decode(q table.Query) (pos Pos, ok bool, err error) {
	if q.Cursor == "" {
		return Pos{}, false, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(q.Cursor)
	if err != nil {
		return Pos{}, false, bad(err)
	}
	sum := fingerprint(q)
	if len(b) < 1+sumSize || b[0] != layout || [sumSize]byte(b[1:1+sumSize]) != sum {
		return Pos{}, false, bad(nil)
	}
	b = b[1+sumSize:]
	for _, dst := range []*string{&pos.S, &pos.Row.P, &pos.Row.S} {
		n, w := binary.Uvarint(b)
		if w <= 0 || n > uint64(len(b)-w) {
			return Pos{}, false, bad(nil)
		}
		*dst = string(b[w : w+int(n)])
		b = b[w+int(n):]
	}
	if len(b) != 0 || !pos.within(q) {
		return Pos{}, false, bad(nil)
	}
	return pos, true, nil
}

// within holds a position against its query: an engine that was handed one from elsewhere would fail in its own words.
func (p Pos) within(q table.Query) bool {
	if p.S == "" || len(p.S) > table.MaxSortKey || !utf8.ValidString(p.S) || p.S < q.From || q.To != "" && p.S >= q.To {
		return false
	}
	if q.Index == "" {
		return p.Row == table.Key{}
	}
	return table.CheckKey(p.Row) == nil
}

func bad(err error) error {
	return fault.Wrap(fault.Invalid, "bad_cursor", "The cursor does not belong to this list.", err)
}

// fingerprint tells queries apart whose cursors must not be mixed. The page size may change from page to page.
func fingerprint(q table.Query) [sumSize]byte {
	b := make([]byte, 0, 64+len(q.P)+len(q.From)+len(q.To))
	for _, s := range []string{string(q.Index), q.P, q.From, q.To} {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	if q.Desc {
		b = append(b, 1)
	}
	sum := sha256.Sum256(b)
	return [sumSize]byte(sum[:sumSize])
}
