package api

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"learningloop/internal/digest"
	"learningloop/internal/fault"
	"learningloop/internal/feedback"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/product"
	"learningloop/internal/store"
	"learningloop/internal/trail"
	"learningloop/internal/web"
)

// Bounds of one page of the log, which is kept by days.
const (
	logLines = 50
	logReads = 400 // pages of days that are read for it: over a year without a line
)

// kinds are what somebody can have done, by the first word of an action. Whatever is none of the others changed something.
const (
	kindSaw      = "saw"
	kindExported = "exported"
	kindErased   = "erased"
	kindChanged  = "changed"
)

func kindOfAction(action string) string {
	first, _, _ := strings.Cut(action, " ")
	if first == kindSaw || first == kindExported || first == kindErased {
		return first
	}
	return kindChanged
}

// logQuery is what the log is cut down to.
type logQuery struct {
	who, kind   string
	from, until time.Time // days
	product     string    // id; "" for all
	subjects    []string  // nil for all
}

func (q logQuery) keep(e trail.Entry) bool {
	return (q.who == "" || strings.Contains(strings.ToLower(e.By), strings.ToLower(q.who))) &&
		(q.kind == "" || kindOfAction(e.Action) == q.kind) && (q.product == "" || e.Product == q.product) &&
		(q.subjects == nil || slices.Contains(q.subjects, e.Subject) || slices.Contains(q.subjects, e.Detail))
}

// logPage shows who saw, changed, exported or erased what.
func (a *API) logPage(r *http.Request) (answer, error) {
	sh, err := a.teamShell(r, "Log", web.SectionLog, nil)
	if err != nil {
		return answer{}, err
	}
	ps, err := a.productsByName(r)
	if err != nil {
		return answer{}, err
	}
	in := r.URL.Query()
	v := web.Log{Products: sh.Products, Filter: web.LogFilter{
		Who: in.Get("who"), Kind: in.Get("did"), Product: in.Get("product"), From: in.Get("from"), Until: in.Get("until"), Correlation: in.Get("correlation"),
	}}
	q, err := a.logQuery(r, v.Filter, ps)
	if err != nil {
		bad, ok := formErrors(err)
		if !ok {
			return answer{}, err
		}
		v.Errors = bad
		return refused(sh, v, err)
	}
	lines, next, err := a.logLines(r, q, in.Get("cursor"))
	if err != nil {
		return answer{}, err
	}
	v.Pager = pagerOf(r, next, len(lines), 0)
	if day, _, _ := strings.Cut(next, "~"); len(lines) == 0 && day != "" {
		sh.Notices = []web.Notice{{Text: "Nothing since " + day + ". To look further back, set “Until” to that day."}}
	}
	if v.Entries, err = a.logEntries(r, lines, ps); err != nil {
		return answer{}, err
	}
	return draw(sh, v)
}

// logQuery reads the filter, or names what is wrong with it.
func (a *API) logQuery(r *http.Request, f web.LogFilter, ps []product.Product) (logQuery, error) {
	q := logQuery{who: strings.TrimSpace(f.Who), kind: f.Kind, until: a.Now().UTC()}
	var bad []fault.Field
	reject := func(name, detail string) { bad = append(bad, fault.Field{Pointer: "/" + name, Detail: detail}) }
	if _, err := oneOf("did", f.Kind, kindSaw, kindChanged, kindExported, kindErased); err != nil {
		reject("did", "must be one of saw, changed, exported, erased")
	}
	for _, p := range ps {
		if p.Slug == f.Product {
			q.product = string(p.ID)
		}
		// Nothing was logged before there was a product.
		if q.from.IsZero() || p.Created.Before(q.from) {
			q.from = p.Created
		}
	}
	if f.Product != "" && q.product == "" {
		reject("product", "is not one of the products")
	}
	for _, d := range []struct {
		name, typed string
		to          *time.Time
	}{{"from", f.From, &q.from}, {"until", f.Until, &q.until}} {
		if d.typed == "" {
			continue
		}
		day, ok := parseDay(d.typed)
		if !ok {
			reject(d.name, mustBeDay)
			continue
		}
		*d.to = day
	}
	if len(bad) == 0 && dayOf(q.from).After(dayOf(q.until)) && f.From != "" {
		reject("from", "must not be after the other date")
	}
	if f.Correlation != "" {
		subjects, err := a.subjectsOf(r, f.Correlation)
		if err != nil {
			reject("correlation", "is not an id that runs through the loop")
		}
		q.subjects = subjects
	}
	return q, fault.Fields(bad...)
}

