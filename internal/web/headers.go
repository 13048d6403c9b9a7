package web

import (
	"net/http"
	"strings"
)

// CSP is the content security policy of every page: nothing but our own style sheet, script, images and answers; no
// inline code, no frames, no base element.
const CSP = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// The referrer policies. A page whose address is a credential sends none at all; the others only to ourselves.
const (
	ReferrerSecret = "no-referrer"
	ReferrerOwn    = "same-origin"
)

// PermissionsPolicy turns off what no page uses.
const PermissionsPolicy = "camera=(), microphone=(), geolocation=(), payment=(), usb=(), interest-cohort=()"

func policy(formAction []string) string {
	if len(formAction) == 0 {
		return CSP
	}
	return strings.Replace(CSP, "form-action 'self'", "form-action 'self' "+strings.Join(formAction, " "), 1)
}

// Headers sets what every page of ours carries, for pages drawn elsewhere. secret says that the address is a credential.
func Headers(h http.Header, secret bool) { set(h, CSP, secret) }

func (r *Renderer) headers(h http.Header, secret bool) { set(h, r.csp, secret) }

func set(h http.Header, csp string, secret bool) {
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", csp)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", PermissionsPolicy)
	// Pages show what people said and who is signed in: no cache may keep them.
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", ReferrerOwn)
	if secret {
		h.Set("Referrer-Policy", ReferrerSecret)
		h.Set("X-Robots-Tag", "noindex")
	}
}
