package mail

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/fault"
)

var (
	team = Address{Name: "AnyCompany Retail", Email: "loop@example.com"}
	ana  = Address{Name: "Ana", Email: "ana@example.org"}
	noon = time.Date(2025, 3, 4, 12, 0, 0, 0, time.UTC)
)

func message() Message {
	return Message{
		ID: "imp_1:planned:per_2", To: ana, ReplyTo: Address{Name: "The team", Email: "reply@example.com"},
		Subject: "Planned for March: export more than 1,000 rows", Text: "Hello.\n", HTML: `<p>Hello <img src="cid:chart"></p>`,
		UnsubscribeURL: "https://loop.example.com/u/abc",
		Headers:        map[string]string{HeaderCorrelation: "c-1"},
		Inline:         []Inline{{CID: "chart", Name: "chart.png", Type: "image/png", Bytes: []byte("png!")}},
	}
}

// read parses what Build wrote with the standard library, as a mail server would.
func read(t *testing.T, raw []byte) (*netmail.Message, map[string]string) {
	t.Helper()
	m, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("read mail: %v\n%s", err, raw)
	}
	parts := map[string]string{}
	var walk func(typ string, enc string, r io.Reader)
	walk = func(typ, enc string, r io.Reader) {
		mt, params, err := mime.ParseMediaType(typ)
		if err != nil {
			t.Fatalf("media type %q: %v", typ, err)
		}
		if strings.HasPrefix(mt, "multipart/") {
			parts[mt] = ""
			mr := multipart.NewReader(r, params["boundary"])
			for {
				p, err := mr.NextRawPart()
				if err == io.EOF {
					return
				}
				if err != nil {
					t.Fatalf("part of %s: %v", mt, err)
				}
				walk(p.Header.Get("Content-Type"), p.Header.Get("Content-Transfer-Encoding"), p)
			}
		}
		if enc == "quoted-printable" {
			r = quotedprintable.NewReader(r)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatalf("read %s: %v", mt, err)
		}
		parts[mt] = string(b)
	}
	walk(m.Header.Get("Content-Type"), m.Header.Get("Content-Transfer-Encoding"), m.Body)
	return m, parts
}

func decoded(t *testing.T, s string) string {
	t.Helper()
	d, err := new(mime.WordDecoder).DecodeHeader(s)
	if err != nil {
		t.Fatalf("decode %q: %v", s, err)
	}
	return d
}

func TestBuild(t *testing.T) {
	raw, err := Build(message(), team, noon)
	if err != nil {
		t.Fatal(err)
	}
	m, parts := read(t, raw)
	want := map[string]string{
		"From":                     `"AnyCompany Retail" <loop@example.com>`,
		"To":                       `"Ana" <ana@example.org>`,
		"Reply-To":                 `"The team" <reply@example.com>`,
		"Subject":                  "Planned for March: export more than 1,000 rows",
		"Date":                     "Tue, 04 Mar 2025 12:00:00 +0000",
		"Message-Id":               "<imp_1%3Aplanned%3Aper_2@example.com>",
		"X-Loop-Mail-Id":           "imp_1%3Aplanned%3Aper_2",
		"X-Correlation-Id":         "c-1",
		"List-Unsubscribe":         "<https://loop.example.com/u/abc>",
		"List-Unsubscribe-Post":    "List-Unsubscribe=One-Click",
		"Auto-Submitted":           "auto-generated",
		"X-Auto-Response-Suppress": "All",
		"Mime-Version":             "1.0",
	}
	got := map[string]string{}
	for k, v := range m.Header {
		if k != "Content-Type" {
			got[k] = strings.Join(v, " | ")
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("headers (-want +got):\n%s", d)
	}
	wantParts := map[string]string{
		"multipart/related": "", "multipart/alternative": "", "text/plain": "Hello.\r\n",
		"text/html": `<p>Hello <img src="cid:chart"></p>`, "image/png": "cG5nIQ==\r\n",
	}
	if d := cmp.Diff(wantParts, parts); d != "" {
		t.Errorf("parts (-want +got):\n%s", d)
	}
	if !strings.Contains(string(raw), "Content-Id: <chart>") && !strings.Contains(string(raw), "Content-ID: <chart>") {
		t.Errorf("no content id in\n%s", raw)
	}
}

func TestBuildHostileText(t *testing.T) {
	const evil = "Hi\r\nBcc: all@example.net\r\n\r\n<script>x</script>\x00"
	tests := []struct {
		name, in, want string
	}{
		{"line ends cannot start a header", evil, "Hi Bcc: all@example.net <script>x</script>"},
		{"other line separators", "a\u2028b\u2029c\u0085d\ve", "a b c d e"},
		{"emoji", "Shipped 🎉 👩‍👩‍👧", "Shipped 🎉 👩‍👩‍👧"},
		{"right to left stays", "تم الشحن: export", "تم الشحن: export"},
		{"overrides go", "invoice\u202egpj.exe\u2066x\u2069", "invoicegpj.exex"},
		{"broken UTF-8", "a\xff\xfeb", "a\uFFFDb"},
		{"encoded words spelt out", "=?utf-8?q?a=0D=0ABcc:_x?=", "= ?utf-8?q?a=0D=0ABcc:_x?="},
		{"quotes and brackets", `"Ana" <root@example.net>, x`, `"Ana" <root@example.net>, x`},
		{"comma", "Doe, Ana; all", "Doe, Ana; all"},
		{"empty", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			msg := message()
			msg.Subject, msg.To.Name, msg.ReplyTo.Name, msg.Inline[0].Name = tt.in, tt.in, tt.in, tt.in
			from := team
			from.Name = tt.in
			raw, err := Build(msg, from, noon)
			if err != nil {
				t.Fatal(err)
			}
			m, parts := read(t, raw)
			if got := decoded(t, m.Header.Get("Subject")); got != tt.want {
				t.Errorf("subject = %q, want %q", got, tt.want)
			}
			for _, h := range []string{"From", "To", "Reply-To"} {
				list, err := netmail.ParseAddressList(m.Header.Get(h))
				if err != nil || len(list) != 1 {
					t.Fatalf("%s: %q: %v, %v", h, m.Header.Get(h), list, err)
				}
				if list[0].Name != tt.want {
					t.Errorf("%s = %q, want %q", h, list[0].Name, tt.want)
				}
			}
			if m.Header.Get("Bcc") != "" {
				t.Error("a header was injected")
			}
			if len(parts) != 5 {
				t.Errorf("parts = %v", parts)
			}
			lines(t, raw)
		})
	}
}

