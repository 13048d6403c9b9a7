package api_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"time"
)

const (
	noFeedback    = "f-00000000-00000000000000000000000000"
	noImprovement = "i-00000000-0000000000000000"
)

func (c *conversation) products() {
	c.t.Helper()
	c.ask(201, "PUT", "/v1/products/checkout", c.staff, m{
		"name": "Checkout", "about": "Basket and payment.", "routing": []m{{"name": "checkout-*"}}, "rules": m{"severity": 2}, "quotes": "redacted",
		"runbooks": []m{{"match": m{"name": "checkout-*"}, "automation": "AWS-RestartEC2Instance"}},
		"digestTo": []string{"leadership@example.com"},
	})
	p := c.ask(200, "GET", "/v1/products/checkout", c.staff, nil)
	c.ask(200, "PUT", "/v1/products/checkout", c.staff, m{"name": "The checkout", "version": p["version"], "about": nil})
	c.ask(409, "PUT", "/v1/products/checkout", c.staff, m{"name": "Mine", "version": p["version"]})
	c.ask(200, "GET", "/v1/products", c.staff, nil)
	c.ask(404, "GET", "/v1/products/nothing", c.staff, nil)
	c.bodies("PUT", "/v1/products/checkout", c.staff)

	c.gathering()

	c.ask(200, "POST", "/v1/products/checkout/dry-run", c.staff, m{"band": 2})
	c.ask(404, "POST", "/v1/products/nothing/dry-run", c.staff, m{"band": 2})
	c.bodies("POST", "/v1/products/checkout/dry-run", c.staff)
}

// gathering sets what belongs together, mutes it, and has people stop the line.
func (c *conversation) gathering() {
	c.t.Helper()
	at := "/v1/products/lines"
	c.ask(201, "PUT", at, c.staff, m{
		"components":     []m{{"name": "Payment", "rules": []m{{"name": "payment-*"}, {"resource": "arn:aws:lambda:*:function:pay"}}}, {"name": "Basket"}},
		"clusterMinutes": 30, "andon": m{"people": 2, "minutes": 45},
	})
	c.ask(422, "PUT", at, c.staff, m{
		"components": []m{{"name": ""}, {"name": "a", "rules": []m{{}}}}, "clusterMinutes": 0, "andon": m{"people": 1, "minutes": 1441},
		"mutes": []m{{"all": true, "reason": ""}},
	})

	weekly := m{"component": "payment", "weekly": m{"day": "sunday", "at": "02:00", "minutes": 120, "zone": "Europe/Berlin"}, "reason": "Patches."}
	c.ask(201, "POST", at+"/mutes", c.staff, weekly)
	c.ask(422, "POST", at+"/mutes", c.staff, weekly) // it is there already
	hour := func(n int) string { return time.Now().Add(time.Duration(n) * time.Hour).UTC().Format(time.RFC3339) }
	now := c.ask(201, "POST", at+"/mutes", c.staff, m{"rule": m{"name": "payment-*"}, "from": hour(-1), "to": hour(1), "reason": "Right now."})
	c.bodies("POST", at+"/mutes", c.staff)
	for _, bad := range []m{
		{"all": true, "reason": "x"},
		{"all": true, "from": "soon", "to": 5, "reason": "x"},
		{"reason": "x", "weekly": m{"day": "noday", "at": "25:00", "minutes": 0, "zone": "Nowhere/At all"}},
		{"component": "nothing", "from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z", "reason": "x"},
		{"all": true, "from": hour(-2), "to": hour(-1), "reason": "It is over."},
	} {
		c.ask(422, "POST", at+"/mutes", c.staff, bad)
	}
	c.ask(404, "POST", "/v1/products/nothing/mutes", c.staff, weekly)
	p := c.ask(200, "GET", at, c.staff, nil)
	c.ask(200, "PUT", at, c.staff, m{"mutes": p["mutes"], "components": p["components"], "andon": p["andon"], "version": p["version"]}) // as it was read
	if items, _ := c.ask(200, "GET", at+"/mutes", c.staff, nil)["items"].([]any); len(items) != 2 {
		c.t.Errorf("%d mutes, want 2", len(items))
	}
	c.ask(404, "GET", "/v1/products/nothing/mutes", c.staff, nil)
	c.ask(204, "DELETE", at+"/mutes/"+now["id"].(string), c.staff, nil)
	c.ask(404, "DELETE", at+"/mutes/"+now["id"].(string), c.staff, nil)

	for _, who := range []string{"one@example.com", "two@example.com"} {
		c.say(m{"product": "lines", "kind": "problem", "text": "Nobody can pay.", "submitter": m{"email": who}, "context": m{"component": "payment"}})
	}
	c.settle()
	items, _ := c.ask(200, "GET", "/v1/improvements?product=lines", c.staff, nil)["items"].([]any)
	if len(items) != 1 {
		c.t.Fatalf("%d improvements of two people, want 1", len(items))
	}
	im, _ := items[0].(map[string]any)
	down := "/v1/improvements/" + im["id"].(string) + "/stand-down"
	c.ask(422, "POST", down, c.staff, m{"reason": " "})
	c.bodies("POST", down, c.staff)
	c.ask(200, "POST", down, c.staff, m{"reason": "A drill."})
	c.ask(200, "POST", down, c.staff, m{"reason": "A drill."})
	c.ask(404, "POST", "/v1/improvements/"+noImprovement+"/stand-down", c.staff, m{"reason": "A drill."})
	other := c.ask(201, "POST", "/v1/improvements", c.staff, m{"product": "lines", "title": "Nobody stopped for this"})
	c.ask(409, "POST", "/v1/improvements/"+other["id"].(string)+"/stand-down", c.staff, m{"reason": "A drill."})
	for _, closed := range []string{"GET " + at + "/mutes", "POST " + at + "/mutes", "DELETE " + at + "/mutes/x", "POST " + down} {
		method, path, _ := strings.Cut(closed, " ")
		c.staffOnly(method, path)
	}
}

