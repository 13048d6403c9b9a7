package api_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"

	"learningloop/internal/app/local"
	"learningloop/internal/oidclocal"
)

const public = "http://127.0.0.1:8080"

// conversation speaks to a World and holds every answer to the description.
type conversation struct {
	t      *testing.T
	world  *local.World
	web    http.Handler
	routes routers.Router
	staff  string
	reader string
	seen   map[string]bool // "POST /v1/feedback 201"
}

// strict has the schemas of answers refuse what they do not name: an undocumented member is a documentation bug, though
// clients must bear it.
func strict(v any) {
	switch v := v.(type) {
	case map[string]any:
		_, open := v["additionalProperties"]
		if _, object := v["properties"].(map[string]any); object && !open {
			v["additionalProperties"] = false
		}
		for _, x := range v {
			strict(x)
		}
	case []any:
		for _, x := range v {
			strict(x)
		}
	}
}

func converse(t *testing.T) *conversation {
	t.Helper()
	raw, err := os.ReadFile("openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	var tree map[string]any
	if err := json.Unmarshal(raw, &tree); err != nil {
		t.Fatal(err)
	}
	strict(tree)
	delete(tree, "servers") // relative to where the description is served: here, the root
	if raw, err = json.Marshal(tree); err != nil {
		t.Fatal(err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(raw)
	if err != nil {
		t.Fatal(err)
	}
	routes, err := legacy.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	w, err := local.New(t.Context(), local.Config{Public: public, Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	c := &conversation{t: t, world: w, web: w.Handler(), routes: routes, seen: map[string]bool{}}
	rec := c.serve(httptest.NewRequest(http.MethodGet, public+"/_local/staff-token", nil))
	c.staff = rec.Body.String()
	// The same issuer's word about somebody who may only read digests.
	reader, err := oidclocal.New(oidclocal.Config{
		URL: public + oidclocal.Path, ClientID: local.ClientID, RedirectURLs: []string{public}, KeyFile: filepath.Join(dir, "issuer-key.json"),
		Now: time.Now, Random: rand.Reader, Staff: oidclocal.Staff{Subject: "reader", Email: "reader@example.com", Groups: []string{"leadership"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if c.reader, err = reader.Token(time.Now()); err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *conversation) serve(r *http.Request) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	c.web.ServeHTTP(rec, r)
	return rec
}

// ask makes a request and gives the answer's members. A request meant to be right must fit the description too.
func (c *conversation) ask(status int, method, path, token string, body any) map[string]any {
	c.t.Helper()
	var in []byte
	switch b := body.(type) {
	case nil:
	case string:
		in = []byte(b)
	default:
		var err error
		if in, err = json.Marshal(b); err != nil {
			c.t.Fatal(err)
		}
	}
	r := httptest.NewRequest(method, public+path, bytes.NewReader(in))
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return c.send(status, r, in)
}

func (c *conversation) send(status int, r *http.Request, in []byte) map[string]any {
	c.t.Helper()
	at := r.Method + " " + r.URL.RequestURI()
	route, params, err := c.routes.FindRoute(r)
	if err != nil {
		c.t.Fatalf("%s is not described: %v", at, err)
	}
	req := &openapi3filter.RequestValidationInput{Request: r.Clone(context.Background()), PathParams: params, Route: route, Options: &openapi3filter.Options{
		AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true,
	}}
	req.Request.Body = io.NopCloser(bytes.NewReader(in))
	if status < 300 {
		if err := openapi3filter.ValidateRequest(c.t.Context(), req); err != nil {
			c.t.Errorf("%s: a good request does not fit: %v", at, err)
		}
	}
	rec := c.serve(r)
	if rec.Code != status {
		c.t.Fatalf("%s: %d, want %d: %s", at, rec.Code, status, rec.Body)
	}
	err = openapi3filter.ValidateResponse(c.t.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: req, Status: rec.Code, Header: rec.Header(), Body: io.NopCloser(bytes.NewReader(rec.Body.Bytes())), Options: req.Options,
	})
	if err != nil {
		c.t.Errorf("%s: the answer does not fit: %v\n%s", at, err, rec.Body)
	}
	c.seen[route.Method+" "+route.Path+" "+http.StatusText(rec.Code)] = true
	out := map[string]any{}
	if rec.Body.Len() > 0 {
		if err := json.Unmarshal(rec.Body.Bytes(), &out); err != nil {
			c.t.Fatalf("%s: %v", at, err)
		}
	}
	return out
}

func (c *conversation) settle() {
	c.t.Helper()
	if err := c.world.Settle(c.t.Context()); err != nil {
		c.t.Fatal(err)
	}
}

type m map[string]any

func (c *conversation) say(body m) (fid, token string) {
	c.t.Helper()
	out := c.ask(201, "POST", "/v1/feedback", "", body)
	fid, _ = out["id"].(string)
	token, _ = out["token"].(string)
	return fid, token
}

// TestOpenAPIIsTrue holds real answers, good and bad, of every route to what openapi.json says of them.
func TestOpenAPIIsTrue(t *testing.T) {
	c := converse(t)
	c.ask(200, "GET", "/healthz", "", nil)
	c.ask(200, "GET", "/openapi.json", "", nil)
	c.products()
	fid, token := c.feedback()
	iid := c.improvements(fid, token)
	c.operations(fid, token, iid)

	described := map[string]bool{}
	doc, err := openapi3.NewLoader().LoadFromFile("openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			for status := range op.Responses.Map() {
				// Nothing here makes it fail or unavailable, or lets two people change a product in the same instant; those
				// answers are problems like the others.
				if status != "500" && status != "503" && (status != "409" || !strings.HasPrefix(path, "/v1/products/{slug}/")) {
					described[method+" "+path+" "+http.StatusText(atoi(status))] = true
				}
			}
		}
	}
	for _, at := range slices.Sorted(maps.Keys(described)) {
		if !c.seen[at] {
			t.Errorf("no answer seen of %s", at)
		}
	}
}

func atoi(s string) (n int) {
	for _, r := range s {
		n = 10*n + int(r-'0')
	}
	return n
}

// bodies sends what every route with a body refuses alike.
func (c *conversation) bodies(method, path, token string) {
	c.t.Helper()
	c.ask(400, method, path, token, "{")
	c.ask(422, method, path, token, m{"surprise": true})
	c.ask(413, method, path, token, `{"text":"`+strings.Repeat("x", 128<<10)+`"}`)
	r := httptest.NewRequest(method, public+path, strings.NewReader("<feedback/>"))
	r.Header.Set("Content-Type", "text/xml")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	c.send(415, r, nil)
}

// staffOnly sees that a route is closed to everybody else.
func (c *conversation) staffOnly(method, path string) {
	c.t.Helper()
	c.ask(401, method, path, "", nil)
	c.ask(401, method, path, "not-a-token", nil)
	c.ask(403, method, path, c.reader, nil)
}
