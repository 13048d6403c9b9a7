package httpapi

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"mime"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"learningloop/internal/fault"
)

// MaxBody is the largest request body, in bytes: 10,000 characters of four bytes each, escaped twice over, and room.
const MaxBody = 128 << 10

func asFault(err error) (*fault.Error, bool) { return errors.AsType[*fault.Error](err) }

// ReadBody reads a whole body within the limit; body_too_large (413) past it, invalid_utf8 (400) where it is no UTF-8.
func ReadBody(r *http.Request, limit int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r.Body, limit+1))
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "malformed_json", "The body did not arrive whole.", err)
	}
	if int64(len(b)) > limit {
		return nil, fault.New(fault.Invalid, "body_too_large", fmt.Sprintf("The body is larger than %d bytes.", limit))
	}
	if !utf8.Valid(b) {
		return nil, errUTF8
	}
	return b, nil
}

var errUTF8 = fault.New(fault.Invalid, "invalid_utf8", "The body is not valid UTF-8.")

// Decode reads a JSON or form body into v, a pointer to a struct, by its json tags. Unknown members (case counts), members
// given twice, and wrong types are all named at once, each with its pointer. A field's tag zero:"must be 1 to 5" refuses
// the zero value where it was sent, in these words.
func Decode(r *http.Request, v any) error {
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil && r.Header.Get("Content-Type") != "" {
		media = "?"
	}
	if cs := params["charset"]; cs != "" && !strings.EqualFold(cs, "utf-8") {
		media = "?"
	}
	body, err := ReadBody(r, MaxBody)
	if err != nil {
		return err
	}
	switch media {
	case "application/json", "":
		return DecodeJSON(body, v)
	case "application/x-www-form-urlencoded":
		if b := bytes.TrimSpace(body); len(b) > 0 && b[0] == '{' && json.Valid(b) {
			return DecodeJSON(body, v) // curl -d says form whatever it sends
		}
		values, err := url.ParseQuery(string(body))
		if err != nil {
			return fault.Wrap(fault.Invalid, "malformed_form", "The form cannot be read.", err)
		}
		return DecodeForm(values, v)
	default:
		return fault.New(fault.Invalid, "unsupported_media", "Send application/json or application/x-www-form-urlencoded, in UTF-8.")
	}
}

// DecodeJSON reads a JSON object into v, a pointer to a struct.
func DecodeJSON(body []byte, v any) error {
	if !json.Valid(body) {
		var x any
		err := json.Unmarshal(body, &x)
		return fault.Wrap(fault.Invalid, "malformed_json", "The body is not JSON: "+jsonFault(err)+".", err)
	}
	d := decoder{}
	d.object(body, reflect.ValueOf(v).Elem(), "")
	return fault.Fields(d.bad...)
}

func jsonFault(err error) string {
	if s, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Sprintf("%s at byte %d", strings.TrimPrefix(s.Error(), "json: "), s.Offset)
	}
	return "it cannot be read"
}

type decoder struct{ bad []fault.Field }

// maxBad is how many bad fields are named: nobody reads more, and no answer should be larger than its question.
const maxBad = 100

func (d *decoder) reject(pointer, detail string) {
	if len(d.bad) == maxBad {
		return
	}
	d.bad = append(d.bad, fault.Field{Pointer: pointer, Detail: detail})
}

func (d *decoder) object(raw []byte, v reflect.Value, pointer string) {
	members, err := membersOf(raw)
	if err != nil {
		d.reject(pointer, "must be an object")
		return
	}
	fields := fieldsOf(v.Type())
	for i, m := range members {
		at := pointer + "/" + escape(m.name)
		f, ok := fields[m.name]
		if !ok {
			d.reject(at, "is not a field here")
			continue
		}
		if i > 0 && m.name == members[i-1].name {
			d.reject(at, "is given more than once") // which one was meant, nobody knows
			continue
		}
		before := len(d.bad)
		d.value(m.value, v.Field(f.at), at)
		if f.zero != "" && len(d.bad) == before && v.Field(f.at).IsZero() && !isNull(m.value) {
			d.reject(at, f.zero)
		}
	}
}

type member struct {
	name  string
	value json.RawMessage
}

