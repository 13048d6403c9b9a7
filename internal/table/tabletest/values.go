package tabletest

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/fault"
	"learningloop/internal/table"
)

// oddKeys are valid keys that encodings, delimiters and ranges trip over.
var oddKeys = []string{
	"a", "a\x00", "a\x00\x00", "a\x00\x01", "a\x00\xc2\x80", "a\x01", "a\x1f", "ab", "A", "0", " ", "  ", "\t", "\n", "\x00", "\x00\x00", "\x01", "\x7f",
	"#", "a#", "a#b", "/", "a/b", "../a", "%00", "%", "a%2Fb", "'", "\"", "\\", "\\x00", "<b>", "{}", "null", ":p", "$", "`",
	"é", "e\u0301", "\u0080", "\u00ff", "߿", "\u0800", "\ufeff", "\ufffd", "\uffff", "\U00010000", "😀", "👩\u200d👩\u200d👧", "\U0010ffff", "\U0010ffff\U0010ffff",
	"日本語", "العربية", "\u202eabc",
}

func testOddKeys(s *suite) {
	// As sort keys, in one partition and in an index.
	var rows []table.Row
	for i, k := range oddKeys {
		r := s.row(k, i)
		r.Index = map[table.Index]table.Key{IndexA: {P: s.p("i"), S: k}}
		rows = append(rows, r)
	}
	s.put(rows...)
	for i := range rows {
		rows[i].Version = 1
		s.want(rows[i].Key, &rows[i])
	}
	want := slices.Sorted(slices.Values(oddKeys))
	for _, desc := range []bool{false, true} {
		want := want
		if desc {
			want = backwards(want)
		}
		for _, limit := range []int{0, 3} {
			q := table.Query{P: s.p("p"), Desc: desc, Limit: limit, Consistent: true}
			if diff := cmp.Diff(want, names(s.all(q))); diff != "" {
				s.Errorf("desc %t, limit %d: order differs (-want +got):\n%s", desc, limit, diff)
			}
			s.indexHolds(table.Query{Index: IndexA, P: s.p("i"), Desc: desc, Limit: limit}, want...)
		}
	}
	for _, k := range oddKeys { // each is a bound too
		i, _ := slices.BinarySearch(want, k)
		if diff := cmp.Diff(want[i:], names(s.all(table.Query{P: s.p("p"), From: k, Consistent: true}))); diff != "" {
			s.Errorf("from %q: rows differ (-want +got):\n%s", k, diff)
		}
		if diff := cmp.Diff(append([]string{}, want[:i]...), names(s.all(table.Query{P: s.p("p"), To: k, Consistent: true}))); diff != "" {
			s.Errorf("to %q: rows differ (-want +got):\n%s", k, diff)
		}
	}

	// As partition keys, of the table and of an index: none runs into another.
	for i, k := range oddKeys {
		s.put(table.Row{
			Key: table.Key{P: s.p(k), S: "x"}, Type: "thing", Attrs: fmt.Appendf(nil, `{"n":%d}`, i),
			Index: map[table.Index]table.Key{IndexB: {P: s.p(k), S: "y"}},
		})
	}
	for _, k := range oddKeys {
		if got := s.all(table.Query{P: s.p(k), Consistent: true}); len(got) != 1 || got[0].Key.P != s.p(k) {
			s.Errorf("partition %q has %d rows", k, len(got))
		}
		s.eventually(func() string {
			if got := s.all(table.Query{Index: IndexB, P: s.p(k)}); len(got) != 1 || got[0].Key.P != s.p(k) {
				return fmt.Sprintf("index partition %q has %d rows", k, len(got))
			}
			return ""
		})
	}
}

// Numbers keep their value exactly; members that are null go.
var oddValues = []struct{ name, put, want string }{
	{"empty", `{}`, `{}`},
	{"spaces", " {\n\t\"a\" : 1 }\r\n", `{"a":1}`},
	{"strings", `{"empty":"","quote":"\"\\\/\b\f\n\r\t","html":"<script>&amp;</script>","nul":"\u0000","control":"\u0001\u001f\u007f"}`, ""},
	{"unicode", `{"é":"é","pair":"\ud83d\ude00","😀":"e\u0301","sep":"\u2028\u2029","rtl":"\u202e","last":"\udbff\udfff","bom":"\ufeff"}`, ""},
	{"booleans", `{"t":true,"f":false}`, ""},
	{"nulls", `{"a":null,"b":{"c":null,"d":[null]},"text":"null"}`, `{"b":{"c":null,"d":[null]},"text":"null"}`},
	{"only null", `{"a":null}`, `{}`},
	{"collections", `{"o":{},"l":[],"oo":{"o":{"l":[[],{}]}},"mixed":[1,"1",true,null,{"a":[]}]}`, ""},
	{"integers", `{"zero":0,"minus":-0,"max":9223372036854775807,"more":9223372036854775808,"js":9007199254740993}`, ""},
	{"digits", `{"long":12345678901234567890123456789012345678,"minus":-99999999999999999999999999999999999999,"frac":0.12345678901234567890123456789012345678,"both":1234567890123456789.0123456789012345678}`, ""},
	{"fractions", `{"third":0.1,"trail":1.10,"one":1.0,"small":0.000000000000000000000000000001,"e":1.5e3,"E":2E+2,"minus":-1.25e-7}`, ""},
	{"ranges", `{"largest":9.9999999999999999999999999999999999999E+125,"smallest":1E-130,"least":-9.9999999999999999999999999999999999999E+125}`, ""},
	{"names of the engine's own", `{"pk":1,"sk":"s","type":"t","schema":2,"version":"v","expires":3,"pending_p":"p","pending_s":"s","other_p":4,"other_s":5,"_p":6,"_s":7}`, ""},
	{"underscores", `{"_pk":1,"__pk":2,"_":3,"__":4,"_type":{"type":5},"_a":6,"___version":7,"_x_p":8}`, ""},
	{"names of expressions", `{"#a":1,":b":2,"a.b":{"c.d":3},"a[0]":[4]," ":5,"size":6,"select":7,"$":8,"a b":9,"'":10,"\"":11,"\u0000":12}`, ""},
	{"binary-like", `{"b":"AAECAw==","n":"12","s":{"S":"x"},"n2":{"N":"1"},"nul":{"NULL":true}}`, ""},
}

