// Package mail turns a message into the bytes that go over the wire, safe against whatever people put into names and
// subjects. It knows nothing of feedback or followers: ses sends what it builds, inbox shows it, letter lays it out.
package mail

import "learningloop/internal/mail/address"

// Address is a mailbox with, where known, the name of who reads it.
type Address = address.Address

// ParseAddress reads a bare address as a person types it; see address.Parse.
func ParseAddress(s string) (Address, error) { return address.Parse(s) }

// Message is one mail to one person. All texts may be hostile; Build makes them harmless or refuses them.
type Message struct {
	// ID is the same for each try at the same mail, and differs between mails. It becomes the Message-ID, so that a mail
	// sent twice after a crash is seen as one by whoever looks. Any text; long ones are hashed.
	ID string

	To      Address
	ReplyTo Address // none: replies go to the sender
	Subject string  // any text; cut at MaxSubject characters
	Text    string  // required
	HTML    string  // may be empty; pictures are named as src="cid:..."

	// UnsubscribeURL stops mails of this kind by one POST without a question (RFC 8058). Empty for mails that answer a
	// person's own act and have nothing to stop.
	UnsubscribeURL string

	Inline  []Inline
	Headers map[string]string // further ones, X-Correlation-Id; Build refuses those it writes itself
	Tags    map[string]string // for the provider's events, never seen by the reader; no personal data
}

// Inline is a picture that the HTML part shows as <img src="cid:CID">.
type Inline struct {
	CID   string // letters, digits, . _ - @
	Name  string // file name that clients offer when it is saved
	Type  string // "image/png"
	Bytes []byte
}

// HeaderID carries Message.ID. SES replaces Message-ID by its own ("Email header fields supported by Amazon SES"), so
// this one is how a repeat is told in the mail as it arrives.
const HeaderID = "X-Loop-Mail-Id"

// HeaderCorrelation carries the correlation id that leads from a mail back to the feedback.
const HeaderCorrelation = "X-Correlation-Id"
