package api

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/sync/errgroup"

	"learningloop/internal/auth"
	"learningloop/internal/httpapi"
	"learningloop/internal/product"
	"learningloop/internal/web"
)

// teamPage is a page of members: who may see it, and what it does.
type teamPage struct {
	role auth.Role
	do   page
}

// teamRoutes are the pages of members and leadership.
func (a *API) teamRoutes() map[string]teamPage {
	member := func(do page) teamPage { return teamPage{auth.Member, do} }
	leader := func(do page) teamPage { return teamPage{auth.Leadership, do} }
	admin := func(do page) teamPage { return teamPage{auth.Admin, do} }
	return map[string]teamPage{
		"GET /team":                                                      member(a.teamHome),
		"GET /team/{$}":                                                  member(a.teamHome),
		"GET /team/{product}/queue":                                      member(a.queuePage),
		"GET /team/{product}/decide":                                     member(a.decidePage),
		"POST /team/{product}/decisions":                                 member(a.decideOnPage),
		"POST /team/{product}/promote":                                   member(a.promoteOnPage),
		"POST /team/{product}/attach":                                    member(a.attachOnPage),
		"POST /team/{product}/detach":                                    member(a.detachOnPage),
		"GET /team/{product}/improvements":                               member(a.improvementsPage),
		"GET /team/{product}/improvements/{id}":                          leader(a.casePage),
		"POST /team/{product}/improvements/{id}":                         member(a.editCase),
		"GET /team/{product}/improvements/{id}/episodes/{n}":             leader(a.timelinePage),
		"GET /team/{product}/improvements/{id}/episodes/{n}/timeline.md": leader(a.timelineFile),
		"GET /team/{product}/metrics":                                    leader(a.metricsPage),
		"GET /team/{product}/metrics.csv":                                leader(a.metricsCSV),
		"GET /team/{product}/mutes":                                      member(a.mutesPage),
		"POST /team/{product}/mutes":                                     member(a.muteOnPage),
		"POST /team/{product}/unmute":                                    member(a.unmuteOnPage),
		"POST /team/{product}/mute-again":                                member(a.muteAgainOnPage),
		"POST /team/{product}/stand-down":                                member(a.standDownOnPage),
		"GET /team/{product}/stand-down":                                 leader(a.standDownPage),
		"GET /team/set-aside":                                            member(a.setAsidePage),
		"POST /team/set-aside/{id}/replay":                               member(a.replayOnPage),
		"POST /team/set-aside/{id}/drop":                                 member(a.dropOnPage),
		"GET /team/digests":                                              leader(a.digestsPage),
		"GET /team/digests/{id}":                                         leader(a.digestPage),
		"GET /team/log":                                                  admin(a.logPage),
		"GET /team/products":                                             admin(a.productsPage),
		"POST /team/products":                                            admin(a.addProduct),
		"GET /team/products/{slug}":                                      admin(a.settingsPage),
		"POST /team/products/{slug}":                                     admin(a.saveSettings),
	}
}

// teamShell is what stands around a page of members. p is the product it is about; nil for pages across products.
func (a *API) teamShell(r *http.Request, title string, section web.Section, p *product.Product) (web.Shell, error) {
	sh := web.Shell{Title: title, Section: section}
	if s, ok := auth.FromContext(r.Context()); ok {
		sh.User = &web.User{Name: s.Name, Admin: s.May(auth.Admin)}
	}
	ps, err := a.productsByName(r)
	if err != nil {
		return sh, err
	}
	for _, each := range ps {
		sh.Products = append(sh.Products, productRef(each))
	}
	if p != nil {
		ref := productRef(*p)
		sh.Product = &ref
		if s, ok := auth.FromContext(r.Context()); ok && s.May(auth.Member) { // the page behind the number is theirs
			sh.Muted = len(mutedNow(*p, a.Now()))
		}
	}
	waiting, err := a.Store.ListSetAside(r.Context(), "", mostShown)
	sh.SetAside = len(waiting.Items)
	return sh, err
}

// mostShown is the longest page of a list.
const mostShown = 100

func (a *API) productsByName(r *http.Request) ([]product.Product, error) {
	ps, err := a.Store.Products(r.Context())
	slices.SortFunc(ps, func(x, y product.Product) int {
		return cmp.Or(cmp.Compare(strings.ToLower(x.Name), strings.ToLower(y.Name)), cmp.Compare(x.Slug, y.Slug))
	})
	return ps, err
}

