package mirror

import (
	"fmt"
	"strings"
	"time"

	"learningloop/internal/feedback"
	"learningloop/internal/improvement"
	"learningloop/internal/opsitem"
	"learningloop/internal/product"
)

// Limits of what is filed.
const (
	MaxTitle       = 100  // characters: OpsCenter takes 1,024, but the subject of its SNS notification does not
	MaxDescription = 2048 // characters

	maxData = 20_000 // bytes of one value of operational data: OpsCenter's 20 KB, with a little room
)

// Filer words what is asked of OpsCenter.
type Filer struct {
	Links Links
}

// Links gives the pages that an OpsItem links to.
type Links interface {
	Improvement(im improvement.Improvement, slug string) string
}

// Request is what opens an episode of im.
func (f Filer) Request(im improvement.Improvement, p product.Product, now time.Time) opsitem.Request {
	sc := im.Score(now)
	r := opsitem.Request{
		Title: feedback.Cut(im.Title, MaxTitle), Description: f.description(im, p, now),
		Severity: sc.Severity, Priority: sc.Priority, Category: im.Category, Dedup: opsitem.EpisodeKey(im.ID, im.Episode),
		Data: f.data(im), Tags: map[string]string{"learningloop:product": p.Slug},
	}
	r.Data[opsitem.KeyProduct] = p.Slug
	r.Data[opsitem.KeyScore] = fmt.Sprintf("%.1f", sc.Total)
	r.Data[opsitem.KeyEvidence] = fmt.Sprintf("%d from %d", im.Evidence.Count, im.Evidence.Voices)
	if r.Category == "" {
		r.Category = category(im)
	}
	if im.AndonUp() {
		r.Severity = 1
	}
	size := 0
	for _, a := range im.Resources {
		if size += len(`{"arn":""},`) + len(a); strings.HasPrefix(a, "arn:") && size <= maxData {
			r.Resources = append(r.Resources, a)
		}
	}
	return r
}

// category is where people's words go when no signal says: slow and broken things are what they speak of most.
func category(im improvement.Improvement) string {
	if im.Evidence.Impact >= 2 {
		return "Availability"
	}
	return "Performance"
}

// Want is what the OpsItem of im should say now.
func (f Filer) Want(im improvement.Improvement) opsitem.Patch {
	return opsitem.Patch{Status: im.Status.OpsStatus(), Data: f.data(im)}
}

// data is what OpsCenter has no members for, kept searchable. Everything in it changes by decisions only, so that time
// passing alone never makes an update; score and evidence are in the Request, as they were when the episode began.
func (f Filer) data(im improvement.Improvement) map[string]string {
	d := map[string]string{
		opsitem.KeyEpisode:     opsitem.EpisodeKey(im.ID, im.Episode),
		opsitem.KeyImprovement: string(im.ID),
		opsitem.KeyCorrelation: im.Correlation,
	}
	if im.Owner != "" {
		d[opsitem.KeyOwner] = im.Owner
	}
	if !im.Due.IsZero() {
		d[opsitem.KeyDue] = im.Due.Format(time.DateOnly)
	}
	return d
}

func (f Filer) description(im improvement.Improvement, p product.Product, now time.Time) string {
	sc := im.Score(now)
	var b strings.Builder
	fmt.Fprintf(&b, "**%s** (%s)\n\n", Harmless(feedback.Cut(im.Title, 200)), Harmless(p.Name))
	if im.Outcome != "" {
		fmt.Fprintf(&b, "Outcome wanted: %s\n\n", Harmless(feedback.Cut(im.Outcome, 400)))
	}
	if im.AndonUp() {
		fmt.Fprintf(&b, "- **Andon**: %s\n", Harmless(im.Andon.Words(p.Name)))
	}
	e := im.Evidence
	fmt.Fprintf(&b, "- Evidence: %d %s from %d %s", e.Count, plural(e.Count, "word", "words"), e.Voices, plural(e.Voices, "voice", "voices"))
	if e.Signals > 0 {
		fmt.Fprintf(&b, ", %d of them %s", e.Signals, plural(e.Signals, "a signal", "signals"))
	}
	fmt.Fprintf(&b, "\n- Score: %.1f (%s)\n", sc.Total, sc.Why)
	fmt.Fprintf(&b, "\n[The case, with its evidence and history](%s)\n\n", f.Links.Improvement(im, p.Slug))
	fmt.Fprintf(&b, "Setting the status here tells whoever asked. Correlation id: %s\n", im.Correlation)
	out := []rune(b.String())
	return string(out[:min(len(out), MaxDescription)])
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// Harmless makes a customer's words plain text in Markdown: nothing in them becomes a link, an image, HTML or a heading.
func Harmless(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	var b strings.Builder
	for _, r := range s {
		if strings.ContainsRune("\\`*_{}[]()<>#+-!|~&", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	// Some renderers make links of bare addresses; a zero-width joiner after the scheme and the at sign stops them.
	return strings.NewReplacer("://", ":\u200d//", "@", "@\u200d", "www.", "www\u200d.").Replace(b.String())
}
