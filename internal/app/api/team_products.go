package api

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"learningloop/internal/fault"
	"learningloop/internal/feedback"
	"learningloop/internal/id"
	"learningloop/internal/product"
	"learningloop/internal/score"
	"learningloop/internal/signal"
	"learningloop/internal/store"
	"learningloop/internal/trail"
	"learningloop/internal/web"
)

// productsPage lists the products and takes new ones.
func (a *API) productsPage(r *http.Request) (answer, error) {
	sh, v, err := a.productsView(r)
	if err != nil {
		return answer{}, err
	}
	return draw(sh, v)
}

func (a *API) productsView(r *http.Request) (web.Shell, web.Products, error) {
	var v web.Products
	sh, err := a.teamShell(r, "Products", web.SectionProducts, nil)
	if err != nil {
		return sh, v, err
	}
	all, err := a.standings(r)
	if err != nil {
		return sh, v, err
	}
	for _, st := range all {
		v.Items = append(v.Items, st.state)
	}
	v.Budget, err = a.budgetPart(r)
	return sh, v, err
}

// addProduct makes a product and goes to its settings.
func (a *API) addProduct(r *http.Request) (answer, error) {
	f, err := form(r)
	if err != nil {
		return answer{}, err
	}
	name, slug := f.Get("name"), strings.TrimSpace(f.Get("slug"))
	err = a.newProduct(r, name, slug)
	if bad, ok := formErrors(err); ok {
		sh, v, viewErr := a.productsView(r)
		if viewErr != nil {
			return answer{}, viewErr
		}
		v.Name, v.Slug, v.Errors = name, slug, bad
		return refused(sh, v, err)
	}
	if err != nil {
		return answer{}, err
	}
	return comeBack(f, web.Path("team", "products", slug), "saved", "")
}

func (a *API) newProduct(r *http.Request, name, slug string) error {
	if err := allWrong(product.CheckSlug(slug), second(product.Product{}.With(product.Settings{Name: &name}))); err != nil {
		return err
	}
	taken := fault.Fields(fault.Field{Pointer: "/slug", Detail: "is taken by another product"})
	if _, err := a.Store.ProductBySlug(r.Context(), slug); err == nil {
		return taken
	} else if !isNotFound(err) {
		return err
	}
	_, _, err := a.setProduct(r, slug, product.Settings{Name: &name}, 0)
	if fault.Is(err, fault.Conflict) {
		return taken
	}
	return err
}

// allWrong names every field that one of errs does; nil where they name none.
func allWrong(errs ...error) error {
	var bad []fault.Field
	for _, err := range errs {
		if e, ok := asFault(err); ok {
			bad = append(bad, e.Fields...)
		}
	}
	return fault.Fields(bad...)
}

func second[T any](_ T, err error) error { return err }

// pathSettings gives the product that the path names as of the last acknowledged write.
func (a *API) pathSettings(r *http.Request) (product.Product, error) {
	p, err := a.Store.ProductBySlug(r.Context(), r.PathValue("slug"))
	if err != nil {
		return p, err
	}
	return a.Store.Product(r.Context(), p.ID)
}

// settingsPage shows what is set for a product.
func (a *API) settingsPage(r *http.Request) (answer, error) {
	p, err := a.pathSettings(r)
	if err != nil {
		return answer{}, err
	}
	sh, v, err := a.settingsView(r, p)
	if err != nil {
		return answer{}, err
	}
	sh.Notices = a.flash(r, p)
	return draw(sh, v)
}

func (a *API) settingsView(r *http.Request, p product.Product) (web.Shell, web.Settings, error) {
	v := web.Settings{
		Product: productRef(p), Version: strconv.FormatInt(p.Version, 10), About: p.About, IsDefault: p.Default, Quotes: string(p.Quotes),
		Severity: p.Rules.Severity, Band: p.Rules.Band, Recipients: p.DigestTo, Parts: partsOf(p),
		Cluster: strconv.Itoa(cmp.Or(p.ClusterMinutes, product.DefaultWindow)),
		Andon:   strconv.Itoa(p.Andon.People), Within: strconv.Itoa(cmp.Or(p.Andon.Minutes, product.DefaultWindow)),
		Runbooks: booksView(p.Runbooks),
	}
	sh, err := a.teamShell(r, "Settings · "+p.Name, web.SectionProducts, &p)
	if err != nil {
		return sh, v, err
	}
	if v.Budget, err = a.budgetPart(r); err != nil {
		return sh, v, err
	}
	v.Rules, err = a.matches(r, p)
	return sh, v, err
}

