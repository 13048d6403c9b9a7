package token_test

import (
	"strings"
	"testing"

	"learningloop/internal/fault"
	"learningloop/internal/id"
	"learningloop/internal/token"
)

func keys(t *testing.T, secret string) token.Keys {
	t.Helper()
	k, err := token.New(secret)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestKeyLength(t *testing.T) {
	tests := []struct {
		name   string
		secret string
		ok     bool
	}{
		{"none", "", false},
		{"one byte short", strings.Repeat("k", token.MinKey-1), false},
		{"just enough", strings.Repeat("k", token.MinKey), true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := token.New(tt.secret)
			if ok := err == nil; ok != tt.ok || !ok && !fault.Is(err, fault.Invalid) {
				t.Errorf("New: %v", err)
			}
			if err != nil && tt.secret != "" && strings.Contains(err.Error(), tt.secret) {
				t.Errorf("the error repeats the secret: %v", err)
			}
		})
	}
}

func TestVerify(t *testing.T) {
	k, other := keys(t, "a secret of enough bytes"), keys(t, "another secret of enough bytes")
	fid := string(id.NewFeedback(id.NewProduct("p"), "f"))
	good := k.Sign(token.Status, fid)
	mac := good[len(fid)+1:]
	if got := k.Sign(token.Status, fid); got != good {
		t.Errorf("signed again: %s, then %s", good, got)
	}
	if len(mac) < 20 {
		t.Errorf("%q can be guessed", mac)
	}
	tests := []struct {
		name    string
		purpose token.Purpose
		token   string
		want    string // "" is refused
	}{
		{"its own", token.Status, good, fid},
		{"of another purpose", token.Stop, good, ""},
		{"of another key", token.Status, other.Sign(token.Status, fid), ""},
		{"of another id", token.Status, string(id.NewFeedback(id.NewProduct("p"), "g")) + "." + mac, ""},
		{"without its MAC", token.Status, fid, ""},
		{"with an empty MAC", token.Status, fid + ".", ""},
		{"cut", token.Status, good[:len(good)-1], ""},
		{"longer", token.Status, good + "A", ""},
		{"of nothing", token.Status, k.Sign(token.Status, ""), ""},
		{"a dot", token.Status, ".", ""},
		{"empty", token.Status, "", ""},
		{"hostile", token.Status, "\x00\xff.<script>", ""},
		{"an id and purpose that run together", token.Purpose(""), k.Sign(token.Status, fid), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := k.Verify(tt.purpose, tt.token)
			if got != tt.want || (err == nil) != (tt.want != "") || err != nil && !fault.Is(err, fault.Unauthenticated) {
				t.Errorf("Verify: %q, %v", got, err)
			}
		})
	}
}

// Keys for other uses follow from the secret, and none of them is another or the secret itself.
func TestDerive(t *testing.T) {
	k := keys(t, "a secret of enough bytes")
	seen := map[string]string{"a secret of enough bytes": "secret"}
	for _, use := range []string{"", "people", "session", "people\x00"} {
		d := string(k.Derive(use))
		if was, twice := seen[d]; twice || len(d) != 32 {
			t.Errorf("key for %q: %d bytes, same as for %q", use, len(d), was)
		}
		seen[d] = use
	}
	if string(k.People()) != string(k.Derive("people")) {
		t.Error("People is not the key of people")
	}
	if string(keys(t, "another secret of enough bytes").People()) == string(k.People()) {
		t.Error("two secrets give one key")
	}
}

func FuzzVerify(f *testing.F) {
	f.Add("f-k3v9q2xa-0.AAAA")
	f.Add(".")
	f.Fuzz(func(t *testing.T, s string) {
		k, err := token.New("a secret of enough bytes")
		if err != nil {
			t.Fatal(err)
		}
		if got, err := k.Verify(token.Status, s); err == nil && k.Sign(token.Status, got) != s {
			t.Errorf("%q passes for %q", s, got)
		}
	})
}
