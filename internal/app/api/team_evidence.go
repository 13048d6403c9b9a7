package api

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"

	"learningloop/internal/feedback"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/person"
	"learningloop/internal/score"
	"learningloop/internal/stats"
	"learningloop/internal/store"
	"learningloop/internal/web"
)

// maxEvidence is how many attachments are read for one Improvement; of more, what is said about them is left out rather
// than told of a part.
const maxEvidence = 500

// evidence gives the pieces attached to an Improvement, newest first; whole is false where there are more than
// maxEvidence.
func (a *API) evidence(r *http.Request, iid id.Improvement) (list []improvement.Attachment, whole bool, err error) {
	cursor := ""
	for len(list) < maxEvidence {
		page, next, err := a.Store.Attachments(r.Context(), iid, cursor)
		if err != nil {
			return nil, false, err
		}
		list = append(list, page...)
		if cursor = next; cursor == "" {
			break
		}
	}
	slices.SortFunc(list, func(x, y improvement.Attachment) int {
		return cmp.Or(y.At.Compare(x.At), cmp.Compare(x.Feedback, y.Feedback))
	})
	return list, cursor == "", nil
}

// companies gives the distinct companies behind evidence, who spoke last first.
func companies(list []improvement.Attachment) []string {
	var out []string
	seen := map[string]bool{}
	for _, at := range list {
		if key := feedback.CompanyKey(at.Company); at.Company != "" && !seen[key] {
			seen[key] = true
			out = append(out, at.Company)
		}
	}
	return out
}

// kindOf is what most of the evidence is. An Improvement that nobody spoke for is its team's own idea.
func kindOf(list []improvement.Attachment) web.FeedbackKind {
	n := map[feedback.Kind]int{}
	for _, at := range list {
		n[at.Kind]++
	}
	if len(n) == 0 {
		return web.KindIdea
	}
	kinds := slices.Sorted(maps.Keys(n))
	return web.FeedbackKind(slices.MaxFunc(kinds, func(x, y feedback.Kind) int { return cmp.Compare(n[x], n[y]) }))
}

// trendWeeks is how far back a trend goes.
const trendWeeks = 12

const week = 7 * 24 * time.Hour

// trendOf counts evidence by weeks that end now, so that the last one is as long as the others. compared is how many
// trends the page tells of: their intervals hold together.
func trendOf(list []improvement.Attachment, since, now time.Time, compared int) web.Trend {
	t := web.Trend{Weeks: make([]int, trendWeeks)}
	for _, at := range list {
		if ago := int(now.Sub(at.At) / week); ago >= 0 && ago < trendWeeks && !at.At.After(now) {
			t.Weeks[trendWeeks-1-ago]++
		}
	}
	last := t.Weeks[trendWeeks-1]
	// Weeks before it was first heard of are no weeks of silence.
	before := t.Weeks[max(0, trendWeeks-1-int(now.Sub(since)/week)) : trendWeeks-1]
	if len(before) == 0 {
		t.Words = "new this week"
		if last > 1 {
			t.Words = fmt.Sprintf("%d this week, new", last)
		}
		return t
	}
	low, high, sum := slices.Min(before), slices.Max(before), 0
	for _, n := range before {
		sum += n
	}
	usual := fmt.Sprintf("%d to %d a week before", low, high)
	if low == high {
		usual = fmt.Sprintf("%d a week before", low)
	}
	t.Words = fmt.Sprintf("%d this week, %s", last, usual)
	ratio := stats.RateRatio(stats.Rate{N: int64(last), Exposure: 1}, stats.Rate{N: int64(sum), Exposure: float64(len(before))},
		stats.Each(confidence, max(compared, 1)))
	switch {
	case last+sum == 0 || ratio.Holds(1):
	case ratio.Low > 1:
		t.Tone = web.ToneBad
	default:
		t.Tone = web.ToneGood
	}
	return t
}

// confidence is that of all intervals of a page together.
const confidence = 0.95

// scoreView shows a score with what its parts come from.
func scoreView(s score.Score, e score.Evidence, estimate float64, latest, now time.Time) web.Score {
	why := map[string]string{
		"reach":      "nobody spoke for it yet",
		"impact":     impactWords(e),
		"confidence": "from " + count(e.Voices, "voice", "voices"),
		"effort":     "nobody estimated it",
	}
	if e.Voices > 0 {
		why["reach"] = "one voice, heard " + daysAgo(latest, now)
	}
	if e.Voices > 1 {
		why["reach"] = fmt.Sprintf("%d voices, the latest %s", e.Voices, daysAgo(latest, now))
	}
	if e.People && e.Machines {
		why["confidence"] += ", people and machines"
	}
	if estimate > 0 {
		why["effort"] = "as estimated"
	}
	v := web.NewScore(s.Total, s.Parts.Reach, s.Parts.Impact, s.Parts.Confidence, s.Parts.Effort, why)
	v.Priority, v.Severity = s.Priority, s.Severity
	return v
}

