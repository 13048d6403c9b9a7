package emulator

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"hash/fnv"
	"iter"
	"math"
)

// page is which part of a list a request asks for. Lists run from the newest to the oldest by number, and a token names
// the number it stopped at: what is created later is above it and moves nothing, what is deleted leaves no gap.
type page struct {
	below uint32 // only numbers under this one
	limit int
	scope uint32 // of the list and its filters: a token is good for the same list only
}

// readPage reads token and limit of a request; refuse makes the error for a token that is not ours.
func readPage(token string, limit int, list string, filters any, refuse func() *Error) (page, *Error) {
	p := page{below: math.MaxUint32, limit: limit, scope: scopeOf(list, filters)}
	if p.limit == 0 {
		p.limit = defaultMaxResults
	}
	if token == "" {
		return p, nil
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(b) != 8 || binary.BigEndian.Uint32(b) != p.scope {
		return page{}, refuse()
	}
	if p.below = binary.BigEndian.Uint32(b[4:]); p.below == 0 { // numbers begin at 1: nothing of ours stopped here
		return page{}, refuse()
	}
	return p, nil
}

func scopeOf(list string, filters any) uint32 {
	h := fnv.New32a()
	text, _ := json.Marshal(filters) // strings, and times that JSON has
	_, _ = h.Write([]byte(list))     // a hash takes everything
	_, _ = h.Write(text)
	return h.Sum32()
}

// fill adds what matches, up to the limit, and gives the token for the rest; "" where nothing is left.
func (p page) fill(numbers iter.Seq[uint32], match func(uint32) bool, add func(uint32)) string {
	n, last := 0, uint32(0)
	for seq := range numbers {
		if !match(seq) {
			continue
		}
		if n == p.limit {
			var b [8]byte
			binary.BigEndian.PutUint32(b[:], p.scope)
			binary.BigEndian.PutUint32(b[4:], last)
			return base64.RawURLEncoding.EncodeToString(b[:])
		}
		add(seq)
		n, last = n+1, seq
	}
	return ""
}

// down counts from the highest number of a list of n slots to 1.
func (p page) down(n int) iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for seq := min(uint32(max(n, 1)), p.below) - 1; seq > 0; seq-- { // a count of items
			if !yield(seq) {
				return
			}
		}
	}
}

// given runs through numbers sorted from the highest down.
func (p page) given(numbers []uint32) iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for _, seq := range numbers {
			if seq < p.below && !yield(seq) {
				return
			}
		}
	}
}
