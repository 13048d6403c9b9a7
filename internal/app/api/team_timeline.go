package api

import (
	"cmp"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"learningloop/internal/chart"
	"learningloop/internal/fault"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/incident"
	"learningloop/internal/mirror"
	"learningloop/internal/opsitem"
	"learningloop/internal/person"
	"learningloop/internal/product"
	"learningloop/internal/timeline"
	"learningloop/internal/web"
)

func timelinePath(slug string, iid id.Improvement, n int) string {
	return web.Path("team", slug, "improvements", string(iid), "episodes", strconv.Itoa(n))
}

// told is what a timeline page is made of.
type told struct {
	p        product.Product
	im       improvement.Improvement
	ep       opsitem.Episode
	look     incident.PostIncident // its zero value: none
	timeline incident.Timeline
	frozen   bool
}

// pathTimeline tells what happened in the episode that the path names: as it is known now, or as it was kept (?kept=yes).
func (a *API) pathTimeline(r *http.Request) (told, error) {
	p, im, err := a.pathCase(r)
	if err != nil {
		return told{}, err
	}
	n, err := strconv.Atoi(r.PathValue("n"))
	if err != nil || n < 1 || strconv.Itoa(n) != r.PathValue("n") {
		return told{}, fault.New(fault.NotFound, "unknown_episode", "There is no such episode.")
	}
	t := told{p: p, im: im}
	if t.ep, err = a.Store.Episode(r.Context(), im.ID, n); err != nil {
		return told{}, err
	}
	t.ep = t.ep.Staged()
	if t.look, err = a.Store.PostIncident(r.Context(), im.ID, n); err != nil && !isNotFound(err) {
		return told{}, err
	}
	if t.frozen = r.URL.Query().Get("kept") == "yes" && t.look.Timeline != nil; t.frozen {
		t.timeline = *t.look.Timeline
		err = a.reword(r, &t)
	} else {
		t.timeline, err = timeline.Teller{Store: a.Store, Now: a.Now}.Timeline(r.Context(), im.ID, n)
	}
	for i := range t.timeline.Moments {
		m := &t.timeline.Moments[i]
		m.Who = person.Name(m.Who)
	}
	return t, err
}

// reword gives complaints of a kept timeline the words that their pieces still have.
func (a *API) reword(r *http.Request, t *told) error {
	pieces, err := a.pieces(r, func(yield func(id.Feedback)) {
		for _, m := range t.timeline.Moments {
			if m.Kind == incident.Complaint {
				yield(id.Feedback(m.Ref))
			}
		}
	})
	for i := range t.timeline.Moments {
		if m := &t.timeline.Moments[i]; m.Kind == incident.Complaint {
			m.What = pieces[id.Feedback(m.Ref)].Headline()
		}
	}
	return err
}

// timelinePage shows what happened in an episode.
func (a *API) timelinePage(r *http.Request) (answer, error) {
	t, err := a.pathTimeline(r)
	if err != nil {
		return answer{}, err
	}
	if err := a.saw(r, by(r).Who, "saw timeline", string(t.im.ID), string(t.p.ID)); err != nil {
		return answer{}, err
	}
	sh, err := a.teamShell(r, "Timeline: "+t.im.Title, web.SectionImprovements, &t.p)
	if err != nil {
		return answer{}, err
	}
	here := timelinePath(t.p.Slug, t.im.ID, t.ep.N)
	v := web.Timeline{
		Product: productRef(t.p), ID: string(t.im.ID), Title: t.im.Title, Episode: t.ep.N, Severity: t.ep.Stages.Worst, Source: sourceWords[t.ep.Stages.Source],
		Times: timeFacts(t), Made: t.timeline.Made, Frozen: t.frozen, Download: here + "/timeline.md",
	}
	if t.frozen {
		v.Download += "?kept=yes"
	}
	if t.ep.OpsItem != "" {
		v.OpsItem = &web.Link{Text: t.ep.OpsItem, Path: a.opsItemPath(t.ep.OpsItem)}
	}
	if v.LookBack = t.look.At; !t.look.At.IsZero() && t.look.Due() {
		v.Waiting = t.look.Error + " It is tried again by itself."
		if t.look.Error == "" {
			v.Waiting = "Its event is on its way."
		}
	}
	switch {
	case t.frozen:
		v.Other = here
	case t.look.Timeline != nil:
		v.Other = here + "?kept=yes"
	}
	for n := 1; n <= t.im.Episode && len(v.Episodes) < mostShown; n++ {
		if n != t.ep.N {
			v.Episodes = append(v.Episodes, web.Link{Text: fmt.Sprintf("episode %d", n), Path: timelinePath(t.p.Slug, t.im.ID, n)})
		}
	}
	for _, m := range t.timeline.Moments {
		v.Moments = append(v.Moments, a.momentView(t, m))
	}
	v.Seconds = bySeconds(t)
	v.Course = courseOf(t)
	v.Moments = folded(v.Moments)
	for _, k := range incident.Kinds {
		if n := t.timeline.Left[k]; n > 0 {
			v.Left = append(v.Left, fmt.Sprintf("And %d more of kind “%s” in between.", n, incident.Names[k]))
		}
	}
	return draw(sh, v)
}