// matchDays is how far back it is looked what a product's rules matched.
const matchDays = 30

// matches counts for each rule of a product the signals it matched, of the latest maxEvidence.
func (a *API) matches(r *http.Request, p product.Product) ([]web.Rule, error) {
	out := make([]web.Rule, len(p.Routing))
	for i, rule := range p.Routing {
		out[i] = web.Rule{Source: rule.Source, Account: rule.Account, Region: rule.Region, Resource: rule.Resource, Name: rule.Name}
	}
	if len(out) == 0 {
		return nil, nil
	}
	since := a.Now().AddDate(0, 0, -matchDays)
	fs, err := firstOf(maxEvidence, func(cursor string) ([]feedback.Feedback, string, error) {
		page, err := a.Store.ListFeedback(r.Context(), p.ID, since, store.FeedbackFilter{Kind: feedback.Signal}, cursor, mostShown)
		return page.Items, page.Next, err
	})
	for _, f := range fs {
		for i, rule := range p.Routing {
			if f.Signal == nil || f.Received.Before(since) {
				continue
			}
			if to, _ := signal.Route([]signal.ProductRules{{Product: "this", Rules: []signal.Rule{rule}}}, *f.Signal); to != "" {
				out[i].Matches++
			}
		}
	}
	return out, err
}

// typedSettings are the settings of a form.
type typedSettings struct {
	settings product.Settings
	rows     []int // which row of the form each rule is
	books    []int // and each runbook
	parts    typedGathering
	band     int
}

// settingsOf reads the form; a number that is none is named.
func settingsOf(f url.Values) (typedSettings, error) {
	var bad []fault.Field
	number := func(name string) int {
		n, err := strconv.Atoi(f.Get(name))
		if err != nil && f.Get(name) != "" {
			bad = append(bad, fault.Field{Pointer: "/rules/" + name, Detail: "must be a whole number"})
		}
		return n
	}
	severity, band := number("severity"), number("band")
	in := typedSettings{band: band, settings: product.Settings{
		Name: new(f.Get("name")), About: new(f.Get("about")), Default: new(f.Get("isDefault") == "yes"), Quotes: new(product.Quotes(f.Get("quotes"))),
		Routing: []signal.Rule{}, DigestTo: []string{}, Rules: &product.RuleSettings{Severity: &severity, Band: &band},
	}}
	for line := range strings.FieldsFuncSeq(f.Get("digestTo"), func(c rune) bool { return c == '\n' || c == ',' || c == ';' }) {
		if line = strings.TrimSpace(line); line != "" {
			in.settings.DigestTo = append(in.settings.DigestTo, line)
		}
	}
	for i, rule := range typedRules(f) {
		if rule != (web.Rule{}) {
			in.rows = append(in.rows, i)
			in.settings.Routing = append(in.settings.Routing, signal.Rule{
				Source: rule.Source, Account: rule.Account, Region: rule.Region, Resource: rule.Resource, Name: rule.Name,
			})
		}
	}
	in.settings.Runbooks, in.books = booksOf(f)
	bad = append(bad, gatheringOf(f, &in)...)
	return in, fault.Fields(bad...)
}

// typedRules are the rows of rules as typed, without spaces around them; the empty ones too.
func typedRules(f url.Values) []web.Rule { return typedRows(f, "rule") }

// mostRows is how many rows of a form are read.
const mostRows = 200

