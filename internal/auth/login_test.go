package auth

import (
	"crypto/rand"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/fault"
	"learningloop/internal/oidclocal"
)

// site is a server with pages, sign-in and its own issuer, below a stage prefix that a proxy takes off.
type site struct {
	*httptest.Server
	public  string
	auth    *Auth
	issuer  *oidclocal.Issuer
	clock   *clock
	browser *http.Client
	seen    []string // addresses the browser was sent to
	changed int      // how often POST /team/change did something
}

func newSite(t *testing.T, secure bool, prefix string) *site {
	t.Helper()
	s := &site{clock: &clock{now: start}}
	mux := http.NewServeMux()
	if secure {
		s.Server = httptest.NewTLSServer(http.StripPrefix(prefix, mux))
	} else {
		s.Server = httptest.NewServer(http.StripPrefix(prefix, mux))
	}
	t.Cleanup(s.Close)
	s.public = s.URL + prefix
	var err error
	s.issuer, err = oidclocal.New(oidclocal.Config{
		URL: s.public + oidclocal.Path, ClientID: clientID, RedirectURLs: []string{s.public + CallbackPath},
		KeyFile: filepath.Join(t.TempDir(), "key"), Now: s.clock.Now, Random: rand.Reader,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.auth, err = New(Config{
		Issuer: s.public + oidclocal.Path, ClientID: clientID, PublicURL: s.public + "/", Key: testKey, Now: s.clock.Now, Random: rand.Reader,
		// The certificate of the test server is nobody's: what the issuer did not answer itself would fail.
		Transport: s.issuer.Transport(http.DefaultTransport),
	})
	if err != nil {
		t.Fatal(err)
	}
	mux.Handle(oidclocal.Path+"/", s.issuer)
	s.auth.Register(mux)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "home") })
	page := s.auth.Page(Member, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m, _ := FromContext(r.Context())
		fmt.Fprint(w, "hello "+m.By()+" at "+r.URL.RequestURI())
	}))
	mux.Handle("GET /team", page) // or the mux redirects to /team/, without the stage
	mux.Handle("GET /team/{rest...}", page)
	mux.Handle("POST /team/change", s.auth.Page(Member, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { s.changed++ })))
	mux.Handle("GET /v1/queue", s.auth.API(Member, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "queue") })))
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	s.browser = s.Client()
	s.browser.Jar = jar
	s.browser.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		s.seen = append(s.seen, r.URL.String())
		return nil
	}
	return s
}

func (s *site) get(t *testing.T, target string) (int, string) {
	t.Helper()
	resp, err := s.browser.Get(s.public + target)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

func (s *site) post(t *testing.T, target string, header http.Header) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.public+target, nil)
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(r.Header, header)
	resp, err := s.browser.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp
}

func (s *site) cookies(t *testing.T) (names []string) {
	t.Helper()
	u, err := url.Parse(s.public + "/")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range s.browser.Jar.Cookies(u) {
		names = append(names, c.Name)
	}
	slices.Sort(names)
	return names
}

func TestSignInEndToEnd(t *testing.T) {
	tests := []struct {
		name   string
		secure bool
		prefix string
		cookie string
	}{
		{"https below a stage", true, "/prod", "__Host-loop_session"},
		{"https", true, "", "__Host-loop_session"},
		{"http on one machine", false, "", "loop_session"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newSite(t, tt.secure, tt.prefix)
			// Whoever asks for a page without a session ends on that page.
			status, body := s.get(t, "/team/shop/queue?sort=age&q=%2F%2Fx")
			if want := "hello staff@example.com at /team/shop/queue?sort=age&q=%2F%2Fx"; status != 200 || body != want {
				t.Fatalf("%d %q after %v", status, body, s.seen)
			}
			var steps []string
			for _, to := range s.seen {
				u, err := url.Parse(to)
				if err != nil || !strings.HasPrefix(to, s.public+"/") {
					t.Fatalf("sent to %s, %v", to, err)
				}
				steps = append(steps, strings.TrimPrefix(u.Path, tt.prefix))
			}
			want := []string{LoginPath, oidclocal.Path + "/authorize", CallbackPath, "/team/shop/queue"}
			if diff := cmp.Diff(want, steps); diff != "" {
				t.Errorf("steps (-want +got)\n%s", diff)
			}
			if diff := cmp.Diff([]string{tt.cookie}, s.cookies(t)); diff != "" {
				t.Errorf("cookies left (-want +got)\n%s", diff)
			}

			// The session opens pages and the API, with nobody asked.
			s.seen = nil
			if status, body := s.get(t, "/v1/queue"); status != 200 || body != "queue" || s.seen != nil {
				t.Errorf("%d %q after %v", status, body, s.seen)
			}
			if resp := s.post(t, "/team/change", http.Header{"Sec-Fetch-Site": {"same-origin"}}); resp.StatusCode != http.StatusOK || s.changed != 1 {
				t.Errorf("change: %d", resp.StatusCode)
			}

			// It ends by itself, and a form is told instead of sent away.
			s.clock.add(SessionLife)
			if resp := s.post(t, "/team/change", nil); resp.StatusCode != http.StatusUnauthorized || s.changed != 1 {
				t.Errorf("change after the end: %d", resp.StatusCode)
			}
			s.seen = nil
			if status, _ := s.get(t, "/team/"); status != 200 || len(s.seen) != 4 {
				t.Errorf("%d after %v", status, s.seen)
			}

			// Signing out takes the cookie away.
			s.seen = nil
			if resp := s.post(t, LogoutPath, http.Header{"Origin": {s.URL}}); resp.StatusCode != http.StatusOK || s.seen[0] != s.public+"/" || len(s.cookies(t)) != 0 {
				t.Errorf("%d, sent to %v, cookies %v", resp.StatusCode, s.seen, s.cookies(t))
			}
			if status, _ := s.get(t, "/v1/queue"); status != http.StatusUnauthorized {
				t.Errorf("API after signing out: %d", status)
			}
		})
	}
}