func (c *conversation) feedback() (fid, token string) {
	c.t.Helper()
	fid, token = c.say(m{
		"product": "checkout", "kind": "problem", "title": "Pay button", "text": "<b>It</b> stays grey.", "rating": 2,
		"submitter": m{"name": "customer 17", "email": "customer17@example.com", "company": "AnyCompany Finance", "hearBack": true},
		"context":   m{"release": "2026.11.2", "variant": "one-page", "environment": "production", "page": "/pay", "component": "payment"},
	})
	at := "/v1/feedback/" + fid
	c.ask(200, "GET", at, token, nil)
	c.ask(200, "GET", at, c.staff, nil)
	c.ask(200, "PUT", at, token, m{"product": "checkout", "kind": "problem", "text": "It stays grey for a minute.", "submitter": m{"hearBack": true}})
	c.bodies("PUT", at, token)
	c.bodies("POST", "/v1/feedback", "")
	c.ask(422, "POST", "/v1/feedback", "", m{"product": "checkout", "kind": "rant", "text": " ", "rating": 9, "submitter": m{"email": "nobody", "hearBack": true}})

	form := url.Values{"product": {"checkout"}, "kind": {"idea"}, "text": {"Let me pay later."}, "submitter.company": {"Example Corp."}, "rating": {""}}.Encode()
	r := httptest.NewRequest(http.MethodPost, public+"/v1/feedback", strings.NewReader(form))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	c.send(201, r, []byte(form))

	other, otherToken := c.say(m{"product": "checkout", "kind": "praise", "text": "So fast.", "rating": 5})
	for _, method := range []string{"GET", "PUT", "DELETE"} {
		c.ask(401, method, at, "", nil)
		c.ask(403, method, at, otherToken, nil)
	}
	c.ask(204, "DELETE", "/v1/feedback/"+other, otherToken, nil)
	c.ask(200, "GET", "/v1/feedback/"+other, otherToken, nil)
	c.ask(409, "PUT", "/v1/feedback/"+other, otherToken, m{"product": "checkout", "kind": "praise", "text": "Still fast."})
	c.settle()

	gone := c.world.Tokens.Sign("status", noFeedback)
	for _, method := range []string{"GET", "PUT", "DELETE"} {
		c.ask(404, method, "/v1/feedback/"+noFeedback, gone, nil)
	}
	c.staffOnly("GET", "/v1/feedback?product=checkout")
	c.ask(200, "GET", "/v1/feedback?product=checkout&kind=problem&state=triaged&limit=1", c.staff, nil)
	c.ask(200, "GET", "/v1/feedback?product=checkout&limit=1", c.staff, nil)
	c.ask(404, "GET", "/v1/feedback?product=nothing", c.staff, nil)
	for _, query := range []string{"", "?product=checkout&kinds=idea", "?product=checkout&kind=rant", "?product=checkout&state=lost", "?product=checkout&cursor=x", "?product=checkout&limit=0"} {
		c.ask(422, "GET", "/v1/feedback"+query, c.staff, nil)
	}
	return fid, token
}