// typedRows are rows of rules whose fields' names begin with prefix.
func typedRows(f url.Values, prefix string) []web.Rule {
	n := 0
	for _, name := range []string{"Source", "Account", "Region", "Resource", "Name"} {
		n = max(n, len(f[prefix+name]))
	}
	at := func(name string, i int) string {
		if name = prefix + name; i < len(f[name]) {
			return strings.TrimSpace(f[name][i])
		}
		return ""
	}
	out := make([]web.Rule, min(n, mostRows))
	for i := range out {
		out[i] = web.Rule{
			Source: at("Source", i), Account: at("Account", i), Region: at("Region", i), Resource: at("Resource", i), Name: at("Name", i),
		}
	}
	return out
}

// saveSettings sets what the form says, or tries its band over history.
func (a *API) saveSettings(r *http.Request) (answer, error) {
	p, err := a.pathSettings(r)
	if err != nil {
		return answer{}, err
	}
	f, err := form(r)
	if err != nil {
		return answer{}, err
	}
	in, err := settingsOf(f)
	if f.Get("dryRun") == "yes" {
		return a.tryOnPage(r, p, f, in, err)
	}
	version, numErr := strconv.ParseInt(f.Get("version"), 10, 64)
	if numErr != nil {
		version = 0 // not compared
	}
	if err == nil {
		_, _, err = a.setProduct(r, p.Slug, in.settings, version)
	} else {
		err = allWrong(err, second(p.With(in.settings)))
	}
	if err != nil {
		return a.settingsAgain(r, p, f, in, err)
	}
	return comeBack(f, web.Path("team", "products", p.Slug), "saved", "")
}

// settingsAgain draws the form as typed with what is wrong in it.
func (a *API) settingsAgain(r *http.Request, p product.Product, f url.Values, in typedSettings, err error) (answer, error) {
	if _, ok := formErrors(err); !ok {
		return answer{}, err
	}
	sh, v, viewErr := a.settingsView(r, p)
	if viewErr != nil {
		return answer{}, viewErr
	}
	asTyped(&v, f, in)
	v.Errors = settingsErrors(err, in)
	return refused(sh, v, err)
}

// asTyped puts what was typed into the view. What rules matched is known of the stored ones only.
func asTyped(v *web.Settings, f url.Values, in typedSettings) {
	if name := strings.TrimSpace(f.Get("name")); name != "" {
		v.Product.Name = name
	}
	v.About, v.IsDefault, v.Quotes = f.Get("about"), f.Get("isDefault") == "yes", f.Get("quotes")
	v.Severity, v.Band, v.Recipients = *in.settings.Rules.Severity, in.band, strings.Split(strings.TrimSpace(f.Get("digestTo")), "\n")
	if f.Has("partComponent") {
		v.Parts = typedParts(f)
		for n := len(v.Parts); n > 0 && v.Parts[n-1] == (web.Part{}); n-- {
			v.Parts = v.Parts[:n-1]
		}
	}
	for name, to := range map[string]*string{"clusterMinutes": &v.Cluster, "andonPeople": &v.Andon, "andonMinutes": &v.Within} {
		if f.Has(name) {
			*to = f.Get(name)
		}
	}
	stored := v.Rules
	v.Rules = typedRules(f)
	for i, rule := range v.Rules {
		for _, s := range stored {
			if s.Matches > 0 && rule == (web.Rule{Source: s.Source, Account: s.Account, Region: s.Region, Resource: s.Resource, Name: s.Name}) {
				v.Rules[i].Matches = s.Matches
			}
		}
	}
	if in.settings.Runbooks != nil {
		v.Runbooks = typedRunbooks(f)
	}
	for n := len(v.Runbooks); n > 0 && v.Runbooks[n-1] == (web.Runbook{}); n-- {
		v.Runbooks = v.Runbooks[:n-1]
	}
	// The page adds empty rows of its own.
	for n := len(v.Rules); n > 0 && v.Rules[n-1] == (web.Rule{}); n-- {
		v.Rules = v.Rules[:n-1]
	}
}

