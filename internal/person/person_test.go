package person_test

import (
	"regexp"
	"testing"

	"learningloop/internal/person"
)

var key = []byte("a key")

func TestOf(t *testing.T) {
	martha := person.Of(key, "martha@example.com")
	if !regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(string(martha)) {
		t.Errorf("id %q", martha)
	}
	tests := []struct {
		name    string
		key     []byte
		address string
		same    bool
	}{
		{"again", key, "martha@example.com", true},
		{"in another case", key, "Martha@Example.COM", true},
		{"somebody else", key, "mary@example.com", false},
		{"under another key", []byte("other"), "martha@example.com", false},
		{"part of it", key, "martha@example.co", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := person.Of(tt.key, tt.address); (got == martha) != tt.same {
				t.Errorf("Of = %s, of martha %s", got, martha)
			}
		})
	}
	if got := person.Of(key, ""); got != "" {
		t.Errorf("nobody is %q", got)
	}
}

func TestMask(t *testing.T) {
	tests := []struct{ name, address, want string }{
		{"usual", "martha@example.com", "m…@example.com"},
		{"a short one gives nothing more away", "m@example.com", "m…@example.com"},
		{"one character, not one byte", "ärger@example.com", "ä…@example.com"},
		{"no address", "martha", ""},
		{"nobody", "@example.com", ""},
		{"empty", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := person.Mask(tt.address); got != tt.want {
				t.Errorf("Mask = %q, want %q", got, tt.want)
			}
		})
	}
}
