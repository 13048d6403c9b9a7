package web

import (
	"fmt"
	"html/template"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"learningloop/internal/chart"
	"learningloop/internal/number"
)

func (r *Renderer) funcs() template.FuncMap {
	return template.FuncMap{
		"url":   func(segments ...string) string { return r.opt.Base + Path(segments...) },
		"link":  r.link,
		"asset": func(name string) string { return r.opt.Base + AssetPath(name) },
		"ago":   r.ago, "day": r.day, "stamp": stamp, "second": second, "month": month,
		"plain": plain, "say": say, "num": anyNumber, "plural": plural, "join": strings.Join, "first": first, "more": more,
		"word": word, "headline": headline, "kind": kindWord, "kinds": kinds, "declines": declines, "severities": severities, "bands": bands,
		"steps": steps, "bar": bar, "spark": spark, "figure": figure, "times": times, "course": course, "interval": interval, "picture": picture,
		"input": newInput, "hint": hint, "typ": typ, "auto": auto, "max": maxLen, "req": req, "opt": opt, "numeric": numeric, "pre": pre, "rows": rows,
		"problems": problems, "id": id, "has": func(list []string, s string) bool { return slices.Contains(list, s) },
		"failure": failureText, "args": args, "add": func(a, b int) int { return a + b },
		"or0": func(n, d int) int {
			if n == 0 {
				return d
			}
			return n
		},
		"do": doWord, "digits": func(n int) []int {
			l := make([]int, n)
			for i := range l {
				l[i] = i + 1
			}
			return l
		},
		"capital": capital, "weekdays": func() []string {
			return []string{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}
		},
		"muteErrors": func(f MuteForm, weekly bool) FieldErrors {
			if f.Weekly != weekly {
				return nil
			}
			return f.Errors
		},
		"blankParts": func(l []Part) []Part { return append(slices.Clone(l), Part{}, Part{}) },
		"blankRules": func(l []Rule) []Rule { return append(slices.Clone(l), Rule{}, Rule{}) },
		"blankBooks": func(l []Runbook) []Runbook { return append(slices.Clone(l), Runbook{}, Runbook{}) },
		"rowErr":     func(e FieldErrors, name string, i int) string { return e[name+"."+strconv.Itoa(i)] },
		"query":      query, "pathOf": Path, "formFor": formFor, "split": strings.Fields, "short": short, "clip": clip,
	}
}

// capital begins a text with a capital letter.
func capital(s string) string {
	first, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(first)) + s[n:]
}

// Path joins segments to a path without the base, each escaped: Path("s", token).
func Path(segments ...string) string {
	if len(segments) == 0 {
		return "/"
	}
	var b strings.Builder
	for _, s := range segments {
		b.WriteByte('/')
		b.WriteString(url.PathEscape(s))
	}
	return b.String()
}

// OwnPath is p when it is a path on this site, and "" when it might lead anywhere else: for redirects to where a form
// says it came from.
func OwnPath(p string) string {
	u, err := url.Parse(p)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(p, "/") || strings.HasPrefix(p, "//") ||
		strings.ContainsAny(p, "\\\r\n\t") {
		return ""
	}
	return p
}

// link is the address of a path that a view carries: our own with the base before it, or an https address as it is.
// Anything else leads nowhere, so that no view can be talked into a script or another site's address.
func (r *Renderer) link(p string) string {
	switch {
	case strings.HasPrefix(p, "https://"):
		return p
	case OwnPath(p) != "":
		return r.opt.Base + p
	default:
		return "#"
	}
}

// query is "?" and the given name-value pairs that have a value, or "".
func query(pairs ...string) string {
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			v.Set(pairs[i], pairs[i+1])
		}
	}
	if len(v) == 0 {
		return ""
	}
	return "?" + v.Encode()
}

// plain is s as one line without control characters and bidirectional overrides: for attributes, options and titles,
// where no element isolates them from what stands around.
func plain(s string) string {
	return strings.Join(strings.Fields(strings.Map(func(c rune) rune {
		if unicode.IsSpace(c) {
			return ' '
		}
		if unicode.IsControl(c) || isBidi(c) {
			return -1
		}
		return c
	}, s)), " ")
}

func isBidi(c rune) bool {
	return c == '\u061c' || c == '\u200e' || c == '\u200f' || (c >= '\u202a' && c <= '\u202e') || (c >= '\u2066' && c <= '\u2069')
}

// say is s as its writer laid it out, without control characters that mean nothing on a page.
func say(s string) string {
	return strings.Map(func(c rune) rune {
		if c == '\n' || c == '\t' {
			return c
		}
		if unicode.IsControl(c) {
			return -1
		}
		return c
	}, strings.ReplaceAll(s, "\r\n", "\n"))
}

// num writes a figure as short as it is still true: 1,204 / 34.2 / 0.85.
func num(f float64) string {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return "–"
	}
	digits := 2
	switch a := math.Abs(f); {
	case a >= 100 || f == math.Trunc(f):
		digits = 0
	case a >= 10:
		digits = 1
	}
	s := strconv.FormatFloat(f, 'f', digits, 64)
	whole, frac, _ := strings.Cut(s, ".")
	sign := strings.HasPrefix(whole, "-")
	whole = strings.TrimPrefix(whole, "-")
	whole = number.Group(whole)
	if frac = strings.TrimRight(frac, "0"); frac != "" {
		whole += "." + frac
	}
	if sign {
		whole = "−" + whole
	}
	return whole
}

// anyNumber takes any number a template has.
func anyNumber(n any) (string, error) {
	switch n := n.(type) {
	case int:
		return num(float64(n)), nil
	case float64:
		return num(n), nil
	default:
		return "", fmt.Errorf("num: %T is no number", n)
	}
}

// clip is s cut to n characters, for drawings, which do not wrap.
func clip(n int, s string) string {
	r := []rune(plain(s))
	if len(r) <= n {
		return string(r)
	}
	return strings.TrimSpace(string(r[:n-1])) + "…"
}

// short is the end of an id, enough to tell it from its neighbours.
func short(s string) string {
	r := []rune(plain(s))
	return string(r[max(0, len(r)-8):])
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return num(float64(n)) + " " + many
}

func first(n int, l []string) []string { return l[:min(n, len(l))] }

func more(n int, l []string) int { return max(0, len(l)-n) }

// id makes an element's id of parts that may hold anything.
func id(parts ...string) string {
	return strings.Map(func(c rune) rune {
		if c < 128 && (unicode.IsLetter(c) || unicode.IsDigit(c)) || c == '-' {
			return c
		}
		return '_'
	}, strings.Join(parts, "-"))
}

// args makes the argument of a partial out of name-value pairs.
func args(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, fmt.Errorf("args: %d arguments, want pairs", len(pairs))
	}
	m := make(map[string]any, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("args: argument %d is no name", i)
		}
		m[name] = pairs[i+1]
	}
	return m, nil
}

// times is a chart of times as HTML, likewise.
func times(t *chart.Times) template.HTML { return template.HTML(chart.TimesFigure(*t)) } //nolint:gosec // escaped there

// course is a line of time as HTML, likewise.
func course(c chart.Course) template.HTML { return template.HTML(chart.CourseFigure(c)) } //nolint:gosec // escaped there

// figure is a chart as HTML: package chart escapes every text in it.
func figure(s *chart.Series) template.HTML { return template.HTML(chart.Figure(*s)) } //nolint:gosec // escaped there
