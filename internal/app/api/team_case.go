package api

import (
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"learningloop/internal/feedback"
	"learningloop/internal/followup"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/opsitem"
	"learningloop/internal/person"
	"learningloop/internal/product"
	"learningloop/internal/score"
	"learningloop/internal/store"
	"learningloop/internal/web"
)

// casePage shows an Improvement with everything that is known of it.
func (a *API) casePage(r *http.Request) (answer, error) {
	p, im, err := a.pathCase(r)
	if err != nil {
		return answer{}, err
	}
	sh, v, err := a.caseView(r, p, im)
	if err != nil {
		return answer{}, err
	}
	sh.Notices = a.flash(r, p)
	return draw(sh, v)
}

// pathCase gives the Improvement that the path names, and its product.
func (a *API) pathCase(r *http.Request) (product.Product, improvement.Improvement, error) {
	p, err := a.pathProduct(r)
	if err != nil {
		return p, improvement.Improvement{}, err
	}
	im, err := a.ofProduct(r, p, r.PathValue("id"))
	return p, im, err
}

// editCase words or estimates an Improvement anew.
func (a *API) editCase(r *http.Request) (answer, error) {
	p, im, err := a.pathCase(r)
	if err != nil {
		return answer{}, err
	}
	f, err := form(r)
	if err != nil {
		return answer{}, err
	}
	e := improvement.Edit{}
	if f.Has("title") {
		e.Title = new(f.Get("title"))
	}
	if f.Has("outcome") {
		e.Outcome = new(f.Get("outcome"))
	}
	if s := strings.TrimSpace(f.Get("effort")); s != "" {
		n, err := strconv.ParseFloat(s, 64)
		if err != nil {
			n = math.NaN() // Edit refuses it, together with whatever else is wrong
		}
		e.Effort = &n
	}
	number := func(name string) *int {
		s := strings.TrimSpace(f.Get(name))
		if s == "" {
			return nil
		}
		n, err := strconv.Atoi(s)
		if err != nil {
			n = -1 // Edit refuses it, as above
		}
		return &n
	}
	e.Severity, e.Priority = number("severity"), number("priority")
	if f.Has("category") {
		e.Category = new(f.Get("category"))
	}
	e.Seen, _ = strconv.Atoi(f.Get("version")) // what is no number is not compared
	_, err = a.Improvements.Edit(r.Context(), im.ID, e, by(r))
	if bad, ok := formErrors(err); ok {
		sh, v, viewErr := a.caseView(r, p, im)
		if viewErr != nil {
			return answer{}, viewErr
		}
		v.Edit, v.Title, v.Outcome, v.Effort = bad, f.Get("title"), f.Get("outcome"), f.Get("effort")
		v.Level.Severity, v.Level.Priority, v.Level.Category = f.Get("severity"), f.Get("priority"), f.Get("category")
		return refused(sh, v, err)
	}
	if err != nil {
		return answer{}, err
	}
	return comeBack(f, casePath(p.Slug, im.ID), "saved", im.ID)
}

// shownEvidence is how much of the evidence is shown before "Show all evidence".
const shownEvidence = 20

