package demo

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"learningloop/internal/app/local"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/opscenter/emulator"
)

// releases are what went out, by product and week: the first of each runs from the beginning.
var releases = []struct {
	product, name   string
	week, day, hour int
	deployment      string // CodeDeploy's id; "": it went out by CodePipeline
}{
	{"checkout", "checkout 4.1", -1, 0, 0, ""},
	{"search", "search 2.7", -1, 0, 0, ""},
	{"orders", "orders 7.3", -1, 0, 0, ""},
	{"checkout", "checkout 4.2", 3, 3, 11, "d-CHECKOUT42"},
	{"search", "search 2.8", 5, 2, 15, "d-SEARCH28A"},
	{"orders", "orders 7.4", 8, 3, 16, ""},
}

// releaseAt is what of a product ran, so long after the start.
func releaseAt(product string, since time.Duration) string {
	name := ""
	for _, r := range releases {
		if r.product == product && since >= time.Duration(r.week*7*24+r.day*24+r.hour)*time.Hour {
			name = r.name
		}
	}
	return name
}

// alarms of the history. A name says its severity where it is not the usual one.
const (
	paymentsAlarm = "checkout-payment-errors-sev1"
	searchAlarm   = "search-latency-sev2"
	ordersAlarm   = "orders-tracking-import-age"
)

// tellSignals has releases go out, a pipeline fail, and alarms go off and end.
func (p *player) tellSignals() {
	for _, r := range releases {
		if r.week < 0 {
			continue
		}
		at := p.at(r.week, r.day, r.hour, 5)
		if r.deployment != "" {
			p.event(at, "aws.codedeploy", "CodeDeploy Deployment State-change Notification", "codedeploy", "application:"+r.product+"-service", map[string]any{
				"region": local.Region, "application": r.product + "-service", "deploymentGroup": "production", "deploymentId": r.deployment, "state": "SUCCESS",
			})
			continue
		}
		p.pipeline(at, r.product+"-release", "SUCCEEDED")
	}
	p.pipeline(p.at(8, 3, 14, 20), "orders-release", "FAILED") // its second try is the release

	// Search is slow in the evenings of weeks 5 to 7: one episode each, however often the alarm flaps.
	// The first time the alarm's own action is still in place, and its OpsItem is adopted.
	p.filedByAlarm(p.at(4, 3, 19, 9), searchAlarm)
	for _, evening := range []struct{ week, day int }{{4, 3}, {5, 2}, {6, 1}} {
		for flap := range 3 {
			at := p.at(evening.week, evening.day, 19, 10+20*flap)
			p.alarm(at, searchAlarm, "The slowest tenth of searches takes too long.", true)
			p.heard(at)
			p.alarm(at.Add(9*time.Minute), searchAlarm, "The slowest tenth of searches takes too long.", false)
			p.heard(at.Add(9 * time.Minute))
		}
		p.worked(p.at(evening.week, evening.day, 20, 15), "search", searchAlarm, "InProgress")
		p.worked(p.at(evening.week, evening.day, 21, 30), "search", searchAlarm, "Resolved")
	}
	// The carrier's file comes late; nobody has to act at once, so nothing is filed by rule.
	for _, day := range []struct{ week, day int }{{3, 5}, {6, 6}, {10, 5}} {
		p.alarm(p.at(day.week, day.day, 4, 30), ordersAlarm, "The carrier's file is older than a day.", true)
		p.alarm(p.at(day.week, day.day, 9, 10), ordersAlarm, "The carrier's file is older than a day.", false)
	}
}

