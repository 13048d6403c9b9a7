package local

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"time"

	"learningloop/internal/httpapi"
	"learningloop/internal/opscenter/emulator"
	"learningloop/internal/store"
	"learningloop/internal/table"
	"learningloop/internal/trend"
	"learningloop/internal/web"
)

// index shows the whole loop as one picture with what waits at each part.
func (w *World) index(rw http.ResponseWriter, r *http.Request) {
	parts, err := w.parts(r.Context())
	if err != nil {
		w.api.Fail(rw, r, err)
		return
	}
	v := web.LocalIndex{AWS: w.cfg.awsAddress(), DataDir: w.cfg.Dir, Parts: parts}
	for _, s := range Schedules {
		v.Schedules = append(v.Schedules, web.Schedule{Name: s.Name, Every: s.Says, Path: "/_local/schedules/" + s.Name + "/run", Last: w.ran.at(s.Name)})
	}
	v.Try = []web.Try{
		{Title: "Say something", Text: "Give feedback as a customer would, and follow it on its page.", Link: &web.Link{Text: "Open the form", Path: "/p/example/feedback"}},
		{Title: "Decide it", Text: "See it in the queue, make it an improvement, accept it.", Link: &web.Link{Text: "Open the queue", Path: "/team/example/queue"}},
		{Title: "Work it", Text: "Set its OpsItem to Resolved, as operations would, and read what the customer hears.", Link: &web.Link{Text: "Open OpsCenter", Path: "/_local/opscenter"}},
	}
	v.Places = []web.Link{
		{Text: "Inbox", Path: "/_local/mail"},
		{Text: "OpsCenter", Path: "/_local/opscenter"},
		{Text: "Team", Path: "/team"},
		{Text: "Digests", Path: "/team/digests"},
		{Text: "API description", Path: "/openapi.json"},
	}
	if err := w.api.Pages.Page(rw, http.StatusOK, web.Shell{Local: true, Section: web.SectionLocal, Path: "/_local/"}, v); err != nil {
		w.api.Fail(rw, r, err)
	}
}

// pending says how many orders of each type wait, for programs that wait for the loop: up to ?most=, else to 1,000.
func (w *World) pending(rw http.ResponseWriter, r *http.Request) {
	most, err := strconv.Atoi(r.URL.Query().Get("most"))
	if err != nil || most < 1 || most > 4*table.MaxPage {
		most = table.MaxPage
	}
	out := map[string]int{}
	for _, typ := range []string{store.TypeFeedback, store.TypeEpisode, store.TypeNotice, store.TypeMail, store.TypePostIncident} {
		n, err := w.Store.PendingCount(r.Context(), typ, most)
		if err != nil {
			httpapi.WriteProblem(rw, r, err)
			return
		}
		out[typ] = n
	}
	httpapi.WriteJSON(rw, http.StatusOK, out)
}

// parts are the parts of the loop with what is or waits at each. Validating and reflecting have nothing to count yet.
func (w *World) parts(ctx context.Context) ([]web.LoopPart, error) {
	ps, err := w.Store.Products(ctx)
	if err != nil {
		return nil, err
	}
	said, toDecide := 0, 0
	now := w.cfg.Now().UTC()
	for _, p := range ps {
		hours, err := w.Store.Counts(ctx, p.ID, trend.All, now.Truncate(24*time.Hour), now.Add(time.Hour))
		if err != nil {
			return nil, err
		}
		said += int(trend.Sum(hours)["n"])
		proposed, loose, err := w.Store.QueueSize(ctx, p.ID)
		if err != nil {
			return nil, err
		}
		toDecide += proposed + loose
	}
	digests, err := w.Store.ListDigests(ctx, "", 100)
	if err != nil {
		return nil, err
	}
	items := w.Emulator.Counts()
	parts := []web.LoopPart{
		{Key: "received", Count: said, Unit: "today", Path: "/"},
		{Key: "decided", Count: toDecide, Unit: "to decide", Path: "/team"},
		{Key: "worked", Count: items[emulator.StatusOpen] + items[emulator.StatusInProgress], Unit: "open", Path: "/_local/opscenter"},
		{Key: "reported", Count: len(digests.Items), Unit: "digests", Path: "/team/digests"},
	}
	for _, waiting := range []struct{ key, typ, path string }{
		{"triaged", store.TypeFeedback, "/team"}, {"filed", store.TypeEpisode, "/_local/opscenter"}, {"told", store.TypeMail, "/_local/mail"},
	} {
		n, err := w.Store.PendingCount(ctx, waiting.typ, table.MaxPage)
		if err != nil {
			return nil, err
		}
		parts = append(parts, web.LoopPart{Key: waiting.key, Count: n, Unit: "waiting", Path: waiting.path})
	}
	return parts, nil
}

// ran remembers when each schedule last ran.
type ran struct {
	mu   sync.Mutex
	last map[string]time.Time
}

func (r *ran) note(name string, at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.last == nil {
		r.last = map[string]time.Time{}
	}
	r.last[name] = at
}

func (r *ran) at(name string) time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.last[name]
}

func (c Config) awsAddress() string {
	if c.AWSAddress != "" {
		return c.AWSAddress
	}
	return "http://127.0.0.1:8081"
}
