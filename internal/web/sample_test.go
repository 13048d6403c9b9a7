package web

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"learningloop/internal/chart"
)

// now is the moment all samples are seen from.
var now = time.Date(2026, 3, 18, 14, 5, 0, 0, time.UTC)

func back(d time.Duration) time.Time { return now.Add(-d) }
func daysAgo(n int) time.Time        { return now.AddDate(0, 0, -n) }

// sample is one page as somebody would see it.
type sample struct {
	name  string
	code  int
	shell Shell
	view  View
}

var (
	shop     = ProductRef{"web-shop", "Web shop"}
	checkout = ProductRef{"checkout", "Checkout service"}
	products = []ProductRef{shop, checkout, {"warehouse", "Warehouse app"}}
	mateo    = &User{Name: "search team lead", Admin: true}
)

func team(title string, s Section, p *ProductRef, path string) Shell {
	return Shell{Title: title, User: mateo, Product: p, Products: products, Section: s, SetAside: 2, Muted: 1, Local: true, Path: path}
}

func customer(title string) Shell { return Shell{Title: title} }

func score(total, reach, impact, confidence, effort float64) Score {
	return NewScore(total, reach, impact, confidence, effort, map[string]string{
		"reach":      "7 companies, the latest 2 days ago",
		"impact":     "problem, rated 1.8 of 5",
		"confidence": "12 voices, people and machines",
		"effort":     "estimated by export team lead",
	})
}

