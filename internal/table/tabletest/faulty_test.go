package tabletest_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/fault"
	"learningloop/internal/table"
	"learningloop/internal/table/embedded"
	"learningloop/internal/table/tabletest"
)

func open(t *testing.T) *tabletest.Faulty {
	t.Helper()
	db, err := embedded.OpenMem(embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return tabletest.Wrap(db)
}

func row(k string) table.Row {
	return table.Row{Key: table.Key{P: "p", S: k}, Attrs: []byte(`{}`)}
}

// A call that fails before it arrives leaves nothing; one that fails afterwards is applied.
func TestFailAt(t *testing.T) {
	for _, mode := range tabletest.Modes() {
		for k := 1; k <= 5; k++ {
			t.Run(fmt.Sprintf("call %d %s", k, mode), func(t *testing.T) {
				f := open(t)
				f.FailAt(k, mode)
				calls := []func() error{
					func() error { return f.Write(t.Context(), table.Put(row("a"), table.Absent())) },
					func() error { _, err := f.Get(t.Context(), row("b").Key, true); return err },
					func() error { _, err := f.GetAll(t.Context(), []table.Key{row("b").Key}); return err },
					func() error { _, err := f.Query(t.Context(), table.Query{P: "p"}); return err },
					func() error {
						return f.Write(t.Context(), table.Put(row("b"), table.Absent()), table.Check(row("c").Key, table.Absent()))
					},
				}
				for i, call := range calls {
					if err := call(); fault.Is(err, fault.Unavailable) != (i+1 == k) {
						t.Errorf("call %d: %v", i+1, err)
					}
				}
				if f.Calls() != len(calls) {
					t.Errorf("%d calls, want %d", f.Calls(), len(calls))
				}
				if failed := f.Failed(); len(failed) != 1 || failed[0].N != k {
					t.Errorf("failed calls: %+v", failed)
				}
				f.Reset()
				page, err := f.Query(t.Context(), table.Query{P: "p"})
				if err != nil || f.Calls() != 1 || len(f.Failed()) != 0 {
					t.Errorf("after Reset: %v, %d calls", err, f.Calls())
				}
				var got []string
				for _, r := range page.Rows {
					got = append(got, r.Key.S)
				}
				want := []string{"a", "b"}
				switch {
				case k == 1 && mode == tabletest.Before:
					want = []string{"b"}
				case k == 5 && mode == tabletest.Before:
					want = []string{"a"}
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("rows differ (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// FailWhen decides by what a call names; FailWith says with what FailAt fails.
func TestFailWhen(t *testing.T) {
	f := open(t)
	mine := errors.New("mine")
	f.FailWhen(func(c tabletest.Call) (tabletest.Mode, error) {
		for _, k := range c.Keys {
			if c.Method == "Write" && k.S == "b" {
				return tabletest.After, mine
			}
		}
		return tabletest.Before, nil
	})
	if err := f.Write(t.Context(), table.Put(row("a"), table.Absent())); err != nil {
		t.Error(err)
	}
	if err := f.Write(t.Context(), table.Put(row("b"), table.Absent())); !errors.Is(err, mine) {
		t.Errorf("Write of b = %v, want the injected error", err)
	}
	if _, err := f.Get(t.Context(), row("b").Key, true); err != nil {
		t.Errorf("Get of b = %v, though its write was applied", err)
	}
	f.Reset()
	f.FailWith(mine)
	f.FailAt(1, tabletest.Before)
	if _, err := f.Get(t.Context(), row("b").Key, true); !errors.Is(err, mine) {
		t.Errorf("Get = %v, want the injected error", err)
	}
}
