package cursor_test

import (
	"encoding/base64"
	"net/url"
	"strings"
	"testing"

	"learningloop/internal/fault"
	"learningloop/internal/table"
	"learningloop/internal/table/cursor"
)

func TestRoundTrip(t *testing.T) {
	long := strings.Repeat("é", table.MaxSortKey/2)
	tests := []struct {
		name string
		q    table.Query
		pos  cursor.Pos
	}{
		{"table", table.Query{P: "p"}, cursor.Pos{S: "s"}},
		{"table, bounds", table.Query{P: "p", From: "a", To: "c"}, cursor.Pos{S: "b\x00\U0010ffff"}},
		{"index", table.Query{Index: "i", P: "p", Desc: true}, cursor.Pos{S: "s", Row: table.Key{P: "x", S: "y/#"}}},
		{"longest", table.Query{Index: "i", P: "p"}, cursor.Pos{S: long, Row: table.Key{P: long + long, S: long}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := cursor.Encode(tt.q, tt.pos)
			if url.QueryEscape(c) != c {
				t.Errorf("%q is not URL-safe", c)
			}
			q := tt.q
			q.Cursor, q.Limit = c, 7 // the page size may change
			got, ok, err := cursor.Decode(q)
			if err != nil || !ok || got != tt.pos {
				t.Errorf("Decode = %v, %v, %v, want %v", got, ok, err, tt.pos)
			}
		})
	}
}

func TestDecodeRefuses(t *testing.T) {
	base := table.Query{Index: "i", P: "p", From: "a", To: "m"}
	row := table.Key{P: "x", S: "y"}
	good := cursor.Encode(base, cursor.Pos{S: "b", Row: row})
	raw, err := base64.RawURLEncoding.DecodeString(good)
	if err != nil {
		t.Fatal(err)
	}
	with := func(change func(*table.Query)) table.Query {
		q := base
		q.Cursor = good
		change(&q)
		return q
	}
	tests := []struct {
		name string
		q    table.Query
	}{
		{"other partition", with(func(q *table.Query) { q.P = "q" })},
		{"other index", with(func(q *table.Query) { q.Index = "j" })},
		{"the table", with(func(q *table.Query) { q.Index = "" })},
		{"other direction", with(func(q *table.Query) { q.Desc = true })},
		{"other lower bound", with(func(q *table.Query) { q.From = "" })},
		{"other upper bound", with(func(q *table.Query) { q.To = "n" })},
		{"parts run together", with(func(q *table.Query) { q.Index, q.P = "ip", "" })},
		{"not base64", with(func(q *table.Query) { q.Cursor = "ü" })},
		{"padded", with(func(q *table.Query) { q.Cursor += "=" })},
		{"cut short", with(func(q *table.Query) { q.Cursor = q.Cursor[:len(q.Cursor)-4] })},
		{"bytes after it", with(func(q *table.Query) { q.Cursor = base64.RawURLEncoding.EncodeToString(append(raw, 0)) })},
		{"outside the bounds", with(func(q *table.Query) { q.Cursor = cursor.Encode(base, cursor.Pos{S: "z", Row: row}) })},
		{"no row key on an index", with(func(q *table.Query) { q.Cursor = cursor.Encode(base, cursor.Pos{S: "b"}) })},
		{"bad UTF-8", with(func(q *table.Query) { q.Cursor = cursor.Encode(base, cursor.Pos{S: "b\xff", Row: row}) })},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if pos, ok, err := cursor.Decode(tt.q); !fault.Is(err, fault.Invalid) || ok {
				t.Errorf("Decode = %v, %v, %v, want an Invalid error", pos, ok, err)
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	q := table.Query{Index: "i", P: "p"}
	f.Add(cursor.Encode(q, cursor.Pos{S: "b", Row: table.Key{P: "x", S: "y"}}))
	f.Add("AAAA")
	f.Fuzz(func(t *testing.T, c string) {
		q := q
		q.Cursor = c
		pos, ok, err := cursor.Decode(q)
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Errorf("error %v is not Invalid", err)
			}
			return
		}
		if ok && cursor.Encode(q, pos) != c {
			// Base64 has several spellings of the last bits; the position must still be the same.
			q.Cursor = cursor.Encode(q, pos)
			if again, _, err := cursor.Decode(q); err != nil || again != pos {
				t.Errorf("%v reads back as %v, %v", pos, again, err)
			}
		}
	})
}