func TestCookieAttributes(t *testing.T) {
	for _, secure := range []bool{true, false} {
		s := newSite(t, secure, "/prod")
		s.browser.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		resp, err := s.browser.Get(s.public + LoginPath)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if n := len(resp.Cookies()); n != 1 {
			t.Fatalf("%d cookies", n)
		}
		c := resp.Cookies()[0]
		if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Secure != secure || c.Path != "/" || c.Domain != "" ||
			c.MaxAge != int(loginLife/time.Second) || strings.HasPrefix(c.Name, "__Host-") != secure {
			t.Errorf("cookie %s", c.Raw)
		}
		to, err := resp.Location()
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{to.Query().Get("state"), to.Query().Get("nonce")} {
			if len(secret) != 43 || strings.Contains(c.Value, secret) {
				t.Errorf("%q is short, or readable in the cookie", secret)
			}
		}
		if resp.Header.Get("Cache-Control") != "no-store" || resp.Header.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("headers %v", resp.Header)
		}
	}
}

// What nobody began, or somebody else did, ends nowhere.
func TestCallbackRefuses(t *testing.T) {
	// begin gives a browser that was just sent to the issuer, and where it would come back.
	begin := func(t *testing.T) (*site, url.Values) {
		s := newSite(t, true, "/prod")
		s.browser.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
			if strings.HasSuffix(r.URL.Path, CallbackPath) {
				return http.ErrUseLastResponse
			}
			return nil
		}
		resp, err := s.browser.Get(s.public + LoginPath + "?return=/team/x")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		back, err := resp.Location()
		if err != nil {
			t.Fatal(err)
		}
		return s, back.Query()
	}
	tests := []struct {
		name   string
		change func(t *testing.T, s *site, q url.Values)
		code   int
	}{
		{"as it should be", func(*testing.T, *site, url.Values) {}, 200},
		{"no state", func(_ *testing.T, _ *site, q url.Values) { q.Del("state") }, 401},
		{"another state", func(_ *testing.T, _ *site, q url.Values) { q.Set("state", strings.Repeat("x", 43)) }, 401},
		{"a state that begins as ours", func(_ *testing.T, _ *site, q url.Values) { q.Set("state", q.Get("state")[:8]+strings.Repeat("x", 35)) }, 401},
		{"another browser", func(t *testing.T, s *site, _ url.Values) {
			jar, err := cookiejar.New(nil)
			if err != nil {
				t.Fatal(err)
			}
			s.browser.Jar = jar
		}, 401},
		{"no code", func(_ *testing.T, _ *site, q url.Values) { q.Del("code") }, 401},
		{"the issuer refused", func(_ *testing.T, _ *site, q url.Values) {
			q.Del("code")
			q.Set("error", "access_denied")
			q.Set("error_description", "<b>call 555-0100</b>")
		}, 401},
		{"a code of nobody", func(_ *testing.T, _ *site, q url.Values) { q.Set("code", "x") }, 401},
		{"a code of another sign-in", func(t *testing.T, s *site, q url.Values) {
			resp, err := s.browser.Get(s.public + LoginPath)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			other, err := resp.Location()
			if err != nil {
				t.Fatal(err)
			}
			q.Set("code", other.Query().Get("code"))
		}, 401},
		{"too late", func(_ *testing.T, s *site, _ url.Values) { s.clock.add(loginLife) }, 401},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, q := begin(t)
			tt.change(t, s, q)
			s.browser.CheckRedirect = nil
			status, body := s.get(t, CallbackPath+"?"+q.Encode())
			if status != tt.code || strings.Contains(body, "555") {
				t.Errorf("%d %q", status, body)
			}
			signedIn := slices.Contains(s.cookies(t), "__Host-loop_session")
			if signedIn != (tt.code == 200) {
				t.Errorf("signed in: %v", signedIn)
			}
			if tt.code == 200 {
				// The same address again: the sign-in is over, and says so.
				if status, _ := s.get(t, CallbackPath+"?"+q.Encode()); status != 401 {
					t.Errorf("twice: %d", status)
				}
			}
		})
	}
}

