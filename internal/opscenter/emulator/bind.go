package emulator

import (
	"encoding/json"
	"reflect"
	"sync"
	"time"
)

// bind copies a checked request into the struct that an operation works with: members by their exact name, unlike
// encoding/json, which would take "title" for Title where AWS ignores it. The request must have passed check.
func bind(v any, dst reflect.Value) {
	switch dst.Kind() {
	case reflect.Struct:
		if dst.Type() == timeType {
			if t, ok := readTimestamp(v); ok {
				dst.Set(reflect.ValueOf(t))
			}
			return
		}
		m := v.(map[string]any)
		for name, i := range fieldsOf(dst.Type()) {
			if f := m[name]; f != nil {
				bind(f, dst.Field(i))
			}
		}
	case reflect.Slice:
		l := v.([]any)
		out := reflect.MakeSlice(dst.Type(), len(l), len(l)) // never nil: an empty list is not an absent one
		for i, e := range l {
			bind(e, out.Index(i))
		}
		dst.Set(out)
	case reflect.Map:
		m := v.(map[string]any)
		out := reflect.MakeMapWithSize(dst.Type(), len(m))
		for k, e := range m {
			entry := reflect.New(dst.Type().Elem()).Elem()
			bind(e, entry)
			out.SetMapIndex(reflect.ValueOf(k), entry)
		}
		dst.Set(out)
	case reflect.String:
		dst.SetString(v.(string))
	case reflect.Int:
		n, _ := v.(json.Number).Int64() // check has read it
		dst.SetInt(n)
	default: // no input has another kind: a test compares them with the model
	}
}

var (
	timeType   = reflect.TypeFor[time.Time]()
	fieldCache sync.Map // reflect.Type -> map[string]int
)

func fieldsOf(t reflect.Type) map[string]int {
	if m, ok := fieldCache.Load(t); ok {
		return m.(map[string]int)
	}
	m := make(map[string]int, t.NumField())
	for i := range t.NumField() {
		m[t.Field(i).Name] = i
	}
	fieldCache.Store(t, m)
	return m
}
