package api

import (
	_ "embed"
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"learningloop/internal/fault"
	"learningloop/internal/feedback"
	"learningloop/internal/followup"
	"learningloop/internal/httpapi"
	"learningloop/internal/id"
	"learningloop/internal/opsitem"
	"learningloop/internal/signal"
	"learningloop/internal/store"
	"learningloop/internal/trail"
)

//go:embed openapi.json
var openAPI []byte

// health says that the process answers; it asks nothing of storage, so that a load balancer's probe costs nothing.
func (a *API) health(http.ResponseWriter, *http.Request) (any, error) {
	return map[string]string{"status": "ok"}, nil
}

func (a *API) openAPI(w http.ResponseWriter, _ *http.Request) (any, error) {
	w.Header().Set("Cache-Control", "public, max-age=300")
	w.Header().Set("Access-Control-Allow-Origin", "*")
	return raw{media: "application/json", body: openAPI}, nil
}

// setAsideView is a set-aside event as the API shows it.
type setAsideView struct {
	ID       string          `json:"id"`
	Event    json.RawMessage `json:"event"`
	Why      string          `json:"why"`
	Received time.Time       `json:"receivedAt"`
}

func (a *API) listSetAside(_ http.ResponseWriter, r *http.Request) (any, error) {
	q, err := plainQuery(r)
	if err != nil {
		return nil, err
	}
	page, err := a.Store.ListSetAside(r.Context(), q.cursor, q.limit)
	if err != nil {
		return nil, err
	}
	return listOf(page, func(s signal.SetAside) setAsideView {
		return setAsideView{ID: s.ID, Event: s.Event, Why: s.Why, Received: s.Received}
	}), nil
}

func (a *API) replay(_ http.ResponseWriter, r *http.Request) (any, error) {
	who := by(r)
	out, err := a.Intake.Replay(r.Context(), r.PathValue("id"), who.Who, who.Request)
	if err != nil {
		return nil, err
	}
	return map[string]string{"feedback": string(out.Feedback), "ignored": string(out.Ignored)}, nil
}

func (a *API) drop(_ http.ResponseWriter, r *http.Request) (any, error) {
	var in struct {
		Reason string `json:"reason"`
	}
	if err := httpapi.Decode(r, &in); err != nil {
		return nil, err
	}
	who := by(r)
	return nil, a.Intake.Drop(r.Context(), r.PathValue("id"), in.Reason, who.Who, who.Request)
}

func (a *API) listLog(_ http.ResponseWriter, r *http.Request) (any, error) {
	q, err := plainQuery(r, "day", "by", "product", "subject")
	if err != nil {
		return nil, err
	}
	day := a.Now()
	if d := q.values["day"]; d != "" {
		var ok bool
		if day, ok = parseDay(d); !ok {
			return nil, fault.Fields(fault.Field{Pointer: "/day", Detail: mustBeDay})
		}
	}
	flt := store.LogFilter{By: q.values["by"], Subject: q.values["subject"]}
	if slug := q.values["product"]; slug != "" {
		p, err := a.Store.ProductBySlug(r.Context(), slug)
		if err != nil {
			return nil, err
		}
		flt.Product = string(p.ID)
	}
	page, err := a.Store.ListLog(r.Context(), day, flt, q.cursor, q.limit)
	if err != nil {
		return nil, err
	}
	return listOf(page, func(e trail.Entry) trail.Entry { return e }), nil
}

// trailAnswer is everything that belongs to one correlation id.
type trailAnswer struct {
	Correlation string           `json:"correlationId"`
	Feedback    *feedbackView    `json:"feedback,omitempty"`
	Improvement *improvementView `json:"improvement,omitempty"`
	Episodes    []episodeView    `json:"episodes"`
	Mails       []mailView       `json:"mails"`
}

// episodeView is an episode without how it is kept in step.
type episodeView struct {
	N        int            `json:"number"`
	Title    string         `json:"title"`
	Severity int            `json:"severity"`
	Priority int            `json:"priority"`
	OpsItem  string         `json:"opsItemId,omitempty"`
	Status   opsitem.Status `json:"status,omitempty"`
	Opened   time.Time      `json:"openedAt"`
	Filed    time.Time      `json:"filedAt,omitzero"`
	Resolved time.Time      `json:"resolvedAt,omitzero"`
}

