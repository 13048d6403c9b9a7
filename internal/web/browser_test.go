package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// site serves the samples under /prod/x/{name}, the assets, and enough of the routes that forms arrive somewhere.
func site(t *testing.T, base string) http.Handler {
	t.Helper()
	r := renderer(t, base)
	byName := map[string]sample{}
	for _, s := range all() {
		byName[s.name] = s
	}
	show := func(w http.ResponseWriter, s sample) {
		if err := r.Page(w, s.code, s.shell, s.view); err != nil {
			t.Error(err)
			http.Error(w, "broken", http.StatusInternalServerError)
		}
	}
	var asked atomic.Int64
	mux := http.NewServeMux()
	mux.Handle("GET /assets/", Assets())
	mux.HandleFunc("GET /x/live", func(w http.ResponseWriter, _ *http.Request) {
		v := localIndex()
		v.Parts[0].Count = int(asked.Add(1))
		show(w, sample{code: 200, shell: Shell{Local: true}, view: v})
	})
	mux.HandleFunc("GET /x/{name}", func(w http.ResponseWriter, q *http.Request) {
		s, ok := byName[q.PathValue("name")]
		if !ok {
			s = byName["error-404"]
		}
		show(w, s)
	})
	mux.HandleFunc("GET /team/{product}/{page}", func(w http.ResponseWriter, _ *http.Request) { show(w, byName["decide-plan"]) })
	mux.HandleFunc("POST /p/{product}/feedback", func(w http.ResponseWriter, q *http.Request) {
		http.Redirect(w, q, base+"/x/feedback-sent", http.StatusSeeOther)
	})
	mux.HandleFunc("POST /", func(w http.ResponseWriter, q *http.Request) {
		http.Redirect(w, q, base+"/x/queue", http.StatusSeeOther)
	})
	// As a server would: forms from elsewhere are refused, so that this proves that ours are not.
	return http.StripPrefix(base, http.NewCrossOriginProtection().Handler(mux))
}

// TestBrowser looks at every page in a real browser: accessibility rules, both colour schemes, phone to desktop, the
// content security policy, the keyboard, and no scripts. Screenshots stay in .shots/web.
func TestBrowser(t *testing.T) {
	tools, chromium := os.Getenv("NODE_TOOLS"), os.Getenv("CHROMIUM")
	if tools == "" || chromium == "" {
		t.Skip("SKIPPED: no page was looked at in a browser. It needs NODE_TOOLS (a node_modules with playwright-core and axe-core) and CHROMIUM (its path); `make test` sets both.")
	}
	const base = "/prod"
	srv := httptest.NewServer(site(t, base))
	defer srv.Close()
	shots, err := filepath.Abs("../../.shots/web")
	if err != nil {
		t.Fatal(err)
	}
	var pages []string
	for _, s := range all() {
		pages = append(pages, s.name)
	}
	config, err := json.Marshal(map[string]any{"base": srv.URL + base, "tools": tools, "chromium": chromium, "shots": shots, "pages": pages})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "node", "testdata/browser.mjs")
	cmd.Env = append(os.Environ(), "NODE_NO_WARNINGS=1")
	cmd.Stdin = bytes.NewReader(config)
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		t.Errorf("browser: %v\n%s", err, complaints.String())
	}
	type line struct{ Page, Check, Detail string }
	checks, ended := 0, false
	for l := range strings.Lines(string(out)) {
		var c line
		if err := json.Unmarshal([]byte(l), &c); err != nil {
			t.Errorf("browser said %q", l)
			continue
		}
		checks++
		ended = ended || c.Check == "came to the end"
		if c.Detail != "" {
			t.Errorf("%s: %s:\n%s", c.Page, c.Check, c.Detail)
		}
	}
	if !ended {
		t.Error("the browser did not come to the end of its list")
	}
	t.Attr("checks", fmt.Sprintf("%d over %d pages", checks, len(pages)))
}
