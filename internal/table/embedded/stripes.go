package embedded

import (
	"hash/maphash"
	"slices"
	"sync"

	"learningloop/internal/table"
)

// stripeCount is large enough that 16 writers of three keys rarely meet on a stripe they do not share a key on.
const stripeCount = 8192

// stripes are the locks of all keys; many keys share one.
type stripes struct {
	seed maphash.Seed
	mu   [stripeCount]sync.Mutex
}

// lock takes the locks of the keys in ascending order, so that two writes cannot wait for each other, and gives what
// releases them.
func (s *stripes) lock(ops []table.Op) (unlock func()) {
	if len(ops) == 1 {
		mu := &s.mu[s.of(ops[0].Row.Key)]
		mu.Lock()
		return mu.Unlock
	}
	held := make([]int, len(ops))
	for i := range ops {
		held[i] = s.of(ops[i].Row.Key)
	}
	slices.Sort(held)
	held = slices.Compact(held)
	for _, i := range held {
		s.mu[i].Lock()
	}
	return func() {
		for _, i := range held {
			s.mu[i].Unlock()
		}
	}
}

func (s *stripes) of(k table.Key) int {
	return int(maphash.Comparable(s.seed, k) % stripeCount)
}