// membersOf gives the members of a JSON object, known to be valid, in the order of their names. It cuts the text itself:
// to decode it twice would cost as much as all else about a small request.
func membersOf(raw []byte) ([]member, error) {
	rest := bytes.TrimLeft(raw, space)
	if len(rest) == 0 || rest[0] != '{' {
		return nil, errors.New("no object")
	}
	var out []member
	for rest = bytes.TrimLeft(rest[1:], space); len(rest) > 0 && rest[0] == '"'; rest = bytes.TrimLeft(rest, space+",") {
		n := stringLen(rest)
		name, err := unquote(rest[:n])
		if err != nil {
			return nil, err
		}
		rest = bytes.TrimLeft(rest[n:], space+":")
		n = valueLen(rest)
		out = append(out, member{name, json.RawMessage(rest[:n])})
		rest = rest[n:]
	}
	slices.SortStableFunc(out, func(a, b member) int { return strings.Compare(a.name, b.name) })
	return out, nil
}

const space = " \t\r\n"

// stringLen is how long the JSON string is that b begins with, quotes and all.
func stringLen(b []byte) int {
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(b)
}

// valueLen is how long the JSON value is that b begins with.
func valueLen(b []byte) int {
	depth := 0
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '"':
			i += stringLen(b[i:]) - 1
		case '{', '[':
			depth++
			continue
		case '}', ']':
			if depth == 0 {
				return i // of the object around a number or a word
			}
			depth--
		case ',', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return i
			}
			continue
		default: // inside a number or a word
			if depth == 0 && (i+1 == len(b) || !isEnd(b[i+1])) {
				continue
			}
		}
		if depth == 0 {
			return i + 1
		}
	}
	return len(b)
}

// isEnd says whether a number or a word ends before c.
func isEnd(c byte) bool { return strings.IndexByte(",]} \t\r\n", c) >= 0 }

// unquote reads a JSON string.
func unquote(b []byte) (string, error) {
	if bytes.IndexByte(b, '\\') < 0 {
		return string(b[1 : len(b)-1]), nil
	}
	var s string
	err := json.Unmarshal(b, &s)
	return s, err
}

func isNull(raw json.RawMessage) bool { return string(bytes.TrimSpace(raw)) == "null" }

func (d *decoder) value(raw json.RawMessage, v reflect.Value, pointer string) {
	if isNull(raw) {
		return
	}
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	if _, own := reflect.TypeAssert[json.Unmarshaler](v.Addr()); !own && v.Kind() == reflect.Struct {
		d.object(raw, v, pointer)
		return
	}
	if v.Kind() == reflect.Slice && v.Type().Elem().Kind() != reflect.Uint8 {
		d.slice(raw, v, pointer)
		return
	}
	if v.Kind() == reflect.String && raw[0] == '"' && bytes.IndexByte(raw, '\\') < 0 && !readsItself(v) {
		v.SetString(string(raw[1 : len(raw)-1]))
		return
	}
	if err := json.Unmarshal(raw, v.Addr().Interface()); err != nil {
		d.reject(pointer, "must be "+want(v, err))
	}
}

// readsItself says whether a type has its own way to read JSON.
func readsItself(v reflect.Value) bool {
	_, text := reflect.TypeAssert[encoding.TextUnmarshaler](v.Addr())
	_, whole := reflect.TypeAssert[json.Unmarshaler](v.Addr())
	return text || whole
}

func (d *decoder) slice(raw json.RawMessage, v reflect.Value, pointer string) {
	var items []json.RawMessage
	if err := json.Unmarshal(raw, &items); err != nil {
		d.reject(pointer, "must be a list")
		return
	}
	const most = 1000
	if len(items) > most {
		d.reject(pointer, fmt.Sprintf("must have at most %d items", most))
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(items), len(items)))
	for i, it := range items {
		d.value(it, v.Index(i), fmt.Sprintf("%s/%d", pointer, i))
	}
}

// aTime is what a time.Time should have been.
const aTime = "a time like 2026-12-31T22:00:00Z"

// want says what a value should have been.
func want(v reflect.Value, err error) string {
	switch v.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64:
		return "a whole number"
	case reflect.Float64:
		return "a number"
	case reflect.Map:
		return "an object"
	default:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return aTime
		}
		if _, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return "of another type"
		}
		return strings.TrimPrefix(err.Error(), "must be ")
	}
}