// tellIncident has payments fail on a Wednesday: an alarm that flaps, people who complain, operators who work. Ten days
// later it comes back, as the next episode.
func (p *player) tellIncident() {
	const week, day = 7, 2
	from := p.at(week, day, 14, 4)
	for flap := range 5 {
		at := from.Add(time.Duration(flap) * 13 * time.Minute)
		p.alarm(at, paymentsAlarm, "Payments that end in an error.", true)
		p.heard(at)
		p.alarm(at.Add(8*time.Minute), paymentsAlarm, "Payments that end in an error.", false)
		p.heard(at.Add(8 * time.Minute))
	}
	for range int(95 * p.cfg.Volume) {
		p.say(burst, from.Add(4*time.Minute+time.Duration(p.r.ExpFloat64()*float64(38*time.Minute)).Truncate(time.Millisecond)))
	}
	p.worked(p.at(week, day, 14, 19), "checkout", paymentsAlarm, "InProgress")
	p.then(p.at(week, day, 14, 31), true, p.name)
	p.then(p.at(week, day, 14, 50), true, p.gather)
	p.then(p.at(week, day, 16, 30), true, p.gather)
	p.worked(p.at(week, day, 16, 45), "checkout", paymentsAlarm, "Resolved")
	p.then(p.at(week, day+1, 9, 30), true, p.gather)

	again := p.at(week+1, day+3, 11, 20)
	p.alarm(again, paymentsAlarm, "Payments that end in an error.", true)
	p.heard(again)
	p.worked(again.Add(6*time.Minute), "checkout", paymentsAlarm, "InProgress")
	for range int(14 * p.cfg.Volume) {
		p.say(burst, again.Add(time.Minute+time.Duration(p.r.Int64N(int64(25*time.Minute))).Truncate(time.Millisecond)))
	}
	p.alarm(again.Add(31*time.Minute), paymentsAlarm, "Payments that end in an error.", false)
	p.then(again.Add(50*time.Minute), true, p.gather)
	p.worked(again.Add(75*time.Minute), "checkout", paymentsAlarm, "Resolved")
}

// heard has the loop hear of what happened at a moment within the minute, as it does when it runs by itself.
func (p *player) heard(at time.Time) {
	p.then(at.Add(40*time.Second), true, func(context.Context) error { return nil })
}

// name words what the alarm raised for people: they will be told about it.
func (p *player) name(ctx context.Context) error {
	im, err := p.byAlarm(ctx, "checkout", paymentsAlarm)
	if err != nil {
		return err
	}
	title, outcome := "Payments fail with an error", "Whoever presses Pay has either paid or is told why not, once."
	_, err = p.w.Improvements.Edit(ctx, im.ID, improvement.Edit{Title: &title, Outcome: &outcome}, improvement.By{Who: checkoutLead})
	return err
}

// gather attaches what people said while payments failed to what the alarm raised.
func (p *player) gather(ctx context.Context) error {
	im, err := p.byAlarm(ctx, "checkout", paymentsAlarm)
	if err != nil {
		return err
	}
	for _, fid := range p.loose[burst.key] {
		p.clock.set(p.clock.now().Add(3 * time.Second))
		if err := p.w.Improvements.Attach(ctx, im.ID, fid, improvement.By{Who: checkoutLead}); err != nil {
			return fmt.Errorf("attach to the incident: %w", err)
		}
		p.told.Attached++
	}
	p.loose[burst.key] = nil
	return nil
}

// worked has an operator set the status of what an alarm had filed.
func (p *player) worked(at time.Time, slug, alarm, status string) {
	p.then(at, true, func(ctx context.Context) error {
		im, err := p.byAlarm(ctx, slug, alarm)
		if err != nil {
			return err
		}
		p.told.Decided++
		return p.operate(ctx, im.ID, status)
	})
}

func (p *player) pipeline(at time.Time, name, state string) {
	p.event(at, "aws.codepipeline", "CodePipeline Pipeline Execution State Change", "codepipeline", name, map[string]any{
		"pipeline": name, "execution-id": uuid(name, at), "state": state, "version": 1,
	})
}

func (p *player) alarm(at time.Time, name, about string, firing bool) {
	now, before := "OK", "ALARM"
	reason := "Threshold not crossed: 1 datapoint was not greater than the threshold."
	if firing {
		now, before, reason = before, now, "Threshold crossed: 1 datapoint was greater than the threshold."
	}
	p.event(at, "aws.cloudwatch", "CloudWatch Alarm State Change", "cloudwatch", "alarm:"+name, map[string]any{
		"alarmName": name, "state": map[string]string{"value": now, "reason": reason, "timestamp": at.Format("2006-01-02T15:04:05.000+0000")},
		"previousState": map[string]string{"value": before}, "configuration": map[string]any{"description": about},
	})
}

