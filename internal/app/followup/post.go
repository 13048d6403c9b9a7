package followup

import (
	"context"
	"fmt"
	"sync"

	"learningloop/internal/chart"
	"learningloop/internal/chart/chartpng"
	"learningloop/internal/digest"
	"learningloop/internal/fault"
	"learningloop/internal/followup"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/mail"
	"learningloop/internal/mail/letter"
)

// Sender hands a mail to the provider.
type Sender interface {
	Send(ctx context.Context, m mail.Message) (providerID string, err error)
}

// Digests reads archived digests.
type Digests interface {
	Digest(ctx context.Context, did digest.ID) (digest.Digest, error)
}

// Links makes the absolute links of mails.
type Links interface {
	Status(f id.Feedback) string
	Stop(f id.Feedback) string
	StopDigest(what string) string
	Digest(digest string) string
	Improvement(im improvement.Improvement, slug string) string
}

// Post writes letters as mails and sends them. It is a followup.Post.
type Post struct {
	Sender  Sender
	Links   Links
	Digests Digests

	mu       sync.Mutex
	pictures map[digest.ID][]byte // of digests' charts
}

const who = "Learning Loop: what you say is taken up, decided, and answered."

// Send writes one letter and hands it to the provider.
func (p *Post) Send(ctx context.Context, l followup.Letter) (string, error) {
	var m mail.Message
	var err error
	if l.Mail.Kind == followup.Digest {
		m, err = p.digest(ctx, l)
	} else {
		m, err = p.word(l)
	}
	if err != nil {
		return "", err
	}
	m.ID = l.Mail.Owner + "/" + l.Mail.Name
	m.To = mail.Address{Name: l.ToName, Email: l.To}
	return p.Sender.Send(ctx, m)
}

// word writes a receipt or a status mail.
func (p *Post) word(l followup.Letter) (mail.Message, error) {
	t := followup.Compose(l)
	stop := p.Links.Stop(l.Feedback.ID)
	lt := letter.Letter{
		Subject: t.Subject, Brand: l.Product.Name,
		Footer: letter.Footer{Why: t.Why, StopLabel: "Stop mails about this", StopURL: stop, Reply: "Replies reach the team.", Who: who},
	}
	lt.Blocks = append(lt.Blocks, letter.Lead(t.First))
	if t.Words != "" {
		lt.Blocks = append(lt.Blocks, letter.Quote{Text: t.Words, By: "The team of " + l.Product.Name})
	}
	for _, s := range t.Paragraphs {
		lt.Blocks = append(lt.Blocks, letter.Paragraph(s))
	}
	lt.Blocks = append(lt.Blocks, lineOf(t.Steps), letter.Button{Label: t.Button, URL: p.Links.Status(l.Feedback.ID)},
		letter.Quote{Text: t.Quote, By: "You, " + l.Feedback.Received.UTC().Format("2 January 2006")})
	html, text, err := lt.Render()
	if err != nil {
		return mail.Message{}, fmt.Errorf("lay out mail: %w", err)
	}
	return mail.Message{
		Subject: t.Subject, HTML: html, Text: text, UnsubscribeURL: stop,
		Headers: map[string]string{mail.HeaderCorrelation: l.Feedback.ID.Correlation()}, Tags: map[string]string{"kind": string(l.Mail.Kind)},
	}, nil
}

func lineOf(steps []followup.Step) letter.Steps {
	out := make(letter.Steps, 0, len(steps))
	for _, s := range steps {
		st := letter.Step{Name: s.Name, State: letter.Ahead}
		switch {
		case s.Now:
			st.State = letter.Current
		case s.Done:
			st.State = letter.Done
		}
		if !s.At.IsZero() {
			st.When = s.At.UTC().Format("2 January")
		}
		out = append(out, st)
	}
	return out
}

const chartCID = "chart"

