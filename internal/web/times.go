package web

import (
	"fmt"
	"html/template"
	"time"
)

const (
	exactLayout = "2 Jan 2006, 15:04 MST"
	toTheSecond = "2 Jan 2006, 15:04:05 MST"
	dayLayout   = "2 Jan 2006"
)

// element is a time element. All its parts are made here, so nothing of a user's gets in.
func element(t time.Time, datetime, mode, title, text string) template.HTML {
	if title != "" {
		title = fmt.Sprintf(" title=%q", title)
	}
	return template.HTML(fmt.Sprintf(`<time datetime="%s" data-t="%s"%s>%s</time>`, datetime, mode, title, text)) //nolint:gosec // see above
}

// ago tells a moment relative to now, with the exact one on hover. The script retells it in the reader's zone.
func (r *Renderer) ago(t time.Time) template.HTML {
	if t.IsZero() {
		return "–"
	}
	t = t.UTC()
	return element(t, t.Format(time.RFC3339), "ago", t.Format(exactLayout), relative(t, r.opt.Now().UTC()))
}

// day tells a date, which has no zone: a due date is the same day everywhere.
func (r *Renderer) day(t time.Time) template.HTML {
	if t.IsZero() {
		return "–"
	}
	return element(t, t.Format(time.DateOnly), "day", days(t, r.opt.Now()), t.Format(dayLayout))
}

// stamp tells the exact moment.
func stamp(t time.Time) template.HTML {
	if t.IsZero() {
		return "–"
	}
	t = t.UTC()
	return element(t, t.Format(time.RFC3339), "stamp", "", t.Format(exactLayout))
}

// second tells the exact moment to the second.
func second(t time.Time) template.HTML {
	t = t.UTC()
	return element(t, t.Format(time.RFC3339), "second", "", t.Format(toTheSecond))
}

func month(t time.Time) string { return t.Format("January 2006") }

// days is how far a date is from today.
func days(t, now time.Time) string {
	n := int(midnight(t).Sub(midnight(now)) / (24 * time.Hour))
	switch {
	case n == 0:
		return "today"
	case n == 1:
		return "tomorrow"
	case n == -1:
		return "yesterday"
	case n > 0:
		return fmt.Sprintf("in %d days", n)
	default:
		return fmt.Sprintf("%d days ago", -n)
	}
}

func midnight(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// relative is the text of a moment seen from now. assets/app.js says the same in the same words.
func relative(t, now time.Time) string {
	d := now.Sub(t)
	format := "%s ago"
	if d < 0 {
		d, format = -d, "in %s"
	}
	unit := func(n int, one string) string {
		if n != 1 {
			one += "s"
		}
		return fmt.Sprintf(format, fmt.Sprintf("%d %s", n, one))
	}
	switch {
	case d < time.Minute && now.Before(t):
		return "in a moment"
	case d < time.Minute:
		return "just now"
	case d < time.Hour:
		return unit(int(d/time.Minute), "minute")
	case d < 24*time.Hour:
		return unit(int(d/time.Hour), "hour")
	case d < 30*24*time.Hour:
		return unit(int(d/(24*time.Hour)), "day")
	default:
		return t.Format(dayLayout)
	}
}
