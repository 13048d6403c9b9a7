package embedded

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"learningloop/internal/table"
)

// layoutV1 is the first byte of every stored row; another layout gets another number and its own reader.
const layoutV1 = 1

const flagExpires = 1

var errRow = errors.New("embedded: malformed row")

// encode writes a row without its key: layout, flags, version, schema, type, expiry, index keys, attributes.
func encode(r *table.Row) []byte {
	size := 32 + len(r.Type) + len(r.Attrs)
	names := make([]string, 0, len(r.Index))
	for name, k := range r.Index {
		names = append(names, string(name))
		size += 8 + len(name) + len(k.P) + len(k.S)
	}
	slices.Sort(names)
	b := append(make([]byte, 0, size), layoutV1, 0)
	b = binary.AppendVarint(b, r.Version)
	b = binary.AppendVarint(b, int64(r.Schema))
	b = appendString(b, r.Type)
	if !r.Expires.IsZero() {
		b[1] |= flagExpires
		b = binary.AppendVarint(b, r.Expires.Unix())
	}
	b = binary.AppendUvarint(b, uint64(len(names)))
	for _, name := range names {
		k := r.Index[table.Index(name)]
		b = appendString(appendString(appendString(b, name), k.P), k.S)
	}
	return append(b, r.Attrs...)
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// decode reads a stored row. Its attributes point into b, which must not change afterwards.
func decode(k table.Key, b []byte) (table.Row, error) {
	d := decoder{b: b}
	layout, flags := d.byte(), d.byte()
	if layout != layoutV1 {
		return table.Row{}, fmt.Errorf("row %s has layout %d: %w", k, layout, errRow)
	}
	r := table.Row{Key: k, Version: d.varint(), Schema: int(d.varint()), Type: d.string()}
	if flags&flagExpires != 0 {
		r.Expires = time.Unix(d.varint(), 0).UTC()
	}
	n := d.uvarint()
	if n > uint64(len(d.b)) {
		d.bad = true
	}
	for ; n > 0 && !d.bad; n-- {
		if r.Index == nil {
			r.Index = make(map[table.Index]table.Key, n)
		}
		name := table.Index(d.string())
		r.Index[name] = table.Key{P: d.string(), S: d.string()}
	}
	r.Attrs = json.RawMessage(d.b)
	if d.bad {
		return table.Row{}, fmt.Errorf("row %s: %w", k, errRow)
	}
	return r, nil
}

// decoder reads the parts one after the other and remembers whether one was cut short.
type decoder struct {
	b   []byte
	bad bool
}

func (d *decoder) byte() byte {
	if len(d.b) == 0 {
		d.bad = true
		return 0
	}
	c := d.b[0]
	d.b = d.b[1:]
	return c
}

func (d *decoder) varint() int64 {
	v, n := binary.Varint(d.b)
	return v * int64(d.skip(n))
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.b)
	return v * uint64(d.skip(n))
}

// skip gives 1, or 0 where there was no number to skip.
func (d *decoder) skip(n int) int {
	if n <= 0 {
		d.bad, d.b = true, nil
		return 0
	}
	d.b = d.b[n:]
	return 1
}

func (d *decoder) string() string {
	n := d.uvarint()
	if n > uint64(len(d.b)) {
		d.bad, d.b = true, nil
		return ""
	}
	s := string(d.b[:n])
	d.b = d.b[n:]
	return s
}

// normal brings attributes into the form the port promises to keep: without members that are null.
func normal(attrs json.RawMessage) (json.RawMessage, error) {
	if !bytes.Contains(attrs, []byte("null")) {
		return attrs, nil
	}
	m, err := members(attrs)
	if err != nil {
		return nil, err
	}
	n := len(m)
	for name, v := range m {
		if string(v) == "null" {
			delete(m, name)
		}
	}
	if len(m) == n {
		return attrs, nil
	}
	return join(m)
}

func members(attrs json.RawMessage) (map[string]json.RawMessage, error) {
	m := map[string]json.RawMessage{}
	if err := json.Unmarshal(attrs, &m); err != nil {
		return nil, fmt.Errorf("read attributes: %w", err)
	}
	return m, nil
}

func join(m map[string]json.RawMessage) (json.RawMessage, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false) // keep the attributes as they came
	if err := enc.Encode(m); err != nil {
		return nil, fmt.Errorf("write attributes: %w", err)
	}
	return bytes.TrimSpace(buf.Bytes()), nil
}