// pathProduct gives the product whose slug the path has.
func (a *API) pathProduct(r *http.Request) (product.Product, error) {
	return a.Store.ProductBySlug(r.Context(), r.PathValue("product"))
}

// refused draws a form again that err refuses, with what is wrong in it.
func refused(shell web.Shell, v web.View, err error) (answer, error) {
	return answer{status: httpapi.Status(err), shell: shell, view: v}, nil
}

// labels are what the fields of the team's forms are called.
var labels = map[string]string{
	"title": "The title", "outcome": "The outcome", "effort": "The effort", "owner": "An owner", "due": "The date", "release": "The release", "kind": "The kind",
	"reason": "The reason", "revisit": "The date", "improvement": "An Improvement", "name": "The name", "slug": "The short name", "about": "The sentence",
	"quotes": "The choice", "severity": "The severity", "priority": "The priority", "category": "The category", "band": "The priority", "digestTo": "The address", "who": "The name", "did": "What was done",
	"what": "What is muted", "component": "What is muted", "to": "The end", "day": "The day", "at": "The time", "minutes": "The length", "zone": "The time zone",
	"clusterMinutes": "The number of minutes within which it is about one cause", "andonPeople": "The number of people of the andon",
	"andonMinutes": "The number of minutes of the andon", "routing": "The list of rules", "runbooks": "The list of runbooks",
	"product": "The product", "from": "The first day", "until": "The last day", "correlation": "The id",
}

// rowNames are what the rows of tables in forms are called, by how the names of their fields begin; rowLabels are what
// their fields are called.
var (
	rowNames  = map[string]string{"rule": "Rule", "book": "Runbook", "part": "Component"}
	rowLabels = map[string]string{
		"Source": "the source", "Account": "the AWS account", "Region": "the Region", "Resource": "the resource", "Name": "the name",
		"Automation": "the Automation document", "Component": "the component’s name",
	}
)

// nameOf is what a field of a form is called, and "Rule 2: " where it is of a row.
func nameOf(name string) (row, label string) {
	field, n, inRow := strings.Cut(name, ".")
	i, err := strconv.Atoi(n)
	if !inRow || err != nil || len(field) < 4 {
		return "", cmp.Or(labels[field], "It")
	}
	return fmt.Sprintf("%s %d: ", cmp.Or(rowNames[field[:4]], "Row"), i+1), cmp.Or(rowLabels[field[4:]], "it")
}

// formErrors is fieldErrors in whole sentences: the summary above a form names no fields.
func formErrors(err error) (web.FieldErrors, bool) {
	bad, ok := fieldErrors(err)
	return sentences(bad), ok
}

func sentences(bad web.FieldErrors) web.FieldErrors {
	for name, text := range bad {
		row, label := nameOf(name)
		// Some details are sentences already.
		if first, _ := utf8.DecodeRuneInString(text); unicode.IsLower(first) {
			text = label + " " + text
		}
		text = row + text
		if name != "" && !strings.HasSuffix(text, ".") {
			text += "."
		}
		bad[name] = text
	}
	return bad
}

// samePage is the address of a list with another cursor, "" for its first page.
func samePage(r *http.Request, cursor string) string {
	q := r.URL.Query()
	for _, name := range append([]string{"cursor"}, flashNames...) {
		q.Del(name)
	}
	if cursor != "" {
		q.Set("cursor", cursor)
	}
	return withQuery(r.URL.Path, q)
}

func withQuery(path string, q url.Values) string {
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// pagerOf leads through a list by cursors; total 0 is not known.
func pagerOf(r *http.Request, next string, shown, total int) web.Pager {
	p := web.Pager{Shown: shown, Total: total}
	if r.URL.Query().Get("cursor") != "" {
		p.First = samePage(r, "")
	}
	if next != "" {
		p.Next = samePage(r, next)
	}
	return p
}

// atOnce does something for every item, several at once. The first error ends it.
func atOnce[T any](items []T, do func(*T) error) error {
	const together = 8 // reads of storage; a page has at most some dozens
	var g errgroup.Group
	g.SetLimit(together)
	for i := range items {
		g.Go(func() error { return do(&items[i]) })
	}
	return g.Wait()
}
