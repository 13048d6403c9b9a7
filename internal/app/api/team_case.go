package api

import (
	"cmp"
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
	e, shown := improvement.Edit{}, caseForm(im)
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
	number := func(name, shown string) *int {
		s := strings.TrimSpace(f.Get(name))
		if s == "" || s == cmp.Or(shown, "0") {
			return nil // left as it was shown: under an andon that may be neither what somebody set nor handed back
		}
		n, err := strconv.Atoi(s)
		if err != nil {
			n = -1 // Edit refuses it, as above
		}
		return &n
	}
	e.Severity, e.Priority = number("severity", shown.Severity), number("priority", shown.Priority)
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
		v.Edit = web.CaseForm{
			Title: f.Get("title"), Outcome: f.Get("outcome"), Effort: f.Get("effort"),
			Severity: f.Get("severity"), Priority: f.Get("priority"), Category: f.Get("category"), Errors: bad,
		}
		return refused(sh, v, err)
	}
	if err != nil {
		return answer{}, err
	}
	return comeBack(f, casePath(p.Slug, im.ID), "saved", im.ID)
}

// shownEvidence is how much of the evidence is shown before "Show all evidence".
const shownEvidence = 10

// caseView gathers what the page shows.
func (a *API) caseView(r *http.Request, p product.Product, im improvement.Improvement) (web.Shell, web.Improvement, error) {
	now := a.Now()
	v := web.Improvement{
		Product: productRef(p), ID: string(im.ID), Version: seen(im), Title: im.Title, Outcome: im.Outcome, State: web.State(im.Status),
		Owner: im.Owner, Due: im.Due, Overdue: im.Overdue(now), Release: im.Release, Episode: max(im.Episode, 1), Edit: caseForm(im), Level: levelOf(im),
		Score: scoreView(im.Score(now), im.Evidence, im.Effort, im.Latest, now), Opened: im.Created, Voices: im.Evidence.Count,
		Component: im.Component, Andon: andonOf(im, p), Words: words(im.Evidence), Can: can(im), Correlation: im.Correlation, Form: web.DecisionForm{Owner: im.Owner, Due: day(im.Due), Release: im.Release},
	}
	inForce := im.InForce()
	v.Score.Severity, v.Score.Priority = inForce.Severity, inForce.Priority
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
	episodes, err := a.episodes(r, im)
	if err != nil {
		return sh, v, err
	}
	if err := a.caseHistory(r, im, episodes, &v); err != nil {
		return sh, v, err
	}
	if err := a.caseOpsItems(r, im, episodes, &v); err != nil {
		return sh, v, err
	}
	for _, part := range []func(*http.Request, improvement.Improvement, *web.Improvement) error{a.caseEvidence, a.caseTold, a.caseTimelines} {
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

// can are the decisions that fit a status, the likeliest first: under an andon nobody plans before they begin.
func can(im improvement.Improvement) []string {
	switch im.Status {
	case improvement.Proposed:
		return []string{"accept", "plan", "decline"}
	case improvement.Accepted:
		if im.AndonUp() {
			return []string{"start", "plan", "ship", "decline"}
		}
		return []string{"plan", "start", "ship", "decline"}
	case improvement.Planned:
		return []string{"start", "ship", "plan", "decline"}
	case improvement.InProgress:
		return []string{"ship", "decline"}
	default:
		return []string{"reopen"}
	}
}

// caseForm is the edit form of a case as it stands: of its level only what a person set and is in force.
func caseForm(im improvement.Improvement) web.CaseForm {
	f := web.CaseForm{Title: im.Title, Outcome: im.Outcome, Effort: effortText(im.Effort)}
	if s := im.Level.Severity; s.By != "" && !im.ByAndon() {
		f.Severity = strconv.Itoa(s.Value)
	}
	if s := im.Level.Priority; s.By != "" {
		f.Priority = strconv.Itoa(s.Value)
	}
	if s := im.Level.Category; s.By != "" {
		f.Category = s.Value
	}
	return f
}

// levelOf says where the level in force comes from.
func levelOf(im improvement.Improvement) web.Level {
	inForce, evident, unset := im.InForce(), im.Evident(), im.Unrated()
	var l web.Level
	if inForce.Severity != evident.Severity {
		l.EvidenceSeverity = evident.Severity
	}
	if inForce.Priority != evident.Priority {
		l.EvidencePriority = evident.Priority
	}
	// What nobody set an episode keeps as it was when the evidence was at its worst.
	if im.Level.Severity.By == "" {
		unset.Severity = inForce.Severity
	}
	if im.Level.Priority.By == "" {
		unset.Priority = inForce.Priority
	}
	if im.Level.Category.By == "" {
		unset.Category = inForce.Category
	}
	const evidence = ", by the evidence"
	severityBy := evidence
	if im.AndonUp() {
		severityBy = ", by the andon"
	}
	l.Unset = [3]string{strconv.Itoa(unset.Severity) + severityBy, strconv.Itoa(unset.Priority) + evidence, unset.Category + evidence}
	l.By = setBy(im)
	return l
}

// setBy says what people set of a case's level, each of them once.
func setBy(im improvement.Improvement) (out []string) {
	said := map[string][]string{}
	var order []string
	note := func(by, what string) {
		if by == "" {
			return
		}
		if said[by] == nil {
			order = append(order, by)
		}
		said[by] = append(said[by], what)
	}
	if l := im.Level; im.ByAndon() {
		out = append(out, fmt.Sprintf("severity %d by the andon", im.InForce().Severity))
		if l.Severity.By != "" {
			out = append(out, fmt.Sprintf("severity %d, once that is stood down, by %s", l.Severity.Value, person.Name(l.Severity.By)))
		}
	} else {
		note(l.Severity.By, "severity "+strconv.Itoa(l.Severity.Value))
	}
	note(im.Level.Priority.By, "priority "+strconv.Itoa(im.Level.Priority.Value))
	note(im.Level.Category.By, "category "+im.Level.Category.Value)
	for _, by := range order {
		out = append(out, strings.Join(said[by], ", ")+" by "+person.Name(by))
	}
	return out
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
		v.MoreEvidence = casePath(v.Product.Slug, im.ID) + "?evidence=all#ev-h"
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
		Removable: true, By: person.Name(at.By), Why: "added later",
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

// episodes gives those of an Improvement, none where it was never accepted.
func (a *API) episodes(r *http.Request, im improvement.Improvement) ([]opsitem.Episode, error) {
	if im.Episode == 0 {
		return nil, nil
	}
	return store.Everything(func(cursor string) ([]opsitem.Episode, string, error) {
		return a.Store.Episodes(r.Context(), im.ID, cursor)
	})
}

func (a *API) caseOpsItems(r *http.Request, im improvement.Improvement, episodes []opsitem.Episode, v *web.Improvement) error {
	if im.Episode == 0 && im.Status == improvement.Declined {
		v.Filing = "Never filed: it was declined before anybody accepted it."
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
				there := ep.Level.Beyond(im.InForce())
				v.OpsItem = &web.OpsItem{
					ID: ep.OpsItem, Status: string(ep.Status), Severity: there.Severity, Priority: there.Priority, URL: a.opsItemPath(ep.OpsItem),
					SyncedAt: ep.Seen, Filed: ep.Filed, Adopted: ep.Adopted,
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
	case ep.OpsItem == "" && ep.Order == opsitem.None:
		return ep.Error
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
	var all []web.ToldStep
	for _, m := range mails {
		t := web.Told{Who: person.Mask(pieces[m.Feedback].Submitter.Email), How: "e-mail", At: m.Ordered}
		step := web.ToldStep{}
		if m.Notice != nil {
			step.State, step.Episode = web.State(m.Notice.Status), m.Notice.Episode
		}
		t.State = step.State
		t.Outcome, t.Tone = mailWords(m)
		if m.State == followup.Sent {
			t.At = m.Sent
		}
		step.At, step.People = t.At, []web.Told{t}
		all = append(all, step)
	}
	v.Told, v.Mails = toldSteps(all), len(all)
	return nil
}

// toldSteps sums up messages by the step that they tell; each of them comes as a step of its own.
func toldSteps(all []web.ToldStep) []web.ToldStep {
	slices.SortStableFunc(all, func(x, y web.ToldStep) int { return y.At.Compare(x.At) })
	var out []web.ToldStep
	for _, one := range all {
		i := slices.IndexFunc(out, func(s web.ToldStep) bool { return s.State == one.State && s.Episode == one.Episode })
		if i < 0 {
			i, out = len(out), append(out, web.ToldStep{State: one.State, Episode: one.Episode, At: one.At})
		}
		out[i].People = append(out[i].People, one.People...)
	}
	for i := range out {
		step := &out[i]
		for _, t := range step.People {
			n := slices.IndexFunc(step.Sums, func(s web.ToldSum) bool { return s.Outcome == t.Outcome })
			if n < 0 {
				n, step.Sums = len(step.Sums), append(step.Sums, web.ToldSum{Outcome: t.Outcome, Tone: t.Tone})
			}
			step.Sums[n].N++
		}
		slices.SortStableFunc(step.Sums, func(x, y web.ToldSum) int { return cmp.Compare(y.N, x.N) })
	}
	return out
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
