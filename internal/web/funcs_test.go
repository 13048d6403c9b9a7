package web

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestBasePath(t *testing.T) {
	for _, tc := range []struct {
		public, want string
		bad          bool
	}{
		{public: "https://example.com", want: ""},
		{public: "https://example.com/", want: ""},
		{public: "https://abc.example.com/prod/", want: "/prod"},
		{public: "https://example.com/a/../b", bad: true},
		{public: "://", bad: true},
	} {
		got, err := BasePath(tc.public)
		if (err != nil) != tc.bad || (!tc.bad && got != tc.want) {
			t.Errorf("BasePath(%q) = %q, %v", tc.public, got, err)
		}
	}
	if _, err := New(Options{}); err == nil {
		t.Error("a renderer without a clock was made")
	}
	if _, err := New(Options{Base: "prod", Now: time.Now}); err == nil {
		t.Error("a relative base was taken")
	}
}

func TestOwnPath(t *testing.T) {
	for p, want := range map[string]bool{
		"/team/a/queue?kind=idea#x": true, "/": true, "": false, "team": false, "//evil.example.com": false, `/\evil.example.com`: false,
		"https://evil.example.com/": false, "javascript:alert(1)": false, "/a\nb": false, "/%2f%2fok": true,
	} {
		if got := OwnPath(p) != ""; got != want {
			t.Errorf("OwnPath(%q) taken: %v, want %v", p, got, want)
		}
	}
}

func TestLink(t *testing.T) {
	r := renderer(t, "/prod")
	for p, want := range map[string]string{
		"/team": "/prod/team", "https://console.aws.amazon.com/x": "https://console.aws.amazon.com/x",
		"http://example.com": "#", "javascript:alert(1)": "#", "//x": "#", "": "#", "data:text/html,x": "#",
	} {
		if got := r.link(p); got != want {
			t.Errorf("link(%q) = %q, want %q", p, got, want)
		}
	}
	if got, want := Path("s", "a/b?c#d", ".."), "/s/a%2Fb%3Fc%23d/.."; got != want {
		t.Errorf("Path = %q, want %q", got, want)
	}
}

func TestNum(t *testing.T) {
	for f, want := range map[float64]string{
		0: "0", 1: "1", 0.85: "0.85", 0.5: "0.5", 34.24: "34.2", 1204: "1,204", 123456.7: "123,457", -3: "−3", 99.96: "100",
		math.Inf(1): "–", 1e6: "1,000,000", 0.001: "0",
	} {
		if got := num(f); got != want {
			t.Errorf("num(%v) = %q, want %q", f, got, want)
		}
	}
}

func TestRelative(t *testing.T) {
	for _, tc := range []struct {
		d    time.Duration
		want string
	}{
		{0, "just now"},
		{59 * time.Second, "just now"},
		{time.Minute, "1 minute ago"},
		{59 * time.Minute, "59 minutes ago"},
		{25 * time.Hour, "1 day ago"},
		{-2 * time.Hour, "in 2 hours"},
		{-30 * time.Second, "in a moment"},
		{31 * 24 * time.Hour, "15 Feb 2026"},
	} {
		if got := relative(now.Add(-tc.d), now); got != tc.want {
			t.Errorf("%v ago: %q, want %q", tc.d, got, tc.want)
		}
	}
	// A due date is a day, not 24 hours: late in the evening tomorrow is still tomorrow.
	late := time.Date(2026, 3, 18, 23, 59, 0, 0, time.UTC)
	if got := days(time.Date(2026, 3, 19, 0, 0, 0, 0, time.UTC), late); got != "tomorrow" {
		t.Errorf("days = %q, want tomorrow", got)
	}
}

func TestPlain(t *testing.T) {
	if got, want := plain(" a\u202eb\n\tc\u0000\u2066 d "), "ab c d"; got != want {
		t.Errorf("plain = %q, want %q", got, want)
	}
	if got, want := say("a\r\nb\u0007\tc"), "a\nb\tc"; got != want {
		t.Errorf("say = %q, want %q", got, want)
	}
}

// TestBar: the pieces lie end to end, never beyond the bar, whatever the shares say.
func TestBar(t *testing.T) {
	for name, s := range map[string]Score{
		"rich": score(34, 19, 2.5, 0.9, 1), "nothing": {}, "over": {Parts: []ScorePart{{Share: 7}, {Share: -1}, {Share: math.NaN()}, {Share: 1}}},
		"reach without bound": NewScore(1e9, 1e12, 3, 1, 0.1, nil),
	} {
		end := 0.0
		for _, p := range bar(s) {
			if p.X < end-0.11 || p.W <= -0.5 || p.X+p.W > 100.1 {
				t.Errorf("%s: %+v after %v", name, p, end)
			}
			end = p.X + p.W
		}
	}
}

func TestFieldName(t *testing.T) {
	for pointer, want := range map[string]string{
		"": "", "/text": "text", "/submitter/email": "email", "/routing/2/account": "ruleAccount.2", "/routing/2": "ruleSource.2",
		"/routing": "routing", "/digestTo/1": "digestTo", "/rules/band": "band", "/routing/2/": "", "/3": "3",
	} {
		if got := FieldName(pointer); got != want {
			t.Errorf("FieldName(%q) = %q, want %q", pointer, got, want)
		}
	}
}

func TestProblems(t *testing.T) {
	got := problems("x", FieldErrors{"b": "B", "a": "A", "": "all", "z": "Z"}, "b", "missing")
	want := []problem{{"", "all"}, {"f-xb", "B"}, {"f-xa", "A"}, {"f-xz", "Z"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func FuzzText(f *testing.F) {
	for _, s := range hostileTexts {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, c := range plain(s) {
			if isBidi(c) || c < ' ' {
				t.Errorf("plain(%q) keeps %q", s, c)
			}
		}
		if p := OwnPath(s); strings.HasPrefix(p, "//") || strings.Contains(p, `\`) {
			t.Errorf("OwnPath(%q) = %q", s, p)
		}
		if got := clip(5, s); len([]rune(got)) > 5 {
			t.Errorf("clip = %q", got)
		}
	})
}

func TestBarOfNothing(t *testing.T) {
	if l := bar(NewScore(0.001, 0.3, 2, 0.6, 1, nil)); len(l) != 0 {
		t.Errorf("a score of 0 draws %+v", l)
	}
	if l := bar(NewScore(0.02, 0.3, 2, 0.6, 1, nil)); len(l) == 0 {
		t.Error("a small score draws nothing")
	}
}
