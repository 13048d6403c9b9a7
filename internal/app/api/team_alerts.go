package api

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"
	"time"

	"learningloop/internal/improvement"
	"learningloop/internal/product"
	"learningloop/internal/web"
)

// mostAndons is how many andons of a product are shown on pages that are about more than them.
const mostAndons = 10

// alerts are what members see first: the andons of a product that are up, and how many they are, then what is muted there.
func (a *API) alerts(r *http.Request, p product.Product) (out []web.Fault, andons int, err error) {
	up, err := a.Store.AndonsUp(r.Context(), p.ID, mostAndons+1)
	if err != nil {
		return nil, 0, fmt.Errorf("list andons of %s: %w", p.ID, err)
	}
	for _, im := range up[:min(len(up), mostAndons)] {
		out = append(out, andonAlert(im, p))
	}
	if len(up) > mostAndons {
		out = append(out, web.Fault{
			Tone: web.ToneBad, Title: fmt.Sprintf("More than %d andons are up in %s", mostAndons, p.Name),
			Action: &web.Link{Text: "Open the list", Path: web.Path("team", p.Slug, "improvements")}, Since: up[mostAndons].Andon.Pulled,
		})
	}
	if f := muteAlert(p, a.Now()); f != nil {
		out = append(out, *f)
	}
	return out, len(up), nil
}

func andonAlert(im improvement.Improvement, p product.Product) web.Fault {
	owner := "nobody has it yet"
	if im.Owner != "" {
		owner = im.Owner + " has it"
	}
	return web.Fault{
		Tone: web.ToneBad, Title: "Andon: " + im.Andon.Words(p.Name), Since: im.Andon.Pulled,
		Detail: fmt.Sprintf("“%s” (%s): severity %d, %s.", im.Title, p.Name, im.InForce().Severity, owner),
		Action: &web.Link{Text: "Open the case", Path: casePath(p.Slug, im.ID)},
	}
}

// pressing orders alerts of several products: what is red first, and of that what began last.
func pressing(x, y web.Fault) int {
	tone := func(f web.Fault) int {
		if f.Tone == web.ToneBad {
			return 0
		}
		return 1
	}
	return cmp.Or(cmp.Compare(tone(x), tone(y)), y.Since.Compare(x.Since))
}

// muting is a window that lasts, and until when.
type muting struct {
	product.Mute
	until time.Time
}

func mutedNow(p product.Product, now time.Time) (out []muting) {
	for _, m := range p.Mutes {
		if until, active := m.Active(now); active {
			out = append(out, muting{m, until})
		}
	}
	return out
}

// mostMutes is how many windows are named in one line.
const mostMutes = 3

// muteAlert says in one line what of a product alerts nobody now; nil where all of it does.
func muteAlert(p product.Product, now time.Time) *web.Fault {
	windows := mutedNow(p, now)
	if len(windows) == 0 {
		return nil
	}
	var said []string
	for _, m := range windows[:min(len(windows), mostMutes)] {
		said = append(said, m.What()+" until "+m.until.UTC().Format("2006-01-02 15:04 MST"))
	}
	if more := len(windows) - mostMutes; more > 0 {
		said = append(said, fmt.Sprintf("%d more", more))
	}
	return &web.Fault{
		Tone: web.ToneWarn, Title: "Muted now in " + p.Name + ": " + strings.Join(said, "; "),
		Action: &web.Link{Text: "Muted signals", Path: web.Path("team", p.Slug, "mutes")},
	}
}
