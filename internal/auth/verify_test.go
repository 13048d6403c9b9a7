package auth

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"learningloop/internal/fault"
)

func TestVerify(t *testing.T) {
	key, stranger := newKey(t, "k1"), newKey(t, "k1")
	good := sign(t, jose.ES256, key, "JWT", idClaims(nil))
	with := func(change map[string]any) string { return sign(t, jose.ES256, key, "JWT", idClaims(change)) }
	in := func(d time.Duration) int64 { return start.Add(d).Unix() }
	public, err := key.Public().MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(good, ".")
	b64 := base64.RawURLEncoding.EncodeToString

	tests := []struct {
		name  string
		token string
		kind  fault.Kind
		code  string
	}{
		{"good", good, fault.Unset, ""},
		{"no type in the header", sign(t, jose.ES256, key, "", idClaims(nil)), fault.Unset, ""},
		{"two audiences, ours among them", with(map[string]any{"aud": []string{"x", clientID}, "azp": clientID}), fault.Unset, ""},
		{"expired, within the leeway", with(map[string]any{"exp": in(-59 * time.Second)}), fault.Unset, ""},
		{"issued in the future, within the leeway", with(map[string]any{"iat": in(59 * time.Second)}), fault.Unset, ""},

		{"expired", with(map[string]any{"exp": in(-61 * time.Second)}), fault.Unauthenticated, "token_expired"},
		{"no expiry", with(map[string]any{"exp": nil}), fault.Unauthenticated, "token_expired"},
		{"issued in the future", with(map[string]any{"iat": in(2 * time.Minute)}), fault.Unauthenticated, "bad_token"},
		{"not yet valid", with(map[string]any{"nbf": in(10 * time.Minute)}), fault.Unauthenticated, "bad_token"},
		{"another audience", with(map[string]any{"aud": "client-2"}), fault.Unauthenticated, "bad_token"},
		{"no audience", with(map[string]any{"aud": nil}), fault.Unauthenticated, "bad_token"},
		{"made for another client", with(map[string]any{"aud": []string{"client-2", clientID}, "azp": "client-2"}), fault.Unauthenticated, "bad_token"},
		{"another issuer", with(map[string]any{"iss": "https://issuer.example.com/pool2"}), fault.Unauthenticated, "bad_token"},
		{"issuer with a slash", with(map[string]any{"iss": issuerURL + "/"}), fault.Unauthenticated, "bad_token"},
		{"nobody", with(map[string]any{"sub": nil}), fault.Unauthenticated, "bad_token"},
		{"claims of another type", with(map[string]any{"name": 1}), fault.Unauthenticated, "bad_token"},

		{"Cognito's access token", with(map[string]any{"aud": nil, "client_id": clientID, "token_use": "access"}), fault.Unauthenticated, "bad_token"},
		{"an access token with our audience", with(map[string]any{"token_use": "access"}), fault.Unauthenticated, "bad_token"},
		{"RFC 9068 access token", sign(t, jose.ES256, key, "at+jwt", idClaims(nil)), fault.Unauthenticated, "bad_token"},
		{"logout token", sign(t, jose.ES256, key, "logout+jwt", idClaims(nil)), fault.Unauthenticated, "bad_token"},

		{"signed by a stranger under our key's name", sign(t, jose.ES256, stranger, "JWT", idClaims(nil)), fault.Unauthenticated, "bad_token"},
		{"alg none", b64([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + parts[1] + ".", fault.Unauthenticated, "bad_token"},
		{"alg none with the old signature", b64([]byte(`{"alg":"none","kid":"k1"}`)) + "." + parts[1] + "." + parts[2], fault.Unauthenticated, "bad_token"},
		{"HMAC keyed with our public key", sign(t, jose.HS256, public, "JWT", idClaims(nil)), fault.Unauthenticated, "bad_token"},
		{"changed claims", parts[0] + "." + b64([]byte(strings.Replace(string(mustDecode(t, parts[1])), `"member"`, `"admin!"`, 1))) + "." + parts[2], fault.Unauthenticated, "bad_token"},
		{"signature cut off", parts[0] + "." + parts[1] + ".", fault.Unauthenticated, "bad_token"},
		{"two parts", parts[0] + "." + parts[1], fault.Unauthenticated, "bad_token"},
		{"empty", "", fault.Unauthenticated, "bad_token"},
		{"dots", "..", fault.Unauthenticated, "bad_token"},
		{"JSON serialization", `{"payload":"a.b.c"}`, fault.Unauthenticated, "bad_token"},
		{"huge", strings.Repeat("a", maxToken) + "..", fault.Unauthenticated, "bad_token"},

		{"in no group of ours", with(map[string]any{"cognito:groups": []string{"Admin", "visitors"}}), fault.Forbidden, "not_staff"},
		{"in no group", with(map[string]any{"cognito:groups": nil}), fault.Forbidden, "not_staff"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := &fakeIssuer{}
			f.set(0, key)
			a, _ := newAuth(t, f)
			s, err := a.Verify(t.Context(), tt.token)
			if tt.kind == fault.Unset {
				want := Staff{Subject: "u-1", Email: "mary.major@example.com", Name: "Mary Major", Role: Member}
				if diff := cmp.Diff(want, s); diff != "" || err != nil {
					t.Errorf("%v\n%s", err, diff)
				}
				return
			}
			if check(t, err, tt.kind, tt.code, tt.token); s != (Staff{}) {
				t.Errorf("staff %+v", s)
			}
		})
	}
}

func mustDecode(t *testing.T, s string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestStaffOfClaims(t *testing.T) {
	key := newKey(t, "k1")
	tests := []struct {
		name   string
		change map[string]any
		otherw Role
		want   Staff
	}{
		{"the highest group counts", map[string]any{"cognito:groups": []string{"leadership", "admin", "member"}}, "", Staff{"u-1", "mary.major@example.com", "Mary Major", Admin}},
		{"groups of another issuer", map[string]any{"cognito:groups": nil, "groups": []string{"leadership"}}, "", Staff{"u-1", "mary.major@example.com", "Mary Major", Leadership}},
		{"everybody there is staff", map[string]any{"cognito:groups": nil}, Member, Staff{"u-1", "mary.major@example.com", "Mary Major", Member}},
		{"an address nobody verified", map[string]any{"email_verified": false}, "", Staff{"u-1", "", "Mary Major", Member}},
		{"the same as a string", map[string]any{"email_verified": "false"}, "", Staff{"u-1", "", "Mary Major", Member}},
		{"no name", map[string]any{"name": nil}, "", Staff{"u-1", "mary.major@example.com", "mary.major@example.com", Member}},
		{"no name, no address", map[string]any{"name": " ", "email": nil, "cognito:username": "mary"}, "", Staff{"u-1", "", "mary", Member}},
		{"nothing but a subject", map[string]any{"name": nil, "email": nil}, "", Staff{"u-1", "", "u-1", Member}},
		{"hostile name", map[string]any{"name": "\u202eMary\x00\n" + strings.Repeat("é", 300)}, "", Staff{"u-1", "mary.major@example.com", "Mary" + strings.Repeat("é", 98), Member}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := &fakeIssuer{}
			f.set(0, key)
			a, _ := newAuth(t, f, func(c *Config) { c.DefaultRole = tt.otherw })
			got, err := a.Verify(t.Context(), sign(t, jose.ES256, key, "JWT", idClaims(tt.change)))
			if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
				t.Errorf("%v\n%s", err, diff)
			}
		})
	}
}