// caseView gathers what the page shows.
func (a *API) caseView(r *http.Request, p product.Product, im improvement.Improvement) (web.Shell, web.Improvement, error) {
	now := a.Now()
	v := web.Improvement{
		Product: productRef(p), ID: string(im.ID), Version: seen(im), Title: im.Title, Outcome: im.Outcome, State: web.State(im.Status),
		Owner: im.Owner, Due: im.Due, Overdue: im.Overdue(now), Release: im.Release, Episode: max(im.Episode, 1), Effort: effortText(im.Effort),
		Level: levelOf(im),
		Score: scoreView(im.Score(now), im.Evidence, im.Effort, im.Latest, now), Since: im.Created, Voices: im.Evidence.Count,
		Component: im.Component, Andon: andonOf(im, p), Words: words(im.Evidence), Can: can(im.Status), Correlation: im.Correlation, Form: web.DecisionForm{Owner: im.Owner, Due: day(im.Due), Release: im.Release},
	}
	if im.Status == improvement.Declined {
		v.Declined, v.Reason, v.Revisit = declineWords(im.Decline.Kind), im.Decline.Reason, im.Decline.Revisit
	}
	sh, err := a.teamShell(r, im.Title, web.SectionImprovements, &p)
	if err != nil {
		return sh, v, err
	}
	if err := a.saw(r, by(r).Who, "saw improvement", string(im.ID), string(p.ID)); err != nil {
		return sh, v, err
	}
	for _, part := range []func(*http.Request, improvement.Improvement, *web.Improvement) error{a.caseEvidence, a.caseHistory, a.caseOpsItems, a.caseTold, a.caseTimelines} {
		if err := part(r, im, &v); err != nil {
			return sh, v, err
		}
	}
	v.Form.Members, err = a.members(r, p)
	return sh, v, err
}

// words says evidence as people would; "" where there is none.
func words(e score.Evidence) string {
	if e.Count == 0 {
		return ""
	}
	return e.Words()
}

// can are the decisions that fit a status, the likeliest first.
func can(s improvement.Status) []string {
	switch s {
	case improvement.Proposed:
		return []string{"accept", "plan", "decline"}
	case improvement.Accepted:
		return []string{"plan", "start", "ship", "decline"}
	case improvement.Planned:
		return []string{"start", "ship", "plan", "decline"}
	case improvement.InProgress:
		return []string{"ship", "decline"}
	default:
		return []string{"reopen"}
	}
}

// levelOf is what the edit form offers: what a person set, and what the evidence says otherwise.
func levelOf(im improvement.Improvement) web.Level {
	ev, l := im.Evident(), web.Level{}
	if s := im.Level.Severity; s.By != "" {
		l.Severity, l.By = strconv.Itoa(s.Value), append(l.By, fmt.Sprintf("severity %d by %s", s.Value, s.By))
	}
	if s := im.Level.Priority; s.By != "" {
		l.Priority, l.By = strconv.Itoa(s.Value), append(l.By, fmt.Sprintf("priority %d by %s", s.Value, s.By))
	}
	if s := im.Level.Category; s.By != "" {
		l.Category, l.By = s.Value, append(l.By, fmt.Sprintf("category %s by %s", s.Value, s.By))
	}
	l.Evidence = [3]string{strconv.Itoa(ev.Severity), strconv.Itoa(ev.Priority), ev.Category}
	return l
}

