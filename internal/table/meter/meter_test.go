package meter_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/table"
	"learningloop/internal/table/embedded"
	"learningloop/internal/table/meter"
)

// sized makes a row of exactly so many bytes, as DynamoDB counts them once it is stored.
func sized(t *testing.T, k string, bytes int) table.Row {
	t.Helper()
	r := table.Row{Key: table.Key{P: "p", S: k}, Version: 1, Attrs: []byte(`{"t":""}`)}
	fill := bytes - table.ItemSize(r)
	r.Attrs = fmt.Appendf(nil, `{"t":"%s"}`, strings.Repeat("x", fill))
	if got := table.ItemSize(r); got != bytes {
		t.Fatalf("row of %d bytes, want %d", got, bytes)
	}
	return r
}

func indexed(r table.Row, index table.Index, sort string) table.Row {
	r.Index = map[table.Index]table.Key{index: {P: "i", S: sort}}
	for name, k := range r.Index { // what the row grows by is taken off its text
		cut := 2*len(name) + 4 + len(k.P) + len(k.S)
		r.Attrs = fmt.Appendf(nil, `{"t":"%s"}`, strings.Repeat("x", len(r.Attrs)-len(`{"t":""}`)-cut))
	}
	return r
}

const kb = 1024

// The figures are those of the guide's own examples where it has one.
func TestUnits(t *testing.T) {
	always := table.Always("a test")
	var thousand []table.Row
	for i := range 1000 {
		thousand = append(thousand, sized(t, fmt.Sprintf("%05d", i), 64))
	}
	var entries []table.Row
	for i := range 3 {
		entries = append(entries, indexed(sized(t, fmt.Sprint(i), 5*kb), "recent", fmt.Sprint(i)))
	}
	tests := []struct {
		name   string
		stored []table.Row
		do     func(table.Table) error
		want   meter.Units
	}{
		{"consistent read of 8 KB: two", []table.Row{sized(t, "a", 8*kb)}, get("a", true), meter.Units{Read: 2}},
		{"eventual read of 8 KB: one", []table.Row{sized(t, "a", 8*kb)}, get("a", false), meter.Units{Read: 1}},
		{"read of 3.5 KB rounds to 4", []table.Row{sized(t, "a", 3584)}, get("a", true), meter.Units{Read: 1}},
		{"read of 10 KB rounds to 12", []table.Row{sized(t, "a", 10*kb)}, get("a", true), meter.Units{Read: 3}},
		{"read of nothing", nil, get("a", true), meter.Units{Read: 1}},
		{"eventual read of nothing", nil, get("a", false), meter.Units{Read: 0.5}},
		{"batch of 1.5 and 6.5 KB: 4 + 8", []table.Row{sized(t, "a", 1536), sized(t, "b", 6656)}, getAll("a", "b"), meter.Units{Read: 3}},
		{"query of 1,000 items of 64 bytes: 62.5 KB together, consistent", thousand, query(table.Query{P: "p", Consistent: true}), meter.Units{Read: 16}},
		{"and eventually", thousand, query(table.Query{P: "p"}), meter.Units{Read: 8}},
		{"query of nothing", nil, query(table.Query{P: "p"}), meter.Units{Read: 0.5}},
		{"query of ten of 64 bytes reads an eleventh", thousand, query(table.Query{P: "p", Limit: 10}), meter.Units{Read: 0.5}},
		{"query of one of 4 KB reads another", []table.Row{sized(t, "a", 4*kb), sized(t, "b", 4*kb)}, query(table.Query{P: "p", Limit: 1}), meter.Units{Read: 1}},
		{"index query: entries, then 5 KB rows one by one", entries, query(table.Query{Index: "recent", P: "i"}), meter.Units{Read: 0.5 + 3*1}},

		{"write of 1 KB: one", nil, write(table.Put(sized(t, "a", kb), table.Absent())), meter.Units{Write: 1}},
		{"write of 1 KB and a byte: two", nil, write(table.Put(sized(t, "a", kb+1), table.Absent())), meter.Units{Write: 2}},
		{"write of 500 bytes rounds to 1 KB", nil, write(table.Put(sized(t, "a", 500), table.Absent())), meter.Units{Write: 1}},
		{"write of 3.5 KB rounds to 4", nil, write(table.Put(sized(t, "a", 3584), table.Absent())), meter.Units{Write: 4}},
		{"transaction of three of 500 bytes: six", nil, write(
			table.Put(sized(t, "a", 500), table.Absent()), table.Put(sized(t, "b", 500), table.Absent()), table.Put(sized(t, "c", 500), table.Absent()),
		), meter.Units{Write: 6}},
		{"the larger of before and after: shrinks", []table.Row{sized(t, "a", 3*kb)}, write(table.Put(sized(t, "a", kb), table.VersionIs(1))), meter.Units{Write: 3}},
		{"the larger of before and after: grows", []table.Row{sized(t, "a", kb)}, write(table.Put(sized(t, "a", 3*kb), table.VersionIs(1))), meter.Units{Write: 3}},
		{"deletion of 2.5 KB", []table.Row{sized(t, "a", 2560)}, write(table.Delete(key("a"), table.Exists())), meter.Units{Write: 3}},
		{"deletion of nothing", nil, write(table.Delete(key("a"), always)), meter.Units{Write: 1}},
		{"condition that does not hold: what is stored", []table.Row{sized(t, "a", 2*kb)}, refused(table.Put(sized(t, "a", 9*kb), table.Absent())), meter.Units{Write: 2}},
		{"and in a transaction", []table.Row{sized(t, "a", 2*kb)}, refused(table.Put(sized(t, "a", 9*kb), table.Absent()), table.Put(sized(t, "b", kb), table.Absent())), meter.Units{Write: 4 + 2}},
		{"addition to 1.5 KB", []table.Row{sized(t, "a", 1536)}, write(table.Add(key("a"), "t", 1, map[string]int64{"n": 1})), meter.Units{Write: 2}},
		{"put always reads first", []table.Row{sized(t, "a", 5*kb)}, write(table.Put(sized(t, "a", kb), always)), meter.Units{Write: 5, Read: 2}},
		{"check alone is a read", []table.Row{sized(t, "a", 5*kb)}, write(table.Check(key("a"), table.Exists())), meter.Units{Read: 2}},
		{"check in a transaction is a write", []table.Row{sized(t, "a", 1536)}, write(table.Check(key("a"), table.Exists()), table.Put(sized(t, "b", kb), table.Absent())), meter.Units{Write: 4 + 2}},

		{"index entry added", nil, write(table.Put(indexed(sized(t, "a", kb), "recent", "1"), table.Absent())), meter.Units{Write: 1, IndexWrite: 1}},
		{"in a transaction at the same price", nil, write(table.Put(indexed(sized(t, "a", kb), "recent", "1"), table.Absent()), table.Put(sized(t, "b", kb), table.Absent())), meter.Units{Write: 4, IndexWrite: 1}},
		{"index entry stays", entries[:1], write(table.Put(entries[0], table.VersionIs(1))), meter.Units{Write: 5}},
		{"index entry moves", []table.Row{indexed(sized(t, "a", kb), "recent", "1")}, write(table.Put(indexed(sized(t, "a", kb), "recent", "2"), table.VersionIs(1))), meter.Units{Write: 1, IndexWrite: 2}},
		{"index entry leaves with its row", entries[:1], write(table.Delete(entries[0].Key, table.Exists())), meter.Units{Write: 5, IndexWrite: 1}},
		{"large index entry", nil, write(table.Put(indexed(sized(t, "a", 2*kb), "recent", strings.Repeat("k", 1010)), table.Absent())), meter.Units{Write: 2, IndexWrite: 2}},
		{"write that breaks a limit", nil, refused(), meter.Units{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			db, err := embedded.OpenMem(embedded.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			m := meter.Wrap(db)
			for _, r := range tt.stored {
				if err := db.Write(t.Context(), table.Put(r, table.Absent())); err != nil {
					t.Fatal(err)
				}
			}
			if err := tt.do(m); err != nil {
				t.Fatal(err)
			}
			tt.want.Calls = 1
			if diff := cmp.Diff(tt.want, m.Units()); diff != "" {
				t.Errorf("units differ (-want +got):\n%s", diff)
			}
			if got := m.Reset(); got != tt.want || m.Units() != (meter.Units{}) {
				t.Errorf("Reset gives %v and leaves %v", got, m.Units())
			}
		})
	}
}

func key(k string) table.Key { return table.Key{P: "p", S: k} }

func get(k string, consistent bool) func(table.Table) error {
	return func(t table.Table) error {
		_, err := t.Get(context.Background(), key(k), consistent)
		if errors.Is(err, table.ErrNotFound) {
			return nil
		}
		return err
	}
}

func getAll(names ...string) func(table.Table) error {
	return func(t table.Table) error {
		var keys []table.Key
		for _, k := range names {
			keys = append(keys, key(k))
		}
		_, err := t.GetAll(context.Background(), keys)
		return err
	}
}

func query(q table.Query) func(table.Table) error {
	return func(t table.Table) error {
		_, err := t.Query(context.Background(), q)
		return err
	}
}

func write(ops ...table.Op) func(table.Table) error {
	return func(t table.Table) error { return t.Write(context.Background(), ops...) }
}

func refused(ops ...table.Op) func(table.Table) error {
	return func(t table.Table) error {
		if t.Write(context.Background(), ops...) == nil {
			return errors.New("the write should have been refused")
		}
		return nil
	}
}
