package testenv

import (
	"fmt"
	"slices"
	"testing"
)

// recorder is a testing.TB that remembers a skip instead of ending the test.
type recorder struct {
	testing.TB
	skipped string
}

func (r *recorder) Helper() {}

func (r *recorder) Skipf(format string, args ...any) { r.skipped = fmt.Sprintf(format, args...) }

func TestNeed(t *testing.T) {
	tests := []struct {
		name, value, skipped string
	}{
		{"set", "http://127.0.0.1:4566", ""},
		{"unset", "", "SKIP: LOCALSTACK_URL is not set; make test sets it"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv(LocalStackURL, tt.value)
			r := &recorder{TB: t}
			if got := Need(r, LocalStackURL); got != tt.value {
				t.Errorf("Need = %q, want %q", got, tt.value)
			}
			if r.skipped != tt.skipped {
				t.Errorf("skipped with %q, want %q", r.skipped, tt.skipped)
			}
		})
	}
}

func TestKeysAreDistinct(t *testing.T) {
	if got := slices.Compact(slices.Sorted(slices.Values(Keys))); len(got) != len(Keys) {
		t.Errorf("Keys repeats one: %v", Keys)
	}
}