func effortText(f float64) string {
	if f == 0 {
		return "1"
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}

func declineWords(k improvement.DeclineKind) string {
	switch k {
	case improvement.TooCostly:
		return "too costly"
	case improvement.OffStrategy:
		return "off strategy"
	case "":
		return "not to be done"
	default:
		return string(k)
	}
}

func (a *API) caseEvidence(r *http.Request, im improvement.Improvement, v *web.Improvement) error {
	list, whole, err := a.evidence(r, im.ID)
	if err != nil {
		return err
	}
	if v.Trend.Words = ""; whole && len(list) > 0 {
		v.Companies, v.Trend = companies(list), trendOf(list, list[len(list)-1].At, a.Now(), 1)
	}
	if len(list) > shownEvidence && r.URL.Query().Get("evidence") != "all" {
		list = list[:shownEvidence]
		v.MoreEvidence = casePath(v.Product.Slug, im.ID) + "?evidence=all"
	}
	pieces, err := a.pieces(r, func(yield func(id.Feedback)) {
		for _, at := range list {
			yield(at.Feedback)
		}
	})
	if err != nil {
		return err
	}
	for _, at := range list {
		f, ok := pieces[at.Feedback]
		if !ok {
			continue
		}
		v.Evidence = append(v.Evidence, evidenceView(im, at, f))
	}
	return nil
}

// pieces gives the Feedback of ids, by id.
func (a *API) pieces(r *http.Request, each func(yield func(id.Feedback))) (map[id.Feedback]feedback.Feedback, error) {
	var fids []id.Feedback
	out := map[id.Feedback]feedback.Feedback{}
	each(func(fid id.Feedback) {
		if _, there := out[fid]; fid != "" && !there {
			out[fid] = feedback.Feedback{}
			fids = append(fids, fid)
		}
	})
	clear(out)
	for part := range slices.Chunk(fids, mostShown) {
		fs, err := a.Store.FeedbackAll(r.Context(), part)
		if err != nil {
			return nil, err
		}
		for _, f := range fs {
			out[f.ID] = f
		}
	}
	return out, nil
}

func evidenceView(im improvement.Improvement, at improvement.Attachment, f feedback.Feedback) web.Evidence {
	e := web.Evidence{
		ID: string(f.ID), Kind: web.FeedbackKind(f.Kind), Title: f.Title, Text: f.Text, Company: f.Submitter.Company, At: f.Received, Rating: f.Rating,
		Removable: true, By: at.By, Why: "added later",
	}
	// Pieces that an Improvement was proposed with are attached one after the other, right after it was made.
	const atOnce = 5 * 1e9
	if at.Attached.Sub(im.Created) < atOnce {
		e.Why = "from the beginning"
	}
	if why, isRule := strings.CutPrefix(at.By, "rule: "); isRule {
		e.By, e.Why = "", why
	}
	if f.Signal != nil {
		e.Source = f.Signal.DetailType
	} else {
		e.Who = who(f)
	}
	return e
}

func (a *API) caseHistory(r *http.Request, im improvement.Improvement, v *web.Improvement) error {
	history, err := store.Everything(func(cursor string) ([]improvement.Entry, string, error) {
		return a.Store.History(r.Context(), im.ID, cursor)
	})
	if err != nil {
		return err
	}
	v.Steps = stepsOf(im, history)
	for i := range v.Steps {
		for _, e := range history {
			// Members read who decided, and the words of rules too.
			if st := &v.Steps[i]; st.Phase != web.StepAhead && st.State == web.State(e.To) && st.At.Equal(e.At) {
				st.By, st.Words = e.By, e.Reason
			}
		}
	}
	for _, e := range slices.Backward(history) {
		v.History = append(v.History, historyEntry(e))
	}
	return nil
}

var happened = map[string]string{
	"proposed": "proposed it", "accept": "accepted it", "plan": "planned it", "start": "started it", "ship": "shipped it", "decline": "declined it",
	"reopen": "reopened it", "edited": "edited",
}

func historyEntry(e improvement.Entry) web.HistoryEntry {
	h := web.HistoryEntry{At: e.At, Who: e.By, What: e.What, Words: e.Reason}
	if words, ok := happened[e.What]; ok {
		h.What = words
	}
	if e.To != e.From {
		h.State = web.State(e.To)
	}
	switch {
	case e.What == "edited":
		h.What += " " + e.Detail
	case e.To == improvement.Declined && e.Detail != "":
		h.What += ": " + declineWords(improvement.DeclineKind(e.Detail))
	case e.Detail != "":
		h.What += ": " + e.Detail
	}
	if rule, ok := strings.CutPrefix(e.By, "rule: "); ok {
		h.Who, h.From = "A rule", "because "+rule
		if h.Words == rule {
			h.Words = ""
		}
	}
	if what, ok := strings.CutSuffix(e.What, " in OpsCenter"); ok {
		h.What, h.From = what, "in OpsCenter"
	}
	return h
}

func (a *API) caseOpsItems(r *http.Request, im improvement.Improvement, v *web.Improvement) error {
	if im.Episode == 0 {
		if im.Status == improvement.Declined {
			v.Filing = "Never filed: it was declined before anybody accepted it."
		}
		return nil
	}
	episodes, err := store.Everything(func(cursor string) ([]opsitem.Episode, string, error) {
		return a.Store.Episodes(r.Context(), im.ID, cursor)
	})
	if err != nil {
		return err
	}
	var earlier []web.Link
	for _, ep := range episodes {
		switch {
		case ep.N == im.Episode:
			v.Filing = filingWords(ep)
			if err := a.caseFolds(r, ep, v); err != nil {
				return err
			}
			if ep.OpsItem != "" {
				v.OpsItem = &web.OpsItem{
					ID: ep.OpsItem, Status: string(ep.Status), Severity: ep.Level.Severity, Priority: ep.Level.Priority, URL: a.opsItemPath(ep.OpsItem),
					SyncedAt: ep.Seen,
				}
				if ep.Status == "" {
					v.OpsItem.Status = string(opsitem.Open)
				}
			}
		case ep.OpsItem != "" && ep.OpsItem != im.OpsItem: // an episode may go on with the OpsItem of the one before
			earlier = append(earlier, web.Link{Text: ep.OpsItem, Path: a.opsItemPath(ep.OpsItem)})
		}
	}
	if v.OpsItem != nil {
		v.OpsItem.Earlier = earlier
	}
	return nil
}

func filingWords(ep opsitem.Episode) string {
	switch {
	case ep.Held || ep.Folds():
		return ep.Error
	case ep.OpsItem == "" && len(ep.Lost) > 0 && ep.Order == opsitem.None:
		return "It was deleted in OpsCenter and let go; the history says why."
	case ep.OpsItem != "" || ep.Order != opsitem.File:
		return ""
	case ep.Error != "":
		return fmt.Sprintf("Not filed yet. %s Tried %s, and again by itself.", ep.Error, count(ep.Attempts, "time", "times"))
	default:
		return "It is being filed."
	}
}

// opsItemPath is where an OpsItem is seen: in the Systems Manager console, or in its stand-in on this machine.
func (a *API) opsItemPath(oid string) string {
	if a.Local {
		return web.Path("_local", "opscenter", "items", oid)
	}
	return consoleURL(a.Region, oid)
}

// consoleURL is an OpsItem's page in the console of a Region's partition.
func consoleURL(region, oid string) string {
	host := region + ".console.aws.amazon.com"
	switch {
	case strings.HasPrefix(region, "cn-"):
		host = region + ".console.amazonaws.cn"
	case strings.HasPrefix(region, "us-gov-"):
		host = region + ".console.amazonaws-us-gov.com"
	}
	return "https://" + host + "/systems-manager/opsitems" + web.Path(oid) + "?region=" + region
}

func (a *API) caseTold(r *http.Request, im improvement.Improvement, v *web.Improvement) error {
	mails, err := store.Everything(func(cursor string) ([]followup.Mail, string, error) {
		return a.Store.Mails(r.Context(), string(im.ID), cursor)
	})
	if err != nil {
		return err
	}
	pieces, err := a.pieces(r, func(yield func(id.Feedback)) {
		for _, m := range mails {
			yield(m.Feedback)
		}
	})
	if err != nil {
		return err
	}
	for _, m := range mails {
		t := web.Told{Who: person.Mask(pieces[m.Feedback].Submitter.Email), How: "e-mail", At: m.Ordered}
		if m.Notice != nil {
			t.State = web.State(m.Notice.Status)
		}
		t.Outcome, t.Tone = mailWords(m)
		if m.State == followup.Sent {
			t.At = m.Sent
		}
		v.Told = append(v.Told, t)
	}
	slices.SortStableFunc(v.Told, func(x, y web.Told) int { return y.At.Compare(x.At) })
	return nil
}

func mailWords(m followup.Mail) (string, web.Tone) {
	switch m.State {
	case followup.Sent:
		return "sent", web.ToneNone
	case followup.Stopped:
		return "not sent: they asked for no more, or it bounced", web.ToneWarn
	case followup.Refused:
		return "refused by the mail provider", web.ToneBad
	default:
		if m.Error == "" {
			return "waits to be sent", web.ToneNone
		}
		return "tried " + count(m.Attempts, "time", "times") + ", and again by itself", web.ToneBad
	}
}
