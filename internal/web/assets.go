package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"path"
	"strings"
	"sync"

	"learningloop/internal/chart"
)

//go:embed assets/*
var assetFiles embed.FS

// asset is one file under its content-hash name.
type asset struct {
	name string // app.1a2b3c4d5e6f.css
	mime string
	body []byte
}

var mimes = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
}

// assets maps the plain name of each file to what is served for it.
var assets = sync.OnceValue(func() map[string]asset {
	all := map[string]asset{}
	entries, err := assetFiles.ReadDir("assets")
	if err != nil {
		return all // unreachable: the folder is compiled in
	}
	for _, e := range entries {
		body, err := assetFiles.ReadFile("assets/" + e.Name())
		if err != nil {
			continue
		}
		if e.Name() == "app.css" {
			body = append(body, chart.CSS...)
		}
		sum := sha256.Sum256(body)
		ext := path.Ext(e.Name())
		name := strings.TrimSuffix(e.Name(), ext) + "." + hex.EncodeToString(sum[:6]) + ext
		all[e.Name()] = asset{name: name, mime: mimes[ext], body: body}
	}
	return all
})

// AssetPath is the path of an asset ("app.css") without the base. Its name changes with its content.
func AssetPath(name string) string { return "/assets/" + assets()[name].name }

// Assets serves GET /assets/{file}. A file's name holds the hash of its content, so that a browser may keep it for ever;
// any other name is not found.
func Assets() http.Handler {
	byName := map[string]asset{}
	for _, a := range assets() {
		byName[a.name] = a
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, ok := byName[path.Base(r.URL.Path)]
		if !ok {
			http.NotFound(w, r)
			return
		}
		h := w.Header()
		h.Set("Content-Type", a.mime)
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		if r.Method == http.MethodHead {
			return
		}
		_, _ = w.Write(a.body) // the reader has gone: nobody to tell
	})
}