func TestSeveralTabsSignInAtOnce(t *testing.T) {
	s := newSite(t, true, "/prod")
	stop := func(r *http.Request, _ []*http.Request) error {
		if strings.HasSuffix(r.URL.Path, CallbackPath) {
			return http.ErrUseLastResponse
		}
		return nil
	}
	s.browser.CheckRedirect = stop
	var backs []string
	for range 3 {
		resp, err := s.browser.Get(s.public + LoginPath + "?return=/team/tab")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		backs = append(backs, resp.Header.Get("Location"))
	}
	s.browser.CheckRedirect = nil
	for _, back := range backs {
		resp, err := s.browser.Get(back)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK || !strings.HasSuffix(resp.Request.URL.Path, "/team/tab") {
			t.Errorf("%d at %s", resp.StatusCode, resp.Request.URL)
		}
	}
	// Sign-ins that are never finished do not pile up in the header.
	s.browser.CheckRedirect = stop
	for range 40 {
		s.get(t, LoginPath)
		if n := len(s.cookies(t)); n > maxPending+1 {
			t.Fatalf("%d cookies", n)
		}
	}
}

func TestReturnPath(t *testing.T) {
	tests := []struct{ name, raw, want string }{
		{"a page", "/team/shop/queue", "/team/shop/queue"},
		{"the root", "/", "/"},
		{"with a slash at its end", "/team/", "/team/"},
		{"with a query", "/team?q=https://evil.example/&x=%2f", "/team?q=https://evil.example/&x=%2f"},
		{"fragment is left off", "/team#x", "/team"},
		{"escaped", "/team/a%20b", "/team/a%20b"},
		{"unicode", "/team/übersicht", "/team/%C3%BCbersicht"},
		{"nothing", "", home},
		{"relative", "team", home},
		{"another host", "https://evil.example/", home},
		{"another host, no scheme", "//evil.example/", home},
		{"three slashes", "///evil.example/", home},
		{"backslash", `/\evil.example/`, home},
		{"backslashes", `\\evil.example`, home},
		{"escaped backslash", "/%5Cevil.example", home},
		{"escaped slash", "/%2Fevil.example", home},
		{"a tab, which browsers drop", "/\t/evil.example", home},
		{"a newline", "/team\r\nSet-Cookie: x=1", home},
		{"user info", "@evil.example", home},
		{"a longer host", ".evil.example", home},
		{"script", "javascript:alert(1)", home},
		{"data", "data:text/html,x", home},
		{"out of the stage", "/../other", home},
		{"out of the stage, escaped", "/%2e%2e/other", home},
		{"dots in the middle", "/team/../../x", home},
		{"in a circle", LoginPath + "?return=/team", home},
		{"in a circle, escaped", "/%61uth/login", home},
		{"callback", CallbackPath, home},
		{"bad escape", "/%zz", home},
		{"endless", "/" + strings.Repeat("a", 3000), home},
	}
	s := newSite(t, true, "/prod")
	s.get(t, "/team/") // signed in
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := returnPath(tt.raw); got != tt.want {
				t.Errorf("%q", got)
			}
			// Whatever it is, the whole sign-in never leaves the stage.
			s.seen = nil
			s.get(t, LoginPath+"?return="+url.QueryEscape(tt.raw))
			for _, to := range s.seen {
				if !strings.HasPrefix(to, s.public+"/") {
					t.Errorf("sent to %s", to)
				}
			}
			if len(s.seen) < 3 || s.seen[2] != s.public+tt.want {
				t.Errorf("ended at %v", s.seen)
			}
		})
	}
}