// lines holds RFC 5322's limit, CRLF ends, and 7 bits.
func lines(t *testing.T, raw []byte) {
	t.Helper()
	sc := bufio.NewScanner(bytes.NewReader(raw))
	sc.Split(func(data []byte, eof bool) (int, []byte, error) {
		if i := bytes.Index(data, []byte("\r\n")); i >= 0 {
			return i + 2, data[:i], nil
		}
		if eof && len(data) > 0 {
			return len(data), data, nil
		}
		return 0, nil, nil
	})
	sc.Buffer(nil, 1<<22)
	for sc.Scan() {
		if len(sc.Bytes()) > 998 {
			t.Errorf("a line of %d bytes", len(sc.Bytes()))
		}
		if bytes.ContainsAny(sc.Bytes(), "\r\n\x00") || bytes.ContainsFunc(sc.Bytes(), func(r rune) bool { return r > 126 }) {
			t.Errorf("line %q", sc.Bytes())
		}
	}
}

func TestBuildLong(t *testing.T) {
	msg := message()
	msg.Subject = strings.Repeat("長い題名", 200)
	msg.Text = strings.Repeat("x", 5000) + "\r\nend\rlast \x07"
	msg.HTML = "<p>" + strings.Repeat("ü", 5000) + "</p>"
	msg.UnsubscribeURL = "https://loop.example.com/u/" + strings.Repeat("t", 800)
	msg.ID = strings.Repeat("long:", 100)
	msg.To.Name = strings.Repeat("Ana ", 100)
	raw, err := Build(msg, team, noon)
	if err != nil {
		t.Fatal(err)
	}
	lines(t, raw)
	m, parts := read(t, raw)
	if got := []rune(decoded(t, m.Header.Get("Subject"))); len(got) != MaxSubject || got[MaxSubject-1] != '…' {
		t.Errorf("subject has %d characters, ends in %q", len(got), got[len(got)-1])
	}
	if got := m.Header.Get("List-Unsubscribe"); got != "<"+msg.UnsubscribeURL+">" {
		t.Errorf("List-Unsubscribe = %q", got)
	}
	if want := strings.Repeat("x", 5000) + "\r\nend\r\nlast "; parts["text/plain"] != want {
		t.Errorf("text ends in %q", parts["text/plain"][4990:])
	}
	if parts["text/html"] != msg.HTML {
		t.Error("HTML part differs")
	}
}

