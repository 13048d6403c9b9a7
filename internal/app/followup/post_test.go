package followup_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"learningloop/internal/app/apptest"
	"learningloop/internal/config"
	"learningloop/internal/digest"
	"learningloop/internal/fault"
	"learningloop/internal/followup"
	"learningloop/internal/mail/inbox"
	"learningloop/internal/table"
	"learningloop/internal/token"
)

// Every mail says how to stop it by one click, where replies go, and which piece of feedback it is about.
func TestMails(t *testing.T) {
	w := newWorld(t)
	f := w.hear("Mary Major", "mary.major@example.com", "The export stops at 1,000 rows.")
	w.accept("Export more rows", f)
	w.sweep()
	w.sweep()
	mails := w.mails()
	if len(mails) != 2 {
		t.Fatalf("%d mails", len(mails))
	}
	stop := public + "/u/" + w.keys.Sign(token.Stop, string(f.ID))
	status := public + "/s/" + w.keys.Sign(token.Status, string(f.ID))
	subjects := map[string]bool{}
	for _, m := range mails {
		subjects[m.Subject] = true
		for name, want := range map[string]string{
			"List-Unsubscribe": "<" + stop + ">", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click", "X-Correlation-Id": f.ID.Correlation(),
			"Reply-To": `"The team" <team@example.com>`, "To": `"Mary Major" <mary.major@example.com>`, "Auto-Submitted": "auto-generated",
		} {
			if got := header(m, name); got != want {
				t.Errorf("%s: %s is %q, want %q", m.Subject, name, got, want)
			}
		}
		for what, part := range map[string]string{"text": m.Text, "HTML": m.HTML} {
			for _, want := range []string{"The export stops at 1,000 rows.", status, stop, "Replies reach the team.", "Mary Major", "AnyCompany Retail"} {
				if !strings.Contains(part, want) {
					t.Errorf("%s: the %s lacks %q:\n%s", m.Subject, what, want, part)
				}
			}
		}
		if m.To != "mary.major@example.com" || m.Tags["kind"] == "" || header(m, "X-Loop-Mail-Id") == "" {
			t.Errorf("%+v", m)
		}
	}
	if !subjects["We have your idea: The export stops at 1,000 rows."] || !subjects["Decided: we will work on Export more rows"] {
		t.Errorf("%v", subjects)
	}
	if header(mails[0], "X-Loop-Mail-Id") == header(mails[1], "X-Loop-Mail-Id") {
		t.Error("two mails have one id")
	}
}

// What people type into names, words and titles stays text: no element, link or header comes of it.
func TestHostileMails(t *testing.T) {
	for _, s := range []string{
		"<script>alert(1)</script>", "<img src=x onerror=alert(1)>", `"><a href="https://evil.example">x</a>`, "<a href=javascript:alert(1)>x</a>",
		"x\r\nBcc: victim@example.com\r\n\r\nbody", "x\nTo: victim@example.com", "=?utf-8?q?=0d=0aBcc:_victim@example.com?=", "\u202egnp.exe",
		"{{.Subject}}", "<style>*{display:none}</style>", "</title><script>x</script>", "<!--", "]]>", "\"quoted\" <victim@example.com>", "--boundary\r\nContent-Type: text/html",
		strings.Repeat("語", 100), "'; DROP TABLE", "\x00\x01\x1b[31m",
	} {
		w := newWorld(t)
		w.p.Name = cutTo(s, 80)
		if w.p.Name = strings.TrimSpace(w.p.Name); w.p.Name == "" {
			w.p.Name = "x"
		}
		p, err := w.st.Product(t.Context(), w.p.ID)
		if err != nil {
			t.Fatal(err)
		}
		p.Name = w.p.Name
		if err := w.st.SaveProduct(t.Context(), p, nil); err != nil {
			t.Fatal(err)
		}
		f := w.hear(cutTo(s, 100), "mary.major@example.com", s+" words")
		w.accept(s+" title", f)
		w.sweep()
		w.sweep()
		mails := w.mails()
		if len(mails) != 2 {
			t.Fatalf("%q: %d mails", s, len(mails))
		}
		for _, m := range mails {
			if m.To != "mary.major@example.com" || header(m, "Bcc") != "" || header(m, "Cc") != "" || strings.ContainsAny(m.Subject, "\r\n") {
				t.Errorf("%q: to %s, subject %q", s, m.To, m.Subject)
			}
			for _, bad := range elements(t, m.HTML) {
				t.Errorf("%q: %s: %s", s, m.Subject, bad)
			}
		}
	}
}

func cutTo(s string, n int) string {
	r := []rune(s)
	return string(r[:min(len(r), n)])
}

// elements names what a mail must not hold: scripts, handlers, and links to others.
func elements(t *testing.T, doc string) (bad []string) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(doc))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if n.Data == "script" || n.Data == "iframe" || n.Data == "form" || n.Data == "object" {
			bad = append(bad, n.Data)
		}
		for _, a := range n.Attr {
			own := strings.HasPrefix(a.Val, public+"/") || strings.HasPrefix(a.Val, "cid:")
			if strings.HasPrefix(a.Key, "on") || (a.Key == "href" || a.Key == "src") && !own {
				bad = append(bad, n.Data+" "+a.Key+"="+a.Val)
			}
		}
	}
	return bad
}