func FuzzReturnPath(f *testing.F) {
	for _, seed := range []string{"/team?x=1", "//evil.example", `/\evil`, "/%2e%2e/x", "/a;b", "/\u2028"} {
		f.Add(seed)
	}
	base, err := url.Parse(publicURL)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		got := returnPath(raw)
		u, err := url.Parse(publicURL + got)
		if err != nil || u.Host != base.Host || u.Scheme != base.Scheme || u.User != nil || !strings.HasPrefix(u.Path, "/prod/") {
			t.Fatalf("%q leads to %q, %v", raw, got, err)
		}
		// As browsers resolve it.
		if r := base.ResolveReference(u); !strings.HasPrefix(r.Path, "/prod/") || strings.ContainsAny(got, "\\\t\r\n") {
			t.Fatalf("%q leads to %q", raw, r)
		}
		if again := returnPath(got); again != got {
			t.Fatalf("%q gives %q, then %q", raw, got, again)
		}
	})
}

func TestCrossOrigin(t *testing.T) {
	tests := []struct {
		name   string
		method string
		header map[string]string
		want   bool
	}{
		{"our own form", "POST", map[string]string{"Sec-Fetch-Site": "same-origin", "Origin": "https://loop.example.com"}, true},
		{"typed", "POST", map[string]string{"Sec-Fetch-Site": "none"}, true},
		{"behind a proxy the host is another", "POST", map[string]string{"Origin": "https://loop.example.com"}, true},
		{"no browser", "POST", nil, true},
		{"a link from elsewhere may read", "GET", map[string]string{"Sec-Fetch-Site": "cross-site"}, true},
		{"another site's form", "POST", map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}, false},
		{"a sister domain's form", "POST", map[string]string{"Sec-Fetch-Site": "same-site", "Origin": "https://other.example.com"}, false},
		{"an old browser, another origin", "POST", map[string]string{"Origin": "https://evil.example"}, false},
		{"a sandboxed frame", "POST", map[string]string{"Origin": "null"}, false},
		{"another scheme", "POST", map[string]string{"Origin": "http://loop.example.com"}, false},
		{"PUT", "PUT", map[string]string{"Sec-Fetch-Site": "cross-site"}, false},
		{"DELETE", "DELETE", map[string]string{"Sec-Fetch-Site": "cross-site"}, false},
	}
	a, _ := newAuth(t, &fakeIssuer{})
	cookie := sessionOf(t, a, Staff{Subject: "u-2", Name: "Zhang Wei", Role: Admin})
	mux := http.NewServeMux()
	a.Register(mux)
	mux.Handle("/form", a.Protect(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})))
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			request := func(target string) *http.Request {
				r := httptest.NewRequest(tt.method, target, nil)
				r.Host = "abc123.execute-api.us-east-1.amazonaws.com"
				for k, v := range tt.header {
					r.Header.Set(k, v)
				}
				r.AddCookie(cookie)
				return r
			}
			_, err := a.Authenticate(request("/team/change"))
			if (err == nil) != tt.want {
				t.Errorf("Authenticate: %v", err)
			}
			if !tt.want {
				check(t, err, fault.Forbidden, "cross_origin", "")
			}
			targets := []string{"/form"}
			if tt.method == "POST" {
				targets = append(targets, LogoutPath)
			}
			for _, target := range targets {
				w := httptest.NewRecorder()
				mux.ServeHTTP(w, request(target))
				if refused := w.Code == http.StatusForbidden; refused == tt.want || refused && w.Header().Get("Set-Cookie") != "" {
					t.Errorf("%s: %d, cookies %v", target, w.Code, w.Header()["Set-Cookie"])
				}
			}
		})
	}
}

