package api

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"learningloop/internal/feedback"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/product"
	"learningloop/internal/store"
	"learningloop/internal/web"
)

// sorts are the orders of the queue besides the score's.
var sorts = map[string]func(x, y web.QueueItem) int{
	"latest":    func(x, y web.QueueItem) int { return y.Latest.Compare(x.Latest) },
	"oldest":    func(x, y web.QueueItem) int { return x.Since.Compare(y.Since) },
	"companies": func(x, y web.QueueItem) int { return cmp.Compare(len(y.Companies), len(x.Companies)) },
}

// queuePage shows what waits for a decision in a product, and why it stands where it stands.
func (a *API) queuePage(r *http.Request) (answer, error) {
	p, err := a.pathProduct(r)
	if err != nil {
		return answer{}, err
	}
	q := r.URL.Query()
	typ, err1 := oneOf("type", q.Get("type"), string(web.ItemImprovement), string(web.ItemFeedback))
	kind, err2 := oneOf("kind", q.Get("kind"), append([]feedback.Kind{feedback.Signal}, feedback.Kinds...)...)
	sort, err3 := oneOf("sort", q.Get("sort"), "latest", "oldest", "companies")
	if err := cmp.Or(err1, err2, err3); err != nil {
		return answer{}, err
	}
	sh, err := a.teamShell(r, "Queue · "+p.Name, web.SectionQueue, &p)
	if err != nil {
		return answer{}, err
	}
	limit := 0
	if sort != "" {
		limit = mostShown
	}
	page, err := a.Store.Queue(r.Context(), p.ID, store.QueueFilter{Type: typ, Kind: kind}, q.Get("cursor"), limit)
	if err != nil {
		return answer{}, err
	}
	if err := a.saw(r, by(r).Who, "saw queue", p.Slug, string(p.ID)); err != nil {
		return answer{}, err
	}
	sh.Notices = a.flash(r, p)
	v := web.Queue{
		Product: productRef(p), Filter: web.QueueFilter{Type: web.ItemType(typ), Kind: web.FeedbackKind(kind), Sort: sort},
		Pager: pagerOf(r, page.Next, len(page.Items), 0),
	}
	if v.Alerts, _, err = a.alerts(r, p); err != nil {
		return answer{}, err
	}
	for _, it := range page.Items {
		v.Items = append(v.Items, waitingItem(it, a.Now()))
	}
	if err := atOnce(v.Items, func(it *web.QueueItem) error { return a.withEvidence(r, it, len(v.Items)) }); err != nil {
		return answer{}, err
	}
	if sort != "" {
		// The store keeps one order. Another one is made of the first page's items: those of the highest scores.
		slices.SortStableFunc(v.Items, sorts[sort])
		if page.Next != "" {
			sh.Notices = append(sh.Notices, web.Notice{Text: "In this order are the " + count(len(v.Items), "item", "items") + " of the highest scores on this page."})
		}
	}
	if typ == "" && kind == "" {
		proposed, loose, err := a.Store.QueueSize(r.Context(), p.ID)
		if err != nil {
			return answer{}, err
		}
		v.Pager.Total = proposed + loose
	}
	return draw(sh, v)
}

// item is one thing that a form names: an Improvement, or a piece of Feedback that is loose.
type item struct {
	im *improvement.Improvement
	f  *feedback.Feedback
}

func (it item) id() string {
	if it.im != nil {
		return string(it.im.ID)
	}
	return string(it.f.ID)
}

func (it item) view(a *API) web.QueueItem {
	return waitingItem(store.QueueItem{Improvement: it.im, Feedback: it.f}, a.Now())
}

// items gives the things of a product that ids name, at most MaxProposal, and how many of the ids name none: it was
// withdrawn or attached meanwhile, or never was.
func (a *API) items(r *http.Request, p product.Product, ids []string) (out []item, gone int, err error) {
	ids = distinct(ids)
	if len(ids) > improvement.MaxProposal {
		gone = len(ids) - improvement.MaxProposal
		ids = ids[:improvement.MaxProposal]
	}
	for _, s := range ids {
		it, ok, err := a.item(r, p, s)
		if err != nil {
			return nil, 0, err
		}
		if !ok {
			gone++
			continue
		}
		out = append(out, it)
	}
	return out, gone, nil
}

