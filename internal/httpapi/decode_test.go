package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/fault"
)

// body has a field of every sort that requests have.
type body struct {
	Text     string            `json:"text"`
	Rating   int               `json:"rating" zero:"must be 1 to 5"`
	Effort   float64           `json:"effort"`
	On       bool              `json:"on"`
	Day      day               `json:"day"`
	Named    *string           `json:"named"`
	Number   *int              `json:"number"`
	Inner    inner             `json:"inner"`
	Perhaps  *inner            `json:"perhaps"`
	Tags     []string          `json:"tags"`
	Rules    []inner           `json:"rules"`
	Labels   map[string]string `json:"labels"`
	Raw      json.RawMessage   `json:"raw"`
	Hidden   string            `json:"-"`
	Untagged string
}

type inner struct {
	Name string `json:"name"`
	Deep *struct {
		On *bool `json:"on"`
	} `json:"deep"`
}

// day reads itself, as dates do.
type day struct{ time.Time }

func (d *day) UnmarshalText(b []byte) error {
	t, err := time.Parse(time.DateOnly, string(b))
	if err != nil {
		return errors.New("must be a date like 2026-12-31")
	}
	d.Time = t
	return nil
}

func (d *day) UnmarshalJSON(b []byte) error {
	if len(b) < 2 || b[0] != '"' {
		return errors.New("must be a date like 2026-12-31")
	}
	return d.UnmarshalText(b[1 : len(b)-1])
}

// complaints gives what err says about which field, or its code where it names none.
func complaints(t *testing.T, err error) []string {
	t.Helper()
	if err == nil {
		return nil
	}
	e, ok := errors.AsType[*fault.Error](err)
	if !ok || e.Kind != fault.Invalid {
		t.Fatalf("not Invalid: %v", err)
	}
	if len(e.Fields) == 0 {
		return []string{e.Code}
	}
	var out []string
	for _, f := range e.Fields {
		out = append(out, f.Pointer+" "+f.Detail)
	}
	return out
}

