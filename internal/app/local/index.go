package local

import (
	"net/http"
	"strconv"

	"learningloop/internal/httpapi"
	"learningloop/internal/store"
	"learningloop/internal/table"
	"learningloop/internal/web"
)

// index shows the whole loop as one picture with what waits at each part.
func (w *World) index(rw http.ResponseWriter, r *http.Request) {
	v := web.LocalIndex{AWS: w.cfg.awsAddress(), DataDir: w.cfg.Dir}
	for key, typ := range map[string]string{
		"triaged": store.TypeFeedback, "filed": store.TypeEpisode, "told": store.TypeMail,
	} {
		n, err := w.Store.PendingCount(r.Context(), typ, 1000)
		if err != nil {
			w.api.Fail(rw, r, err)
			return
		}
		v.Parts = append(v.Parts, web.LoopPart{Key: key, Count: n, Unit: "waiting", Path: paths[key]})
	}
	for _, s := range Schedules {
		v.Schedules = append(v.Schedules, web.Schedule{Name: s.Name, Every: s.Says, Path: "/_local/schedules/" + s.Name + "/run"})
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
	for _, typ := range []string{store.TypeFeedback, store.TypeEpisode, store.TypeNotice, store.TypeMail} {
		n, err := w.Store.PendingCount(r.Context(), typ, most)
		if err != nil {
			httpapi.WriteProblem(rw, r, err)
			return
		}
		out[typ] = n
	}
	httpapi.WriteJSON(rw, http.StatusOK, out)
}

var paths = map[string]string{
	"triaged": "/team", "filed": "/_local/opscenter", "told": "/_local/mail",
}

func (c Config) awsAddress() string {
	if c.AWSAddress != "" {
		return c.AWSAddress
	}
	return "http://127.0.0.1:8081"
}