func TestSessionCookie(t *testing.T) {
	a, c := newAuth(t, &fakeIssuer{})
	want := Staff{Subject: "u-2", Email: "zhang.wei@example.com", Name: "Zhang Wei", Role: Leadership}
	good := sessionOf(t, a, want)
	login, err := a.seal(loginCookie+"x", login{State: "x", Until: start.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	flip := func(s string, at int) string {
		b := []byte(s)
		b[at] = map[bool]byte{true: 'B', false: 'A'}[b[at] == 'A']
		return string(b)
	}
	elsewhere, _ := newAuth(t, &fakeIssuer{}, func(c *Config) { c.ClientID = "client-2" })
	otherKey, _ := newAuth(t, &fakeIssuer{}, func(c *Config) { c.Key = []byte(strings.Repeat("k", 32)) })
	tests := []struct {
		name  string
		auth  *Auth
		value string
		wait  time.Duration
		code  string
	}{
		{"good", a, good.Value, SessionLife - time.Second, ""},
		{"ended", a, good.Value, SessionLife, "session_ended"},
		{"first byte changed", a, flip(good.Value, 0), 0, "not_signed_in"},
		{"a byte in the middle changed", a, flip(good.Value, len(good.Value)/2), 0, "not_signed_in"},
		{"cut off", a, good.Value[:10], 0, "not_signed_in"},
		{"empty", a, "", 0, "not_signed_in"},
		{"not base64", a, "!!", 0, "not_signed_in"},
		{"the cookie of a sign-in under way", a, login, 0, "not_signed_in"},
		{"of another client", elsewhere, good.Value, 0, "not_signed_in"},
		{"the key was changed", otherKey, good.Value, 0, "not_signed_in"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c.now = start.Add(tt.wait)
			r := httptest.NewRequest(http.MethodGet, "/team", nil)
			r.AddCookie(&http.Cookie{Name: good.Name, Value: tt.value})
			got, err := tt.auth.Authenticate(r)
			if tt.code != "" {
				check(t, err, fault.Unauthenticated, tt.code, tt.value)
				return
			}
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("%v\n%s", err, diff)
			}
		})
	}
	// Without the prefix a sister host could have set it.
	r := httptest.NewRequest(http.MethodGet, "/team", nil)
	r.AddCookie(&http.Cookie{Name: sessionCookie, Value: good.Value})
	c.now = start
	if _, err := a.Authenticate(r); err == nil {
		t.Error("a cookie without the prefix was taken")
	}
}

func TestRoles(t *testing.T) {
	a, _ := newAuth(t, &fakeIssuer{})
	ok := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	tests := []struct {
		name   string
		role   Role
		h      http.Handler
		cookie bool
		want   int
	}{
		{"leadership reads digests", Leadership, a.Page(Leadership, ok), true, 200},
		{"leadership does not decide", Leadership, a.Page(Member, ok), true, 403},
		{"members do not read the log", Member, a.API(Admin, ok), true, 403},
		{"admins do everything", Admin, a.API(Leadership, ok), true, 200},
		{"nobody, page", "", a.Page(Member, ok), false, 303},
		{"nobody, API", "", a.API(Member, ok), false, 401},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/team/x?y=1", nil)
			if tt.cookie {
				r.AddCookie(sessionOf(t, a, Staff{Subject: "u", Name: "n", Role: tt.role}))
			}
			w := httptest.NewRecorder()
			tt.h.ServeHTTP(w, r)
			if w.Code != tt.want {
				t.Errorf("status %d", w.Code)
			}
			if want := publicURL + "/auth/login?return=%2Fteam%2Fx%3Fy%3D1"; tt.want == 303 && w.Header().Get("Location") != want {
				t.Errorf("sent to %s", w.Header().Get("Location"))
			}
			if got := w.Header().Get("WWW-Authenticate"); (got == "Bearer") != (tt.want == 401) {
				t.Errorf("WWW-Authenticate %q", got)
			}
		})
	}
}

func TestIssuerDownAtSignIn(t *testing.T) {
	f := &fakeIssuer{}
	f.set(-1)
	a, _ := newAuth(t, f)
	mux := http.NewServeMux()
	a.Register(mux)
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, LoginPath, nil))
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Set-Cookie") != "" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	if got := a.EndSessionURL(t.Context()); got != "" {
		t.Errorf("end of session at %s", got)
	}
}

func TestEndSessionURL(t *testing.T) {
	a, _ := newAuth(t, &fakeIssuer{})
	want := issuerURL + "/logout?client_id=client-1&logout_uri=https%3A%2F%2Floop.example.com%2Fprod%2F&post_logout_redirect_uri=https%3A%2F%2Floop.example.com%2Fprod%2F"
	if got := a.EndSessionURL(t.Context()); got != want {
		t.Errorf("%s", got)
	}
}

func TestConfig(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Config)
	}{
		{"no URL", func(c *Config) { c.PublicURL = "" }},
		{"relative URL", func(c *Config) { c.PublicURL = "/prod" }},
		{"another scheme", func(c *Config) { c.PublicURL = "ftp://loop.example.com" }},
		{"no issuer", func(c *Config) { c.Issuer = "" }},
		{"no client", func(c *Config) { c.ClientID = "" }},
		{"short key", func(c *Config) { c.Key = c.Key[:16] }},
		{"no such role", func(c *Config) { c.DefaultRole = "root" }},
		{"no clock", func(c *Config) { c.Now = nil }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg := Config{Issuer: issuerURL, ClientID: clientID, PublicURL: publicURL, Key: testKey, Now: time.Now, Random: rand.Reader}
			tt.change(&cfg)
			if _, err := New(cfg); err == nil {
				t.Error("taken")
			}
		})
	}
}
