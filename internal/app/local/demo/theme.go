package demo

import (
	"math/rand/v2"
	"strings"

	"learningloop/internal/feedback"
)

// theme is one thing that many people say in their own words.
type theme struct {
	key       string // within the demo
	product   string
	kind      feedback.Kind
	component string
	page      string
	titles    []string // sometimes given
	words     []string // the same thing, said differently; {x} is filled in from slots
	ratings   [5]int   // weights of 1..5
	weekly    func(week int) float64
	plan      *plan // what became of it; nil: nothing yet
}

// slots are what differs between people who say the same.
var slots = map[string][]string{
	"device":  {"my phone", "my tablet", "my laptop", "the office PC", "Firefox", "Safari", "Chrome", "the app on Android", "the app on my phone"},
	"times":   {"twice", "three times", "for the second time this week", "every single time"},
	"item":    {"a desk lamp", "printer paper", "running shoes", "a coffee grinder", "two office chairs", "a rain jacket", "a monitor stand", "garden tools", "school books", "a phone case"},
	"n":       {"3", "5", "12", "20", "40", "60"},
	"day":     {"Monday", "Tuesday", "last Wednesday", "Thursday", "Friday", "the weekend"},
	"typo":    {"sneekers", "coffe grinder", "moniter", "lampp", "jaket", "stapeler", "hedphones"},
	"minutes": {"two", "five", "ten", "a good fifteen"},
}

var openers = []string{
	"", "", "", "", "", "", "", "", "", "", "", "", "Hello, ", "Hi team, ", "Just so you know: ", "Not sure whether this is the right place, but ", "Again: ",
}

var closers = []string{
	"", "", "", "", "", "", " Please look into it.", " Thanks!", " Happy to show you on a call.", " I was using {device}.", " That was on {day}.",
	" Our whole team sees this.", " Otherwise a good shop.", " It used to work.", " Not urgent, but it adds up.",
}

// say puts a theme into somebody's words.
func (t theme) say(r *rand.Rand) (title, text string) {
	text = pick(r, t.words)
	if t.kind != feedback.Praise {
		if o := pick(r, openers); o != "" {
			text = o + lowerFirst(text)
		}
		text += pick(r, closers)
	}
	if len(t.titles) > 0 && r.Float64() < 0.35 {
		title = fill(r, pick(r, t.titles))
	}
	return title, fill(r, text)
}

func fill(r *rand.Rand, s string) string {
	for {
		before, rest, ok := strings.Cut(s, "{")
		if !ok {
			return s
		}
		name, after, _ := strings.Cut(rest, "}")
		s = before + pick(r, slots[name]) + after
	}
}

func lowerFirst(s string) string {
	if strings.HasPrefix(s, "I ") || strings.HasPrefix(s, "I'") || len(s) > 1 && s[1] >= 'A' && s[1] <= 'Z' {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

// rate gives a rating by the theme's weights, or none.
func (t theme) rate(r *rand.Rand) int {
	sum := 0
	for _, w := range t.ratings {
		sum += w
	}
	if sum == 0 || r.Float64() < 0.35 {
		return 0
	}
	n := r.IntN(sum)
	for i, w := range t.ratings {
		if n -= w; n < 0 {
			return i + 1
		}
	}
	return 0
}

// The shapes of a theme over the weeks, 0 to 11.

func steady(x float64) func(int) float64 { return func(int) float64 { return x } }

// until is x until a release mends it in a week, and little afterwards.
func until(x float64, mended int) func(int) float64 {
	return func(w int) float64 {
		if w > mended {
			return x / 12
		}
		return x
	}
}

// from is nothing much before a week, and x from then on.
func from(x float64, week int) func(int) float64 {
	return func(w int) float64 {
		if w < week {
			return x / 10
		}
		return x
	}
}

// growing goes from little to x.
func growing(x float64) func(int) float64 {
	return func(w int) float64 { return x * (0.3 + 0.7*float64(w)/(Weeks-1)) }
}
