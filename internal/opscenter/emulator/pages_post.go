package emulator

import (
	"cmp"
	"net/http"
	"strings"
)

// maxForm is far above what the forms send.
const maxForm = 1 << 20

func parseForm(w http.ResponseWriter, r *http.Request) bool {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		http.Error(w, http.StatusText(http.StatusBadRequest), http.StatusBadRequest)
		return false
	}
	return true
}

// safeBack keeps a redirect within the console.
func (c *console) safeBack(back string) string {
	if back == c.prefix || strings.HasPrefix(back, c.prefix+"?") || strings.HasPrefix(back, c.prefix+"/items/") {
		return back
	}
	return cmp.Or(c.prefix, "/")
}
