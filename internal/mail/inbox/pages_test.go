package inbox_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/mail/inbox"
)

const evil = `"><script>alert(1)</script><img src=x onerror=alert(1)>`

func TestJSON(t *testing.T) {
	in := open(t, inbox.Config{})
	if got := strings.TrimSpace(get(t, in, "/_local/mail.json").Body.String()); got != "[]" {
		t.Errorf("empty inbox: %q", got)
	}
	s := sender(t, in)
	for i, to := range []string{"ana@example.org", "bo@example.org", "ana@example.org"} {
		m := message(fmt.Sprint(i), to)
		m.Subject = fmt.Sprintf("mail %d", i)
		if _, err := s.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name, query string
		want        []string
	}{
		{"all, newest first", "", []string{"mail 2", "mail 1", "mail 0"}},
		{"one address", "?to=Ana@example.org", []string{"mail 2", "mail 0"}},
		{"the newest", "?limit=1", []string{"mail 2"}},
		{"nobody", "?to=x@example.org", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := get(t, in, "/_local/mail.json"+tt.query)
			var list []struct {
				To, Subject, Text, HTML, At string
				Headers                     map[string]string
			}
			if err := json.Unmarshal(w.Body.Bytes(), &list); err != nil {
				t.Fatalf("%v in %s", err, w.Body)
			}
			var got []string
			for _, m := range list {
				got = append(got, m.Subject)
				if m.To == "" || m.Text == "" || m.HTML == "" || m.At != "2025-03-04T12:00:00Z" ||
					m.Headers["List-Unsubscribe-Post"] != "List-Unsubscribe=One-Click" || m.Headers["X-Correlation-Id"] != "corr-1" {
					t.Errorf("mail = %+v", m)
				}
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// unsafe finds markup that hostile text would make if it came out unescaped.
var unsafe = regexp.MustCompile(`(?i)<script|<img|onerror=alert\(1\)>`)

func TestPagesEscape(t *testing.T) {
	in := open(t, inbox.Config{})
	m := message("m1", "ana@example.org")
	m.Subject, m.To.Name, m.Text, m.HTML = evil, evil, evil, evil
	m.Headers["X-Evil"] = evil
	if _, err := sender(t, in).Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	list, err := in.List(0)
	if err != nil {
		t.Fatal(err)
	}
	p := "/_local/mail/" + list[0].ID
	for _, path := range []string{"/_local/mail", "/_local/mail?q=" + "%22%3E%3Cscript%3E", "/_local/mail?q=none%3Cscript%3E", p, p + "?view=text", p + "?view=headers"} {
		w := get(t, in, path)
		if w.Code != http.StatusOK || unsafe.MatchString(w.Body.String()) {
			t.Errorf("%s: %d %s", path, w.Code, unsafe.FindString(w.Body.String()))
		}
		if csp := w.Header().Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none'; style-src 'self';") {
			t.Errorf("%s: CSP %q", path, csp)
		}
		if strings.Contains(w.Body.String(), " style=") {
			t.Errorf("%s: an inline style, which its CSP blocks", path)
		}
	}
	w := get(t, in, p+"/html")
	csp := w.Header().Get("Content-Security-Policy")
	if !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "sandbox allow-popups allow-popups-to-escape-sandbox") || strings.Contains(csp, "script") {
		t.Errorf("CSP of the mail = %q", csp)
	}
	w = get(t, in, p+"/source")
	if ct := w.Header().Get("Content-Type"); ct != "text/plain; charset=utf-8" || w.Header().Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("source comes as %q", ct)
	}
}

func TestMailInItsFrame(t *testing.T) {
	in := open(t, inbox.Config{})
	if _, err := sender(t, in).Send(t.Context(), message("m1", "ana@example.org")); err != nil {
		t.Fatal(err)
	}
	list, err := in.List(0)
	if err != nil {
		t.Fatal(err)
	}
	p := "/_local/mail/" + list[0].ID
	body := get(t, in, p+"/html").Body.String()
	want := `<!doctype html><html><head><base target="_blank"></head><body><p>Hello</p><img src="` + p + `/cid/chart" alt="7"></body></html>`
	if d := cmp.Diff(want, body); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	w := get(t, in, p+"/cid/chart")
	if w.Body.String() != "\x89PNG" || w.Header().Get("Content-Type") != "image/png" {
		t.Errorf("picture = %q %v", w.Body, w.Header())
	}
	if csp := get(t, in, p+"/html?images=off").Header().Get("Content-Security-Policy"); strings.Contains(csp, "img-src") {
		t.Errorf("images off: %q", csp)
	}
	for _, path := range []string{p + "/cid/none", "/_local/mail/000000000001", "/_local/mail/x", "/_local/mail/-1", "/_local/mail/0", p + "/none"} {
		if w := get(t, in, path); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

func TestListPages(t *testing.T) {
	in := open(t, inbox.Config{})
	if b := get(t, in, "/_local/mail").Body.String(); !strings.Contains(b, "No mail yet") {
		t.Error("an empty inbox says nothing")
	}
	s := sender(t, in)
	for i := range 120 {
		m := message(fmt.Sprint(i), "ana@example.org")
		m.Subject = fmt.Sprintf("mail %03d", i)
		if _, err := s.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	subjects := regexp.MustCompile(`mail \d{3}`)
	older := regexp.MustCompile(`href="([^"]+)" rel="next"`)
	var got []string
	path := "/_local/mail"
	for range 5 {
		b := get(t, in, path).Body.String()
		got = append(got, subjects.FindAllString(b, -1)...)
		next := older.FindStringSubmatch(b)
		if next == nil {
			break
		}
		path = strings.ReplaceAll(next[1], "&amp;", "&")
	}
	if len(got) != 120 || got[0] != "mail 119" || got[50] != "mail 069" || got[119] != "mail 000" {
		t.Errorf("%d mails: %v", len(got), got)
	}
	b := get(t, in, "/_local/mail?q=MAIL+007").Body.String()
	if d := cmp.Diff([]string{"mail 007"}, subjects.FindAllString(b, -1)); d != "" {
		t.Errorf("search (-want +got):\n%s", d)
	}
}
