package mirror

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"learningloop/internal/feedback"
	"learningloop/internal/improvement"
	"learningloop/internal/opsitem"
	"learningloop/internal/product"
)

// Limits of what is filed.
const (
	MaxTitle       = 100  // characters: OpsCenter takes 1,024, but the subject of its SNS notification does not
	MaxDescription = 2048 // characters

	maxQuote = 140 // characters of one quote
	maxGoal  = 300 // characters of a goal
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
func (f Filer) Request(im improvement.Improvement, p product.Product, said []improvement.Attachment) opsitem.Request {
	want := f.Want(im, p, said)
	r := opsitem.Request{
		Title: title(im, p), Description: want.Description, Severity: want.Level.Severity, Priority: want.Level.Priority, Category: want.Level.Category,
		Dedup: opsitem.EpisodeKey(im.ID, im.Episode), Data: want.Data, Resources: want.Resources, Automations: want.Automations,
		Tags: map[string]string{"learningloop:product": p.Slug},
	}
	return r
}

// Want is what the OpsItem of im should say now. It depends on decisions and evidence only: time passing alone never makes
// an update.
func (f Filer) Want(im improvement.Improvement, p product.Product, said []improvement.Attachment) opsitem.Patch {
	w := opsitem.Patch{
		Status: im.Status.OpsStatus(), Level: im.InForce(), Description: f.description(im, p, said), Data: data(im, p), Automations: im.Automations,
	}
	size := 0
	for _, a := range im.Resources {
		if size += opsitem.ARNSize(a); strings.HasPrefix(a, "arn:") && size <= opsitem.MaxResources {
			w.Resources = append(w.Resources, a)
		}
	}
	return w
}

// data is what OpsCenter has no members for, kept searchable.
func data(im improvement.Improvement, p product.Product) map[string]string {
	d := map[string]string{
		opsitem.KeyEpisode:     opsitem.EpisodeKey(im.ID, im.Episode),
		opsitem.KeyImprovement: string(im.ID),
		opsitem.KeyCorrelation: im.Correlation,
		opsitem.KeyProduct:     p.Slug,
		opsitem.KeyScore:       fmt.Sprintf("%.1f", im.LatestScore().Total),
		opsitem.KeyEvidence:    im.Evidence.Words(),
	}
	if im.Owner != "" {
		d[opsitem.KeyOwner] = im.Owner
	}
	if !im.Due.IsZero() {
		d[opsitem.KeyDue] = im.Due.Format(time.DateOnly)
	}
	if goal := feedback.Cut(strings.Join(strings.Fields(im.Outcome), " "), maxGoal); goal != "" {
		d[opsitem.KeyGoal] = goal
	}
	return d
}

// title says what it is about in the words that the product's setting allows. A title that the staff or a machine worded
// is nobody's secret.
func title(im improvement.Improvement, p product.Product) string {
	t := im.Title
	if im.Quoted {
		if t = Redact(t); p.Quotes != product.QuotesRedacted {
			t = unquoted(im)
		}
	}
	return feedback.Cut(t, MaxTitle)
}

// unquoted stands for a title that is a customer's words, without any of them.
func unquoted(im improvement.Improvement) string {
	what := "Wish"
	if im.Evidence.Impact >= 2 {
		what = "Problem"
	}
	t := what + " reported"
	if about := place(im); about != "" {
		t += " about " + about
	}
	if n := im.Evidence.Voices - im.Evidence.Incidents; n > 0 {
		t += " (" + plural(n, "voice", "voices") + ")"
	}
	return t
}

// place is where it is about: a component that the team named, or what a customer's feedback came with.
func place(im improvement.Improvement) string {
	if im.Component != "" {
		return Place(im.Component)
	}
	return Place(im.About)
}

func (f Filer) description(im improvement.Improvement, p product.Product, said []improvement.Attachment) string {
	sc := im.LatestScore()
	head := fmt.Sprintf("**%s** (%s)\n\n", Harmless(feedback.Cut(title(im, p), 200)), Harmless(p.Name))
	if im.Outcome != "" {
		head += "Outcome wanted: " + Harmless(feedback.Cut(im.Outcome, 400)) + "\n\n"
	}
	facts := ""
	if im.AndonUp() {
		andon := im.Andon
		if im.Quoted {
			andon.Component = Place(andon.Component)
		}
		facts = "- **Andon**: " + Harmless(andon.Words(p.Name)) + ". Severity 1 until somebody stands it down on the case's page\n"
	}
	facts += "- Evidence: " + im.Evidence.Words() + "\n- Score: " + fmt.Sprintf("%.1f (%s)", sc.Total, sc.Why) + "\n"
	if where := place(im); where != "" {
		facts += "- Where: " + Harmless(where) + "\n"
	}
	foot := fmt.Sprintf("\n[The case, with its evidence and history](%s)\n\n", f.Links.Improvement(im, p.Slug)) +
		"Setting status, severity, priority or category here is taken over there; a new status tells whoever asked. Correlation id: " + im.Correlation + "\n"
	// What is left after what must be said is the quotes'.
	room := MaxDescription - utf8.RuneCountInString(head+facts+foot)
	var quotes strings.Builder
	if p.Quotes == product.QuotesRedacted {
		for _, a := range said {
			q := "- \u201c" + Harmless(feedback.Cut(Redact(a.Headline), maxQuote)) + "\u201d\n"
			if n := utf8.RuneCountInString(q); n <= room {
				quotes.WriteString(q)
				room -= n
			}
		}
	}
	out := []rune(head + facts + quotes.String() + foot)
	return string(out[:min(len(out), MaxDescription)])
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
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
