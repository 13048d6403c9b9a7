package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
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
		return nil, fault.New(fault.Invalid, "invalid_utf8", "The body is not valid UTF-8.")
	}
	return b, nil
}

// Decode reads a JSON or form body into v, a pointer to a struct, by its json tags. Unknown members, members given twice
// under different case, and wrong types are all named at once, each with its pointer.
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

func (d *decoder) reject(pointer, detail string) {
	d.bad = append(d.bad, fault.Field{Pointer: pointer, Detail: detail})
}

func (d *decoder) object(raw []byte, v reflect.Value, pointer string) {
	if b := bytes.TrimSpace(raw); len(b) == 0 || b[0] != '{' {
		d.reject(pointer, "must be an object")
		return
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil {
		d.reject(pointer, "must be an object")
		return
	}
	fields := fieldsOf(v.Type())
	names := make([]string, 0, len(members))
	for name := range members {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		at := pointer + "/" + escape(name)
		i, ok := fields[name]
		if !ok {
			d.reject(at, "is not a field here")
			continue
		}
		d.value(members[name], v.Field(i), at)
	}
}

func (d *decoder) value(raw json.RawMessage, v reflect.Value, pointer string) {
	if string(bytes.TrimSpace(raw)) == "null" {
		return
	}
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	if _, own := v.Addr().Interface().(json.Unmarshaler); !own && v.Kind() == reflect.Struct {
		d.object(raw, v, pointer)
		return
	}
	if v.Kind() == reflect.Slice && v.Type().Elem().Kind() != reflect.Uint8 {
		d.slice(raw, v, pointer)
		return
	}
	if err := json.Unmarshal(raw, v.Addr().Interface()); err != nil {
		d.reject(pointer, "must be "+want(v, err))
	}
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
	default:
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
		path := strings.Split(name, ".")
		at := "/" + strings.Join(path, "/")
		target, ok := lookup(reflect.ValueOf(v).Elem(), path)
		if !ok {
			d.reject(at, "is not a field here")
			continue
		}
		d.formValue(values[name], target, at)
	}
	return fault.Fields(d.bad...)
}

func lookup(v reflect.Value, path []string) (reflect.Value, bool) {
	for _, p := range path {
		if v.Kind() == reflect.Pointer {
			if v.IsNil() {
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		if v.Kind() != reflect.Struct {
			return v, false
		}
		i, ok := fieldsOf(v.Type())[p]
		if !ok {
			return v, false
		}
		v = v.Field(i)
	}
	return v, true
}

func (d *decoder) formValue(vals []string, v reflect.Value, pointer string) {
	if v.Kind() == reflect.Slice {
		for _, s := range vals {
			for part := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == '\n' || r == ',' }) {
				if part = strings.TrimSpace(part); part != "" && v.Type().Elem().Kind() == reflect.String {
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
	if u, ok := v.Addr().Interface().(interface{ UnmarshalText([]byte) error }); ok {
		if err := u.UnmarshalText([]byte(s)); err != nil {
			d.reject(pointer, err.Error())
		}
		return
	}
	var err error
	switch v.Kind() {
	case reflect.String:
		v.SetString(s)
	case reflect.Bool:
		v.SetBool(s == "on" || s == "true" || s == "1" || s == "yes")
	case reflect.Int:
		var n int64
		if n, err = strconv.ParseInt(s, 10, 64); err == nil {
			v.SetInt(n)
		}
	case reflect.Float64:
		var n float64
		if n, err = strconv.ParseFloat(s, 64); err == nil {
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

// fieldsOf maps json names to field positions.
func fieldsOf(t reflect.Type) map[string]int {
	out := make(map[string]int, t.NumField())
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue
		}
		out[name] = i
	}
	return out
}

// escape writes a member's name as a reference token of RFC 6901, cut so that an error stays readable.
func escape(name string) string {
	const longest = 60
	if len(name) > longest {
		name = strings.ToValidUTF8(name[:longest], "") + "…"
	}
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}
