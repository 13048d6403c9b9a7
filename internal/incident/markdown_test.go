package incident_test

import (
	"flag"
	"strings"
	"testing"
	"time"

	"learningloop/internal/incident"
	"learningloop/internal/mirror"
)

var update = flag.Bool("update", false, "write the golden files anew")

func report(what string) incident.Report {
	return incident.Report{
		Title: what, Product: what, Episode: 2, Severity: 1, OpsItem: "oi-0123456789ab", Ended: true, Case: "https://loop.example.com/team/shop/improvements/i-1",
		Timeline: incident.New([]incident.Moment{
			{At: began, Kind: incident.Complaint, What: what, Ref: "f-1"},
			{At: began.Add(-time.Hour), Kind: incident.Deployment, What: what},
			{At: began.Add(time.Minute), Kind: incident.Complaint, Ref: "f-2"},
			{At: began.Add(time.Hour), Kind: incident.Status, What: "started", Who: what},
		}, incident.TimesOf(episode()), began.Add(2*time.Hour)),
	}
}

func TestMarkdown(t *testing.T) {
	golden(t, "report.md", report("Payments fail").Markdown(mirror.Harmless))
}

// Whatever a customer or a machine writes, no row is broken, nothing is linked, nothing is HTML.
func TestMarkdownOfHostileText(t *testing.T) {
	hostile := "</td><script>alert(1)</script>|pipe|\n# heading\n[x](javascript:alert(1)) ![i](http://evil.example.com/x.png) `code` kim@example.org"
	got := report(hostile).Markdown(mirror.Harmless)
	if n := strings.Count(got, "\n"); n != strings.Count(report("x").Markdown(mirror.Harmless), "\n") {
		t.Errorf("%d lines: a text broke one", n)
	}
	for _, bad := range []string{"<script>", "](javascript", "|pipe|", "http://evil", "@example", "\n# heading", "![i]"} {
		if strings.Contains(got, bad) {
			t.Errorf("%q is in\n%s", bad, got)
		}
	}
}

func TestTook(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 s", -time.Hour: "0 s", 41 * time.Second: "41 s", 12*time.Minute + 59*time.Second: "12 min", 3*time.Hour + 20*time.Minute: "3 h 20 min",
		2 * time.Hour: "2 h", 26 * time.Hour: "1 day 2 h", 24 * time.Hour: "1 day", 98*time.Hour + 59*time.Minute: "4 days 2 h",
	} {
		if got := incident.Took(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}
