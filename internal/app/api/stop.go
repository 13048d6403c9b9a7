package api

import (
	"net/http"
	"strings"

	"learningloop/internal/id"
	"learningloop/internal/person"
	"learningloop/internal/token"
	"learningloop/internal/web"
)

// stopPage says what will no longer come. Opening it changes nothing: mail programs open links to look at them.
func (a *API) stopPage(r *http.Request) (answer, error) {
	if scope, who, ok := a.digestStop(r); ok {
		stopped, err := a.Store.DigestStopped(r.Context(), scope, who)
		if err != nil {
			return answer{}, err
		}
		return draw(web.Shell{}, a.digestStopView(r, scope, stopped))
	}
	f, p, err := a.held(r, token.Stop)
	if err != nil {
		return answer{}, err
	}
	return draw(web.Shell{}, web.Unsubscribe{
		Token: r.PathValue("token"), Email: person.Mask(f.Submitter.Email), Product: productRef(p), Stopped: !f.WantsWord(),
		What: []string{"News about: " + f.Headline()}, Status: a.Tokens.Sign(token.Status, string(f.ID)),
	})
}

// stop ends mails, or has them sent again. A mail program's one click posts List-Unsubscribe=One-Click and reads no page.
func (a *API) stop(r *http.Request) (answer, error) {
	in, err := form(r)
	if err != nil {
		return answer{}, err
	}
	want := in.Get("stop") == "no"
	if scope, who, ok := a.digestStop(r); ok {
		if err := a.Store.StopDigest(r.Context(), scope, who, !want, a.Now()); err != nil {
			return answer{}, err
		}
		return draw(web.Shell{}, a.digestStopView(r, scope, !want))
	}
	f, _, err := a.held(r, token.Stop)
	if err != nil {
		return answer{}, err
	}
	if _, err := a.Feedback.HearBack(r.Context(), f.ID, want); err != nil {
		return answer{}, err
	}
	return a.stopPage(r)
}

// digestStop reads a link that is about digests: "<product or all>~<person>".
func (a *API) digestStop(r *http.Request) (scope id.Product, who person.ID, ok bool) {
	signed, err := a.Tokens.Verify(token.Stop, r.PathValue("token"))
	if err != nil {
		return "", "", false
	}
	s, p, ok := strings.Cut(signed, "~")
	return id.Product(s), person.ID(p), ok
}

func (a *API) digestStopView(r *http.Request, scope id.Product, stopped bool) web.Unsubscribe {
	v := web.Unsubscribe{Token: r.PathValue("token"), Stopped: stopped, What: []string{"The digest over all products"}}
	if p, err := a.Store.Product(r.Context(), scope); err == nil {
		v.Product, v.What = productRef(p), []string{"The digest of " + p.Name}
	}
	return v
}