func TestMay(t *testing.T) {
	roles := []Role{Admin, Member, Leadership}
	for i, have := range roles {
		for j, need := range roles {
			if got := (Staff{Role: have}).May(need); got != (i <= j) {
				t.Errorf("%s may what %s may: %v", have, need, got)
			}
		}
	}
	if (Staff{}).May(Leadership) || (Staff{Role: "root"}).May(Leadership) || (Staff{Role: Admin}).May("") {
		t.Error("an unknown role may something")
	}
}

func TestKeyRotation(t *testing.T) {
	f := &fakeIssuer{}
	old, fresh := newKey(t, "k1"), newKey(t, "k2")
	f.set(0, old)
	a, c := newAuth(t, f)
	byOld := sign(t, jose.ES256, old, "JWT", idClaims(map[string]any{"exp": start.Add(24 * time.Hour).Unix()}))
	byFresh := sign(t, jose.ES256, fresh, "JWT", idClaims(map[string]any{"exp": start.Add(24 * time.Hour).Unix()}))
	verify := func(token string) error {
		_, err := a.Verify(t.Context(), token)
		return err
	}
	if err := verify(byOld); err != nil {
		t.Fatal(err)
	}
	// The new key is not published yet. However often somebody asks for it, the issuer is asked no more.
	before := f.count("/pool/keys")
	for range 50 {
		check(t, verify(byFresh), fault.Unauthenticated, "bad_token", byFresh)
	}
	if n := f.count("/pool/keys"); n != before {
		t.Errorf("the issuer was asked %d more times for keys", n-before)
	}
	f.set(0, old, fresh)
	c.add(keepAnswer)
	if err := soon(t, func() error { return verify(byFresh) }); err != nil {
		t.Errorf("new key: %v", err)
	}
	if err := verify(byOld); err != nil {
		t.Errorf("old key, still published: %v", err)
	}
	// Withdrawn: within the hour it is forgotten.
	f.set(0, fresh)
	c.add(rediscover)
	check(t, verify(byOld), fault.Unauthenticated, "bad_token", byOld)
	if err := soon(t, func() error { return verify(byFresh) }); err != nil {
		t.Errorf("new key: %v", err)
	}
}