// settingsErrors gives what is wrong by the form's fields.
func settingsErrors(err error, in typedSettings) web.FieldErrors {
	e, ok := asFault(err)
	if !ok {
		return nil
	}
	out := web.FieldErrors{}
	if len(e.Fields) == 0 {
		out[""] = e.Msg
	}
	for _, fd := range e.Fields {
		parts := strings.Split(strings.TrimPrefix(fd.Pointer, "/"), "/")
		detail := fd.Detail
		switch {
		case parts[0] == "routing" && len(parts) > 1:
			// Empty rows were left out of what was checked.
			if i, err := strconv.Atoi(parts[1]); err == nil && i < len(in.rows) {
				parts[1] = strconv.Itoa(in.rows[i])
			}
		case parts[0] == "runbooks" && len(parts) > 1:
			if i, err := strconv.Atoi(parts[1]); err == nil && i < len(in.books) {
				parts[1] = strconv.Itoa(in.books[i])
			}
		case parts[0] == "digestTo" && len(parts) > 1:
			if i, err := strconv.Atoi(parts[1]); err == nil && i < len(in.settings.DigestTo) {
				detail = "“" + feedback.Cut(in.settings.DigestTo[i], 60) + "”: " + detail
			}
		case fd.Pointer == "/rules/band" && in.band >= 1 && in.band <= 5:
			detail = "was not tried over history yet: press “Try over history”, then save"
		}
		name := cmp.Or(in.parts.field(fd.Pointer), web.FieldName("/"+strings.Join(parts, "/")))
		if was := out[name]; was != "" {
			detail = was + " " + detail
		}
		out[name] = detail
	}
	return sentences(out)
}

// tryOnPage tries the band of the form over history. Nothing of the form is saved but that it was tried.
func (a *API) tryOnPage(r *http.Request, p product.Product, f url.Values, in typedSettings, err error) (answer, error) {
	if err == nil && (in.band < 1 || in.band > 5) {
		err = fault.Fields(fault.Field{Pointer: "/rules/band", Detail: "must be chosen first: which priority shall be tried"})
	}
	if err != nil {
		return a.settingsAgain(r, p, f, in, err)
	}
	tried, err := a.tryBand(r, p.ID, in.band)
	if err != nil {
		return answer{}, err
	}
	if p.Rules.DryRun != in.band {
		p.Rules.DryRun = in.band
		who := by(r)
		if err := a.Store.SaveProduct(r.Context(), p, &trail.Entry{
			ID: id.Hash(12, string(p.ID), who.Request, "dry run"), At: a.Now(), By: who.Who, Action: "tried band on history", Subject: p.Slug, Product: string(p.ID),
			Detail: fmt.Sprintf("band %d", in.band), Request: who.Request,
		}); err != nil {
			return a.settingsAgain(r, p, f, in, err)
		}
		// What was typed was typed over what is stored now.
		if f.Get("version") == strconv.FormatInt(p.Version, 10) {
			f.Set("version", strconv.FormatInt(p.Version+1, 10))
		}
		p.Version++
	}
	sh, v, err := a.settingsView(r, p)
	if err != nil {
		return answer{}, err
	}
	asTyped(&v, f, in)
	if f.Get("version") != "" {
		v.Version = f.Get("version")
	}
	v.DryRun = dryRunView(tried, p.Created, a.Now())
	return draw(sh, v)
}

// maxTried is how many of what a band would have filed are listed.
const maxTried = 5

func dryRunView(t dryRunAnswer, since, now time.Time) *web.DryRun {
	v := &web.DryRun{Band: t.Band, Floor: t.Floor, Since: since, Count: t.Count}
	if weeks := now.Sub(since).Hours() / week.Hours(); weeks >= 1 {
		v.PerWeek = float64(t.Count) / weeks
	}
	for _, it := range t.Items[:min(len(t.Items), maxTried)] {
		v.Items = append(v.Items, web.ImprovementRow{ID: it.ID, Title: it.Title, Score: scoreOnly(it.Score)})
	}
	return v
}

func scoreOnly(s score.Score) web.Score { return web.Score{Total: s.Total, Priority: s.Priority} }
