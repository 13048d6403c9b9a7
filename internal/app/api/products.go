package api

import (
	"bytes"
	"cmp"
	"io"
	"net/http"

	"learningloop/internal/fault"
	"learningloop/internal/httpapi"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/product"
	"learningloop/internal/score"
	"learningloop/internal/signal"
	"learningloop/internal/store"
	"learningloop/internal/trail"
)

func (a *API) listProducts(_ http.ResponseWriter, r *http.Request) (any, error) {
	ps, err := a.Store.Products(r.Context())
	if err != nil {
		return nil, err
	}
	return listOf(store.Page[product.Product]{Items: ps}, viewProduct), nil
}

// viewProduct is a product as the API shows it: lists are never null.
func viewProduct(p product.Product) product.Product {
	p.Routing, p.DigestTo = append([]signal.Rule{}, p.Routing...), append([]string{}, p.DigestTo...)
	p.Components, p.Mutes = append([]product.Component{}, p.Components...), append([]product.Mute{}, p.Mutes...)
	p.ClusterMinutes, p.Andon.Minutes = cmp.Or(p.ClusterMinutes, product.DefaultWindow), cmp.Or(p.Andon.Minutes, product.DefaultWindow)
	p.Runbooks, p.Unmuted = append(product.Runbooks{}, p.Runbooks...), nil
	return p
}

func (a *API) getProduct(_ http.ResponseWriter, r *http.Request) (any, error) {
	p, err := a.Store.ProductBySlug(r.Context(), r.PathValue("slug"))
	if err != nil {
		return nil, err
	}
	if p, err = a.Store.Product(r.Context(), p.ID); err != nil {
		return nil, err
	}
	return viewProduct(p), nil
}

// putProduct makes the product of a slug, or changes what the body names of it. A version in the body is compared.
func (a *API) putProduct(_ http.ResponseWriter, r *http.Request) (any, error) {
	body, err := httpapi.ReadBody(r, httpapi.MaxBody)
	if err != nil {
		return nil, err
	}
	if len(body) == 0 {
		body = []byte("{}")
	}
	rest, version, err := takeVersion(body)
	if err != nil {
		return nil, err
	}
	var s product.Settings
	r.Body = io.NopCloser(bytes.NewReader(rest))
	if err := httpapi.Decode(r, &s); err != nil {
		return nil, err
	}
	p, fresh, err := a.setProduct(r, r.PathValue("slug"), s, version)
	if err != nil {
		return nil, err
	}
	if fresh {
		return created{location: a.Links.Public + "/v1/products/" + p.Slug, value: viewProduct(p)}, nil
	}
	return viewProduct(p), nil
}

// setProduct makes or changes a product, and says whether it is new. version 0 is not compared.
func (a *API) setProduct(r *http.Request, slug string, s product.Settings, version int64) (product.Product, bool, error) {
	ctx := r.Context()
	p, err := a.Store.ProductBySlug(ctx, slug)
	fresh := fault.Is(err, fault.NotFound)
	switch {
	case fresh:
		p, err = product.New(slug, a.Rand(), a.Now())
	case err == nil:
		p, err = a.Store.Product(ctx, p.ID)
	}
	if err != nil {
		return p, false, err
	}
	if version != 0 && version != p.Version {
		return p, false, fault.Meanwhile(nil)
	}
	who := by(r)
	s.By = who.Who
	was := p
	if p, err = p.With(s); err != nil {
		return p, false, err
	}
	if late := p.Late(was, a.Now()); len(late) > 0 {
		return p, false, fault.Fields(late...)
	}
	action, detail, line := "changed product", p.Since(was), changedProduct(p, who)
	if fresh {
		action, detail, line = "created product", "", id.Hash(12, string(p.ID), who.Request, "created product")
	}
	err = a.Store.SaveProduct(ctx, p, &trail.Entry{
		ID: line, At: a.Now(), By: who.Who, Action: action, Subject: p.Slug, Product: string(p.ID), Request: who.Request,
		Detail: detail,
	})
	p.Version++
	return p, fresh, err
}

// changedProduct is the id of the log's line that says what a request changed in a product.
func changedProduct(p product.Product, who improvement.By) string {
	return id.Hash(12, string(p.ID), who.Request, "changed product")
}

// dryRunAnswer is what a band would have filed over history.
type dryRunAnswer struct {
	Band  int          `json:"band"`
	Floor float64      `json:"scoreAtLeast"`
	Count int          `json:"count"`
	Items []dryRunItem `json:"items"` // the first 100 by score
}

type dryRunItem struct {
	ID    string      `json:"id"`
	Title string      `json:"title"`
	Score score.Score `json:"score"` // at its latest word
}

func (a *API) dryRun(_ http.ResponseWriter, r *http.Request) (any, error) {
	var in struct {
		Band int `json:"band"`
	}
	if err := httpapi.Decode(r, &in); err != nil {
		return nil, err
	}
	if in.Band < 1 || in.Band > 5 {
		return nil, fault.Fields(fault.Field{Pointer: "/band", Detail: "must be 1 to 5"})
	}
	p, err := a.Store.ProductBySlug(r.Context(), r.PathValue("slug"))
	if err != nil {
		return nil, err
	}
	out, err := a.tryBand(r, p.ID, in.Band)
	if err != nil {
		return nil, err
	}
	// That it was tried is kept with the product: only then can the band be set.
	if p, err = a.Store.Product(r.Context(), p.ID); err != nil {
		return nil, err
	}
	p.Rules.DryRun = in.Band
	who := by(r)
	return out, a.Store.SaveProduct(r.Context(), p, &trail.Entry{
		ID: id.Hash(12, string(p.ID), who.Request, "dry run"), At: a.Now(), By: who.Who, Action: "tried band on history", Subject: p.Slug, Product: string(p.ID), Request: who.Request,
	})
}

// tryBand asks of every Improvement, whatever became of it, whether the band would have filed it at its latest word.
func (a *API) tryBand(r *http.Request, p id.Product, band int) (dryRunAnswer, error) {
	out := dryRunAnswer{Band: band, Floor: score.BandFloor(band), Items: []dryRunItem{}}
	cursor := ""
	for {
		page, err := a.Store.ListImprovements(r.Context(), p, store.ImprovementFilter{}, true, cursor, 100)
		if err != nil {
			return out, err
		}
		for _, im := range page.Items {
			if !improvement.WouldFile(im.Evidence, im.Effort, im.Latest, band) {
				continue
			}
			if out.Count++; len(out.Items) < 100 {
				out.Items = append(out.Items, dryRunItem{ID: string(im.ID), Title: im.Title, Score: score.At(im.Evidence, im.Effort, im.Latest)})
			}
		}
		if cursor = page.Next; cursor == "" {
			return out, nil
		}
	}
}