func impactWords(e score.Evidence) string {
	switch e.Count {
	case 0:
		return "nothing said yet"
	case 1:
		return "severity " + fmt.Sprint(score.Severity(e.Impact))
	default:
		return fmt.Sprintf("severity %d, the worst of %d", score.Severity(e.Impact), e.Count)
	}
}

func daysAgo(t, now time.Time) string {
	const day = 24 * time.Hour
	switch n := int(now.UTC().Truncate(day).Sub(t.UTC().Truncate(day)) / day); {
	case n <= 0:
		return "today"
	case n == 1:
		return "yesterday"
	default:
		return fmt.Sprintf("%d days ago", n)
	}
}

// waitingItem shows something that waits for a decision. What its evidence tells is added by withEvidence.
func waitingItem(q store.QueueItem, now time.Time) web.QueueItem {
	if im := q.Improvement; im != nil {
		return web.QueueItem{
			ID: string(im.ID), Type: web.ItemImprovement, Kind: web.KindIdea, Title: im.Title, Text: im.Outcome, Voices: im.Evidence.Voices,
			Score: scoreView(im.Score(now), im.Evidence, im.Effort, im.Latest, now), Since: im.Created, Latest: im.Latest, Version: seen(*im),
		}
	}
	f := q.Feedback
	out := web.QueueItem{
		ID: string(f.ID), Type: web.ItemFeedback, Kind: web.FeedbackKind(f.Kind), Title: f.Headline(), Text: f.Text, Who: who(*f), Voices: 1,
		Score: scoreView(q.Score(now), f.Evidence(), 0, f.Received, now), Since: f.Received, Latest: f.Received, Component: f.Context.Component,
		Trend: web.Trend{Words: "said once"},
	}
	if f.Submitter.Company != "" {
		out.Companies = []string{f.Submitter.Company}
	}
	return out
}

// withEvidence adds what an Improvement's evidence tells to its item.
func (a *API) withEvidence(r *http.Request, it *web.QueueItem, compared int) error {
	if it.Type != web.ItemImprovement {
		return nil
	}
	list, whole, err := a.evidence(r, id.Improvement(it.ID))
	if err != nil {
		return err
	}
	it.Kind = kindOf(list)
	if !whole {
		it.Trend.Words = "more than " + count(maxEvidence, "word", "words")
		return nil
	}
	it.Companies = companies(list)
	if it.Trend = (web.Trend{Words: "nobody spoke for it yet"}); len(list) > 0 {
		it.Since = list[len(list)-1].At
		it.Trend = trendOf(list, it.Since, a.Now(), compared)
	}
	if it.Kind == web.KindSignal && len(it.Companies) == 0 {
		it.Who = "machines"
	}
	return nil
}

// who names who said something: a person by name, else by a masked address; a machine by its source.
func who(f feedback.Feedback) string {
	switch {
	case f.Signal != nil:
		return f.Signal.Source
	case f.Submitter.Name != "":
		return f.Submitter.Name
	default:
		return person.Mask(f.Submitter.Email)
	}
}

// sharedWords are the words of at least four letters that two texts share, at most three, the longest first.
func sharedWords(x, y string) []string {
	has := map[string]bool{}
	for _, w := range wordsOf(x) {
		has[w] = true
	}
	var out []string
	for _, w := range wordsOf(y) {
		if has[w] && !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	slices.SortStableFunc(out, func(x, y string) int { return cmp.Compare(len(y), len(x)) })
	return out[:min(len(out), 3)]
}

func wordsOf(s string) []string {
	const shortest = 4
	return slices.DeleteFunc(strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !isWord(r) }), func(w string) bool {
		return len([]rune(w)) < shortest || common[w]
	})
}

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// common words say nothing about what a text is about.
var common = map[string]bool{
	"about": true, "after": true, "again": true, "been": true, "before": true, "cannot": true, "could": true, "does": true, "from": true,
	"have": true, "into": true, "just": true, "like": true, "more": true, "much": true, "only": true, "please": true, "should": true,
	"some": true, "than": true, "that": true, "their": true, "them": true, "then": true, "there": true, "they": true, "this": true,
	"very": true, "want": true, "were": true, "what": true, "when": true, "where": true, "which": true, "with": true, "would": true, "your": true,
}
