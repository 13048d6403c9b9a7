package api

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"time"

	"learningloop/internal/followup"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/opsitem"
	"learningloop/internal/product"
	"learningloop/internal/store"
	"learningloop/internal/web"
)

// homeItems is how many of what waits are listed on the home page.
const homeItems = 10

// standing is how one product stands.
type standing struct {
	product  product.Product
	state    web.ProductState
	toDecide []web.Waiting
	overdue  []improvement.Improvement
	alerts   []web.Fault
}

// worked are the statuses of what is promised or being done.
var worked = []improvement.Status{improvement.Accepted, improvement.Planned, improvement.InProgress}

// teamHome shows what waits, across products.
func (a *API) teamHome(r *http.Request) (answer, error) {
	sh, err := a.teamShell(r, "Waiting", web.SectionTeam, nil)
	if err != nil {
		return answer{}, err
	}
	all, err := a.standings(r)
	if err != nil {
		return answer{}, err
	}
	if err := a.saw(r, by(r).Who, "saw what waits", "", ""); err != nil {
		return answer{}, err
	}
	var v web.TeamHome
	for _, st := range all {
		v.Alerts = append(v.Alerts, st.alerts...)
		v.ToDecide = append(v.ToDecide, st.toDecide...)
		v.Total += st.state.ToDecide
		v.Products = append(v.Products, st.state)
		for _, im := range st.overdue {
			v.Overdue = append(v.Overdue, web.Promise{
				Title: im.Title, Path: casePath(st.product.Slug, im.ID), Product: st.product.Name, Owner: im.Owner, Due: im.Due, To: string(im.ID),
			})
		}
	}
	slices.SortStableFunc(v.Alerts, pressing)
	slices.SortStableFunc(v.ToDecide, func(x, y web.Waiting) int { return cmp.Compare(y.Item.Score.Total, x.Item.Score.Total) })
	v.ToDecide = v.ToDecide[:min(len(v.ToDecide), homeItems)]
	if err := atOnce(v.ToDecide, func(w *web.Waiting) error { return a.withEvidence(r, &w.Item, len(v.ToDecide)) }); err != nil {
		return answer{}, err
	}
	slices.SortStableFunc(v.Overdue, func(x, y web.Promise) int { return x.Due.Compare(y.Due) })
	if err := atOnce(v.Overdue, func(p *web.Promise) error { return a.promisedTo(r, p) }); err != nil {
		return answer{}, err
	}
	if v.Faults, err = a.faults(r); err != nil {
		return answer{}, err
	}
	return draw(sh, v)
}

// standings says how each product stands, in the order of names.
func (a *API) standings(r *http.Request) ([]standing, error) {
	ps, err := a.productsByName(r)
	if err != nil {
		return nil, err
	}
	out := make([]standing, len(ps))
	for i, p := range ps {
		out[i] = standing{product: p, state: web.ProductState{ProductRef: productRef(p)}}
	}
	return out, atOnce(out, func(st *standing) error { return a.stand(r, st) })
}

func (a *API) stand(r *http.Request, st *standing) error {
	ctx, p, now := r.Context(), st.product, a.Now()
	var err error
	if st.alerts, st.state.Andons, err = a.alerts(r, p); err != nil {
		return err
	}
	proposed, loose, err := a.Store.QueueSize(ctx, p.ID)
	if err != nil {
		return err
	}
	st.state.ToDecide = proposed + loose
	queue, err := a.Store.Queue(ctx, p.ID, store.QueueFilter{}, "", homeItems)
	if err != nil {
		return err
	}
	for _, q := range queue.Items {
		st.toDecide = append(st.toDecide, web.Waiting{Product: productRef(p), Item: waitingItem(q, now)})
	}
	for _, s := range worked {
		ims, err := a.Store.Ranked(ctx, p.ID, s, store.MaxSize)
		if err != nil {
			return err
		}
		st.state.Open += len(ims)
		for _, im := range ims {
			if im.Overdue(now) {
				st.overdue = append(st.overdue, im)
			}
		}
	}
	st.state.Overdue = len(st.overdue)
	st.state.LastFeedback, err = a.lastHeard(r, p)
	return err
}

// lastHeard is when something was last said about a product; zero where that is over a year ago.
func (a *API) lastHeard(r *http.Request, p product.Product) (time.Time, error) {
	since := a.Now().AddDate(-1, 0, 0)
	if p.Created.After(since) {
		since = p.Created
	}
	page, err := a.Store.ListFeedback(r.Context(), p.ID, since, store.FeedbackFilter{}, "", 1)
	if err != nil || len(page.Items) == 0 {
		return time.Time{}, err
	}
	return page.Items[0].Received, nil
}

// promisedTo says how many people a promise was told to. p.To holds the Improvement's id until then.
func (a *API) promisedTo(r *http.Request, p *web.Promise) error {
	mails, err := store.Everything(func(cursor string) ([]followup.Mail, string, error) { return a.Store.Mails(r.Context(), p.To, cursor) })
	p.To = ""
	told := map[string]bool{}
	for _, m := range mails {
		if m.State == followup.Sent && m.Notice != nil && m.Notice.Status == improvement.Planned {
			told[string(m.Person)] = true
		}
	}
	if len(told) > 0 {
		p.To = count(len(told), "person who asked", "people who asked")
	}
	return err
}

