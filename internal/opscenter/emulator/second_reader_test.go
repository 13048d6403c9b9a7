package emulator

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/testenv"
)

// TestEveryConstraint tries every constraint of every input shape just inside and just outside. Which constraints there
// are, the values and what has to come back are botocore's reading of the model (testdata/clients/constraints.py), not
// this package's. A value inside may be refused for what an operation finds wrong with it, never by the model.
func TestEveryConstraint(t *testing.T) {
	testenv.Need(t, testenv.Python)
	r := newRig(t)
	endpoint, heard := r.heard()
	var got struct {
		Found, Tried map[string]int // by kind of constraint
		Requests     map[string]int // by operation
		Wrong        []string
	}
	if err := json.Unmarshal(python(t, endpoint, "constraints.py", "ssm-opsitems.json"), &got); err != nil {
		t.Fatal(err)
	}
	for _, w := range got.Wrong {
		t.Error(w)
	}
	if diff := cmp.Diff(got.Found, got.Tried); diff != "" {
		t.Errorf("found, but not tried on both sides: %s", diff)
	}
	kinds := []string{
		"enum", "max", "max length", "max size", "min", "min length", "min size", "not null", "pattern", "required", "type",
	}
	if diff := cmp.Diff(kinds, slices.Sorted(maps.Keys(got.Found))); diff != "" {
		t.Errorf("kinds of constraints: %s", diff)
	}
	var kindly []string
	found, tried, sent := 0, 0, 0
	for _, kind := range kinds {
		found, tried = found+got.Found[kind], tried+got.Tried[kind]
		kindly = append(kindly, fmt.Sprintf("%s %d", kind, got.Tried[kind]))
	}
	for op := range r.model.Operations {
		n := 0
		for _, k := range heard.answers[op] {
			n += k
		}
		if n == 0 || n != got.Requests[op] {
			t.Errorf("%s: %d requests sent, %d came", op, got.Requests[op], n)
		}
		sent += n
	}
	t.Attr("constraints", fmt.Sprintf("%d found, %d tried inside and outside with %d requests, %d mismatches (%s)", found, tried, sent, len(got.Wrong), strings.Join(kindly, ", ")))
}