func (a *API) item(r *http.Request, p product.Product, s string) (item, bool, error) {
	if strings.HasPrefix(s, "i-") {
		im, err := a.ofProduct(r, p, s)
		if isNotFound(err) {
			return item{}, false, nil
		}
		return item{im: &im}, err == nil, err
	}
	fid, err := id.ParseFeedback(s)
	if err != nil || fid.Product() != p.ID {
		return item{}, false, nil //nolint:nilerr // an id that is none names nothing
	}
	f, err := a.Store.Feedback(r.Context(), fid)
	switch {
	case isNotFound(err):
		return item{}, false, nil
	case err != nil:
		return item{}, false, err
	case f.Improvement == alone(f):
		// It was promoted by itself a moment ago: the same form sent again.
		im, err := a.Store.Improvement(r.Context(), f.Improvement)
		return item{im: &im}, err == nil, err
	default:
		return item{f: &f}, f.Improvement == "" && f.State != feedback.Withdrawn, nil
	}
}

// alone is the Improvement that deciding about one loose piece makes of it. improvement.Propose gives the same pieces
// under the same title the same id.
func alone(f feedback.Feedback) id.Improvement {
	return id.NewImprovement(f.Product(), "proposed", "", string(f.ID))
}

// improvementsPage lists a product's Improvements.
func (a *API) improvementsPage(r *http.Request) (answer, error) {
	p, err := a.pathProduct(r)
	if err != nil {
		return answer{}, err
	}
	q := r.URL.Query()
	status, err1 := oneOf("status", q.Get("status"), improvement.Statuses...)
	sort, err2 := oneOf("sort", q.Get("sort"), "score", "updated")
	if err := cmp.Or(err1, err2); err != nil {
		return answer{}, err
	}
	sh, err := a.teamShell(r, "Improvements · "+p.Name, web.SectionImprovements, &p)
	if err != nil {
		return answer{}, err
	}
	page, err := a.listOfImprovements(r, p, status, sort)
	if err != nil {
		return answer{}, err
	}
	if err := a.saw(r, by(r).Who, "saw improvements", p.Slug, string(p.ID)); err != nil {
		return answer{}, err
	}
	v := web.Improvements{Product: productRef(p), State: web.State(status), Pager: pagerOf(r, page.Next, len(page.Items), 0)}
	for _, s := range improvement.Statuses {
		v.Counts = append(v.Counts, web.StateCount{State: web.State(s)})
	}
	if err := atOnce(v.Counts, func(c *web.StateCount) (err error) {
		c.Count, err = a.Store.Size(r.Context(), p.ID, improvement.Status(c.State))
		return err
	}); err != nil {
		return answer{}, err
	}
	for _, c := range v.Counts {
		if status == improvement.Status(c.State) || status == "" && !improvement.Status(c.State).Closed() {
			v.Pager.Total += c.Count
		}
	}
	for _, im := range page.Items {
		v.Items = append(v.Items, a.rowOf(im))
	}
	return draw(sh, v)
}

// listOfImprovements lists those of a status, or all that are open.
func (a *API) listOfImprovements(r *http.Request, p product.Product, status improvement.Status, sort string) (store.Page[improvement.Improvement], error) {
	cursor := r.URL.Query().Get("cursor")
	if status != "" {
		return a.Store.ListImprovements(r.Context(), p.ID, store.ImprovementFilter{Status: status}, sort != "updated", cursor, 0)
	}
	return a.Store.ListOpen(r.Context(), p.ID, cursor, 0)
}

func (a *API) rowOf(im improvement.Improvement) web.ImprovementRow {
	now := a.Now()
	return web.ImprovementRow{
		ID: string(im.ID), Title: im.Title, State: web.State(im.Status), Score: scoreView(im.Score(now), im.Evidence, im.Effort, im.Latest, now),
		Owner: im.Owner, Due: im.Due, Overdue: im.Overdue(now), Voices: im.Evidence.Voices, Since: im.Created, Changed: im.Updated, OpsItem: im.OpsItem,
		Severity: im.InForce().Severity, Andon: im.Stops(),
	}
}