// faults are those of the loop itself, the worst first.
func (a *API) faults(r *http.Request) ([]web.Fault, error) {
	var out []web.Fault
	for _, look := range []func(*http.Request) (*web.Fault, error){a.lateTriage, a.failedFilings, a.budgetEdge, a.failedMails, a.setAsideWaits, a.mailNote} {
		f, err := look(r)
		if err != nil {
			return nil, err
		}
		if f != nil {
			out = append(out, *f)
		}
	}
	return out, nil
}

// patience is how long an order may wait before that is a fault: the sweeps run every minute.
const patience = 10 * time.Minute

func (a *API) lateTriage(r *http.Request) (*web.Fault, error) {
	oldest, err := a.Store.OldestUncounted(r.Context())
	if err != nil || oldest.IsZero() || a.Now().Sub(oldest) < patience {
		return nil, err
	}
	return &web.Fault{
		Tone: web.ToneBad, Title: "Feedback waits to be counted", Since: oldest,
		Detail: "It is kept, but in no queue and no number yet. It is tried again every minute; the log of the triage function says why it fails.",
	}, nil
}

// horizon is past every time that a retry is put off to.
const horizon = 48 * time.Hour

// maxOrders is how many waiting orders are looked at for what fails among them.
const maxOrders = 300

func (a *API) failedFilings(r *http.Request) (*web.Fault, error) {
	waiting, err := firstOf(maxOrders, func(cursor string) ([]opsitem.Episode, string, error) {
		return a.Store.DueEpisodes(r.Context(), a.Now().Add(horizon), cursor)
	})
	waiting = slices.DeleteFunc(waiting, func(e opsitem.Episode) bool { return e.Error == "" || e.Held })
	if err != nil || len(waiting) == 0 {
		return nil, err
	}
	last := slices.MaxFunc(waiting, func(x, y opsitem.Episode) int { return cmp.Compare(x.Attempts, y.Attempts) })
	f := &web.Fault{
		Tone: web.ToneBad, Title: count(len(waiting), "OpsItem waits", "OpsItems wait") + " for OpsCenter", Since: last.Opened,
		Detail: fmt.Sprintf("%s Tried %s, and again by itself: nothing is lost.", last.Error, count(last.Attempts, "time", "times")),
	}
	p, err := a.Store.Product(r.Context(), last.Improvement.Product())
	if err != nil {
		return nil, err
	}
	f.Action = &web.Link{Text: "Open the case", Path: casePath(p.Slug, last.Improvement)}
	return f, nil
}

func (a *API) failedMails(r *http.Request) (*web.Fault, error) {
	waiting, err := firstOf(maxOrders, func(cursor string) ([]followup.Mail, string, error) {
		return a.Store.DueMails(r.Context(), a.Now().Add(horizon), cursor)
	})
	waiting = slices.DeleteFunc(waiting, func(m followup.Mail) bool { return m.Error == "" })
	if err != nil || len(waiting) == 0 {
		return nil, err
	}
	last := slices.MinFunc(waiting, func(x, y followup.Mail) int { return x.Ordered.Compare(y.Ordered) })
	return &web.Fault{
		Tone: web.ToneBad, Title: count(len(waiting), "mail waits", "mails wait") + " to be sent", Since: last.Ordered,
		Detail: fmt.Sprintf("%s Tried %s, and again by itself: nothing is lost.", last.Error, count(last.Attempts, "time", "times")),
	}, nil
}

func (a *API) setAsideWaits(r *http.Request) (*web.Fault, error) {
	page, err := a.Store.ListSetAside(r.Context(), "", mostShown)
	n := len(page.Items)
	if err != nil || n == 0 {
		return nil, err
	}
	f := &web.Fault{
		Tone: web.ToneWarn, Title: count(n, "event is", "events are") + " set aside", Detail: "Nobody understood them, so they count for nothing yet.",
		Action: &web.Link{Text: "Look at them", Path: "/team/set-aside"}, Since: page.Items[n-1].Received,
	}
	if n == 1 {
		f.Detail = "Nobody understood it, so it counts for nothing yet."
	}
	if page.Next != "" {
		f.Title, f.Since = fmt.Sprintf("More than %d events are set aside", n), time.Time{}
	}
	return f, nil
}

func (a *API) mailNote(r *http.Request) (*web.Fault, error) {
	if a.Mail == nil {
		return nil, nil // no fault is no error
	}
	note := a.Mail.Note(r.Context())
	if note == "" {
		return nil, nil // no fault is no error
	}
	return &web.Fault{Tone: web.ToneWarn, Title: "Mail does not reach everybody", Detail: note}, nil
}

// firstOf reads pages of a list until it has n.
func firstOf[T any](n int, list func(cursor string) ([]T, string, error)) ([]T, error) {
	var out []T
	cursor := ""
	for len(out) < n {
		items, next, err := list(cursor)
		if err != nil {
			return nil, err
		}
		out = append(out, items...)
		if cursor = next; cursor == "" {
			break
		}
	}
	return out, nil
}

// casePath is an Improvement's page, without the base.
func casePath(slug string, iid id.Improvement) string {
	return web.Path("team", slug, "improvements", string(iid))
}

// seen is how far its history had got when a page showed it: what a form sends back as the version. Evidence that comes
// in meanwhile is in nobody's way; a decision is.
func seen(im improvement.Improvement) string { return fmt.Sprint(im.Entries) }
