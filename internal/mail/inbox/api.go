package inbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	netmail "net/mail"
	"regexp"
	"slices"
	"strings"

	gomail "github.com/wneessen/go-mail"

	"learningloop/internal/mail"
)

// Bounds of SES ("Service quotas in Amazon SES": 50 recipients; 40 MB, here less since nothing of ours comes near).
const (
	maxRecipients = 50
	maxRequest    = 16 << 20
)

// sendRequest is SES v2's SendEmailRequest, as far as it is read here.
type sendRequest struct {
	FromEmailAddress     string
	ReplyToAddresses     []string
	ConfigurationSetName string
	Destination          struct{ ToAddresses, CcAddresses, BccAddresses []string }
	EmailTags            []struct{ Name, Value string }
	Content              struct {
		Raw    *struct{ Data []byte }
		Simple *simple
	}
}

type simple struct {
	Subject     struct{ Data string }
	Body        struct{ Text, HTML *struct{ Data string } }
	Headers     []struct{ Name, Value string }
	Attachments []json.RawMessage
}

func (in *Inbox) newAPI() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v2/email/outbound-emails", in.send)
	mux.HandleFunc("GET /v2/email/account", in.account)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, Fault{http.StatusNotFound, "UnknownOperationException", "The mail inbox of this machine has SendEmail and GetAccount."})
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Besides being what SES does, this keeps web pages that a developer visits from posting mails here.
		if !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 ") {
			refuse(w, Fault{http.StatusForbidden, "MissingAuthenticationTokenException", "Missing Authentication Token"})
			return
		}
		mux.ServeHTTP(w, r)
	})
}

func (in *Inbox) send(w http.ResponseWriter, r *http.Request) {
	planned, fails := in.nextFault()
	if fails && planned.when == Before {
		refuse(w, planned.fault)
		return
	}
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		refuse(w, badRequest("The request is too large or broke off."))
		return
	}
	var req sendRequest
	if err := json.Unmarshal(b, &req); err != nil {
		refuse(w, Fault{http.StatusBadRequest, "SerializationException", "The request is not the JSON of SendEmail."})
		return
	}
	rec, raw, f := in.read(req)
	if f != nil {
		refuse(w, *f)
		return
	}
	id, err := in.put(rec, raw)
	if err != nil {
		refuse(w, Broken)
		return
	}
	if fails {
		refuse(w, planned.fault)
		return
	}
	answer(w, http.StatusOK, map[string]string{"MessageId": "local-" + id})
}

func (in *Inbox) read(req sendRequest) (record, []byte, *Fault) {
	raw, err := rawOf(req)
	if err != nil {
		f := badRequest(err.Error())
		return record{}, nil, &f
	}
	c, err := parse(raw)
	if err != nil {
		f := badRequest("The message is no MIME message: " + err.Error())
		return record{}, nil, &f
	}
	if req.FromEmailAddress == "" && c.header("From") == "" {
		f := badRequest("Missing required header 'From'.")
		return record{}, nil, &f
	}
	to, err := recipients(req, c)
	if err != nil {
		f := badRequest(err.Error())
		return record{}, nil, &f
	}
	if f := in.unverified(to); f != nil {
		return record{}, nil, f
	}
	rec := record{At: in.now().UTC(), To: to, Set: req.ConfigurationSetName}
	for _, t := range req.EmailTags {
		if !tagText.MatchString(t.Name) || !tagText.MatchString(t.Value) {
			f := badRequest("A message tag has letters, digits, _ and - only, at most 256.")
			return record{}, nil, &f
		}
		if rec.Tags == nil {
			rec.Tags = map[string]string{}
		}
		rec.Tags[t.Name] = t.Value
	}
	return rec, raw, nil
}

// tagText is SES's rule ("MessageTag").
var tagText = regexp.MustCompile(`^[A-Za-z0-9_-]{1,256}$`)

func rawOf(req sendRequest) ([]byte, error) {
	switch {
	case req.Content.Raw != nil && req.Content.Simple == nil:
		return req.Content.Raw.Data, nil
	case req.Content.Simple != nil && req.Content.Raw == nil:
		return req.Content.Simple.build(req)
	}
	return nil, errors.New("exactly one of Raw and Simple content is needed; templates are not known here")
}