func TestIssuerDown(t *testing.T) {
	key := newKey(t, "k1")
	token := sign(t, jose.ES256, key, "JWT", idClaims(map[string]any{"exp": start.Add(24 * time.Hour).Unix()}))
	for _, status := range []int{-1, http.StatusInternalServerError, http.StatusTooManyRequests, http.StatusNotFound} {
		f := &fakeIssuer{}
		f.set(status)
		a, c := newAuth(t, f)
		verify := func() error {
			_, err := a.Verify(t.Context(), token)
			return err
		}
		check(t, verify(), fault.Unavailable, "issuer_unavailable", token)
		n := f.count("/pool/.well-known/openid-configuration")
		check(t, verify(), fault.Unavailable, "issuer_unavailable", token)
		if f.count("/pool/.well-known/openid-configuration") != n {
			t.Error("asked again at once")
		}
		// It answers, then fails before the keys were asked for.
		c.add(pause)
		f.set(0, key)
		if _, err := a.discovered(t.Context()); err != nil {
			t.Fatal(err)
		}
		f.set(status)
		check(t, verify(), fault.Unavailable, "issuer_unavailable", token)
		f.set(0, key)
		if err := soon(t, verify); err != nil {
			t.Errorf("it answers again: %v", err)
		}
		// Later outages do not matter to keys that are known.
		f.set(status)
		c.add(rediscover)
		if err := verify(); err != nil {
			t.Errorf("down after an hour: %v", err)
		}
	}
}

func TestAuthenticateBearer(t *testing.T) {
	key := newKey(t, "k1")
	f := &fakeIssuer{}
	f.set(0, key)
	a, _ := newAuth(t, f)
	token := sign(t, jose.ES256, key, "JWT", idClaims(nil))
	cookie := sessionOf(t, a, Staff{Subject: "u-2", Name: "Zhang Wei", Role: Admin})
	tests := []struct {
		name   string
		header string
		cookie bool
		want   string // subject
		code   string
	}{
		{"bearer", "Bearer " + token, false, "u-1", ""},
		{"lower case", "bearer " + token, false, "u-1", ""},
		{"bearer beats cookie", "Bearer " + token, true, "u-1", ""},
		{"a cookie does not make a bad token good", "Bearer x", true, "", "bad_token"},
		{"another scheme", "Basic " + token, true, "", "bad_token"},
		{"cookie", "", true, "u-2", ""},
		{"nothing", "", false, "", "not_signed_in"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/v1/queue", nil)
			if tt.header != "" {
				r.Header.Set("Authorization", tt.header)
			}
			if tt.cookie {
				r.AddCookie(cookie)
			}
			s, err := a.Authenticate(r)
			if s.Subject != tt.want {
				t.Errorf("subject %q, %v", s.Subject, err)
			}
			if tt.code != "" {
				check(t, err, fault.Unauthenticated, tt.code, token)
			}
		})
	}
}

// sessionOf is the cookie of a session.
func sessionOf(t *testing.T, a *Auth, s Staff) *http.Cookie {
	t.Helper()
	sealed, err := a.seal(sessionCookie, session{s.Subject, s.Email, s.Name, s.Role, a.cfg.Now().Add(SessionLife)})
	if err != nil {
		t.Fatal(err)
	}
	return a.cookie(sessionCookie, sealed, SessionLife)
}