// filedByAlarm has an alarm's own action file an OpsItem.
func (p *player) filedByAlarm(at time.Time, name string) {
	p.then(at, false, func(ctx context.Context) error {
		raw, err := json.Marshal(map[string]any{
			"actionArn": "arn:aws:ssm:" + local.Region + ":" + local.Account + ":opsitem:2",
			"event": map[string]any{
				"source": "aws.cloudwatch", "detail-type": "CloudWatch Alarm State Change",
				"resources": []string{"arn:aws:cloudwatch:" + local.Region + ":" + local.Account + ":alarm:" + name},
				"detail": map[string]any{
					"alarmName": name, "state": map[string]string{"value": "ALARM", "reason": "Threshold crossed: 1 datapoint was greater than the threshold."},
					"previousState": map[string]string{"value": "OK"},
				},
			},
		})
		if err != nil {
			return err
		}
		r := httptest.NewRequestWithContext(ctx, http.MethodPost, "http://127.0.0.1:8081"+emulator.ControlPath+"alarm-action", bytes.NewReader(raw))
		r.Header.Set("Content-Type", "application/json")
		rec := httptest.NewRecorder()
		p.w.AWS().ServeHTTP(rec, r)
		if rec.Code >= http.StatusBadRequest {
			return fmt.Errorf("alarm action of %s: %d %s", name, rec.Code, rec.Body)
		}
		return nil
	})
}

// event has AWS send one.
func (p *player) event(at time.Time, source, detailType, service, resource string, detail map[string]any) {
	p.send(at, map[string]any{
		"version": "0", "id": uuid(source+resource, at), "source": source, "detail-type": detailType, "account": local.Account, "region": local.Region,
		"time": at.Format(time.RFC3339), "resources": []string{"arn:aws:" + service + ":" + local.Region + ":" + local.Account + ":" + resource}, "detail": detail,
	})
}

func (p *player) send(at time.Time, event any) {
	p.then(at, false, func(ctx context.Context) error {
		raw, err := json.Marshal(event)
		if err != nil {
			return err
		}
		p.told.Events++
		return p.w.Event(ctx, raw)
	})
}

// uuid is the same for the same thing at the same time.
func uuid(what string, at time.Time) string {
	h := sha256.Sum256([]byte(what + at.Format(time.RFC3339Nano)))
	return fmt.Sprintf("%x-%x-4%x-8%x-%x", h[:4], h[4:6], h[6:8][:1], h[8:9], h[10:16])
}

// tellSetAside has events come that nobody understands. One is dropped, one is taken in after all, the others wait.
func (p *player) tellSetAside() {
	unknown := func(at time.Time, source, detailType string, detail map[string]any) {
		p.event(at, source, detailType, "events", "event-bus/default", detail)
	}
	unknown(p.at(1, 1, 9, 15), "com.example.shop", "Basket Abandoned", map[string]any{"basket": "b-1", "items": 3})
	unknown(p.at(6, 2, 12, 40), "com.example.warehouse", "Stock Counted", map[string]any{"shelf": "A-17", "difference": -2})
	unknown(p.at(10, 3, 8, 5), "com.example.carrier", "Pickup Missed", map[string]any{"route": "north", "parcels": 41})
	submitted := func(at time.Time, slug, text string) {
		p.send(at, map[string]any{
			"version": "0", "id": uuid(slug, at), "source": "learningloop", "detail-type": "Feedback Submitted", "account": local.Account,
			"region": local.Region, "time": at.Format(time.RFC3339), "resources": []string{},
			"detail": map[string]any{"product": slug, "kind": "problem", "text": text},
		})
	}
	submitted(p.at(4, 2, 10, 30), "order-desk", "The hotline was told that the return label page shows an error.")
	submitted(p.at(9, 0, 15, 12), "loyalty", "Points of the last order are missing.")
	p.then(p.at(1, 1, 15, 0), true, func(ctx context.Context) error {
		return p.aside(ctx, func(sid string) error {
			return p.w.Intake.Drop(ctx, sid, "The shop measures abandoned baskets itself; this is no feedback.", checkoutLead, "")
		})
	})
	p.then(p.at(4, 3, 15, 55), true, func(ctx context.Context) error {
		return p.aside(ctx, func(sid string) error {
			out, err := p.w.Intake.ReplayTo(ctx, sid, p.slugs["orders"], ordersLead, "")
			if err == nil && out.Feedback != id.Feedback("") {
				p.loose["return-label"] = append(p.loose["return-label"], out.Feedback)
			}
			return err
		})
	})
}

// aside does something with the latest set-aside event.
func (p *player) aside(ctx context.Context, do func(sid string) error) error {
	page, err := p.w.Store.ListSetAside(ctx, "", 1)
	if err != nil || len(page.Items) == 0 {
		return err
	}
	p.told.Decided++
	return do(page.Items[0].ID)
}