// bySeconds says whether minutes would tell too little: moments lie within one, or a stage took less than two.
func bySeconds(t told) bool {
	const close, short = time.Minute, 2 * time.Minute
	for i, m := range t.timeline.Moments {
		if i > 0 && m.At.Sub(t.timeline.Moments[i-1].At) < close {
			return true
		}
	}
	for _, d := range []time.Duration{t.timeline.Times.Detect, t.timeline.Times.File, t.timeline.Times.Acknowledge, t.timeline.Times.Resolve} {
		if d > 0 && d < short {
			return true
		}
	}
	return false
}

// courseOf is the episode as a line of time, its stages named with how long each took.
func courseOf(t told) chart.Course {
	c := chart.Course{Title: "The episode as a line of time"}
	for _, m := range t.timeline.Moments {
		c.At = append(c.At, m.At)
	}
	mark := func(at time.Time, name string, took time.Duration) {
		if at.IsZero() || t.frozen && at.After(t.timeline.Made) {
			return
		}
		if took >= time.Second {
			name += " " + incident.Took(took)
		}
		c.Marks = append(c.Marks, chart.Mark{At: at, Label: name, Kind: chart.Moment})
	}
	e, times := t.ep, incident.TimesOf(t.ep)
	mark(e.Stages.Detected, "detected", 0)
	mark(e.Filed, "filed", times.File)
	mark(e.Stages.Acknowledged, "acknowledged", times.Acknowledge)
	mark(e.Resolved, "resolved", times.Resolve)
	return c
}

// folded sums up complaints that follow each other, where they are more than a few: what else happened shows between them.
func folded(all []web.Moment) (out []web.Moment) {
	const few = 3
	for i := 0; i < len(all); {
		n := 1
		for all[i].Kind == incident.Names[incident.Complaint] && all[i].Mark == "" && i+n < len(all) && all[i+n].Kind == all[i].Kind {
			n++
		}
		if n <= few {
			out, i = append(out, all[i]), i+1
			continue
		}
		first, last := all[i], all[i+n-1]
		took := incident.Took(last.At.Sub(first.At))
		out = append(out, web.Moment{At: first.At, Kind: first.Kind, What: fmt.Sprintf("%d complaints within %s", n, took), More: all[i : i+n]})
		i += n
	}
	return out
}

func (a *API) momentView(t told, m incident.Moment) web.Moment {
	v := web.Moment{At: m.At, Kind: incident.Names[m.Kind], What: cmp.Or(m.What, "Somebody reported it."), Who: m.Who, Mark: string(m.Mark)}
	switch m.Kind {
	case incident.Complaint:
		v.Path = casePath(t.p.Slug, t.im.ID) + "?evidence=all#" + "ev-" + m.Ref
	case incident.Filed:
		v.Path = a.opsItemPath(m.Ref)
	}
	return v
}

// timeFacts says how long each stage took; one that is not over says so.
func timeFacts(t told) []web.Fact {
	took := func(from, to time.Time, not string) string {
		switch d := to.Sub(from); {
		case to.IsZero():
			return not
		case d < time.Second:
			return "at once"
		default:
			return incident.Took(d)
		}
	}
	e := t.ep
	acked := "not yet"
	if !e.Resolved.IsZero() {
		acked = "nobody did"
	}
	return []web.Fact{
		{Label: "To detect", Value: took(e.Stages.Detected, e.Opened, "not known")},
		{Label: "To file", Value: took(e.Opened, e.Filed, "not filed")},
		{Label: "To acknowledge", Value: took(e.Opened, e.Stages.Acknowledged, acked)},
		{Label: "To resolve", Value: took(e.Opened, e.Resolved, "under way")},
	}
}

// timelineFile gives the timeline as a Markdown document.
func (a *API) timelineFile(r *http.Request) (answer, error) {
	t, err := a.pathTimeline(r)
	if err != nil {
		return answer{}, err
	}
	if err := a.saw(r, by(r).Who, "exported timeline", string(t.im.ID), string(t.p.ID)); err != nil {
		return answer{}, err
	}
	report := incident.Report{
		Title: t.im.Title, Product: t.p.Name, Episode: t.ep.N, Severity: t.ep.Stages.Worst, OpsItem: t.ep.OpsItem, Ended: !t.ep.Resolved.IsZero(),
		Frozen: t.frozen, Timeline: t.timeline, Case: a.Links.Improvement(t.im, t.p.Slug),
	}
	return answer{file: &file{
		name: fmt.Sprintf("timeline-%s-%d.md", t.p.Slug, t.ep.N), media: "text/markdown; charset=utf-8", body: []byte(report.Markdown(mirror.Harmless)),
	}}, nil
}

// caseTimelines leads from the case to what happened in each of its episodes.
func (a *API) caseTimelines(r *http.Request, im improvement.Improvement, v *web.Improvement) error {
	if im.Episode == 0 {
		return nil
	}
	looks, _, err := a.Store.PostIncidents(r.Context(), im.ID, "")
	for n := im.Episode; n > 0 && len(v.Timelines) < mostShown; n-- {
		t := web.Timelined{Text: fmt.Sprintf("Episode %d", n), Path: timelinePath(v.Product.Slug, im.ID, n)}
		for _, l := range looks {
			if l.Episode == n {
				t.LookBack = l.At
			}
		}
		v.Timelines = append(v.Timelines, t)
	}
	return err
}
