package web

import (
	"bytes"
	"compress/gzip"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

func renderer(t testing.TB, base string) *Renderer {
	t.Helper()
	r, err := New(Options{Base: base, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func draw(t testing.TB, r *Renderer, s sample) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.Render(&b, s.shell, s.view); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// void are the elements that have no end tag.
var void = []string{"meta", "link", "input", "br", "hr", "img"}

// wellFormed says what is wrong with a page's tags: every element that opens closes, in order, no id occurs twice, and
// nothing is inline that the policy would refuse.
func wellFormed(page string) error {
	// Ids and cursors in hidden fields are ours and go out as they are; the decoder minds control characters in them.
	d := xml.NewDecoder(strings.NewReader(strings.ReplaceAll(page, "\a", "")))
	d.Strict, d.Entity = false, xml.HTMLEntity
	var open []string
	ids := map[string]bool{}
	for {
		tok, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			for _, a := range tok.Attr {
				if strings.HasPrefix(a.Name.Local, "on") || a.Name.Local == "style" {
					return errors.New("inline code: " + a.Name.Local + " of " + tok.Name.Local)
				}
				if a.Name.Local == "id" {
					if ids[a.Value] {
						return errors.New("id twice: " + a.Value)
					}
					ids[a.Value] = true
				}
			}
			if !slices.Contains(void, tok.Name.Local) {
				open = append(open, tok.Name.Local)
			}
		case xml.EndElement:
			if slices.Contains(void, tok.Name.Local) {
				continue // the decoder closes <x/> itself
			}
			if len(open) == 0 || open[len(open)-1] != tok.Name.Local {
				return errors.New("</" + tok.Name.Local + "> closes " + strings.Join(open, " "))
			}
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		return errors.New("never closed: " + strings.Join(open, " "))
	}
	return nil
}

var address = regexp.MustCompile(` (?:href|action|formaction|src)="([^"]*)"`)

// TestPages holds for every page, with rich and with hostile data, what no page may break.
func TestPages(t *testing.T) {
	r := renderer(t, "/prod")
	for _, s := range all() {
		t.Run(s.name, func(t *testing.T) {
			out := draw(t, r, s)
			if err := wellFormed(out); err != nil {
				t.Error(err)
			}
			if strings.Contains(out, "ZgotmplZ") || strings.Contains(out, "<no value>") || strings.Contains(out, "%!") {
				t.Error("a value did not fit where the template put it")
			}
			if n := strings.Count(out, "<script"); n != 1 {
				t.Errorf("%d scripts, want our own only", n)
			}
			if strings.Contains(out, "<img") {
				t.Error("markup of a user's")
			}
			if n := strings.Count(out, "<h1"); n != 1 {
				t.Errorf("%d main headings, want 1", n)
			}
			// Everything leads to under the base, so that a stage prefix never breaks a link.
			for _, m := range address.FindAllStringSubmatch(out, -1) {
				if a := m[1]; !strings.HasPrefix(a, "/prod/") && !strings.HasPrefix(a, "#") && !strings.HasPrefix(a, "mailto:") {
					t.Errorf("address %q is not under the base", a)
				}
			}
		})
	}
}

// TestEveryViewHasASample keeps the tables above whole: a view without a sample is a page nobody looked at.
func TestEveryViewHasASample(t *testing.T) {
	files, err := templateFiles.ReadDir("templates")
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for _, s := range append(samples(), metricSamples()...) {
		if title, _, section := about(s.view); title == "" {
			t.Errorf("%s has no title of its own", s.name)
		} else if team := s.shell.User != nil && s.code == 200; team != (section != SectionNone && section != SectionLocal) && s.code == 200 {
			t.Errorf("%s: section %q", s.name, section)
		}
	}
	for _, f := range files {
		if !strings.HasPrefix(f.Name(), "_") {
			want = append(want, strings.TrimSuffix(f.Name(), ".html"))
		}
	}
	for _, s := range append(samples(), metricSamples()...) {
		got = append(got, s.view.template())
	}
	slices.Sort(got)
	if diff := cmp.Diff(want, slices.Compact(got)); diff != "" {
		t.Error(diff)
	}
}

// TestHostileTextIsShown proves that the hostile pages are not clean because they show nothing.
func TestHostileTextIsShown(t *testing.T) {
	r := renderer(t, "")
	out := draw(t, r, sample{view: Failure{Code: 500, Detail: hostileTexts[0]}})
	if !strings.Contains(out, "&lt;script&gt;window.pwned=1&lt;/script&gt;") {
		t.Error("the text is not shown as it was typed")
	}
	out = draw(t, r, sample{view: Unsubscribe{Email: "a\u202eb\u0000c"}})
	if strings.ContainsAny(out, "\u202e\x00") || !strings.Contains(out, "abc") {
		t.Error("an override in a line of ours is not taken out")
	}
}

// What of a history is folded is on the page all the same, under a summary that says how much it is.
func TestHistoryFolds(t *testing.T) {
	out := draw(t, renderer(t, ""), sample{view: improvement()})
	for _, want := range []string{"<summary>Earlier in episode 2: 1 line, ", "<summary>Episode 1: 2 lines, ", "Nobody was hurt so far."} {
		if !strings.Contains(out, want) {
			t.Errorf("lacks %q", want)
		}
	}
}

// Whoever types words that are mailed to customers is told so.
func TestMailedWordsSaySo(t *testing.T) {
	v := improvement()
	v.Can = []string{"accept", "start", "ship", "reopen"}
	out := draw(t, renderer(t, ""), sample{view: v})
	if n := strings.Count(out, "People who asked to hear read this."); n != len(v.Can) {
		t.Errorf("%d of %d forms say so", n, len(v.Can))
	}
}

func TestGolden(t *testing.T) {
	r := renderer(t, "/prod")
	for _, s := range append(samples(), metricSamples()...) {
		if !slices.Contains([]string{"feedback-errors", "status", "queue", "digest", "sign-in"}, s.name) {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			// The hashes of the assets change with every touch of the style sheet and say nothing about the page.
			got := regexp.MustCompile(`(/assets/\w+)\.[0-9a-f]{12}`).ReplaceAllString(draw(t, r, s), "$1")
			file := filepath.Join("testdata", s.name+".html")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("differs from %s (-update writes it anew):\n%s", file, diff)
			}
		})
	}
}

// TestWeight: a page with everything it loads stays under 50 KB compressed (PAGES: Weight).
func TestWeight(t *testing.T) {
	size := func(b []byte) int {
		var z bytes.Buffer
		w := gzip.NewWriter(&z)
		_, _ = w.Write(b)
		_ = w.Close()
		return z.Len()
	}
	fixed := 0
	for _, a := range assets() {
		fixed += size(a.body)
	}
	r := renderer(t, "")
	full := Queue{Product: shop}
	for range 10 {
		full.Items = append(full.Items, queueItems()...)
	}
	for _, s := range append(samples(), sample{name: "queue of 50", view: full}) {
		if n := fixed + size([]byte(draw(t, r, s))); n > 50<<10 {
			t.Errorf("%s weighs %d bytes", s.name, n)
		}
	}
}

// broken is a view whose template does not exist: drawing it must fail whole.
type broken struct{ Chooser }

func (broken) template() string { return "nowhere" }

func TestPage(t *testing.T) {
	r, err := New(Options{Now: func() time.Time { return now }, FormAction: []string{"https://issuer.example.com"}})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	if err := r.Page(w, http.StatusOK, Shell{}, broken{}); err == nil || w.Body.Len() > 0 || len(w.Header()) > 0 {
		t.Errorf("err %v, %d bytes and %d headers written; want an error and nothing", err, w.Body.Len(), len(w.Header()))
	}
	w = httptest.NewRecorder()
	if err := r.Page(w, http.StatusNotFound, Shell{}, Failure{Code: 404}); err != nil {
		t.Fatal(err)
	}
	h := w.Header()
	if w.Code != 404 || h.Get("Referrer-Policy") != ReferrerSecret || h.Get("Cache-Control") != "no-store" {
		t.Errorf("%d %v", w.Code, h)
	}
	if csp := h.Get("Content-Security-Policy"); !strings.Contains(csp, "form-action 'self' https://issuer.example.com;") || strings.Contains(csp, "unsafe") {
		t.Errorf("policy %q", csp)
	}
	w = httptest.NewRecorder()
	if err := r.Page(w, http.StatusOK, Shell{}, Chooser{}); err != nil || w.Header().Get("Referrer-Policy") != ReferrerOwn {
		t.Errorf("%v %v", err, w.Header())
	}
}

func TestAssets(t *testing.T) {
	h := Assets()
	for _, name := range []string{"app.css", "app.js", "icon.svg"} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, AssetPath(name), nil))
		if w.Code != 200 || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") || w.Header().Get("Content-Type") == "" || w.Body.Len() == 0 {
			t.Errorf("%s: %d %v", name, w.Code, w.Header())
		}
	}
	for _, path := range []string{"/assets/app.css", "/assets/", "/assets/app.000000000000.css"} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != 404 {
			t.Errorf("%s: %d, want 404: only the current content may be kept for ever", path, w.Code)
		}
	}
}