func TestBuildSameID(t *testing.T) {
	ids := func(id string) string {
		msg := message()
		msg.ID = id
		raw, err := Build(msg, team, noon)
		if err != nil {
			t.Fatal(err)
		}
		m, _ := read(t, raw)
		return m.Header.Get("Message-Id")
	}
	if first, second := ids("a"), ids("a"); first != second {
		t.Error("one id gives two Message-IDs")
	}
	seen := map[string]string{}
	for _, id := range []string{"a", "a ", "a.", "a+", "a%2E", "a>\r\nBcc: x", "ä", strings.Repeat("a", 300), strings.Repeat("a", 301)} {
		got := ids(id)
		if other, ok := seen[got]; ok {
			t.Errorf("%q and %q share %s", id, other, got)
		}
		seen[got] = id
	}
}

func TestBuildRefuses(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Message)
		code   string
	}{
		{"no id", func(m *Message) { m.ID = "" }, "mail_without_id"},
		{"no text", func(m *Message) { m.Text = " \n" }, "mail_without_text"},
		{"no address", func(m *Message) { m.To.Email = "" }, "address_missing"},
		{"injection by address", func(m *Message) { m.To.Email = "secret@example.com\r\nBcc: x@example.com" }, "address_malformed"},
		{"bad reply address", func(m *Message) { m.ReplyTo.Email = "secret" }, "address_malformed"},
		{"header with a line end", func(m *Message) { m.Headers["X-A"] = "a\r\nBcc: b" }, "mail_header_value"},
		{"header name with a line end", func(m *Message) { m.Headers["X-A\r\nBcc"] = "b" }, "mail_header_name"},
		{"header that is ours", func(m *Message) { m.Headers["bcc"] = "b@example.com" }, "mail_header_name"},
		{"header that steers SES", func(m *Message) { m.Headers["X-SES-CONFIGURATION-SET"] = "b" }, "mail_header_name"},
		{"content header", func(m *Message) { m.Headers["Content-Type"] = "text/plain" }, "mail_header_name"},
		{"unsubscribe by script", func(m *Message) { m.UnsubscribeURL = "javascript:alert(1)" }, "mail_unsubscribe"},
		{"unsubscribe closes its bracket", func(m *Message) { m.UnsubscribeURL = "https://a.example/>,<mailto:x" }, "mail_unsubscribe"},
		{"unsubscribe without a host", func(m *Message) { m.UnsubscribeURL = "https:///u" }, "mail_unsubscribe"},
		{"picture that is a page", func(m *Message) { m.Inline[0].Type = "text/html" }, "mail_picture"},
		{"picture with a bad id", func(m *Message) { m.Inline[0].CID = "a>\r\nX: y" }, "mail_picture"},
		{"too large", func(m *Message) { m.Inline[0].Bytes = make([]byte, MaxBytes+1) }, "mail_too_large"},
		{"too large once encoded", func(m *Message) { m.Inline[0].Bytes = make([]byte, MaxBytes-1) }, "mail_too_large"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			msg := message()
			tt.change(&msg)
			_, err := Build(msg, team, noon)
			if !fault.Is(err, fault.Invalid) {
				t.Fatalf("error = %v, want invalid", err)
			}
			if got := code(err); got != tt.code {
				t.Errorf("code = %q, want %q", got, tt.code)
			}
			if strings.Contains(err.Error(), "secret") || strings.ContainsAny(err.Error(), "\r\n") {
				t.Errorf("error = %q", err)
			}
		})
	}
}

func FuzzBuild(f *testing.F) {
	f.Add("Subject", "Ana", "text", "<p>html</p>", "id")
	f.Add("a\r\nBcc: b", "=?utf-8?q?x?=", ".\r\n.\r\n", "\x00\xff", "a@b>")
	f.Fuzz(func(t *testing.T, subject, name, text, html, id string) {
		msg := message()
		msg.ID, msg.Subject, msg.To.Name, msg.Text, msg.HTML = "i"+id, subject, name, "t"+text, "h"+html
		raw, err := Build(msg, team, noon)
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Fatal(err)
			}
			return
		}
		lines(t, raw)
		m, parts := read(t, raw)
		if len(m.Header) != 14 || len(parts) != 5 {
			t.Errorf("headers = %v, %d parts", m.Header, len(parts))
		}
		if list, err := netmail.ParseAddressList(m.Header.Get("To")); err != nil || len(list) != 1 || list[0].Address != ana.Email {
			t.Errorf("To = %q: %v", m.Header.Get("To"), err)
		}
	})
}

func code(err error) string {
	if e, ok := errors.AsType[*fault.Error](err); ok {
		return e.Code
	}
	return ""
}
