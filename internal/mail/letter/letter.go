// Package letter lays out every mail of the loop: one column of 600 pixels that reads on a phone, with images off and in
// dark clients, and beside it a text part written from the same blocks, not stripped from the HTML.
//
// It knows no feedback and no followers. Whoever tells something names the blocks in the order a person would say them,
// and all mails look alike. Every text may be hostile: it comes out as text. Links are web addresses or the letter is
// refused.
package letter

import (
	"bytes"
	"net/url"
	"strings"

	"learningloop/internal/fault"
)

// Letter is a mail before it is laid out.
type Letter struct {
	Subject   string  // the document's title; the mail's own subject is set with the message
	Preheader string  // what clients show beside the subject; "" takes the first paragraph
	Brand     string  // who writes, small at the top: the product's name
	Headline  string  // the news; may be empty
	Blocks    []Block // the first one is the sentence a person would say
	Footer    Footer
}

// Footer ends every mail.
type Footer struct {
	Why       string // "You get this because you sent feedback about AnyCompany Retail on 3 March."
	StopLabel string // "Stop these mails"
	StopURL   string // "" for a mail that answers a person's own act
	Reply     string // where replies go: "Replies reach the team."
	Who       string // who we are
}

// Block is one part of a letter.
type Block interface {
	// view is what the HTML template shows, and the name of its part.
	view() (name string, data any)
	// write adds the block to the text part.
	write(w *writer)
	// links are the addresses in it, to be checked.
	links() []string
}

// Render gives the HTML and the text part. It is fault.Invalid for a letter with an address that is not http or https, or
// with more than one button.
func (l Letter) Render() (html, text string, err error) {
	if err := l.check(); err != nil {
		return "", "", err
	}
	var b bytes.Buffer
	if err := layout.ExecuteTemplate(&b, "letter.html", l.page()); err != nil {
		return "", "", fault.Wrap(fault.Internal, "letter_layout", "The mail cannot be laid out.", err)
	}
	return b.String(), l.text(), nil
}

func (l Letter) check() error {
	buttons := 0
	addresses := []string{}
	if l.Footer.StopURL != "" {
		addresses = append(addresses, l.Footer.StopURL)
	}
	for _, b := range l.Blocks {
		if _, ok := b.(Button); ok {
			buttons++
		}
		addresses = append(addresses, b.links()...)
	}
	if buttons > 1 {
		return fault.New(fault.Invalid, "letter_buttons", "A mail has one button at most.")
	}
	for _, a := range addresses {
		u, err := url.Parse(a)
		if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil || strings.ContainsAny(a, " \t\r\n<>\"") {
			return fault.New(fault.Invalid, "letter_link", "A link in the mail is no plain web address.")
		}
	}
	return nil
}

// preheader is the given one, or the first thing that is said.
func (l Letter) preheader() string {
	if l.Preheader != "" {
		return clean(l.Preheader)
	}
	for _, b := range l.Blocks {
		switch p := b.(type) {
		case Lead:
			return clean(string(p))
		case Paragraph:
			return clean(string(p))
		}
	}
	return ""
}