func TestDigestMail(t *testing.T) {
	w := newWorld(t)
	w.accept("Export <b>more</b> rows", w.hear("", "mary.major@example.com", "words"))
	w.now = w.now.AddDate(0, 0, 7)
	if _, err := w.sums.Run(t.Context(), digest.Week, w.now); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		w.sweep()
	}
	var got []inbox.Mail
	for _, m := range w.mails() {
		if m.To == "boss@example.com" {
			got = append(got, m)
		}
	}
	if len(got) != 1 {
		t.Fatalf("%d digests", len(got))
	}
	m := got[0]
	pic, ok := m.Pictures["chart"]
	if !ok || !strings.Contains(m.HTML, `src="cid:chart"`) || !strings.HasPrefix(string(pic.Bytes), "\x89PNG") {
		t.Errorf("no chart: %d pictures", len(m.Pictures))
	}
	stop := strings.Trim(header(m, "List-Unsubscribe"), "<>")
	what, err := w.keys.Verify(token.Stop, strings.TrimPrefix(stop, public+"/u/"))
	if err != nil || !strings.HasPrefix(what, string(w.p.ID)+"~") || header(m, "List-Unsubscribe-Post") == "" {
		t.Errorf("stops by %q: %q, %v", stop, what, err)
	}
	if !strings.HasPrefix(header(m, "X-Correlation-Id"), "d-"+string(w.p.ID)) || !strings.Contains(m.Text, "Export <b>more</b> rows") {
		t.Errorf("%+v\n%s", m.Headers, m.Text)
	}
	for _, bad := range elements(t, m.HTML) {
		t.Error(bad)
	}
}

func TestDigestThatIsGone(t *testing.T) {
	w := newWorld(t)
	m := followup.Mail{Owner: "d-x", Name: "boss", Kind: followup.Digest, State: followup.Due, To: "boss@example.com", Person: "p", Digest: string(digest.ID("d-all-week-2026-03-02")), Ordered: w.now}
	if err := w.st.OrderMails(t.Context(), []followup.Mail{m}); err != nil {
		t.Fatal(err)
	}
	w.sweep()
	if got, err := w.st.Mail(t.Context(), m.Owner, m.Name); err != nil || got.State != followup.Due || len(w.mails()) != 0 {
		t.Errorf("%+v, %v", got, err) // it may be that it is only not there yet
	}
}

// The provider fails before or after it took a mail: everybody hears, at most the one in flight twice.
func TestSESFails(t *testing.T) {
	for name, tt := range map[string]struct {
		fault inbox.Fault
		when  inbox.When
		mails int
		state followup.MailState
	}{
		"throttled": {inbox.Throttled, inbox.Before, 1, followup.Sent}, "over quota": {inbox.OverQuota, inbox.Before, 1, followup.Sent},
		"paused": {inbox.Paused, inbox.Before, 1, followup.Sent}, "broken": {inbox.Broken, inbox.Before, 1, followup.Sent},
		"broken, after it took the mail": {inbox.Broken, inbox.After, 2, followup.Sent}, "rejected": {inbox.Rejected, inbox.Before, 0, followup.Refused},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			f := w.hear("", "mary.major@example.com", "words")
			w.inbox.FailNext(1, tt.fault, tt.when)
			w.sweep()
			if w.meter.failed != 1 {
				t.Errorf("counted %d", w.meter.failed)
			}
			w.now = w.now.Add(time.Hour)
			w.sweep()
			mails := w.mails()
			m, err := w.st.Mail(t.Context(), string(f.ID), "receipt")
			if err != nil || m.State != tt.state || len(mails) != tt.mails {
				t.Errorf("%+v, %v, %d mails", m, err, len(mails))
			}
			if len(mails) == 2 && header(mails[0], "X-Loop-Mail-Id") != header(mails[1], "X-Loop-Mail-Id") {
				t.Error("a repeat cannot be told")
			}
		})
	}
}

func TestSandboxIsSaid(t *testing.T) {
	w := newWorld(t)
	for _, in := range []bool{true, false} {
		w.inbox.SetSandbox(in)
		if err := w.Scheduled(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := w.meter.gauges[config.MetricMailSandbox]; (got == 1) != in {
			t.Errorf("sandbox %v: %v", in, got)
		}
	}
	// In the sandbox a mail waits until the account gets out of it.
	w.inbox.SetSandbox(true)
	w.hear("", "mary.major@example.com", "words")
	w.sweep()
	w.inbox.SetSandbox(false)
	w.now = w.now.Add(time.Hour)
	if w.sweep(); len(w.mails()) != 1 {
		t.Errorf("%d mails", len(w.mails()))
	}
}

// The stream tells of notices and mails; doubled, late and shuffled records send nothing more, and one that cannot be
// read blocks nobody.
func TestStreamTells(t *testing.T) {
	w := newWorld(t)
	w.accept("Export more rows", w.hear("", "mary.major@example.com", "words"))
	all := []table.Change{}
	for range 4 { // what the handler writes wakes it again
		changes, err := apptest.Written(t.Context(), w.feed)
		if err != nil {
			t.Fatal(err)
		}
		all = append(changes, all...)
		raw, err := apptest.Stream(all...)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, err := w.Handle(t.Context(), raw); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n := len(w.mails()); n != 2 {
		t.Errorf("%d mails", n)
	}
	if left, err := apptest.Written(t.Context(), w.feed); err != nil || len(left) != 0 {
		t.Errorf("still writing: %v, %v", left, err)
	}
	broken := []table.Change{}
	for _, typ := range []string{"notice", "mail", "product"} {
		k := table.Key{P: "broken-" + typ, S: "x"}
		broken = append(broken, table.Change{Key: k, New: &table.Row{Key: k, Type: typ, Schema: 99, Attrs: []byte(`{}`)}})
	}
	if err := w.Changes(t.Context(), append(broken, all...)); err == nil || errors.Is(err, table.ErrNotFound) || !fault.Is(err, fault.Internal) {
		t.Errorf("unreadable rows: %v", err)
	}
}