func (c *conversation) improvements(fid, token string) (iid string) {
	c.t.Helper()
	c.ask(200, "GET", "/v1/queue?product=checkout", c.staff, nil)
	c.ask(404, "GET", "/v1/queue?product=nothing", c.staff, nil)
	c.ask(422, "GET", "/v1/queue?product=checkout&type=all", c.staff, nil)

	im := c.ask(201, "POST", "/v1/improvements", c.staff, m{"product": "checkout", "title": "Keep the pay button alive", "outcome": "Nobody waits.", "feedbackIds": []string{fid}})
	iid, _ = im["id"].(string)
	c.ask(409, "DELETE", "/v1/feedback/"+fid, token, nil) // it was taken up
	c.ask(409, "POST", "/v1/improvements", c.staff, m{"product": "checkout", "title": "Another", "feedbackIds": []string{fid}})
	c.ask(422, "POST", "/v1/improvements", c.staff, m{"product": "checkout"})
	c.bodies("POST", "/v1/improvements", c.staff)
	c.ask(200, "GET", "/v1/queue?product=checkout&type=improvement&limit=1", c.staff, nil)

	at := "/v1/improvements/" + iid
	more, _ := c.say(m{"product": "checkout", "kind": "problem", "text": "Grey again."})
	c.settle()
	c.ask(200, "POST", at+"/feedback", c.staff, m{"feedbackIds": []string{more}})
	c.ask(404, "POST", at+"/feedback", c.staff, m{"feedbackIds": []string{noFeedback}})
	c.ask(422, "POST", at+"/feedback", c.staff, m{"feedbackIds": []string{}})
	c.bodies("POST", at+"/feedback", c.staff)
	second := c.ask(201, "POST", "/v1/improvements", c.staff, m{"product": "checkout", "title": "Something else"})
	secondID, _ := second["id"].(string)
	c.ask(409, "POST", "/v1/improvements/"+secondID+"/feedback", c.staff, m{"feedbackIds": []string{more}})
	c.ask(204, "DELETE", at+"/feedback/"+more, c.staff, nil)
	c.ask(404, "DELETE", at+"/feedback/"+noFeedback, c.staff, nil)
	c.staffOnly("DELETE", at+"/feedback/"+more)
	c.staffOnly("POST", at+"/feedback")

	decide := func(status int, body m) {
		c.t.Helper()
		c.ask(status, "POST", at+"/decisions", c.staff, body)
	}
	decide(200, m{"decision": "accept", "reason": "Many."})
	decide(409, m{"decision": "reopen"})
	decide(422, m{"decision": "plan", "due": "soon"})
	decide(422, m{"decision": "plan"})
	c.ask(200, "GET", at, c.staff, nil) // not filed yet
	c.settle()
	decide(200, m{"decision": "plan", "owner": "checkout team lead", "due": "2099-12-31", "effort": 2})
	c.ask(200, "PATCH", at, c.staff, m{"title": "Keep the pay button", "outcome": nil, "severity": 2, "priority": 1, "category": "Availability"})
	c.ask(200, "PATCH", at, c.staff, m{"severity": 0, "category": ""})
	c.ask(422, "PATCH", at, c.staff, m{"severity": 9, "priority": -1, "category": "Weather"})
	c.ask(404, "PATCH", "/v1/improvements/"+noImprovement, c.staff, m{"severity": 1})
	c.bodies("PATCH", at, c.staff)
	decide(200, m{"decision": "start"})
	decide(200, m{"decision": "ship", "release": "2026.12.1"})
	decide(200, m{"decision": "reopen"})
	decide(200, m{"decision": "decline", "reason": "Not now.", "kind": "tooCostly", "revisit": "2100-01-01"})
	c.bodies("POST", at+"/decisions", c.staff)
	c.ask(404, "POST", "/v1/improvements/"+noImprovement+"/decisions", c.staff, m{"decision": "accept"})
	c.settle()

	c.ask(200, "GET", at, c.staff, nil)
	c.ask(404, "GET", "/v1/improvements/"+noImprovement, c.staff, nil)
	c.ask(404, "GET", "/v1/improvements/nonsense", c.staff, nil)
	c.ask(200, "GET", "/v1/improvements?product=checkout&sort=score&status=declined&limit=1", c.staff, nil)
	c.ask(404, "GET", "/v1/improvements?product=nothing", c.staff, nil)
	c.ask(422, "GET", "/v1/improvements?product=checkout&sort=age", c.staff, nil)
	for _, closed := range []string{"GET /v1/queue?product=checkout", "GET /v1/improvements?product=checkout", "POST /v1/improvements", "GET " + at, "PATCH " + at, "POST " + at + "/decisions"} {
		method, path, _ := strings.Cut(closed, " ")
		c.staffOnly(method, path)
	}
	return iid
}

