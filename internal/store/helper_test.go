package store_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/feedback"
	"learningloop/internal/id"
	"learningloop/internal/product"
	"learningloop/internal/store"
	"learningloop/internal/table"
	"learningloop/internal/table/embedded"
	"learningloop/internal/table/tabletest"
)

var (
	start = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	shop  = id.NewProduct("shop")
)

// rig is a Store on a table that fails where it is told to, notes what is written, and counts what is read.
type rig struct {
	*store.Store

	t      *testing.T
	table  *spy
	faulty *tabletest.Faulty

	mu  sync.Mutex
	now time.Time
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t, now: start}
	db, err := embedded.OpenMem(embedded.Options{Clock: r.clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	r.table = &spy{Table: db, written: map[table.Key]bool{}}
	r.faulty = tabletest.Wrap(r.table)
	r.Store = store.New(r.faulty, r.clock)
	return r
}

func (r *rig) clock() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now
}

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// spy notes the keys of writes and counts the rows that queries give.
type spy struct {
	table.Table

	mu      sync.Mutex
	written map[table.Key]bool
	rows    int
	queries int
}

func (s *spy) Write(ctx context.Context, ops ...table.Op) error {
	s.mu.Lock()
	for _, op := range ops {
		s.written[op.Row.Key] = true
	}
	s.mu.Unlock()
	return s.Table.Write(ctx, ops...)
}

func (s *spy) Query(ctx context.Context, q table.Query) (table.Page, error) {
	p, err := s.Table.Query(ctx, q)
	s.mu.Lock()
	s.rows += len(p.Rows)
	s.queries++
	s.mu.Unlock()
	return p, err
}

// read says how many rows and queries do takes.
func (s *spy) read(do func()) (rows, queries int) {
	s.mu.Lock()
	s.rows, s.queries = 0, 0
	s.mu.Unlock()
	do()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rows, s.queries
}

// dump gives every row there is, but for how often it was written.
func (r *rig) dump() map[string]any {
	r.t.Helper()
	out := map[string]any{}
	for k := range r.table.written {
		row, err := r.table.Get(context.Background(), k, true)
		if err == nil {
			out[k.String()] = plain(r.t, row)
		}
	}
	return out
}

func plain(t *testing.T, r table.Row) any {
	t.Helper()
	var attrs any
	d := json.NewDecoder(bytes.NewReader(r.Attrs))
	d.UseNumber()
	if err := d.Decode(&attrs); err != nil {
		t.Fatalf("attributes of %s: %v", r.Key, err)
	}
	index := map[string]string{}
	for name, k := range r.Index {
		index[string(name)] = k.String()
	}
	out := map[string]any{"key": r.Key.String(), "type": r.Type, "schema": r.Schema, "attrs": attrs}
	if len(index) > 0 {
		out["index"] = index
	}
	if !r.Expires.IsZero() {
		out["expires"] = r.Expires.UTC().Format(time.RFC3339)
	}
	return out
}

func (r *rig) row(k table.Key) table.Row {
	r.t.Helper()
	row, err := r.table.Get(context.Background(), k, true)
	if err != nil {
		r.t.Fatalf("row %s: %v", k, err)
	}
	return row
}

// filled gives a value in which every field is set, so that a new one shows.
func filled[T any]() T {
	var v T
	fill(reflect.ValueOf(&v).Elem(), reflect.TypeFor[T]().Name())
	return v
}

func fill(v reflect.Value, name string) {
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(start.Add(123456789)))
		return
	case v.Type() == reflect.TypeFor[json.RawMessage]():
		v.SetBytes([]byte(`{"a": null, "a very long number": 1.234567890123456789012345678901234567890}`))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(name)
	case reflect.Int, reflect.Int64:
		v.SetInt(2)
	case reflect.Float64:
		v.SetFloat(1.5)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), name)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), name)
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		e := reflect.New(v.Type().Elem()).Elem()
		fill(e, name)
		k := reflect.New(v.Type().Key()).Elem()
		fill(k, "key")
		v.SetMapIndex(k, e)
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && f.Tag.Get("json") != "-" {
				fill(v.Field(i), f.Name)
			}
		}
	default:
		panic(fmt.Sprintf("%s: cannot fill a %s", name, v.Kind()))
	}
}

func ensureShop(r *rig) product.Product {
	r.t.Helper()
	p, err := product.New("shop", "shop", start)
	r.must(err)
	r.must(r.SaveProduct(r.t.Context(), p, nil))
	p.Version = 1
	return p
}

// said makes a piece of feedback of a person.
func said(name string, change func(*feedback.Feedback)) feedback.Feedback {
	f := feedback.Feedback{
		ID: id.NewFeedback(shop, name), Kind: feedback.Problem, Text: name, Channel: feedback.API, Received: start,
		State: feedback.Received, Todo: true,
	}
	if change != nil {
		change(&f)
	}
	return f
}

// all reads a list page by page. It fails where a list does not end, or gives something twice.
func all[T any](t *testing.T, name func(T) string, list func(cursor string) (store.Page[T], error)) []T {
	t.Helper()
	var out []T
	seen := map[string]bool{}
	cursor := ""
	for range 500 {
		p, err := list(cursor)
		if err != nil {
			t.Fatal(err)
		}
		for _, it := range p.Items {
			if seen[name(it)] {
				t.Fatalf("%s comes twice", name(it))
			}
			seen[name(it)] = true
		}
		out = append(out, p.Items...)
		if p.Next == cursor && cursor != "" {
			t.Fatal("a page gives its own cursor: the list never ends")
		}
		if cursor = p.Next; cursor == "" {
			return out
		}
	}
	t.Fatal("the list does not end")
	return nil
}

func equal(t *testing.T, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