// digest writes the report as it was frozen, with its chart as a picture.
func (p *Post) digest(ctx context.Context, l followup.Letter) (mail.Message, error) {
	d, err := p.Digests.Digest(ctx, digest.ID(l.Mail.Digest))
	if fault.Is(err, fault.NotFound) {
		return mail.Message{}, fault.Wrap(fault.Internal, "digest_gone", "The digest is not there.", err)
	}
	if err != nil {
		return mail.Message{}, err
	}
	dl := digest.LetterOf(d, p.Links)
	png, err := p.picture(d.ID, dl.Chart)
	if err != nil {
		return mail.Message{}, fmt.Errorf("draw chart: %w", err)
	}
	stop := p.Links.StopDigest(string(d.Product()) + "~" + string(l.Mail.Person))
	lt := letter.Letter{
		Subject: dl.Subject, Preheader: dl.Verdict, Brand: dl.Scope + " · " + dl.Period, Blocks: digestBlocks(dl),
		Footer: letter.Footer{Why: dl.Why, StopLabel: "Stop these digests", StopURL: stop, Reply: "Replies reach the team.", Who: who},
	}
	html, text, err := lt.Render()
	if err != nil {
		return mail.Message{}, fmt.Errorf("lay out digest: %w", err)
	}
	return mail.Message{
		Subject: dl.Subject, HTML: html, Text: text, UnsubscribeURL: stop, Headers: map[string]string{mail.HeaderCorrelation: string(d.ID)},
		Tags: map[string]string{"kind": string(l.Mail.Kind)}, Inline: []mail.Inline{{CID: chartCID, Name: "feedback.png", Type: "image/png", Bytes: png}},
	}, nil
}

// picture draws the chart of a digest, once for all of its readers: a digest is frozen, and drawing takes longer than all
// else about its mail.
func (p *Post) picture(did digest.ID, c chart.Series) ([]byte, error) {
	const kept = 16 // digests whose mails go out at the same time; some 15 KB each
	p.mu.Lock()
	defer p.mu.Unlock()
	if png, ok := p.pictures[did]; ok {
		return png, nil
	}
	png, err := chartpng.Render(c, chart.Mail)
	if err != nil {
		return nil, err
	}
	if p.pictures == nil || len(p.pictures) >= kept {
		p.pictures = map[digest.ID][]byte{}
	}
	p.pictures[did] = png
	return png, nil
}

func digestBlocks(dl digest.Letter) []letter.Block {
	blocks := []letter.Block{letter.Lead(dl.Verdict)}
	var numbers letter.Numbers
	for _, n := range dl.Numbers {
		numbers = append(numbers, letter.Number{Label: n.Label, Value: n.Value, Compare: n.Words, Tone: toneOf(n)})
	}
	if len(numbers) > 0 {
		blocks = append(blocks, numbers)
	}
	if dl.Ask != nil {
		blocks = append(blocks, letter.Heading("Asked of you: "+dl.Ask.Question), letter.Paragraph(dl.Ask.Why), letter.Button{Label: "Look and decide", URL: dl.Ask.Link})
	}
	if len(dl.Chart.Points) > 0 {
		blocks = append(blocks, letter.Image{CID: chartCID, Alt: dl.Alt, Width: int(chart.Mail.W)})
	}
	for _, s := range []digest.Section{dl.Top, dl.Overdue, dl.Changes} {
		blocks = append(blocks, listOf(s))
	}
	if dl.Filing != "" {
		blocks = append(blocks, letter.Heading("OpsItems of all products"), letter.Paragraph(dl.Filing))
	}
	blocks = append(blocks, listOf(dl.Retros), letter.Note(dl.Fresh))
	if dl.Footnote != "" {
		blocks = append(blocks, letter.Note(dl.Footnote))
	}
	return append(blocks, letter.Link{Label: "The same report on its page", URL: dl.Archive})
}

func toneOf(n digest.Line) letter.Tone {
	switch {
	case n.Noise:
		return letter.Steady
	case n.Tone == digest.Good:
		return letter.Better
	case n.Tone == digest.Bad:
		return letter.Worse
	default:
		return letter.Plain
	}
}

func listOf(s digest.Section) letter.List {
	l := letter.List{Title: s.Heading, Empty: s.Empty}
	for _, e := range s.Entries {
		l.Items = append(l.Items, letter.Item{Text: e.Title, URL: e.Link, Meta: e.Facts})
	}
	if s.More != "" {
		l.Items = append(l.Items, letter.Item{Text: s.More})
	}
	return l
}
