package feedback

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"learningloop/internal/fault"
	"learningloop/internal/id"
	"learningloop/internal/mail/address"
	"learningloop/internal/person"
)

// Limits of a Draft, in characters.
const (
	MaxText  = 10_000
	MaxTitle = 200
	MaxName  = 100
	MaxKey   = 255 // of an Idempotency-Key
)

// Draft is what a submitter sends: the body of POST /v1/feedback.
type Draft struct {
	Product   string         `json:"product"` // slug
	Kind      Kind           `json:"kind"`
	Text      string         `json:"text"`
	Title     string         `json:"title"`
	Rating    int            `json:"rating" zero:"must be 1 to 5"` // 0 is none; whoever sends one means 1 to 5
	Submitter DraftSubmitter `json:"submitter"`
	Context   Context        `json:"context"`
}

// DraftSubmitter is who sends it.
type DraftSubmitter struct {
	Name     string `json:"name"`
	Email    string `json:"email"`
	Company  string `json:"company"`
	HearBack bool   `json:"hearBack"`
}

// Check gives the Draft cleaned (white space around fields, line ends, characters that only hide) or an Invalid error
// that names every bad field.
func (d Draft) Check() (Draft, error) {
	var bad []fault.Field
	reject := func(pointer, format string, args ...any) {
		bad = append(bad, fault.Field{Pointer: pointer, Detail: fmt.Sprintf(format, args...)})
	}
	line := func(pointer string, s *string, longest int) {
		*s = strings.Join(strings.Fields(clean(*s)), " ")
		if n := utf8.RuneCountInString(*s); n > longest {
			reject(pointer, "must be at most %d characters; it has %d", longest, n)
		}
	}
	if d.Product == "" {
		reject("/product", "is required: the slug of a product")
	}
	if !slices.Contains(Kinds, d.Kind) {
		reject("/kind", "must be one of problem, idea, praise, question")
	}
	d.Text = strings.TrimSpace(clean(d.Text))
	switch n := utf8.RuneCountInString(d.Text); {
	case !strings.ContainsFunc(d.Text, visible):
		reject("/text", "is required: 1 to 10,000 characters")
	case n > MaxText:
		reject("/text", "must be at most 10,000 characters; it has %d", n)
	}
	line("/title", &d.Title, MaxTitle)
	if d.Rating < 0 || d.Rating > 5 {
		reject("/rating", "must be 1 to 5")
	}
	line("/submitter/name", &d.Submitter.Name, MaxName)
	line("/submitter/company", &d.Submitter.Company, MaxName)
	if d.Submitter.Email != "" {
		a, err := address.Parse(d.Submitter.Email)
		if err != nil {
			reject("/submitter/email", "%s", address.Why(err))
		} else {
			d.Submitter.Email = a.Email
		}
	}
	if d.Submitter.HearBack && d.Submitter.Email == "" {
		reject("/submitter/email", "is required to hear back")
	}
	line("/context/release", &d.Context.Release, MaxName)
	line("/context/variant", &d.Context.Variant, MaxName)
	line("/context/environment", &d.Context.Environment, MaxName)
	line("/context/page", &d.Context.Page, 500)
	line("/context/component", &d.Context.Component, MaxName)
	return d, fault.Fields(bad...)
}

// Fingerprint tells two requests apart: it is the same for the same checked Draft.
func (d Draft) Fingerprint() string {
	b, _ := json.Marshal(d) // a struct of strings, numbers and booleans always marshals
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}

// New makes the Feedback of a checked Draft. fid is its id; people is the key for person.Of.
func New(fid id.Feedback, d Draft, ch Channel, people []byte, now time.Time) Feedback {
	return Feedback{
		ID: fid, Kind: d.Kind, Title: d.Title, Text: d.Text, Rating: d.Rating,
		Submitter: Submitter{
			Person: person.Of(people, d.Submitter.Email), Name: d.Submitter.Name, Email: d.Submitter.Email,
			Company: d.Submitter.Company, HearBack: d.Submitter.HearBack,
		},
		Context: d.Context, Channel: ch, Received: now, Fingerprint: d.Fingerprint(), State: Received, Todo: true,
	}
}

// Draft gives back what the submitter sent, for an edit form.
func (f Feedback) Draft(slug string) Draft {
	return Draft{
		Product: slug, Kind: f.Kind, Text: f.Text, Title: f.Title, Rating: f.Rating, Context: f.Context,
		Submitter: DraftSubmitter{Name: f.Submitter.Name, Email: f.Submitter.Email, Company: f.Submitter.Company, HearBack: f.Submitter.HearBack},
	}
}

// clean normalises line ends and drops control characters and the bidirectional overrides that make a text read as
// something else (Unicode TR 36, 2.4).
func clean(s string) string {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case unicode.IsControl(r), r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069:
			return -1
		}
		return r
	}, s)
}

// visible says whether a reader sees anything: neither white space nor one of the marks that only join or direct.
func visible(r rune) bool { return unicode.IsGraphic(r) && !unicode.IsSpace(r) }

func fold(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }

// Cut gives the first n characters of s on one line, ended at a word where one ends in the last third, with an ellipsis
// where something is left out.
func Cut(s string, n int) string {
	s = strings.Join(strings.Fields(s), " ")
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	end := n - 1
	for i := end; i > end*2/3; i-- {
		if r[i] == ' ' {
			end = i
			break
		}
	}
	return strings.TrimRight(string(r[:end]), " ,.;:-") + "…"
}
