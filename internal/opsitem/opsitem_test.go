package opsitem

import (
	"testing"

	"learningloop/internal/id"
)

func TestDigest(t *testing.T) {
	base := Patch{Status: Open, Data: map[string]string{"a": "1", "b": "2"}}
	same := Patch{Status: Open, Data: map[string]string{"b": "2", "a": "1"}}
	if base.Rest() != same.Rest() {
		t.Error("the order of a map tells two patches apart")
	}
	tests := []struct {
		name string
		p    Patch
	}{
		{"another description", Patch{Description: "x", Data: base.Data}},
		{"a resource", Patch{Resources: []string{"x"}, Data: base.Data}},
		{"the same as a runbook", Patch{Automations: []string{"x"}, Data: base.Data}},
		{"another value", Patch{Status: Open, Data: map[string]string{"a": "1", "b": "3"}}},
		{"another key", Patch{Status: Open, Data: map[string]string{"a": "1", "c": "2"}}},
		{"one more", Patch{Status: Open, Data: map[string]string{"a": "1", "b": "2", "c": ""}}},
		{"the same letters, cut elsewhere", Patch{Status: Open, Data: map[string]string{"a1": "", "b": "2"}}},
		{"nothing", Patch{}},
	}
	for _, tt := range tests {
		if tt.p.Rest() == base.Rest() {
			t.Errorf("%s: the same digest", tt.name)
		}
	}
}

func TestKey(t *testing.T) {
	im := id.NewImprovement(id.NewProduct("p"), "x")
	e := Episode{Improvement: im, N: 12}
	if e.Key() != string(im)+"/12" || e.Key() != EpisodeKey(im, 12) {
		t.Errorf("%q", e.Key())
	}
	if len(EpisodeKey(im, 999_999)) > 512 { // OpsCenter's limit on a deduplication string
		t.Error("too long for OpsCenter")
	}
}