func queueItems() []QueueItem {
	return []QueueItem{
		{
			ID: "imp_7k2m", Type: ItemImprovement, Kind: KindProblem, Title: "Export more than 1,000 rows", Version: "4",
			Text:  "We cannot close our month: the export stops at 1,000 rows and does not say so. We only found out because the sums were wrong.",
			Score: score(34.2, 19.4, 2.5, 0.86, 1.2), Companies: []string{"Example Corp", "AnyCompany Travel", "Example Industries", "AnyCompany Health"}, Voices: 12,
			Since: daysAgo(41), Latest: daysAgo(2), Component: "reports",
			Trend: Trend{Weeks: []int{0, 1, 0, 2, 1, 1, 2, 3, 2, 4, 6, 7}, Words: "7 this week, 1 to 3 before", Tone: ToneBad},
		},
		{
			ID: "fb_91xz", Type: ItemFeedback, Kind: KindIdea, Title: "Let me save a basket and come back to it",
			Text: "I often fill a basket at work and want to pay at home.\nToday it is empty when I come back.", Who: "Saanvi Sarkar",
			Score: score(12.6, 8, 1.5, 0.7, 1), Companies: []string{"Example Corp"}, Voices: 1, Since: back(5 * time.Hour), Latest: back(5 * time.Hour),
			Trend:   Trend{Weeks: []int{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, Words: "first time"},
			Similar: []Candidate{{ID: "imp_3b", Title: "Keep baskets between devices", State: StateAccepted, Shared: []string{"basket", "come back"}}},
		},
		{
			ID: "fb_sig1", Type: ItemFeedback, Kind: KindSignal, Title: "Alarm checkout-p99-latency is in ALARM", Component: "checkout-api", Voices: 3,
			Score: score(8.3, 1, 3, 0.9, 1), Since: daysAgo(1), Latest: back(20 * time.Minute), Who: "CloudWatch",
			Trend: Trend{Weeks: []int{0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 3}, Words: "3 this week, 0 to 2 before"},
		},
		{
			ID: "imp_q1", Type: ItemImprovement, Kind: KindQuestion, Title: "Say where an order is while it is being packed", Version: "1",
			Score: score(4.1, 3, 1, 0.68, 1), Companies: []string{"AnyCompany Travel", "Example Corp"}, Voices: 4, Since: daysAgo(9), Latest: daysAgo(3),
			Trend: Trend{Weeks: []int{1, 0, 0, 1, 0, 1, 0, 0, 1, 0, 1, 0}, Words: "as ever"},
		},
		{
			ID: "fb_pr", Type: ItemFeedback, Kind: KindPraise, Title: "The new search finds what I mean", Who: "Zhang Wei",
			Score: score(0.9, 0.3, 1, 0.5, 1), Voices: 1, Since: daysAgo(2), Latest: daysAgo(2), Trend: Trend{Weeks: []int{0, 0, 1}, Words: "first time"},
		},
	}
}

func improvementRows() []ImprovementRow {
	return []ImprovementRow{
		{ID: "imp_7k2m", Title: "Export more than 1,000 rows", State: StatePlanned, Score: score(34.2, 19.4, 2.5, 0.86, 1.2), Owner: "export team lead", Due: daysAgo(-12), Companies: 7, Voices: 12, Since: daysAgo(41), Changed: daysAgo(1), OpsItem: "oi-7c2e41f09ab3", Severity: 1, Andon: true, Path: "/team/web-shop/improvements/imp_7k2m"},
		{ID: "imp_3b", Title: "Keep baskets between devices", State: StateInProgress, Score: score(21, 14, 2, 0.75, 1), Owner: "shop team lead", Due: daysAgo(4), Overdue: true, Companies: 5, Voices: 9, Since: daysAgo(25), Changed: back(3 * time.Hour), OpsItem: "oi-1f09ab37c2e4", Severity: 2},
		{ID: "imp_q1", Title: "Say where an order is while it is being packed", State: StateAccepted, Score: score(4.1, 3, 1, 0.68, 1), Companies: 2, Voices: 4, Since: daysAgo(9), Changed: daysAgo(6)},
	}
}

func lifeline() []Step {
	return []Step{
		{State: StateReceived, At: daysAgo(41)},
		{State: StateAccepted, At: daysAgo(20), By: "search team lead", Words: "Seven companies cannot close their month. This comes before everything else in reports."},
		{State: StatePlanned, Phase: StepNow, At: daysAgo(18), By: "export team lead", Words: "The export will run in the background and send you a link, so that its length no longer matters."},
		{State: StateInProgress, Phase: StepAhead},
		{State: StateShipped, Phase: StepAhead, At: daysAgo(-12)},
		{State: StateValidated, Phase: StepAhead, Label: "checked whether it helped"},
	}
}

func improvement() Improvement {
	return Improvement{
		Product: shop, ID: "imp_7k2m", Version: "4", Title: "Export more than 1,000 rows", State: StatePlanned,
		Outcome: "Everybody can close a month from one export, however many orders it had. Complaints about cut-off exports end.",
		Owner:   "export team lead", Due: daysAgo(-12), Episode: 2, Steps: lifeline(), Since: daysAgo(18), Opened: daysAgo(41),
		Score: func() Score {
			s := score(34.2, 19.4, 2.5, 0.86, 1.2)
			s.Priority, s.Severity = 1, 2
			return s
		}(),
		OpsItem: &OpsItem{ID: "oi-7c2e41f09ab3", Status: "Open", Severity: 2, Priority: 1, URL: "/_local/opscenter#oi-7c2e41f09ab3", SyncedAt: back(4 * time.Minute), Filed: daysAgo(20), Adopted: true, Earlier: []Link{{"oi-52aa0c3d11fe", "/_local/opscenter#oi-52aa0c3d11fe"}}},
		Evidence: []Evidence{
			{ID: "fb_1", Kind: KindProblem, Title: "Export is cut off", Text: "We cannot close our month: the export stops at 1,000 rows and does not say so. We only found out because the sums were wrong.", Who: "Mary Major", Company: "Example Corp", At: daysAgo(2), Rating: 1, By: "search team lead", Why: "promoted", Removable: true},
			{ID: "fb_2", Kind: KindQuestion, Text: "Is there a way to get all orders of a quarter in one file?", Who: "a customer", Company: "AnyCompany Travel", At: daysAgo(17), By: "shop team lead", Why: "shares “export”, “orders”", Removable: true},
			{ID: "fb_3", Kind: KindSignal, Text: "Alarm reports-export-truncated is in ALARM: 14 datapoints were greater than the threshold (0.0).", Source: "CloudWatch alarm", At: daysAgo(5), Count: 14, Why: "same alarm", Removable: true},
		},
		Voices: 12, MoreEvidence: "/team/web-shop/improvements/imp_7k2m?evidence=all",
		Told: []ToldStep{
			{State: StatePlanned, At: daysAgo(18), Sums: []ToldSum{{1, "sent", ToneNone}, {1, "bounced", ToneBad}}, People: []Told{
				{Who: "m…r@example.com", State: StatePlanned, How: "e-mail", Outcome: "sent", At: daysAgo(18)},
				{Who: "j…s@example.net", State: StatePlanned, How: "e-mail", Outcome: "bounced", Tone: ToneBad, At: daysAgo(18)},
			}},
			{State: StateAccepted, At: daysAgo(20), Sums: []ToldSum{{1, "sent", ToneNone}}, People: []Told{
				{Who: "m…r@example.com", State: StateAccepted, How: "e-mail", Outcome: "sent", At: daysAgo(20)},
			}},
		},
		Mails: 3,
		Edit:  CaseForm{Title: "Export more than 1,000 rows", Outcome: "Everybody can close a month from one export.", Effort: "1.2", Severity: "2"},
		Level: Level{Unset: [3]string{"3, by the evidence", "1, by the evidence", "Availability, by the evidence"}, EvidenceSeverity: 3, By: []string{"severity 2 by search team lead"}},
		Past: []PastLife{{N: 1, State: StateShipped, At: daysAgo(30), Steps: []Step{
			{State: StateAccepted, At: daysAgo(35), By: "a rule", Words: "alarm severity is 2 or worse"}, {State: StateShipped, At: daysAgo(30), By: "operator/console"},
		}}},
		History: []HistoryEntry{
			{At: daysAgo(18), Who: "export team lead", What: "planned it for 30 March", State: StatePlanned, From: "page", Words: "The export will run in the background and send you a link."},
			{At: daysAgo(20), Who: "OpsCenter", What: "opened oi-7c2e41f09ab3", From: "filing"},
			{At: daysAgo(20), Who: "search team lead", What: "accepted it", State: StateAccepted, From: "page"},
			{At: daysAgo(40), Who: "rule: same alarm", What: "attached 1 piece of feedback", From: "rule"},
		},
		Earlier: []HistoryFold{
			{Title: "Earlier in episode 2", Entries: []HistoryEntry{{At: daysAgo(41), Who: "search team lead", What: "reopened it", State: StateAccepted, From: "page"}}},
			{Title: "Episode 1", Entries: []HistoryEntry{
				{At: daysAgo(50), Who: "search team lead", What: "declined it", State: StateDeclined, From: "page", Words: "Nobody was hurt so far."},
				{At: daysAgo(60), Who: "search team lead", What: "made it from 2 pieces of feedback", State: StateProposed, From: "page"},
			}},
		},
		Can: []string{"start", "ship", "plan", "decline"}, Form: DecisionForm{Members: []string{"export team lead", "shop team lead", "search team lead"}},
		Companies: []string{"Example Corp", "AnyCompany Travel", "Example Industries", "AnyCompany Health", "AnyCompany Bikes", "Example Foods", "AnyCompany Air"},
		Trend:     queueItems()[0].Trend, Correlation: "01JPN4W2Z8Q6C7M3V5X9B1K0TD",
	}
}

func digest() Digest {
	d := Digest{
		ID: "d_2026w11", Period: "Week 11 · 9–15 March 2026", Scope: "Web shop", Every: "weekly",
		Verdict: "Complaints about exports doubled; the basket fix of release 4.2 helped, and one promise is overdue.",
		Numbers: []Number{
			{Label: "Feedback received", Value: "128", Was: "97 the week before", Change: "+32% (1% to 72%)", Tone: ToneBad, At: 32, Low: 1, High: 72, Before: 0, Min: -40, Max: 100, HasBefore: true},
			{Label: "Net promoter score", Value: "+31", Was: "+28 the week before", At: 31, Low: 19, High: 43, Before: 28, Min: -20, Max: 70, HasBefore: true, Note: "88 answers"},
			{Label: "Decided in time", Value: "92%", Was: "74% the week before", Change: "+18 points (4 to 31)", Tone: ToneGood, At: 92, Low: 82, High: 97, Before: 74, Min: 50, Max: 100, HasBefore: true},
			{Label: "Open Improvements", Value: "17", Was: "16 the week before"},
		},
		Asks: []Ask{{Question: "May the export work go before the redesign of the start page?", Why: "Seven companies cannot close their month; the redesign can wait two weeks.", Link: Link{"Read the case", "/team/web-shop/improvements/imp_7k2m"}, By: daysAgo(-2)}},
		Changes: []Change{
			{Title: "Keep baskets between devices", Path: "/team/web-shop/improvements/imp_3b", State: StateValidated, At: daysAgo(6), Helped: "improved", Tone: ToneGood, Because: "complaints 0.4 a day instead of 1.9 (ratio 0.21, 0.08 to 0.44)"},
			{Title: "Faster start page", Path: "/team/web-shop/improvements/imp_9", State: StateShipped, At: daysAgo(5), Helped: "too early to tell", Because: "12 of 60 answers so far"},
		},
		Chart: &chart.Series{
			Title: "Problems rose after release 4.2 and the incident of 2 March", Unit: "problem", Units: "problems", Period: "week",
			Marks: []chart.Mark{
				{At: daysAgo(56), Kind: chart.Release, Label: "4.1"},
				{At: daysAgo(20), Kind: chart.Release, Label: "4.2"},
				{At: daysAgo(12), Kind: chart.Incident, Label: "payments down"},
			},
		},
		Top: improvementRows(), Overdue: []Promise{{Title: "Keep baskets between devices", Path: "/team/web-shop/improvements/imp_3b", Owner: "shop team lead", Due: daysAgo(4), To: "9 people"}},
		Retros: "2 were opened in the week.",
		Looks: []LookBack{
			{Title: "Keep baskets between devices", Path: "/team/web-shop/improvements/imp_3b/episodes/1", Severity: 2, At: daysAgo(3)},
			{Title: "Payments are down", Path: "/team/web-shop/improvements/imp_4/episodes/2", Severity: 1, At: daysAgo(5)},
		},
		Footnote: "Each change is given as the range it lies in.",
		Fresh:    "Counted up to", FreshAt: back(3 * time.Hour), SentAt: back(2 * time.Hour), SentTo: 4, Earlier: "d_2026w10",
	}
	for i, n := range []float64{22, 25, 19, 31, 24, 22, 28, 26, 43, 61, 58, 12} {
		start := daysAgo((11 - i) * 7)
		d.Chart.Points = append(d.Chart.Points, chart.Point{Label: start.Format("2 Jan"), Start: start, Value: n, Partial: i == 11})
	}
	return d
}

func localIndex() LocalIndex {
	return LocalIndex{
		Parts: []LoopPart{
			{Key: "received", Count: 1204, Unit: "pieces", Path: "/p/web-shop/feedback"},
			{Key: "triaged", Count: 1203, Unit: "scored", Path: "/team/web-shop/queue"},
			{Key: "decided", Count: 86, Unit: "decisions", Path: "/team"},
			{Key: "filed", Count: 41, Unit: "OpsItems", Path: "/_local/opscenter", Fault: "2 filings wait: SSM throttles"},
			{Key: "worked", Count: 12, Unit: "in progress", Path: "/_local/opscenter"},
			{Key: "told", Count: 310, Unit: "mails", Path: "/_local/mail"},
			{Key: "validated", Count: 9, Unit: "verdicts"},
			{Key: "reflected", Count: 0, Unit: "held"},
			{Key: "reported", Count: 13, Unit: "digests", Path: "/team/digests"},
		},
		Try: []Try{
			{Title: "Say something", Text: "Send feedback as a customer, then open the status link that you get.", Link: &Link{"Open the form", "/p/web-shop/feedback"}, Done: true},
			{Title: "Decide", Text: "Accept it in the queue and watch its OpsItem appear in OpsCenter.", Link: &Link{"Open the queue", "/team/web-shop/queue"}},
			{Title: "Let a machine speak", Text: "Put an alarm on the bus, as CloudWatch would.", Command: "curl -d @events/signals/alarm.json \\\n  http://127.0.0.1:8080/_local/events"},
		},
		Schedules: []Schedule{
			{Name: "triage-sweep", Every: "every minute", Last: back(30 * time.Second), Next: now.Add(30 * time.Second), Path: "/_local/schedules/triage-sweep/run"},
			{Name: "digest-weekly", Every: "Mondays, 7:00", Next: now.Add(5 * 24 * time.Hour), Path: "/_local/schedules/digest-weekly/run"},
		},
		Places: []Link{{"Mail inbox", "/_local/mail"}, {"OpsCenter console", "/_local/opscenter"}, {"API description", "/openapi.json"}},
		AWS:    "http://127.0.0.1:8081", DataDir: ".data", Version: "4a0ce0f",
	}
}

// samples are all pages with rich data, then their other states: empty, with errors, done.
func samples() []sample {
	typed := FeedbackValues{Kind: KindProblem, Text: "The export stops at 1,000 rows.", Rating: "2", Name: "Mary Major", Email: "mary.major@example", Company: "Example Corp", HearBack: true, Page: "/orders"}
	planForm := DecisionForm{Decision: "plan", Owner: "export team lead", Due: "2026-01-01", Members: []string{"export team lead"}, Errors: FieldErrors{"due": "That day is past. Give one from today on."}}
	wrongCase := improvement()
	wrongCase.Form = planForm
	wrongCase.Edit = CaseForm{Effort: "two", Outcome: "Less.", Errors: FieldErrors{"title": "The title must be 1 to 200 characters.", "effort": "The effort must be a number."}}
	declined := improvement()
	declined.State, declined.Declined, declined.Reason, declined.Revisit = StateDeclined, "too costly", "It would take the whole team a quarter.", daysAgo(-90)
	declined.Can, declined.Outcome, declined.OpsItem, declined.Filing = []string{"reopen"}, "", nil, "Not filed: declined before."
	declined.Steps = []Step{{State: StateReceived, At: daysAgo(41)}, {State: StateDeclined, Phase: StepNow, At: daysAgo(3), Words: "It would take the whole team a quarter."}}
	declined.Evidence, declined.Told, declined.Trend, declined.Past, declined.Mails = nil, nil, Trend{}, nil, 0
	status := Status{
		Product: shop, Token: "tok-1", Kind: KindProblem, Text: "We cannot close our month: the export stops at 1,000 rows and does not say so.", Rating: 1, At: daysAgo(41), State: StatePlanned, Headline: "Planned for the end of March.",
		About: "Export more than 1,000 rows", Others: 11, Steps: lifeline(), Next: "export team lead's team builds it. When it is out you hear from us, and we will ask you whether it helped.", Email: "m…r@example.com", Hears: true,
	}
	fresh := Status{
		Product: shop, Token: "tok-2", Kind: KindIdea, Title: "Save my basket", Text: "I often fill a basket at work and want to pay at home.", At: back(10 * time.Minute), State: StateReceived, CanEdit: true, CanWithdraw: true,
		Steps: []Step{{State: StateReceived, Phase: StepNow, At: back(10 * time.Minute)}, {State: StateAccepted, Phase: StepAhead, Label: "decided"}}, Next: "A person reads it, usually within two working days, and decides.", Email: "s…r@example.com",
	}
	editing := fresh
	editing.Editing, editing.Edit, editing.Errors = true, FeedbackValues{Kind: KindIdea, Title: "Save my basket"}, FieldErrors{"text": "Say something: this is what the team reads."}
	settings := Settings{
		Product: shop, Version: "9", About: "Where our customers choose and order.", Quotes: "redacted", Severity: 2, Band: 1, Recipients: []string{"lead@example.com", "ops@example.com"}, Changed: daysAgo(12), ChangedBy: "search team lead",
		Rules:   []Rule{{Source: "aws.cloudwatch", Region: "eu-central-1", Name: "shop-*", Matches: 31}, {Source: "aws.codepipeline", Account: "123456789012", Name: "web-shop", Matches: 8}},
		Parts:   []Part{{"Checkout", Rule{Name: "checkout-*"}}, {"Checkout", Rule{Resource: "arn:aws:lambda:*:function:pay"}}, {"Basket", Rule{}}},
		Budget:  &Budget{Month: now, Filed: 41, Limit: 757, Dollars: 2.55, Folded: 3, Held: 1, Total: 1204, Most: 500_000, Shut: now.Add(40 * time.Minute), OpsCenter: "/_local/opscenter"},
		Cluster: "60", Andon: "fife", Within: "30",
		DryRun: &DryRun{Band: 1, Floor: 32, Since: daysAgo(84), Count: 7, PerWeek: 0.6, Items: improvementRows()[:2]},
		Errors: FieldErrors{"ruleAccount.1": "An AWS account has 12 digits.", "digestTo": "x@ is not a whole address.", "partRegion.1": "The region must be one line.", "andonPeople": "The number of people of the andon must be a whole number."},
	}
	mutes := Mutes{
		Product: shop, Components: []string{"Checkout", "Search"}, Form: MuteForm{From: "2026-03-17T22:00", To: "2026-03-17T23:00", Day: "sunday", At: "02:00", Minutes: "120"},
		Items: []Mute{
			{ID: "m1", What: "signals of Checkout", When: "2026-03-17 09:00 to 2026-03-17 12:00 UTC", Reason: "The new database is taken into use.", By: "shop team lead", Now: true, Until: back(-2 * time.Hour)},
			{ID: "m2", What: "all signals", When: "every Sunday from 02:00 Europe/Berlin for 120 min", Reason: "Patches.", By: "shop team lead"},
			{ID: "m3", What: "signals with name checkout-p99", When: "2026-03-01 09:00 to 2026-03-01 12:00 UTC", Reason: "A load test.", By: "shop team lead", Over: true},
		},
	}
	wrongMutes := Mutes{Product: shop, Components: []string{"Checkout"}, Form: MuteForm{
		Weekly: true, What: "name", Day: "monday", At: "02:00", Minutes: "0", Zone: "Berlin", Errors: FieldErrors{"name": "The name is required: which alarm.", "minutes": "The length must be 1 to 10,080, which is a week.", "zone": "The time zone must be a time zone like Europe/Berlin.", "reason": "The reason is required."},
	}}
	stopped := improvement()
	stopped.Component, stopped.Words = "Checkout", "1 incident, 12 complaints, 43 companies"
	stopped.Andon = &Andon{Words: "5 people reported problems with Checkout within 60 minutes", Since: back(20 * time.Minute), Level: 1, Errors: FieldErrors{"reason": "The reason is required: 1 to 1,000 characters that say why."}}
	alerts := []Fault{
		{Tone: ToneBad, Title: "Andon: 5 people reported problems with Checkout within 60 minutes", Detail: "“Paying fails” (Checkout service): severity 1, nobody has it yet.", Action: &Link{"Open the case", "/team/checkout/improvements/imp_9"}, Since: back(20 * time.Minute)},
		{Tone: ToneWarn, Title: "Muted now in Web shop: signals of Checkout until 2026-03-18 16:00 UTC", Action: &Link{"Muted signals", "/team/web-shop/mutes"}},
	}
	home := TeamHome{
		Alerts:   alerts,
		ToDecide: []Waiting{{shop, queueItems()[0]}, {shop, queueItems()[1]}, {checkout, queueItems()[2]}}, Total: 23,
		Overdue: digest().Overdue,
		Faults: []Fault{
			{Tone: ToneBad, Title: "2 filings wait", Detail: "Systems Manager throttles us. They are tried again by themselves; nothing is lost.", Since: back(40 * time.Minute)},
			{Tone: ToneBad, Title: "4 events set aside", Detail: "We did not understand them.", Action: &Link{"Look at them", "/team/set-aside"}, Since: daysAgo(2)},
			{Tone: ToneWarn, Title: "Mail is in the SES sandbox", Detail: "Only verified addresses get mail. Ask AWS for production access."},
		},
		Products: []ProductState{{shop, 18, 17, 1, back(5 * time.Hour), 0}, {checkout, 5, 3, 0, back(20 * time.Minute), 1}, {products[2], 0, 0, 0, time.Time{}, 0}},
	}
	aside := SetAside{Products: products, Pager: Pager{Shown: 2, Total: 2}, Items: []SetAsideItem{
		{ID: "sa_1", Source: "custom.scanner", DetailType: "Scan Completed", Why: "No reader knows custom.scanner, and no product claims it.", Since: daysAgo(2), Latest: back(time.Hour), Count: 3, Account: "123456789012", Region: "eu-central-1", Resource: "arn:aws:ecr:eu-central-1:123456789012:repository/shop", Event: "{\n  \"source\": \"custom.scanner\",\n  \"detail-type\": \"Scan Completed\",\n  \"detail\": {\"findings\": 3}\n}", Tried: 1, TriedAt: daysAgo(1)},
		{ID: "sa_2", Source: "aws.health", DetailType: "AWS Health Event", Why: "The event has no eventTypeCode.", Since: daysAgo(1), Count: 1, Event: "{}", Errors: FieldErrors{"reason": "Say why it may be dropped: the log keeps it."}},
	}}
	logPage := Log{Products: products, Filter: LogFilter{Kind: "changed"}, Pager: Pager{Next: "/team/log?cursor=abc", Shown: 4}, Entries: []LogEntry{
		{At: back(4 * time.Minute), Who: "search team lead", Did: "accepted", Kind: "changed", What: "Export more than 1,000 rows", Path: "/team/web-shop/improvements/imp_7k2m", Product: "Web shop", Detail: "Seven companies cannot close their month.", Correlation: "01JPN4W2Z8Q6C7M3V5X9B1K0TD"},
		{At: back(3 * time.Hour), Who: "shop team lead", Did: "saw", Kind: "saw", What: "queue of Web shop", Path: "/team/web-shop/queue", Product: "Web shop"},
		{At: daysAgo(2), Who: "rule: alarm severity", Did: "filed", Kind: "changed", What: "Alarm checkout-p99-latency", Product: "Checkout service", Correlation: "01JPN4W2Z8Q6C7M3V5X9B1K0TE"},
		{At: daysAgo(40), Who: "search team lead", Did: "erased", Kind: "erased", What: "one person's feedback", Detail: "asked for on the status page"},
	}}
	q := func(items []QueueItem, f QueueFilter) Queue {
		return Queue{Product: shop, Alerts: alerts, Items: items, Filter: f, Pager: Pager{Next: "/team/web-shop/queue?cursor=abc", Shown: len(items), Total: 23}}
	}
	acceptedShell := team("Queue · Web shop", SectionQueue, &shop, "/team/web-shop/queue")
	acceptedShell.Notices = []Notice{
		{ToneGood, "“Keep baskets between devices” now has this as evidence.", &Post{"Undo", "/team/web-shop/detach", []Field{{"improvement", "imp_3b"}, {"item", "fb_91xz"}}}},
		{ToneWarn, "Filing waits: Systems Manager throttles us. It is tried again by itself.", nil},
	}
	caseShell := team("Export more than 1,000 rows", SectionImprovements, &shop, "/team/web-shop/improvements/imp_7k2m")
	return []sample{
		{"chooser", 200, Shell{}, Chooser{[]ProductCard{{shop, "Where you choose and order."}, {checkout, "Paying, refunds and invoices."}, {products[2], ""}}}},
		{"chooser-empty", 200, Shell{}, Chooser{}},
		{"feedback", 200, customer("Tell the Web shop team"), FeedbackForm{Product: shop, Key: "k1", Privacy: Privacy{Controller: "AnyCompany Retail", Contact: "privacy@example.com", KeptFor: "24 months"}}},
		{"feedback-errors", 422, customer("Tell the Web shop team"), FeedbackForm{Product: shop, Values: typed, ShowContext: true, Errors: FieldErrors{"email": "That is not a whole address: it needs something like .com at its end.", "text": "Say a little more: one letter is too few."}}},
		{"feedback-sent", 201, customer("Thank you"), FeedbackSent{shop, "tok-1", KindProblem, "The export stops at 1,000 rows.", "m…r@example.com", true}},
		{"status", 200, customer("What became of it"), status},
		{"status-fresh", 200, customer("What became of it"), fresh},
		{"status-editing", 422, customer("What became of it"), editing},
		{"unsubscribe", 200, Shell{Title: "Stop e-mails"}, Unsubscribe{Token: "u1", Email: "m…r@example.com", Product: shop, What: []string{"News about: Export more than 1,000 rows"}, Keeps: []string{"Answers to your other 2 pieces of feedback"}, Status: "tok-1"}},
		{"unsubscribe-done", 200, Shell{Title: "Stopped"}, Unsubscribe{Token: "u1", Email: "m…r@example.com", What: []string{"News about: Export more than 1,000 rows"}, Stopped: true}},
		{"team", 200, team("Waiting", SectionTeam, nil, "/team"), home},
		{"team-empty", 200, team("Waiting", SectionTeam, nil, "/team"), TeamHome{}},
		{"queue", 200, acceptedShell, q(queueItems(), QueueFilter{})},
		{"queue-empty", 200, team("Queue", SectionQueue, &shop, "/team/web-shop/queue"), Queue{Product: shop}},
		{"queue-filtered", 200, team("Queue", SectionQueue, &shop, "/team/web-shop/queue?kind=praise"), q(nil, QueueFilter{Kind: KindPraise})},
		{"decide-plan", 422, team("Plan", SectionQueue, &shop, ""), Decide{Product: shop, Do: "plan", Items: queueItems()[:1], Form: planForm, Return: "/team/web-shop/queue"}},
		{"decide-decline", 200, team("Decline", SectionQueue, &shop, ""), Decide{Product: shop, Do: "decline", Items: queueItems()[1:4]}},
		{"decide-promote", 200, team("Promote", SectionQueue, &shop, ""), Decide{Product: shop, Do: "promote", Items: queueItems()[1:2]}},
		{"decide-attach", 200, team("Attach", SectionQueue, &shop, ""), Decide{Product: shop, Do: "attach", Items: queueItems()[1:2], Candidates: []Candidate{{"imp_3b", "Keep baskets between devices", StateAccepted, []string{"basket", "come back"}}, {"imp_7k2m", "Export more than 1,000 rows", StatePlanned, nil}}}},
		{"decide-nothing", 200, team("Accept", SectionQueue, &shop, ""), Decide{Product: shop, Do: "accept"}},
		{"improvements", 200, team("Improvements", SectionImprovements, &shop, ""), Improvements{Product: shop, Counts: []StateCount{{StateProposed, 18}, {StateAccepted, 6}, {StatePlanned, 5}, {StateInProgress, 4}, {StateShipped, 31}, {StateValidated, 22}, {StateDeclined, 14}}, Items: improvementRows(), Pager: Pager{Shown: 3, Total: 15, Next: "/team/web-shop/improvements?cursor=abc"}}},
		{"improvement", 200, caseShell, improvement()},
		{"improvement-errors", 422, caseShell, wrongCase},
		{"improvement-declined", 200, caseShell, declined},
		{"set-aside", 200, team("Set aside", SectionSetAside, nil, "/team/set-aside"), aside},
		{"set-aside-empty", 200, team("Set aside", SectionSetAside, nil, "/team/set-aside"), SetAside{}},
		{"digests", 200, team("Digests", SectionDigests, nil, "/team/digests"), Digests{Items: []DigestRow{{"d_2026w11", "Week 11 · 9–15 March 2026", "Web shop", digest().Verdict, "weekly", back(2 * time.Hour), 4}, {"d_2026w10", "Week 10 · 2–8 March 2026", "Web shop", "A quiet week: nothing changed beyond noise.", "weekly", daysAgo(9), 4}, {"d_2026m02", "February 2026", "All products", "Shipped nine Improvements; six helped, none made anything worse.", "monthly", daysAgo(17), 6}}}},
		{"digest", 200, team("Digest", SectionDigests, nil, "/team/digests/d_2026w11"), digest()},
		{"digest-quiet", 200, team("Digest", SectionDigests, nil, "/team/digests/d_2026w10"), Digest{ID: "d", Period: "Week 10 · 2–8 March 2026", Scope: "Web shop", Every: "weekly", Verdict: "A quiet week: nothing changed beyond noise.", Quiet: true, Numbers: digest().Numbers[3:]}},
		{"log", 200, team("Log", SectionLog, nil, "/team/log"), logPage},
		{"mutes", 200, team("Muted", SectionMutes, &shop, "/team/web-shop/mutes"), mutes},
		{"mutes-errors", 422, team("Muted", SectionMutes, &shop, "/team/web-shop/mutes"), wrongMutes},
		{"improvement-andon", 422, caseShell, stopped},
		{"products", 200, team("Products", SectionProducts, nil, "/team/products"), Products{Budget: &Budget{Month: now, Filed: 3, Limit: 10_000, Total: 1204, Most: 500_000, OpsCenter: "/_local/opscenter"}, Items: home.Products, Slug: "Web Shop", Name: "Web shop", Errors: FieldErrors{"slug": "Only small letters, digits and hyphens."}}},
		{"settings", 200, team("Settings · Web shop", SectionProducts, &shop, "/team/products/web-shop"), settings},
		{"local", 200, Shell{Local: true, Section: SectionLocal, Path: "/_local/"}, localIndex()},
		{"local-bare", 200, Shell{Local: true}, LocalIndex{Parts: localIndex().Parts[1:2], Try: localIndex().Try, Schedules: localIndex().Schedules[1:]}},
		{"error-404", 404, Shell{}, Failure{Code: 404}},
		{"error-403", 403, Shell{Title: "Not yours", User: mateo, Section: SectionTeam}, Failure{Code: 403, RequestID: "req-81f"}},
		{"error-500", 500, Shell{Title: "Our fault"}, Failure{Code: 500, RequestID: "req-81f"}},
		{"sign-in", 401, Shell{Title: "Sign in", Section: SectionTeam, Path: "/team/web-shop/queue?kind=idea"}, Failure{Code: 401}},
	}
}

// hostileTexts are what somebody might type to break a page.
var hostileTexts = []string{
	`<script>window.pwned=1</script>`,
	`"><img src=x onerror=window.pwned=1>`,
	"\u202egnirts desrever \u2066 isolated",
	strings.Repeat("Donaudampfschifffahrtselektrizitätenhauptbetriebswerk", 5),
	"👩🏽‍🚒🏳️‍🌈 émoji 🇯🇵 Z̷̧̢̛̮͈̑̃a̶l̸g̵o̷",
	`javascript:window.pwned=1`,
	`' onfocus='window.pwned=1' autofocus='`,
	"{{.Base}} ${7*7} </textarea></title></style><svg onload=window.pwned=1>",
	"שלום עולם this is \u0000 mixed\u0007 مرحبا\n\n\nand lines",
}

// hostile is a copy of v with every free string replaced, each by a text that occurs only once.
func hostile[T any](v T) T {
	n := 0
	var walk func(reflect.Value) reflect.Value
	walk = func(v reflect.Value) reflect.Value {
		switch v.Kind() {
		case reflect.String:
			if v.Type() != reflect.TypeFor[string]() {
				return v
			}
			n++
			return reflect.ValueOf(fmt.Sprintf("%s %d", hostileTexts[n%len(hostileTexts)], n))
		case reflect.Interface, reflect.Pointer:
			if v.IsNil() {
				return v
			}
			out := reflect.New(v.Type()).Elem()
			if v.Kind() == reflect.Interface {
				out.Set(walk(v.Elem()))
				return out
			}
			p := reflect.New(v.Type().Elem())
			p.Elem().Set(walk(v.Elem()))
			return p
		case reflect.Slice:
			out := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
			for i := range v.Len() {
				out.Index(i).Set(walk(v.Index(i)))
			}
			return out
		case reflect.Map:
			out := reflect.MakeMap(v.Type())
			for it := v.MapRange(); it.Next(); {
				out.SetMapIndex(it.Key(), walk(it.Value()))
			}
			return out
		case reflect.Struct:
			if v.Type() == reflect.TypeFor[time.Time]() {
				return v
			}
			out := reflect.New(v.Type()).Elem()
			for i := range v.NumField() {
				switch name := v.Type().Field(i).Name; name {
				case "Do", "Decision", "Key": // names of forms and parts, which no user types
					out.Field(i).Set(v.Field(i))
				case "Can":
					out.Field(i).Set(v.Field(i))
				default:
					out.Field(i).Set(walk(v.Field(i)))
				}
			}
			return out
		default:
			return v
		}
	}
	return walk(reflect.ValueOf(&v).Elem()).Interface().(T)
}

// all are the samples, and each again with hostile text everywhere.
func all() []sample {
	l := append(samples(), metricSamples()...)
	for _, s := range slices.Clip(l) {
		l = append(l, sample{"hostile-" + s.name, s.code, hostile(s.shell), hostile(s.view)})
	}
	return l
}