// build makes the message that SES would assemble.
func (s *simple) build(req sendRequest) ([]byte, error) {
	if len(s.Attachments) > 0 {
		return nil, errors.New("attachments of Simple content are not known here; send Raw content")
	}
	g := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if err := errors.Join(g.From(req.FromEmailAddress), g.To(req.Destination.ToAddresses...), g.Cc(req.Destination.CcAddresses...)); err != nil {
		return nil, errors.New("an address is none")
	}
	if len(req.ReplyToAddresses) > 0 && g.ReplyTo(req.ReplyToAddresses[0]) != nil {
		return nil, errors.New("a reply address is none")
	}
	g.Subject(mail.Line(s.Subject.Data, 998))
	for _, h := range s.Headers {
		g.SetGenHeader(gomail.Header(mail.Line(h.Name, 126)), mail.Line(h.Value, 870))
	}
	switch text, html := s.Body.Text, s.Body.HTML; {
	case text != nil && html != nil:
		g.SetBodyString(gomail.TypeTextPlain, text.Data)
		g.AddAlternativeString(gomail.TypeTextHTML, html.Data)
	case text != nil:
		g.SetBodyString(gomail.TypeTextPlain, text.Data)
	case html != nil:
		g.SetBodyString(gomail.TypeTextHTML, html.Data)
	default:
		return nil, errors.New("the body is empty")
	}
	var b strings.Builder
	if _, err := g.WriteTo(&b); err != nil {
		return nil, fmt.Errorf("write mail: %w", err)
	}
	return []byte(b.String()), nil
}

// recipients are those of the request or, where it names none, of the message, as in SES.
func recipients(req sendRequest, c *content) ([]string, error) {
	d := req.Destination
	all := slices.Concat(d.ToAddresses, d.CcAddresses, d.BccAddresses)
	if len(all) == 0 {
		for _, name := range []string{"To", "Cc", "Bcc"} {
			if v := c.header(name); v != "" {
				all = append(all, v)
			}
		}
	}
	var out []string
	for _, s := range all {
		list, err := netmail.ParseAddressList(s)
		if err != nil {
			return nil, errors.New("an address lacks its final '@domain'")
		}
		for _, a := range list {
			if _, err := mail.ParseAddress(a.Address); err != nil {
				return nil, errors.New("an address contains what is not allowed")
			}
			out = append(out, a.Address)
		}
	}
	if len(out) == 0 {
		return nil, errors.New("recipient count is 0")
	}
	if len(out) > maxRecipients {
		return nil, errors.New("recipient count exceeds 50")
	}
	return out, nil
}

// unverified is the sandbox's refusal, in SES's words, address and all: the sender must not pass it on.
func (in *Inbox) unverified(to []string) *Fault {
	in.mu.Lock()
	defer in.mu.Unlock()
	if !in.sandbox {
		return nil
	}
	var bad []string
	for _, a := range to {
		a = strings.ToLower(a)
		if !in.verified[a] && !in.verified[a[strings.LastIndexByte(a, '@')+1:]] {
			bad = append(bad, a)
		}
	}
	if len(bad) == 0 {
		return nil
	}
	return &Fault{
		http.StatusBadRequest, "MessageRejected",
		"Email address is not verified. The following identities failed the check in region LOCAL: " + strings.Join(bad, ", "),
	}
}

func (in *Inbox) account(w http.ResponseWriter, _ *http.Request) {
	in.mu.Lock()
	sandbox := in.sandbox
	in.mu.Unlock()
	quota := map[string]float64{"Max24HourSend": 50000, "MaxSendRate": 14, "SentLast24Hours": 0}
	if sandbox {
		quota = map[string]float64{"Max24HourSend": 200, "MaxSendRate": 1, "SentLast24Hours": 0}
	}
	answer(w, http.StatusOK, map[string]any{
		"DedicatedIpAutoWarmupEnabled": false, "EnforcementStatus": "HEALTHY", "ProductionAccessEnabled": !sandbox,
		"SendQuota": quota, "SendingEnabled": true,
	})
}

func badRequest(msg string) Fault { return Fault{http.StatusBadRequest, "BadRequestException", msg} }

// refuse answers an error as AWS's REST JSON protocol does.
func refuse(w http.ResponseWriter, f Fault) {
	w.Header().Set("X-Amzn-ErrorType", f.Type)
	answer(w, f.Status, map[string]string{"message": f.Message})
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client has gone; there is nobody to tell
}
