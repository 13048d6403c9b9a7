package embedded

import (
	"bytes"
	"cmp"
	"errors"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"learningloop/internal/table"
)

// The order of keys is that of their parts, and no key runs into another's range.
func FuzzKeyOrder(f *testing.F) {
	f.Add("a", "b", "a\x00", "b")
	f.Add("a", "\x00", "a\x00", "\x00\x01")
	f.Add("", "a\x01", "a", "\x01")
	f.Add("\x00\xff", "\x00\x01", "\x00", "\xff")
	f.Fuzz(func(t *testing.T, p1, s1, p2, s2 string) {
		want := cmp.Or(strings.Compare(p1, p2), strings.Compare(s1, s2))
		a, b := table.Key{P: p1, S: s1}, table.Key{P: p2, S: s2}
		if got := bytes.Compare(rowKey(a), rowKey(b)); got != want {
			t.Errorf("row keys of %q and %q compare %d, want %d", a, b, got, want)
		}
		row := table.Key{P: "p", S: "s"}
		if got := bytes.Compare(indexKey("i", a, row), indexKey("i", b, row)); got != want {
			t.Errorf("index keys of %q and %q compare %d, want %d", a, b, got, want)
		}
		in := bytes.Compare(rowKey(b), rowPrefix(p1)) >= 0 && bytes.Compare(rowKey(b), after(rowPrefix(p1))) < 0
		if in != (p1 == p2) {
			t.Errorf("%q lies in partition %q: %t", b, p1, in)
		}
		// A bound takes in exactly the sort keys from it on.
		bound := appendEscaped(indexPrefix("i", p1), s1)
		entry := indexKey("i", table.Key{P: p1, S: s2}, b)
		if got := bytes.Compare(entry, bound) >= 0; got != (s2 >= s1) {
			t.Errorf("entry at %q is behind bound %q: %t", s2, s1, got)
		}
		s, k, err := cutIndexKey(entry[len(indexPrefix("i", p1)):])
		if err != nil || s != s2 || k != b {
			t.Errorf("entry of %q at %q reads as %q at %q, %v", b, s2, k, s, err)
		}
		e := expiryKey(time.Unix(-5, 0), a)
		if k, err := cutExpiryKey(e); err != nil || k != a {
			t.Errorf("expiry of %q reads as %q, %v", a, k, err)
		}
		if bytes.Compare(e, expiryKey(time.Unix(7, 0), b)) >= 0 {
			t.Errorf("expiry before 1970 sorts behind one after it")
		}
	})
}

func TestCodec(t *testing.T) {
	tests := []struct {
		name string
		row  table.Row
	}{
		{"bare", table.Row{Attrs: []byte(`{}`)}},
		{"full", table.Row{
			Type: "thing", Schema: -3, Version: 1 << 40, Expires: time.Unix(-1, 0).UTC(), Attrs: []byte(` {"a" : 1.50}`),
			Index: map[table.Index]table.Key{"a": {P: "\x00", S: "é"}, "b": {P: "p", S: strings.Repeat("s", 1024)}},
		}},
		{"expires at 0", table.Row{Expires: time.Unix(0, 0).UTC(), Attrs: []byte(`{}`)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.row.Key = table.Key{P: "p", S: "s"}
			raw := encode(&tt.row)
			got, err := decode(tt.row.Key, raw)
			if err != nil {
				t.Fatal(err)
			}
			if diff := gocmp.Diff(tt.row, got); diff != "" {
				t.Errorf("row differs (-want +got):\n%s", diff)
			}
			head := len(raw) - len(tt.row.Attrs)
			for n := range head {
				if _, err := decode(tt.row.Key, raw[:n]); !errors.Is(err, errRow) {
					t.Errorf("%d of %d bytes read as a row: %v", n, len(raw), err)
				}
			}
		})
	}
	if _, err := decode(table.Key{}, []byte{99, 0, 0, 0}); !errors.Is(err, errRow) {
		t.Errorf("an unknown layout gives %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(encode(&table.Row{Type: "t", Expires: time.Unix(1, 0), Index: map[table.Index]table.Key{"i": {P: "p", S: "s"}}, Attrs: []byte(`{}`)}))
	f.Add([]byte{1, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01})
	f.Add([]byte{1, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x0f})
	f.Fuzz(func(t *testing.T, b []byte) {
		if r, err := decode(table.Key{P: "p", S: "s"}, b); err == nil && len(r.Attrs) > len(b) {
			t.Errorf("%d bytes of attributes out of %d", len(r.Attrs), len(b))
		}
	})
}