func viewEpisode(e opsitem.Episode) episodeView {
	return episodeView{e.N, e.Request.Title, e.Request.Severity, e.Request.Priority, e.OpsItem, e.Status, e.Opened, e.Filed, e.Resolved}
}

type mailView struct {
	Kind     followup.MailKind  `json:"kind"`
	Name     string             `json:"name"`
	State    followup.MailState `json:"state"`
	Ordered  time.Time          `json:"orderedAt"`
	Sent     time.Time          `json:"sentAt,omitzero"`
	Attempts int                `json:"attempts"`
	Provider string             `json:"providerId,omitempty"`
}

// trail follows a correlation id from any end: it is the Feedback's, and what came of it carries it on.
func (a *API) trail(_ http.ResponseWriter, r *http.Request) (any, error) {
	c := r.PathValue("correlation")
	fid, err := id.FromCorrelation(c)
	if err != nil {
		return nil, err
	}
	f, err := a.Store.Feedback(r.Context(), fid)
	if err != nil {
		return nil, err
	}
	if err := a.saw(r, by(r).Who, "saw trail", string(fid), string(f.Product())); err != nil {
		return nil, err
	}
	p, err := a.Store.Product(r.Context(), f.Product())
	if err != nil {
		return nil, err
	}
	v, err := a.viewFeedback(r, f, p.Slug)
	if err != nil {
		return nil, err
	}
	out := trailAnswer{Correlation: c, Feedback: &v, Episodes: []episodeView{}, Mails: []mailView{}}
	if err := a.trailMails(r, &out, f, string(fid)); err != nil {
		return nil, err
	}
	if f.Improvement == "" {
		return out, nil
	}
	im, err := a.Store.Improvement(r.Context(), f.Improvement)
	if err != nil {
		return nil, err
	}
	whole, err := a.wholeImprovement(r, im, p.Slug)
	if err != nil {
		return nil, err
	}
	out.Improvement = &whole
	episodes, err := store.Everything(func(cursor string) ([]opsitem.Episode, string, error) {
		return a.Store.Episodes(r.Context(), im.ID, cursor)
	})
	if err != nil {
		return nil, err
	}
	for _, e := range episodes {
		out.Episodes = append(out.Episodes, viewEpisode(e))
	}
	return out, a.trailMails(r, &out, f, string(im.ID))
}

// trailMails adds the mails of an owner that went to the submitter of f.
func (a *API) trailMails(r *http.Request, out *trailAnswer, f feedback.Feedback, owner string) error {
	mails, err := store.Everything(func(cursor string) ([]followup.Mail, string, error) {
		return a.Store.Mails(r.Context(), owner, cursor)
	})
	for _, m := range mails {
		if m.Person == f.Submitter.Person {
			out.Mails = append(out.Mails, mailView{m.Kind, m.Name, m.State, m.Ordered, m.Sent, m.Attempts, m.Provider})
		}
	}
	return err
}

// recount counts a month of a product again from its Feedback: no difference is what should come out.
func (a *API) recount(_ http.ResponseWriter, r *http.Request) (any, error) {
	q, err := a.listQuery(r, "month")
	if err != nil {
		return nil, err
	}
	month := a.Now()
	if m := q.values["month"]; m != "" {
		if month, err = time.Parse("2006-01", m); err != nil {
			return nil, fault.Fields(fault.Field{Pointer: "/month", Detail: "must be a month like 2026-12"})
		}
	}
	diff, err := a.Store.Recount(r.Context(), q.product.ID, month)
	if err != nil {
		return nil, err
	}
	cells := make([]string, 0, len(diff))
	for c := range diff {
		cells = append(cells, string(c.Dimension)+" "+c.Hour.Format(time.RFC3339))
	}
	slices.Sort(cells)
	return map[string]any{"month": month.Format("2006-01"), "differences": cells}, nil
}