// subjectsOf are the things that one correlation id runs through.
func (a *API) subjectsOf(r *http.Request, correlation string) ([]string, error) {
	if iid, err := id.ParseImprovement(strings.Replace(correlation, "c-", "i-", 1)); err == nil {
		return []string{string(iid)}, nil // of one that was made without feedback
	}
	fid, err := id.FromCorrelation(correlation)
	if err != nil {
		return nil, err
	}
	out := []string{string(fid)}
	f, err := a.Store.Feedback(r.Context(), fid)
	if err != nil && !isNotFound(err) {
		return nil, err
	}
	if f.Improvement != "" {
		out = append(out, string(f.Improvement))
	}
	return out, nil
}

func dayOf(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

// logLines gives lines, newest first, and the cursor of the next page: "<day>~<cursor within the day>".
func (a *API) logLines(r *http.Request, q logQuery, cursor string) (lines []trail.Entry, next string, err error) {
	day := dayOf(q.until)
	if cursor != "" {
		d, rest, _ := strings.Cut(cursor, "~")
		if day, err = time.Parse(time.DateOnly, d); err != nil {
			return nil, "", fault.Fields(fault.Field{Pointer: "/cursor", Detail: "is not one that a page before gave"})
		}
		cursor = rest
	}
	for range logReads {
		page, err := a.Store.ListLog(r.Context(), day, store.LogFilter{}, cursor, logLines-len(lines))
		if err != nil {
			return nil, "", err
		}
		for _, e := range page.Items {
			if q.keep(e) {
				lines = append(lines, e)
			}
		}
		if cursor = page.Next; cursor == "" {
			day = day.AddDate(0, 0, -1)
		}
		if day.Before(dayOf(q.from)) {
			return lines, "", nil
		}
		if len(lines) == logLines {
			break
		}
	}
	return lines, day.Format(time.DateOnly) + "~" + cursor, nil
}

// logEntries names what lines are about.
func (a *API) logEntries(r *http.Request, lines []trail.Entry, ps []product.Product) ([]web.LogEntry, error) {
	names, slugs := map[string]string{}, map[string]string{}
	for _, p := range ps {
		names[string(p.ID)], slugs[string(p.ID)] = p.Name, p.Slug
	}
	var ims []improvement.Improvement
	for _, e := range lines {
		if iid, err := id.ParseImprovement(e.Subject); err == nil && !slices.ContainsFunc(ims, func(im improvement.Improvement) bool { return im.ID == iid }) {
			ims = append(ims, improvement.Improvement{ID: iid})
		}
	}
	if err := atOnce(ims, func(im *improvement.Improvement) error {
		got, err := a.Store.Improvement(r.Context(), im.ID)
		if isNotFound(err) {
			return nil
		}
		*im = got
		return err
	}); err != nil {
		return nil, err
	}
	byID := map[string]improvement.Improvement{}
	for _, im := range ims {
		byID[string(im.ID)] = im
	}
	out := make([]web.LogEntry, 0, len(lines))
	for _, e := range lines {
		out = append(out, logEntry(e, byID, names, slugs))
	}
	return out, nil
}

func logEntry(e trail.Entry, ims map[string]improvement.Improvement, names, slugs map[string]string) web.LogEntry {
	v := web.LogEntry{At: e.At, Who: e.By, Did: pastTense(e.Action), Kind: kindOfAction(e.Action), Product: names[e.Product], Detail: e.Detail}
	if fid, err := id.ParseFeedback(e.Detail); err == nil {
		v.Detail, v.Correlation = "", fid.Correlation()
	}
	fid, feedbackErr := id.ParseFeedback(e.Subject)
	did, digestErr := digest.ParseID(e.Subject)
	im, isImprovement := ims[e.Subject]
	switch {
	case isImprovement:
		v.What, v.Path, v.Correlation = feedback.Cut(im.Title, 80), casePath(slugs[string(im.Product())], im.ID), im.Correlation
	case feedbackErr == nil:
		v.What, v.Correlation = "one piece", fid.Correlation()
	case digestErr == nil:
		v.What, v.Path = did.Period().Title(), web.Path("team", "digests", string(did))
	case strings.HasPrefix(e.Subject, "s-"):
		v.What = "one event"
	case e.Subject == "":
		v.What = "across products"
	case e.Subject == slugs[e.Product] && strings.HasSuffix(e.Action, "improvements"):
		v.What, v.Path = "of "+v.Product, web.Path("team", e.Subject, "improvements")
	case e.Subject == slugs[e.Product] && v.Kind == kindSaw:
		v.What, v.Path = "of "+v.Product, web.Path("team", e.Subject, "queue")
	case e.Subject == slugs[e.Product]:
		v.What, v.Path = v.Product, web.Path("team", "products", e.Subject)
	default:
		v.What = feedback.Cut(e.Subject, 80)
	}
	return v
}

// pastTense says an action as what was done: decisions are logged by their verbs.
func pastTense(action string) string {
	verb, rest, _ := strings.Cut(action, " ")
	if past, ok := decided[improvement.Verb(verb)]; ok {
		return past + " " + rest
	}
	return action
}
