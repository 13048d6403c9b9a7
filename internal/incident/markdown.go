package incident

import (
	"fmt"
	"strings"
	"time"
)

// Report is a timeline with what stands around it, for people.
type Report struct {
	Title    string // of the Improvement; hostile
	Product  string // name; hostile
	Episode  int
	Severity int
	OpsItem  string
	Ended    bool
	Frozen   bool // as it was when it was kept
	Timeline Timeline
	Case     string // link
}

// Names are the kinds as people say them.
var Names = map[Kind]string{
	Signal: "signal", Deployment: "deployment", Complaint: "complaint", Status: "status", Level: "level", Andon: "andon", Filed: "filed", Told: "told",
}

// Markdown is the report as a document: for a wiki, a ticket, a review. escape makes any text plain in Markdown.
func (r Report) Markdown(escape func(string) string) string {
	var b strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	p("# %s", escape(r.Title))
	p("")
	p("%s, episode %d, severity %d", escape(r.Product), r.Episode, r.Severity)
	p("")
	if r.OpsItem != "" {
		p("- OpsItem: %s", escape(r.OpsItem))
	}
	p("- Case: <%s>", r.Case)
	t := r.Timeline.Times
	p("- Time to detect: %s", took(t.Detect, "at once"))
	p("- Time to file: %s", took(t.File, map[bool]string{true: "not filed", false: "at once"}[r.OpsItem == ""]))
	p("- Time to acknowledge: %s", took(t.Acknowledge, "nobody did before it ended"))
	if r.Ended {
		p("- Time to resolve: %s", took(t.Resolve, "at once"))
	} else {
		p("- Time to resolve: still under way")
	}
	how := "As it is known at"
	if r.Frozen {
		how = "As it was kept at"
	}
	p("- %s %s", how, clock(r.Timeline.Made))
	p("")
	p("| Time (UTC) | What | |")
	p("|---|---|---|")
	for _, m := range r.Timeline.Moments {
		what := escape(m.What)
		if m.What == "" {
			what = "somebody reported it"
		}
		if m.Who != "" {
			what += ", by " + escape(m.Who)
		}
		if m.Mark != "" {
			what += " (" + string(m.Mark) + ")"
		}
		p("| %s | %s | %s |", clock(m.At), Names[m.Kind], what)
	}
	for _, k := range Kinds {
		if n := r.Timeline.Left[k]; n > 0 {
			p("")
			p("And %d more of kind %s in between.", n, Names[k])
		}
	}
	return b.String()
}

func clock(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") }

func took(d time.Duration, none string) string {
	if d == 0 {
		return none
	}
	return Took(d)
}

// Took is a stretch of time as people say it: "41 s", "12 min", "3 h 20 min", "4 days 2 h".
func Took(d time.Duration) string {
	day := 24 * time.Hour
	part := func(n time.Duration, unit string) string {
		if n == 0 {
			return ""
		}
		return fmt.Sprintf(" %d %s", n, unit)
	}
	switch d = max(d, 0); {
	case d < time.Minute:
		return fmt.Sprintf("%d s", d.Round(time.Second)/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%d min", d.Truncate(time.Minute)/time.Minute)
	case d < day:
		d = d.Truncate(time.Minute)
		return fmt.Sprintf("%d h%s", d/time.Hour, part(d%time.Hour/time.Minute, "min"))
	case d < 2*day:
		return "1 day" + part(d%day/time.Hour, "h")
	default:
		return fmt.Sprintf("%d days%s", d/day, part(d%day/time.Hour, "h"))
	}
}