func (c *conversation) operations(fid, token, iid string) {
	c.t.Helper()
	for _, event := range []string{`{"source":"com.example.shop","detail-type":"Basket Abandoned","id":"1","account":"111122223333","region":"us-east-1","time":"2026-03-03T09:15:00Z","detail":{}}`, "no JSON"} {
		rec := c.serve(httptest.NewRequest(http.MethodPost, public+"/_local/events", strings.NewReader(event)))
		if rec.Code != http.StatusAccepted {
			c.t.Fatalf("event: %d %s", rec.Code, rec.Body)
		}
	}
	items, _ := c.ask(200, "GET", "/v1/set-aside", c.staff, nil)["items"].([]any)
	if len(items) != 2 {
		c.t.Fatalf("%d set aside, want 2", len(items))
	}
	first, _ := items[0].(map[string]any)
	at := "/v1/set-aside/" + first["id"].(string)
	c.ask(200, "GET", "/v1/set-aside?limit=1", c.staff, nil)
	c.ask(200, "GET", "/v1/budget", c.staff, nil)
	c.ask(422, "GET", "/v1/set-aside?product=checkout", c.staff, nil)
	c.ask(422, "POST", at+"/replay", c.staff, nil)
	c.ask(404, "POST", "/v1/set-aside/s-0/replay", c.staff, nil)
	c.replay()
	c.ask(404, "POST", "/v1/set-aside/s-0/drop", c.staff, m{"reason": "A test."})
	c.bodies("POST", at+"/drop", c.staff)
	c.ask(204, "POST", at+"/drop", c.staff, m{"reason": "A test."})
	c.ask(409, "POST", at+"/drop", c.staff, m{"reason": "Again."})
	c.ask(409, "POST", at+"/replay", c.staff, nil)
	for _, closed := range []string{"GET /v1/budget", "GET /v1/set-aside", "POST " + at + "/replay", "POST " + at + "/drop"} {
		method, path, _ := strings.Cut(closed, " ")
		c.staffOnly(method, path)
	}

	c.ask(200, "GET", "/v1/log?by=nobody&product=checkout&subject="+iid, c.staff, nil)
	c.ask(200, "GET", "/v1/log?limit=2", c.staff, nil)
	c.ask(404, "GET", "/v1/log?product=nothing", c.staff, nil)
	c.ask(422, "GET", "/v1/log?day=today", c.staff, nil)
	correlation := strings.Replace(fid, "f-", "c-", 1)
	c.ask(200, "GET", "/v1/trail/"+correlation, c.staff, nil)
	c.ask(404, "GET", "/v1/trail/"+strings.Replace(noFeedback, "f-", "c-", 1), c.staff, nil)
	c.ask(200, "GET", "/v1/recount?product=checkout", c.staff, nil)
	c.ask(404, "GET", "/v1/recount?product=nothing", c.staff, nil)
	c.ask(422, "GET", "/v1/recount?product=checkout&month=May", c.staff, nil)
	c.ask(200, "GET", "/v1/metrics?product=checkout", c.staff, nil)
	c.ask(200, "GET", "/v1/metrics?product=checkout&from=2026-01-01&to=2026-12-31", c.staff, nil)
	c.ask(200, "GET", "/v1/metrics?product=checkout&from=&to=", c.staff, nil)
	c.ask(404, "GET", "/v1/metrics?product=nothing", c.staff, nil)
	for _, query := range []string{"", "?product=checkout&from=May", "?product=checkout&to=2026-02-30", "?product=checkout&from=2026-02-02&to=2026-02-01", "?product=checkout&from=2020-02-01"} {
		c.ask(422, "GET", "/v1/metrics"+query, c.staff, nil)
	}
	for _, path := range []string{"/v1/log", "/v1/metrics?product=checkout", "/v1/trail/" + correlation, "/v1/recount?product=checkout", "/v1/products", "/v1/products/checkout"} {
		c.staffOnly("GET", path)
		c.ask(401, "GET", path, token, nil)
	}
	c.staffOnly("PUT", "/v1/products/checkout")
	c.staffOnly("POST", "/v1/products/checkout/dry-run")
}

// replay takes in an event that came before its product was there.
func (c *conversation) replay() {
	c.t.Helper()
	rec := c.serve(httptest.NewRequest(http.MethodPost, public+"/_local/events", strings.NewReader(`{
		"source":"learningloop","detail-type":"Feedback Submitted","id":"2","account":"111122223333","region":"us-east-1","time":"2026-03-03T09:15:00Z",
		"detail":{"product":"search","kind":"idea","text":"Let me filter by delivery date."}}`)))
	c.ask(201, "PUT", "/v1/products/search", c.staff, m{})
	var out struct{ SetAside string }
	if err := json.Unmarshal(rec.Body.Bytes(), &out); err != nil || out.SetAside == "" {
		c.t.Fatalf("not set aside: %s", rec.Body)
	}
	c.ask(200, "POST", "/v1/set-aside/"+out.SetAside+"/replay", c.staff, nil)
}
