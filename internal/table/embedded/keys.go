package embedded

import (
	"encoding/binary"
	"errors"
	"strings"
	"time"

	"learningloop/internal/table"
)

// The first byte of a key says what it is.
const (
	kindRow    = 'r'
	kindIndex  = 'i'
	kindExpiry = 'e'
)

const (
	escByte = 0x00
	escNull = 0xff // 00 FF is a zero byte of the part
	escEnd  = 0x01 // 00 01 ends the part; smaller than 00 FF, so that a prefix sorts first
)

var errKey = errors.New("embedded: malformed key")

// appendEscaped appends a part without its end: the start of every part that begins with s.
func appendEscaped(b []byte, s string) []byte {
	for {
		i := strings.IndexByte(s, escByte)
		if i < 0 {
			return append(b, s...)
		}
		b = append(b, s[:i]...)
		b = append(b, escByte, escNull)
		s = s[i+1:]
	}
}

func appendPart(b []byte, s string) []byte { return append(appendEscaped(b, s), escByte, escEnd) }

// cutPart reads one part and gives what follows.
func cutPart(b []byte) (part string, rest []byte, err error) {
	var sb strings.Builder
	for i, from := 0, 0; i+1 < len(b); i++ {
		if b[i] != escByte {
			continue
		}
		sb.Write(b[from:i])
		switch b[i+1] {
		case escEnd:
			return sb.String(), b[i+2:], nil
		case escNull:
			sb.WriteByte(0)
		default:
			return "", nil, errKey
		}
		i++
		from = i + 1
	}
	return "", nil, errKey
}

// rowPrefix is what all rows of a partition start with; the sort key follows unescaped.
func rowPrefix(p string) []byte {
	return appendPart(append(make([]byte, 0, len(p)+64), kindRow), p)
}

func rowKey(k table.Key) []byte {
	b := make([]byte, 0, 1+len(k.P)+2+len(k.S))
	return append(appendPart(append(b, kindRow), k.P), k.S...)
}

// indexPrefix is what all entries of a partition of an index start with.
func indexPrefix(index table.Index, p string) []byte {
	b := append(make([]byte, 0, len(index)+len(p)+128), kindIndex)
	return appendPart(appendPart(b, string(index)), p)
}

func indexKey(index table.Index, ik, row table.Key) []byte {
	b := appendPart(indexPrefix(index, ik.P), ik.S)
	return append(appendPart(b, row.P), row.S...)
}

// cutIndexKey reads what follows an indexPrefix: the sort key in the index and the key of the row.
func cutIndexKey(tail []byte) (s string, row table.Key, err error) {
	s, tail, err = cutPart(tail)
	if err != nil {
		return "", table.Key{}, err
	}
	row.P, tail, err = cutPart(tail)
	row.S = string(tail)
	return s, row, err
}

func expiryKey(expires time.Time, k table.Key) []byte {
	b := make([]byte, 0, 1+8+len(k.P)+2+len(k.S))
	b = appendSeconds(append(b, kindExpiry), expires)
	return append(appendPart(b, k.P), k.S...)
}

// appendSeconds keeps the order of times before 1970 too.
func appendSeconds(b []byte, t time.Time) []byte {
	return binary.BigEndian.AppendUint64(b, uint64(t.Unix())^(1<<63))
}

func cutExpiryKey(b []byte) (table.Key, error) {
	if len(b) < 1+8 {
		return table.Key{}, errKey
	}
	p, rest, err := cutPart(b[1+8:])
	return table.Key{P: p, S: string(rest)}, err
}

// after is the first key behind all that start with prefix; a prefix here never ends in FF.
func after(prefix []byte) []byte {
	b := append([]byte(nil), prefix...)
	b[len(b)-1]++
	return b
}