func TestDecodeJSON(t *testing.T) {
	on := struct {
		On *bool `json:"on"`
	}{new(true)}
	tests := []struct {
		name string
		in   string
		want body     // where it is taken
		bad  []string // where it is refused
	}{
		{"nothing", `{}`, body{}, nil},
		{"white space around", " \n{ } ", body{}, nil},
		{
			"everything",
			`{"text":"a \"b\" \u00e9 😀","rating":5,"effort":1.5,"on":true,"day":"2026-12-31","named":"","number":0,"inner":{"name":"n"},
			"perhaps":{"deep":{"on":true}},"tags":["a","b"],"rules":[{"name":"r"},{}],"labels":{"k":"v"},"raw":{"any":[1]}}`,
			body{
				Text: `a "b" é 😀`, Rating: 5, Effort: 1.5, On: true, Day: day{time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC)}, Named: new(""), Number: new(0),
				Inner: inner{Name: "n"}, Perhaps: &inner{Deep: &on}, Tags: []string{"a", "b"}, Rules: []inner{{Name: "r"}, {}},
				Labels: map[string]string{"k": "v"}, Raw: json.RawMessage(`{"any":[1]}`),
			},
			nil,
		},
		{"null is as if absent", `{"text":null,"rating":null,"named":null,"inner":null,"perhaps":null,"tags":null,"rules":[null],"day":null}`, body{Rules: []inner{{}}}, nil},
		{"no members is something", `{"perhaps":{},"tags":[],"rules":[]}`, body{Perhaps: &inner{}, Tags: []string{}, Rules: []inner{}}, nil},
		{"broken pairs of surrogates", `{"text":"\ud800x"}`, body{Text: "\ufffdx"}, nil},

		{"empty", ``, body{}, []string{"malformed_json"}},
		{"no JSON", `text=a`, body{}, []string{"malformed_json"}},
		{"cut", `{"text":"a"`, body{}, []string{"malformed_json"}},
		{"more behind", `{} {}`, body{}, []string{"malformed_json"}},
		{"a mark of byte order", "\ufeff{}", body{}, []string{"malformed_json"}},
		{"a comment", `{/* */}`, body{}, []string{"malformed_json"}},
		{"not a number of JSON", `{"rating":NaN}`, body{}, []string{"malformed_json"}},
		{"too deep", strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000), body{}, []string{"malformed_json"}},
		{"null", `null`, body{}, []string{" must be an object"}},
		{"a list", `[{}]`, body{}, []string{" must be an object"}},
		{"a text", `"{}"`, body{}, []string{" must be an object"}},
		{"an unknown field", `{"txet":"a"}`, body{}, []string{"/txet is not a field here"}},
		{"case counts", `{"Text":"a","TEXT":"b"}`, body{}, []string{"/TEXT is not a field here", "/Text is not a field here"}},
		{"a Go name is none", `{"Untagged":"a","Hidden":"b","-":"c"}`, body{}, []string{"/- is not a field here", "/Hidden is not a field here", "/Untagged is not a field here"}},
		{"a member twice", `{"text":"a","text":"b"}`, body{}, []string{"/text is given more than once"}},
		{"a member twice, written differently", `{"text":"a","te\u0078t":"b"}`, body{}, []string{"/text is given more than once"}},
		{"zero where there is none", `{"rating":0}`, body{}, []string{"/rating must be 1 to 5"}},
		{
			"wrong types, all at once",
			`{"text":1,"rating":"5","effort":"1","on":"true","day":5,"named":[],"number":1.5,"inner":"x","perhaps":[],"tags":"a","rules":{},"labels":[]}`,
			body{},
			[]string{
				"/day must be a date like 2026-12-31", "/effort must be a number", "/inner must be an object", "/labels must be an object", "/named must be a string",
				"/number must be a whole number", "/on must be true or false", "/perhaps must be an object", "/rating must be a whole number",
				"/rules must be a list", "/tags must be a list", "/text must be a string",
			},
		},
		{"numbers out of range", `{"rating":99999999999999999999,"effort":1e999}`, body{}, []string{"/effort must be a number", "/rating must be a whole number"}},
		{"no whole number", `{"rating":1.0}`, body{}, []string{"/rating must be a whole number"}},
		{"no such day", `{"day":"2026-02-30"}`, body{}, []string{"/day must be a date like 2026-12-31"}},
		{
			"deep inside",
			`{"inner":{"x":1,"deep":{"on":2}},"tags":["a",1],"rules":[{},{"name":1},5],"labels":{"k":1}}`,
			body{},
			[]string{"/inner/deep/on must be true or false", "/inner/x is not a field here", "/labels must be an object", "/rules/1/name must be a string", "/rules/2 must be an object", "/tags/1 must be a string"},
		},
		{"names that pointers escape", `{"a/b":1,"c~d":1,"":1}`, body{}, []string{"/ is not a field here", "/a~1b is not a field here", "/c~0d is not a field here"}},
		{"a long name is cut", `{"` + strings.Repeat("é", 500) + `":1}`, body{}, []string{"/" + strings.Repeat("é", 30) + "… is not a field here"}},
		{"too many items", `{"tags":[` + strings.Repeat(`"a",`, 1000) + `"a"]}`, body{}, []string{"/tags must have at most 1000 items"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got body
			err := DecodeJSON([]byte(tt.in), &got)
			if d := cmp.Diff(tt.bad, complaints(t, err)); d != "" {
				t.Fatalf("(-want +got):\n%s", d)
			}
			if err != nil {
				return
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestDecodeForm(t *testing.T) {
	tests := []struct {
		name string
		in   string // as it is sent
		want body
		bad  []string
	}{
		{"nothing", "", body{}, nil},
		{
			"everything", "text=a+b%0D%0Ac&rating=5&effort=0.5&on=on&day=2026-12-31&named=n&number=0&inner.name=x&perhaps.deep.on=false&tags=a&tags=b,c%0Ad",
			body{
				Text: "a b\r\nc", Rating: 5, Effort: 0.5, On: true, Day: day{time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC)}, Named: new("n"), Number: new(0),
				Inner: inner{Name: "x"}, Perhaps: &inner{Deep: &struct {
					On *bool `json:"on"`
				}{new(false)}}, Tags: []string{"a", "b", "c", "d"},
			},
			nil,
		},
		{"empty values are as if absent", "text=&rating=&effort=&on=&day=&named=&inner.name=&tags=", body{}, nil},
		{"a box behind its hidden false", "on=false&on=true", body{On: true}, nil},
		{"a box that is not ticked", "on=false", body{}, nil},
		{"what is no box", "on=maybe", body{}, []string{"/on must be true or false"}},
		{"an unknown field", "txet=a&inner.x=1&inner.name.first=2&a/b=1", body{}, []string{"/a~1b is not a field here", "/inner/name/first is not a field here", "/inner/x is not a field here", "/txet is not a field here"}},
		{"wrong types, all at once", "rating=x&effort=y&day=z&number=1.5", body{}, []string{"/day must be a date like 2026-12-31", "/effort must be a number", "/number must be a whole number", "/rating must be a whole number"}},
		{"numbers that JSON has not", "effort=NaN", body{}, []string{"/effort must be a number"}},
		{"numbers without end", "effort=-Inf", body{}, []string{"/effort must be a number"}},
		{"zero where there is none", "rating=0", body{}, []string{"/rating must be 1 to 5"}},
		{"what no form can say", "inner=x&rules=x&labels=x&raw=x", body{}, []string{
			"/inner cannot be given in a form", "/labels cannot be given in a form", "/raw cannot be given in a form", "/rules cannot be given in a form",
		}},
		{"bad UTF-8 behind percent signs", "text=%ff%fe", body{}, []string{"invalid_utf8"}},
		{"bad UTF-8 in a name", "%ff=1", body{}, []string{"invalid_utf8"}},
		{"a long way", strings.Repeat("a.", 5000) + "a=1", body{}, []string{strings.Repeat("/a", 8) + " is not a field here"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			values, err := url.ParseQuery(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			var got body
			err = DecodeForm(values, &got)
			if d := cmp.Diff(tt.bad, complaints(t, err)); d != "" {
				t.Fatalf("(-want +got):\n%s", d)
			}
			if err != nil {
				return
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// No answer is larger than its question by more than a bound.
func TestComplaintsAreBounded(t *testing.T) {
	var b strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&b, `,"x%d":1`, i)
	}
	err := DecodeJSON([]byte("{"+b.String()[1:]+"}"), &body{})
	if got := complaints(t, err); len(got) != maxBad {
		t.Errorf("%d complaints", len(got))
	}
}

func TestDecode(t *testing.T) {
	tests := []struct {
		name, media, in string
		want            string // the text that is read
		bad             []string
		status          int
	}{
		{"JSON", "application/json", `{"text":"a"}`, "a", nil, 0},
		{"JSON that says its charset", "Application/JSON; charset=UTF-8", `{"text":"a"}`, "a", nil, 0},
		{"no media type", "", `{"text":"a"}`, "a", nil, 0},
		{"a form", "application/x-www-form-urlencoded", "text=a", "a", nil, 0},
		{"a form that is JSON, as curl -d sends it", "application/x-www-form-urlencoded", ` {"text":"a"}`, "a", nil, 0},
		{"a form with a brace", "application/x-www-form-urlencoded", "text={", "{", nil, 0},
		{"a form that is none", "application/x-www-form-urlencoded", "text=%zz", "", []string{"malformed_form"}, http.StatusBadRequest},
		{"a form with semicolons", "application/x-www-form-urlencoded", "a;b", "", []string{"malformed_form"}, http.StatusBadRequest},
		{"another charset", "application/json; charset=latin1", `{}`, "", []string{"unsupported_media"}, http.StatusUnsupportedMediaType},
		{"another media type", "text/plain", `{}`, "", []string{"unsupported_media"}, http.StatusUnsupportedMediaType},
		{"a form with files", "multipart/form-data; boundary=x", `--x--`, "", []string{"unsupported_media"}, http.StatusUnsupportedMediaType},
		{"no media type that can be read", "application/json; charset", `{}`, "", []string{"unsupported_media"}, http.StatusUnsupportedMediaType},
		{"bad UTF-8", "application/json", "{\"text\":\"\xff\"}", "", []string{"invalid_utf8"}, http.StatusBadRequest},
		{"not JSON", "application/json", "{", "", []string{"malformed_json"}, http.StatusBadRequest},
		{"too large", "application/json", `{"text":"` + strings.Repeat("x", MaxBody) + `"}`, "", []string{"body_too_large"}, http.StatusRequestEntityTooLarge},
		{"a bad field", "application/json", `{"text":1}`, "", []string{"/text must be a string"}, http.StatusUnprocessableEntity},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(tt.in))
			if tt.media != "" {
				r.Header.Set("Content-Type", tt.media)
			}
			var got body
			err := Decode(r, &got)
			if d := cmp.Diff(tt.bad, complaints(t, err)); d != "" {
				t.Fatalf("(-want +got):\n%s", d)
			}
			if err != nil && Status(err) != tt.status {
				t.Errorf("status %d, want %d", Status(err), tt.status)
			}
			if err == nil && got.Text != tt.want {
				t.Errorf("text %q, want %q", got.Text, tt.want)
			}
		})
	}
}

type failing struct{ io.Reader }

func (f failing) Read(b []byte) (int, error) {
	n, err := f.Reader.Read(b)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func TestReadBody(t *testing.T) {
	tests := []struct {
		name  string
		body  io.Reader
		limit int64
		want  string
		code  string
	}{
		{"empty", strings.NewReader(""), 4, "", ""},
		{"just within", strings.NewReader("abcd"), 4, "abcd", ""},
		{"one byte more", strings.NewReader("abcde"), 4, "", "body_too_large"},
		{"a character at the edge", strings.NewReader("ab€"), 5, "ab€", ""},
		{"bad UTF-8", strings.NewReader("ab\xc3"), 5, "", "invalid_utf8"},
		{"UTF-8 that says less with more", strings.NewReader("\xc0\xaf"), 5, "", "invalid_utf8"},
		{"half of a pair", strings.NewReader("\xed\xa0\x80"), 5, "", "invalid_utf8"},
		{"NUL is text", strings.NewReader("a\x00"), 5, "a\x00", ""},
		{"cut on its way", failing{strings.NewReader("ab")}, 5, "", "malformed_json"},
		{"without end", endless{}, 1 << 20, "", "body_too_large"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", tt.body)
			got, err := ReadBody(r, tt.limit)
			if string(got) != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
			if want := tt.code; want != "" && !cmp.Equal(complaints(t, err), []string{want}) || want == "" && err != nil {
				t.Errorf("error %v, want %s", err, want)
			}
		})
	}
}

type endless struct{}

func (endless) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

func FuzzDecodeJSON(f *testing.F) {
	for _, s := range []string{
		`{}`, `null`, `{"text":"a","rating":1,"inner":{"deep":{"on":true}},"rules":[{"name":null}],"tags":["x"]}`, `{"text":"a","text":1}`,
		`{"perhaps":{"deep":null},"day":"2026-02-30","labels":{"a":1}}`, `[[[`, "{\"\xff\":1}", `{"a/b~":1}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > MaxBody {
			return
		}
		var got body
		err := DecodeJSON(b, &got)
		if err == nil {
			// What passes is a JSON object, and says the same to encoding/json.
			var plain body
			if json.Unmarshal(b, &plain) != nil || cmp.Diff(plain, got) != "" {
				t.Errorf("%q is read as %+v", b, got)
			}
			return
		}
		held(t, err)
	})
}

func FuzzDecodeForm(f *testing.F) {
	for _, s := range []string{"text=a&rating=5", "inner.deep.on=1&perhaps.name=x", "tags=a,b", "%ff=%fe", "....=1", "=&=&", "rules=1&day=x&on=on"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		values, err := url.ParseQuery(s)
		if err != nil {
			return
		}
		var got body
		if err := DecodeForm(values, &got); err != nil {
			held(t, err)
			return
		}
		if b, err := json.Marshal(got); err != nil || !utf8.Valid(b) {
			t.Errorf("%q is read as %+v: %v", s, got, err)
		}
	})
}

// held holds an error against what every refusal promises: Invalid, bounded, and a document that can be sent.
func held(t *testing.T, err error) {
	t.Helper()
	e, ok := errors.AsType[*fault.Error](err)
	if !ok || e.Kind != fault.Invalid || len(e.Fields) > maxBad {
		t.Fatalf("%v", err)
	}
	for _, f := range e.Fields {
		if f.Pointer != "" && f.Pointer[0] != '/' || f.Detail == "" || len(f.Pointer) > 2000 {
			t.Errorf("pointer %q: %q", f.Pointer, f.Detail)
		}
	}
	w := httptest.NewRecorder()
	WriteProblem(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil), err)
	if !json.Valid(bytes.TrimSpace(w.Body.Bytes())) || w.Code < 400 || w.Code >= 500 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