func testOddValues(s *suite) {
	for i, tt := range oddValues {
		if tt.want == "" {
			tt.want = tt.put
		}
		r := s.row(tt.name, i)
		r.Attrs = []byte(tt.put)
		s.put(r)
		r.Attrs, r.Version = []byte(tt.want), 1
		if diff := diffRow(&r, s.get(r.Key)); diff != "" {
			s.Errorf("%s: row differs (-want +got):\n%s", tt.name, diff)
		}
		// A write replaces the whole row: nothing of the old one stays.
		r.Attrs = []byte(`{"only":1}`)
		s.write(table.Put(r, table.VersionIs(1)))
		r.Version = 2
		s.want(r.Key, &r)
	}
	deep := strings.Repeat(`{"a":`, 31) + `[]` + strings.Repeat("}", 31)
	r := s.row("deep", 1)
	r.Attrs = []byte(deep)
	s.put(r)
	r.Version = 1
	s.want(r.Key, &r)
	minimal := table.Row{Key: s.key("minimal"), Attrs: []byte(`{}`)}
	s.put(minimal)
	minimal.Version = 1
	s.want(minimal.Key, &minimal)
}

// testSizes: what the limits allow is kept, what they do not is refused before anything is written.
func testSizes(s *suite) {
	text := func(total int) []byte { // attributes of exactly so many bytes
		const frame = `{"t":""}`
		return []byte(`{"t":"` + strings.Repeat("x", total-len(frame)) + `"}`)
	}
	long := strings.Repeat("é", table.MaxSortKey/2)
	full := table.Row{
		Key: table.Key{P: s.prefix + strings.Repeat("p", table.MaxPartitionKey-len(s.prefix)), S: long},
		Index: map[table.Index]table.Key{
			IndexA: {P: s.prefix + strings.Repeat("a", table.MaxPartitionKey-len(s.prefix)), S: long},
		},
		Type: "thing", Schema: 1, Attrs: text(table.MaxRow),
	}
	s.put(full)
	full.Version = 1
	s.want(full.Key, &full)
	s.eventually(func() string {
		return diffRows([]table.Row{full}, s.all(table.Query{Index: IndexA, P: full.Index[IndexA].P}))
	})

	refused := func(name string, ops ...table.Op) {
		s.Helper()
		if err := s.Table.Write(s.Context(), ops...); !fault.Is(err, fault.Invalid) {
			s.Errorf("%s: error %v, want Invalid", name, err)
		}
	}
	tooLarge := s.row("too large", 1)
	tooLarge.Attrs = text(table.MaxRow + 1)
	refused("a row of one byte more", table.Put(tooLarge, table.Absent()))
	tooLarge.Attrs = []byte(`{"l":[` + strings.TrimSuffix(strings.Repeat("1,", 150_000), ",") + `]}`)
	refused("a row that is larger in DynamoDB than in JSON", table.Put(tooLarge, table.Absent()))
	s.want(tooLarge.Key, nil)

	// One write of almost 4 MB; and one of more.
	var ops []table.Op
	for i := range 10 {
		r := s.row(fmt.Sprintf("wide %d", i), i)
		r.Attrs = text(table.MaxRow)
		ops = append(ops, table.Put(r, table.Absent()))
	}
	s.write(ops...)
	if rows := s.all(table.Query{P: s.p("p"), Consistent: true, Limit: 4}); len(rows) != 10 || !bytes.Equal(jsonText(rows[9].Attrs), jsonText(text(table.MaxRow))) {
		s.Errorf("%d rows of the largest size came back, or changed", len(rows))
	}
	more := s.row("more", 1)
	more.Attrs = text(table.MaxRow)
	for i := range ops {
		ops[i].Cond = table.VersionIs(1)
	}
	refused("a write of more than 4 MB", append(ops, table.Put(more, table.Absent()))...)
	s.want(more.Key, nil)
}

func jsonText(b []byte) []byte { return []byte(fmt.Sprint(jsonValue(b))) }
