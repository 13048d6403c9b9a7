package embedded_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/fault"
	"learningloop/internal/table"
	"learningloop/internal/table/embedded"
)

// What was acknowledged is there after a Close, with everything that belongs to it.
func TestReopen(t *testing.T) {
	dir := t.TempDir()
	row := table.Row{
		Key: table.Key{P: "p", S: "s"}, Type: "thing", Schema: 3, Expires: time.Unix(4e9, 0).UTC(),
		Index: map[table.Index]table.Key{"i": {P: "ip", S: "is"}}, Attrs: []byte(`{"a":1.50}`),
	}
	db, err := embedded.Open(dir, embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Write(t.Context(), table.Put(row, table.Absent())); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); !errors.Is(err, embedded.ErrClosed) {
		t.Errorf("second Close = %v, want ErrClosed", err)
	}
	if _, err := db.Get(t.Context(), row.Key, true); !errors.Is(err, embedded.ErrClosed) || !fault.Is(err, fault.Unavailable) {
		t.Errorf("Get after Close = %v, want ErrClosed and Unavailable", err)
	}

	db, err = embedded.Open(dir, embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	row.Version = 1
	got, err := db.Get(t.Context(), row.Key, true)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(row, got); diff != "" {
		t.Errorf("row differs (-want +got):\n%s", diff)
	}
	page, err := db.Query(t.Context(), table.Query{Index: "i", P: "ip"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]table.Row{row}, page.Rows); diff != "" {
		t.Errorf("index differs (-want +got):\n%s", diff)
	}
}

// Two processes must not write one directory; whoever comes second is told what to do.
func TestOpenInUse(t *testing.T) {
	dir := t.TempDir()
	db, err := embedded.Open(dir, embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	_, err = embedded.Open(dir, embedded.Options{})
	if !errors.Is(err, embedded.ErrInUse) || !fault.Is(err, fault.Unavailable) {
		t.Fatalf("second Open = %v, want ErrInUse and Unavailable", err)
	}
	if !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), "Stop that one") {
		t.Errorf("error %q does not say what to do", err)
	}
}
