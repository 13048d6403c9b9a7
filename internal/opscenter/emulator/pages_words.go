package emulator

import (
	"strconv"
	"strings"
	"time"
)

// ago says how long ago a time was, as people do.
func (c *console) ago(t time.Time) string {
	d := c.e.now().Sub(t)
	switch {
	case d < 0:
		return exact(t)
	case d < time.Minute:
		return "just now"
	case d < time.Hour:
		return strconv.Itoa(int(d/time.Minute)) + " min ago"
	case d < 48*time.Hour:
		return strconv.Itoa(int(d/time.Hour)) + " h ago"
	}
	return strconv.Itoa(int(d/(24*time.Hour))) + " days ago"
}

func exact(t time.Time) string { return t.UTC().Format("2 Jan 2006, 15:04:05 UTC") }

func severityText(s string) string {
	for _, c := range severities {
		if c.Value == s {
			return c.Text
		}
	}
	return "Not set"
}

func statusText(s string) string {
	for _, c := range statusChoices {
		if c.Value == s {
			return c.Text
		}
	}
	return s
}

// actor is the part of an ARN that says who: user/NAME, or ROLE/SESSION.
func actor(arn string) string {
	if i := strings.LastIndex(arn, ":"); i >= 0 {
		arn = arn[i+1:]
	}
	return strings.TrimPrefix(arn, "assumed-role/")
}

// short is the part of a resource's ARN that tells it apart.
func short(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return arn
	}
	return parts[2] + " " + parts[5]
}

// kindText says what a related item is.
func kindText(resourceType string) string {
	switch resourceType {
	case "AWS::SSMIncidents::IncidentRecord":
		return "Incident"
	case "AWS::SSM::Document":
		return "Runbook"
	}
	return resourceType
}
