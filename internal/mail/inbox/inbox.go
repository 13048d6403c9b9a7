package inbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"learningloop/internal/fault"
)

// FileName is the file in Config.Dir: one mail a line, as JSON.
const FileName = "mails.jsonl"

// Config is how an Inbox is set up. The zero value keeps mails in memory.
type Config struct {
	Dir      string // where mails are kept; "" for memory only
	Sandbox  bool   // the account begins in SES's sandbox
	Verified []string
	Now      func() time.Time
}

// Inbox takes mails as SES would and shows them. It is safe for use by many at once.
type Inbox struct {
	journal  *journal
	now      func() time.Time
	verified map[string]bool // addresses and domains, in lower case
	api      http.Handler
	pages    http.Handler

	mu      sync.Mutex
	sandbox bool
	faults  []plannedFault
}

// Mail is a mail that was taken.
type Mail struct {
	ID       string // of this inbox; later mails have greater ids
	At       time.Time
	From     string // as its header says, with the name
	To       string // the address it was sent to; several are joined by ", "
	Subject  string
	Text     string
	HTML     string
	Headers  []Header
	Pictures map[string]Picture // by content id
	Set      string             // configuration set
	Tags     map[string]string
	Raw      []byte
}

// record is a mail as a line of the file. Raw is text where it is UTF-8, so that the file reads by eye.
type record struct {
	At    time.Time         `json:"at"`
	To    []string          `json:"to"`
	Set   string            `json:"configurationSet,omitempty"`
	Tags  map[string]string `json:"tags,omitempty"`
	Raw   string            `json:"raw,omitempty"`
	Raw64 []byte            `json:"raw64,omitempty"`
}

// Open opens the inbox, with the mails kept before.
func Open(cfg Config) (*Inbox, error) {
	j, err := openJournal(cfg.Dir, FileName)
	if err != nil {
		return nil, err
	}
	in := &Inbox{journal: j, now: cfg.Now, sandbox: cfg.Sandbox, verified: map[string]bool{}}
	if in.now == nil {
		in.now = time.Now
	}
	for _, v := range cfg.Verified {
		in.verified[strings.ToLower(v)] = true
	}
	in.api, in.pages = in.newAPI(), in.newPages()
	return in, nil
}

// Close ends the inbox. Mails acknowledged are on the disk already.
func (in *Inbox) Close() error { return in.journal.close() }

// API answers SES v2's protocol under /v2/email/.
func (in *Inbox) API() http.Handler { return in.api }

// Pages serves /_local/mail, /_local/mail.json and what lies under /_local/mail/.
func (in *Inbox) Pages() http.Handler { return in.pages }

// SetSandbox moves the account into SES's sandbox or out of it.
func (in *Inbox) SetSandbox(on bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.sandbox = on
}

// put keeps a mail and answers its id.
func (in *Inbox) put(r record, raw []byte) (string, error) {
	if utf8.Valid(raw) {
		r.Raw = string(raw)
	} else {
		r.Raw64 = raw
	}
	line, err := json.Marshal(r)
	if err != nil {
		return "", fmt.Errorf("write mail as JSON: %w", err)
	}
	off, err := in.journal.append(line)
	if err != nil {
		return "", err
	}
	return mailID(off), nil
}

// Mails gives the mails kept, newest first. A line that cannot be read, left by a crash, is passed over. It holds one
// mail in memory at a time.
func (in *Inbox) Mails() iter.Seq2[Mail, error] { return in.before(in.journal.size.Load()) }

func (in *Inbox) before(end int64) iter.Seq2[Mail, error] {
	return func(yield func(Mail, error) bool) {
		for {
			off, line, err := in.journal.before(end)
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(Mail{}, err)
				return
			}
			if m, err := readMail(off, line); err == nil && !yield(m, nil) {
				return
			}
			end = off
		}
	}
}

// List gives at most limit mails, newest first; all of them for limit 0.
func (in *Inbox) List(limit int) ([]Mail, error) {
	var out []Mail
	for m, err := range in.Mails() {
		if err != nil {
			return nil, err
		}
		if out = append(out, m); len(out) == limit {
			break
		}
	}
	return out, nil
}

// Get gives a mail by its id; fault.NotFound where there is none.
func (in *Inbox) Get(id string) (Mail, error) {
	none := fault.New(fault.NotFound, "mail_unknown", "There is no such mail.")
	off, err := strconv.ParseInt(id, 16, 64)
	if err != nil || mailID(off) != id {
		return Mail{}, none
	}
	line, err := in.journal.at(off)
	if errors.Is(err, io.EOF) {
		return Mail{}, none
	}
	if err != nil {
		return Mail{}, fmt.Errorf("load mail %s: %w", id, err)
	}
	m, err := readMail(off, line)
	if err != nil {
		return Mail{}, none
	}
	return m, nil
}

// mailID is the line's offset in the file, so that a mail is found without an index.
func mailID(off int64) string { return fmt.Sprintf("%012x", off) }

func readMail(off int64, line []byte) (Mail, error) {
	var r record
	if err := json.Unmarshal(line, &r); err != nil {
		return Mail{}, fmt.Errorf("read mail at %d: %w", off, err)
	}
	raw := r.Raw64
	if len(raw) == 0 {
		raw = []byte(r.Raw)
	}
	c, err := parse(raw)
	if err != nil {
		return Mail{}, fmt.Errorf("read mail at %d: %w", off, err)
	}
	return Mail{
		ID: mailID(off), At: r.At, From: c.header("From"), To: strings.Join(r.To, ", "), Subject: c.header("Subject"),
		Text: c.text, HTML: c.html, Headers: c.headers, Pictures: c.pictures, Set: r.Set, Tags: r.Tags, Raw: raw,
	}, nil
}
