package api

import (
	"math"
	"net/http"
	"time"

	"learningloop/internal/digest"
	"learningloop/internal/followup"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/store"
	"learningloop/internal/web"
)

// digestsPage lists the archive.
func (a *API) digestsPage(r *http.Request) (answer, error) {
	sh, err := a.teamShell(r, "Digests", web.SectionDigests, nil)
	if err != nil {
		return answer{}, err
	}
	page, err := a.Store.ListDigests(r.Context(), r.URL.Query().Get("cursor"), 0)
	if err != nil {
		return answer{}, err
	}
	v := web.Digests{Pager: pagerOf(r, page.Next, len(page.Items), 0)}
	for _, d := range page.Items {
		v.Items = append(v.Items, web.DigestRow{
			ID: string(d.ID), Period: d.Report.Period.Title(), Scope: d.Report.Scope, Verdict: d.Report.Verdict, Every: d.Report.Period.Kind.Every(),
			SentTo: len(d.To),
		})
	}
	if err := atOnce(v.Items, func(row *web.DigestRow) error {
		at, n, err := a.sent(r, row.ID)
		if row.SentAt = at; n > 0 {
			row.SentTo = n
		}
		return err
	}); err != nil {
		return answer{}, err
	}
	return draw(sh, v)
}

// sent says when the last mail of a digest went out, and how many did.
func (a *API) sent(r *http.Request, did string) (at time.Time, n int, err error) {
	mails, err := store.Everything(func(cursor string) ([]followup.Mail, string, error) { return a.Store.Mails(r.Context(), did, cursor) })
	for _, m := range mails {
		if m.State != followup.Sent {
			continue
		}
		if n++; m.Sent.After(at) {
			at = m.Sent
		}
	}
	return at, n, err
}

// digestPage shows a digest as it was frozen: the same as its mail.
func (a *API) digestPage(r *http.Request) (answer, error) {
	did, err := digest.ParseID(r.PathValue("id"))
	if err != nil {
		return answer{}, err
	}
	d, err := a.Store.Digest(r.Context(), did)
	if err != nil {
		return answer{}, err
	}
	sh, err := a.teamShell(r, d.Report.Period.Title()+" · "+d.Report.Scope, web.SectionDigests, nil)
	if err != nil {
		return answer{}, err
	}
	v := digestView(d)
	if v.SentAt, v.SentTo, err = a.sent(r, string(did)); err != nil {
		return answer{}, err
	}
	ps, err := a.productsByName(r)
	if err != nil {
		return answer{}, err
	}
	for _, p := range ps {
		if p.ID == did.Product() || did.Product() == id.All {
			v.Metrics = append(v.Metrics, web.Link{Text: p.Name, Path: metricsPath(p.Slug)})
		}
	}
	if v.Earlier, err = a.made(r, did.Product(), d.Report.Period.Previous()); err != nil {
		return answer{}, err
	}
	if v.Later, err = a.made(r, did.Product(), d.Report.Period.Next()); err != nil {
		return answer{}, err
	}
	return draw(sh, v)
}

// made gives the id of the digest of a period, "" where there is none.
func (a *API) made(r *http.Request, p id.Product, period digest.Period) (string, error) {
	did := digest.IDOf(p, period)
	_, err := a.Store.Digest(r.Context(), did)
	if isNotFound(err) {
		return "", nil
	}
	return string(did), err
}

func digestView(d digest.Digest) web.Digest {
	rep := d.Report
	series := rep.Chart()
	v := web.Digest{
		ID: string(d.ID), Period: rep.Period.Title(), Scope: rep.Scope, Every: rep.Period.Kind.Every(), Verdict: rep.Verdict, Quiet: rep.Quiet,
		TopTitle: "Highest scores among what is open", Retros: rep.Retros, Filing: rep.Filing, Footnote: digest.Footnote(rep), Fresh: rep.Fresh.Words(), Chart: &series,
	}
	scope := func(product string) string { // the product's name, where the digest is about more than one
		if rep.Product == id.All {
			return product
		}
		return ""
	}
	for _, n := range rep.Numbers {
		v.Numbers = append(v.Numbers, numberView(n))
	}
	if ask := rep.Ask; ask != nil {
		v.Asks = []web.Ask{{Question: ask.Question, Why: ask.Why, Link: web.Link{Text: "Open the case", Path: casePath(ask.Item.Slug, ask.Item.ID)}}}
	}
	for _, c := range rep.Changes {
		v.Changes = append(v.Changes, changeView(c, scope(c.Product)))
	}
	for _, it := range rep.Top {
		v.Top = append(v.Top, web.ImprovementRow{
			ID: string(it.ID), Title: it.Title, State: web.State(it.Status), Owner: it.Owner, Due: it.Due, Overdue: it.Late > 0, Voices: it.Voices,
			Score: web.Score{Total: it.Score, Parts: []web.ScorePart{{Name: "score", Value: it.Score, Share: math.Log2(1+it.Score) / 6, Why: it.Why}}},
			Since: rep.At.AddDate(0, 0, -it.Age), Path: casePath(it.Slug, it.ID),
		})
	}
	for _, k := range rep.Looks {
		v.Looks = append(v.Looks, web.LookBack{Title: k.Title, Product: scope(k.Product), Path: timelinePath(k.Slug, k.Improvement, k.Episode), Severity: k.Severity, At: k.At})
	}
	for _, it := range rep.Overdue {
		v.Overdue = append(v.Overdue, web.Promise{Title: it.Title, Path: casePath(it.Slug, it.ID), Product: scope(it.Product), Owner: it.Owner, Due: it.Due})
	}
	return v
}

// numberView shows a figure with its interval, drawn from zero.
func numberView(n digest.Number) web.Number {
	v := web.Number{Label: n.Label, Value: n.Shown, Was: n.Was, Change: n.Said, Note: n.Note}
	switch {
	case n.Change == nil && !n.Has:
		v.Change = "nothing to compare it with yet"
	case n.Change == nil && n.Like == 0 && n.Before == 0:
		v.Change = "none, as before"
	case n.Change == nil:
		v.Change = "not compared: it is no matter of chance"
	default:
		c := n.Change
		v.Tone = web.Tone(c.Tone)
		if !c.Open && c.To > 0 {
			v.At, v.Low, v.High, v.Before, v.HasBefore = n.Like, c.From, c.To, n.Before, true
			v.Max = 1.05 * max(v.At, v.High, v.Before)
		}
	}
	return v
}

func changeView(c digest.Change, product string) web.Change {
	v := web.Change{Title: c.Title, Product: product, Path: casePath(c.Slug, c.ID), State: web.State(c.Status), At: c.At, Because: c.Detail}
	switch c.Status {
	case improvement.Shipped:
		v.Helped = "Whether it helped is not measured yet."
	case improvement.Declined:
		v.Because = declineWords(improvement.DeclineKind(c.Detail))
	default:
	}
	return v
}
