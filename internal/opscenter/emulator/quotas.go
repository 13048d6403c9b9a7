package emulator

import (
	"sync"
	"time"
)

// Quotas are AWS's published limits ("Service quotas for OpsCenter", AWS General Reference). Zero stands for AWS's
// number; set lower ones to test what happens at the edge, or higher ones for load.
type Quotas struct {
	Total           int // OpsItems in all, per account and Region; 500,000
	Monthly         int // OpsItems created in a month; 10,000
	DataValue       int // bytes of an operational data value; 20 KB
	Automations     int // runbooks associated with an OpsItem; 10
	Resources       int // related resources of an OpsItem, and related items likewise; 100
	RelatedOpsItems int // 10
	DedupString     int // characters; 512
	Tags            int // per OpsItem; 50
}

func (q Quotas) orDefaults() Quotas {
	set := func(v *int, n int) {
		if *v == 0 {
			*v = n
		}
	}
	set(&q.Total, 500_000)
	set(&q.Monthly, 10_000)
	set(&q.DataValue, 20<<10)
	set(&q.Automations, 10)
	set(&q.Resources, 100)
	set(&q.RelatedOpsItems, 10)
	set(&q.DedupString, 512)
	set(&q.Tags, 50)
	return q
}

// room says whether one more OpsItem fits. The caller holds the lock.
func (e *Emulator) room(now time.Time) *Error {
	q := e.cfg.Quotas
	if len(e.st.byID)-e.st.exempt >= q.Total {
		return errLimit("OpsItem", "OpsItemsPerAccount", q.Total,
			"The account has reached its limit of %d OpsItems. Delete some before you create more.", q.Total)
	}
	if e.st.months[quotaMonth(now)] >= q.Monthly {
		return e.overMonth()
	}
	return nil
}

func (e *Emulator) overMonth() *Error {
	n := e.cfg.Quotas.Monthly
	return errLimit("OpsItem", "OpsItemsPerMonth", n, "The account has reached its limit of %d OpsItems created in a month.", n)
}

// bucket is a token bucket over real time: what it holds back is real load.
type bucket struct {
	mu     sync.Mutex
	rate   float64
	burst  int
	tokens float64
	last   time.Time
}

func (b *bucket) take(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.rate <= 0 {
		return true
	}
	full := max(float64(b.burst), b.rate, 1)
	if b.burst > 0 {
		full = float64(b.burst)
	}
	if b.last.IsZero() {
		b.tokens = full
	} else {
		b.tokens = min(full, b.tokens+now.Sub(b.last).Seconds()*b.rate)
	}
	b.last = now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}
