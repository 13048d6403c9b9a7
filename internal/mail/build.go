package mail

import (
	"bytes"
	"fmt"
	"maps"
	netmail "net/mail"
	"net/textproto"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"learningloop/internal/fault"
	"learningloop/internal/mail/address"
)

// Bounds. A subject above 200 characters is shown by no client. SES takes 40 MB ("Service quotas in Amazon SES"); a mail
// above a few hundred KB is a mistake of ours.
const (
	MaxSubject = 200
	MaxName    = 100
	MaxBytes   = 5 << 20
	maxHeader  = 2000
)

// Build writes a message as RFC 5322 with the sender and date given: text and HTML as alternatives in quoted-printable,
// pictures related to them, everything in UTF-8 on lines of at most 998 bytes. Two builds of one message differ in
// nothing but the boundaries between parts.
//
// Texts for people (subject, names, bodies) are cleaned. What programs read (addresses, header values, links, content
// ids) is refused as fault.Invalid when it is not sound; no error repeats an address.
func Build(m Message, from Address, date time.Time) ([]byte, error) {
	sender, err := box(from)
	if err != nil {
		return nil, fmt.Errorf("sender: %w", err)
	}
	to, err := box(m.To)
	if err != nil {
		return nil, fmt.Errorf("recipient: %w", err)
	}
	if m.ID == "" {
		return nil, fault.New(fault.Invalid, "mail_without_id", "A mail needs an id that its repeats share.")
	}
	if strings.TrimSpace(m.Text) == "" {
		return nil, fault.New(fault.Invalid, "mail_without_text", "A mail needs a text part.")
	}

	g := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	g.FromMailAddress(sender)
	g.ToMailAddress(to)
	if !m.ReplyTo.IsZero() {
		reply, err := box(m.ReplyTo)
		if err != nil {
			return nil, fmt.Errorf("reply-to: %w", err)
		}
		g.ReplyToMailAddress(reply)
	}
	g.Subject(Line(m.Subject, MaxSubject))
	g.SetDateWithValue(date)
	g.SetMessageIDWithValue(idLocal(m.ID) + "@" + domain(sender.Address))
	if err := setHeaders(g, m); err != nil {
		return nil, err
	}
	g.SetBodyString(gomail.TypeTextPlain, body(m.Text))
	if m.HTML != "" {
		g.AddAlternativeString(gomail.TypeTextHTML, body(m.HTML))
	}
	if err := embed(g, m.Inline); err != nil {
		return nil, err
	}

	var b bytes.Buffer
	if _, err := g.WriteTo(&b); err != nil {
		return nil, fmt.Errorf("write mail: %w", err)
	}
	if b.Len() > MaxBytes {
		return nil, fault.New(fault.Invalid, "mail_too_large", "The mail is larger than 5 MB.")
	}
	return b.Bytes(), nil
}

func box(a Address) (*netmail.Address, error) {
	p, err := address.Parse(a.Email)
	if err != nil {
		return nil, err
	}
	return &netmail.Address{Name: Line(a.Name, MaxName), Address: p.Email}, nil
}

func domain(email string) string { return email[strings.LastIndexByte(email, '@')+1:] }

// own lists what Build writes itself, by textproto's canonical spelling.
var own = []string{
	"Bcc", "Cc", "Date", "From", "List-Unsubscribe", "List-Unsubscribe-Post", "Message-Id", "Mime-Version", "Reply-To",
	"Return-Path", "Sender", "Subject", "To", textproto.CanonicalMIMEHeaderKey(HeaderID),
}

var headerName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,75}$`)

func setHeaders(g *gomail.Msg, m Message) error {
	for _, name := range slices.Sorted(maps.Keys(m.Headers)) {
		value, key := m.Headers[name], textproto.CanonicalMIMEHeaderKey(name)
		if !headerName.MatchString(name) || slices.Contains(own, key) || strings.HasPrefix(key, "Content-") ||
			strings.HasPrefix(key, "X-Ses-") {
			return fault.New(fault.Invalid, "mail_header_name", "A mail cannot carry the header "+Line(name, 80)+".")
		}
		if len(value) > maxHeader || Line(value, maxHeader) != value {
			return fault.New(fault.Invalid, "mail_header_value", "The header "+key+" is not a single clean line.")
		}
		g.SetGenHeader(gomail.Header(name), value)
	}
	g.SetGenHeader(HeaderID, idLocal(m.ID))
	// Nobody's holiday notice answers a mail that says it is automatic (RFC 3834; the second is Exchange's).
	g.SetGenHeader("Auto-Submitted", "auto-generated")
	g.SetGenHeader("X-Auto-Response-Suppress", "All")
	if m.UnsubscribeURL == "" {
		return nil
	}
	u, err := url.Parse(m.UnsubscribeURL)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || len(m.UnsubscribeURL) > 900 ||
		strings.ContainsAny(u.String(), "<>, \t\r\n") {
		return fault.New(fault.Invalid, "mail_unsubscribe", "The link that stops mails is not a plain web address.")
	}
	// The library's own helper refuses http, which a loop on one machine uses.
	g.SetGenHeader(gomail.HeaderListUnsubscribe, "<"+u.String()+">")
	g.SetGenHeader(gomail.HeaderListUnsubscribePost, "List-Unsubscribe=One-Click")
	return nil
}

var (
	contentID = regexp.MustCompile(`^[A-Za-z0-9._@-]{1,100}$`)
	imageType = regexp.MustCompile(`^image/(png|jpeg|gif)$`)
)

func embed(g *gomail.Msg, pictures []Inline) error {
	size := 0
	for _, p := range pictures {
		if !contentID.MatchString(p.CID) || !imageType.MatchString(p.Type) {
			return fault.New(fault.Invalid, "mail_picture", "A picture needs a plain content id and the type image/png, jpeg or gif.")
		}
		if size += len(p.Bytes); size > MaxBytes {
			return fault.New(fault.Invalid, "mail_too_large", "The mail is larger than 5 MB.")
		}
		name := Line(p.Name, MaxName)
		if name == "" {
			name = p.CID
		}
		err := g.EmbedReader(name, bytes.NewReader(p.Bytes), gomail.WithFileContentID("<"+p.CID+">"),
			gomail.WithFileContentType(gomail.ContentType(p.Type)))
		if err != nil {
			return fmt.Errorf("embed picture %s: %w", p.CID, err)
		}
	}
	return nil
}