// DecodeForm reads form values into v, a pointer to a struct, by its json tags; "submitter.email" is the email of
// submitter. Empty values are as if absent.
func DecodeForm(values url.Values, v any) error {
	d := decoder{}
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if !utf8.ValidString(name) || slices.ContainsFunc(values[name], func(s string) bool { return !utf8.ValidString(s) }) {
			return errUTF8 // what was escaped by percent signs shows only now
		}
		path := strings.Split(name, ".")
		steps := slices.Clone(path[:min(len(path), maxPath)])
		for i := range steps {
			steps[i] = escape(steps[i])
		}
		at := "/" + strings.Join(steps, "/")
		target, f, ok := lookup(reflect.ValueOf(v).Elem(), path)
		if !ok {
			d.reject(at, "is not a field here")
			continue
		}
		before := len(d.bad)
		d.formValue(values[name], target, at)
		if f.zero != "" && len(d.bad) == before && target.IsZero() && !slices.Equal(values[name], []string{""}) {
			d.reject(at, f.zero)
		}
	}
	return fault.Fields(d.bad...)
}

// maxPath is how many steps of a form's name are repeated in an answer: more than any body has.
const maxPath = 8

func lookup(v reflect.Value, path []string) (reflect.Value, field, bool) {
	var f field
	for _, p := range path {
		if v.Kind() == reflect.Pointer {
			if v.IsNil() {
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		if v.Kind() != reflect.Struct {
			return v, f, false
		}
		var ok bool
		if f, ok = fieldsOf(v.Type())[p]; !ok {
			return v, f, false
		}
		v = v.Field(f.at)
	}
	return v, f, true
}

func (d *decoder) formValue(vals []string, v reflect.Value, pointer string) {
	if v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.String {
		for _, s := range vals {
			for part := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == '\n' || r == ',' }) {
				if part = strings.TrimSpace(part); part != "" {
					v.Set(reflect.Append(v, reflect.ValueOf(part).Convert(v.Type().Elem())))
				}
			}
		}
		return
	}
	if len(vals) > 1 {
		vals = vals[len(vals)-1:] // a checkbox behind its hidden "false"
	}
	s := vals[0]
	if s == "" {
		return
	}
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	if u, ok := reflect.TypeAssert[encoding.TextUnmarshaler](v.Addr()); ok {
		if err := u.UnmarshalText([]byte(s)); err != nil {
			detail := err.Error()
			if v.Type() == reflect.TypeFor[time.Time]() {
				detail = "must be " + aTime
			}
			d.reject(pointer, detail)
		}
		return
	}
	var err error
	switch v.Kind() {
	case reflect.String:
		v.SetString(s)
	case reflect.Bool:
		switch s {
		case "on", "true", "1", "yes":
			v.SetBool(true)
		case "off", "false", "0", "no":
			v.SetBool(false)
		default:
			d.reject(pointer, "must be true or false")
		}
	case reflect.Int:
		var n int64
		if n, err = strconv.ParseInt(s, 10, 64); err == nil {
			v.SetInt(n)
		}
	case reflect.Float64:
		var n float64
		if n, err = strconv.ParseFloat(s, 64); err == nil && (math.IsNaN(n) || math.IsInf(n, 0)) {
			err = strconv.ErrRange // JSON has no such numbers
		}
		if err == nil {
			v.SetFloat(n)
		}
	default:
		d.reject(pointer, "cannot be given in a form")
		return
	}
	if err != nil {
		d.reject(pointer, "must be "+want(v, err))
	}
}

// field is where a member goes, and what is said where it is zero.
type field struct {
	at   int
	zero string
}

// fieldsOf maps json names to fields.
func fieldsOf(t reflect.Type) map[string]field {
	if known, ok := fieldsByType.Load(t); ok {
		if m, ok := known.(map[string]field); ok {
			return m
		}
	}
	out := make(map[string]field, t.NumField())
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue
		}
		out[name] = field{i, t.Field(i).Tag.Get("zero")}
	}
	fieldsByType.Store(t, out)
	return out
}

var fieldsByType sync.Map // reflect.Type -> map[string]field

// escape writes a member's name as a reference token of RFC 6901, cut so that an error stays readable.
func escape(name string) string {
	const longest = 60
	if len(name) > longest {
		name = strings.ToValidUTF8(name[:longest], "") + "…"
	}
	return escaper.Replace(name)
}

var escaper = strings.NewReplacer("~", "~0", "/", "~1")
