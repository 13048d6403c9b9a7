package embedded_test

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"learningloop/internal/table"
	"learningloop/internal/table/embedded"
)

// bigBench asks for the benchmarks at 500,000 rows, which take a minute to fill.
const bigBench = "BENCH_BIG"

func benchSizes(b *testing.B) []int {
	if os.Getenv(bigBench) == "" {
		b.Logf("%s is not set: 500,000 rows left out", bigBench)
		return []int{50_000}
	}
	return []int{50_000, 500_000}
}

// benchRow is about what a feedback is: 1.5 KB of text under a key that sorts by time, in two indexes.
func benchRow(i int) table.Row {
	id := fmt.Sprintf("f#%012d", i)
	return table.Row{
		Key: table.Key{P: "product#" + strconv.Itoa(i%8), S: id}, Type: "feedback", Schema: 1,
		Index: map[table.Index]table.Key{
			"ranked": {P: "queue#" + strconv.Itoa(i%8), S: fmt.Sprintf("%08d", i*7919%100_000_000)},
			"recent": {P: "recent#" + strconv.Itoa(i%8), S: id},
		},
		Attrs: []byte(`{"id":"` + id + `","text":"` + strings.Repeat("lorem ipsum ", 115) + `"}`),
	}
}

func fill(b *testing.B, db *embedded.DB, rows int) {
	b.Helper()
	const chunk = 100
	ops := make([]table.Op, 0, chunk)
	for i := range rows {
		ops = append(ops, table.Put(benchRow(i), table.Absent()))
		if len(ops) == chunk || i == rows-1 {
			if err := db.Write(b.Context(), ops...); err != nil {
				b.Fatal(err)
			}
			ops = ops[:0]
		}
	}
}

func openBench(b *testing.B, rows int) *embedded.DB {
	b.Helper()
	db, err := embedded.Open(b.TempDir(), embedded.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	fill(b, db, rows)
	b.ResetTimer()
	return db
}

// BenchmarkWrite is three rows of 1 KB in one durable write, from 16 clients.
func BenchmarkWrite(b *testing.B) {
	const clients = 16
	for _, rows := range benchSizes(b) {
		b.Run(fmt.Sprintf("rows=%d/clients=%d", rows, clients), func(b *testing.B) {
			db := openBench(b, rows)
			attrs := []byte(`{"text":"` + strings.Repeat("x", 1000) + `"}`)
			var n atomic.Int64
			var wg sync.WaitGroup
			for range clients {
				wg.Go(func() {
					for i := n.Add(1); i <= int64(b.N); i = n.Add(1) {
						var ops []table.Op
						for _, kind := range []string{"a", "b", "c"} {
							k := table.Key{P: kind + strconv.FormatInt(i%16, 10), S: fmt.Sprintf("%016d", i)}
							ops = append(ops, table.Put(table.Row{Key: k, Type: "t", Attrs: attrs}, table.Absent()))
						}
						if err := db.Write(b.Context(), ops...); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "writes/s")
		})
	}
}

// BenchmarkQuery is a first page of 50 whole rows, of the table and of an index.
func BenchmarkQuery(b *testing.B) {
	for _, rows := range benchSizes(b) {
		b.Run(fmt.Sprintf("rows=%d", rows), func(b *testing.B) {
			db := openBench(b, rows)
			for name, q := range map[string]table.Query{
				"table": {P: "product#3", Desc: true, Limit: 50},
				"index": {Index: "ranked", P: "queue#3", Desc: true, Limit: 50},
			} {
				b.Run(name, func(b *testing.B) {
					for b.Loop() {
						if p, err := db.Query(b.Context(), q); err != nil || len(p.Rows) != 50 {
							b.Fatal(len(p.Rows), err)
						}
					}
				})
			}
		})
	}
}

// BenchmarkOpen is how long a process waits for its data, and what it then holds in memory.
func BenchmarkOpen(b *testing.B) {
	for _, rows := range benchSizes(b) {
		b.Run(fmt.Sprintf("rows=%d", rows), func(b *testing.B) {
			dir := b.TempDir()
			db, err := embedded.Open(dir, embedded.Options{})
			if err != nil {
				b.Fatal(err)
			}
			fill(b, db, rows)
			if err := db.Close(); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				db, err := embedded.Open(dir, embedded.Options{})
				if err != nil {
					b.Fatal(err)
				}
				if err := db.Close(); err != nil {
					b.Fatal(err)
				}
			}
			runtime.GC()
			b.ReportMetric(residentMB(b), "MB-resident")
		})
	}
}

// residentMB is the resident memory of this process; 0 where the system does not tell.
func residentMB(b *testing.B) float64 {
	s, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(s)) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "VmRSS:" {
			kb, err := strconv.Atoi(f[1])
			if err != nil {
				b.Fatal(err)
			}
			return float64(kb) / 1024
		}
	}
	return 0
}
