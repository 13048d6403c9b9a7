package api

import (
	"crypto/rand"
	"io"
	"log/slog"
	"net/http"
	"time"

	"learningloop/internal/auth"
	"learningloop/internal/feedback"
	"learningloop/internal/governor"
	"learningloop/internal/improvement"
	"learningloop/internal/intake"
	"learningloop/internal/links"
	"learningloop/internal/mirror"
	"learningloop/internal/store"
	"learningloop/internal/token"
	"learningloop/internal/web"
)

// Setup is what an API is made of.
type Setup struct {
	Store     *store.Store
	Public    string // where people reach the pages, without a slash at its end
	Tokens    token.Keys
	Issuer    string
	ClientID  string
	Transport http.RoundTripper // to the issuer; nil: http.DefaultTransport
	Account   MailStatus        // nil: nothing is said about mail
	Meter     intake.Meter
	Log       *slog.Logger
	Now       func() time.Time // nil: time.Now
	Rand      func() string    // 128 random bits
	Random    io.Reader        // nil: crypto/rand
	Local     bool
	Budget    governor.Budget
	Region    string // of OpsCenter, for links into the console; not needed where Local is set
}

// New wires the services behind the routes. It calls nobody.
func New(s Setup) (*API, error) {
	if s.Now == nil {
		s.Now = time.Now
	}
	if s.Random == nil {
		s.Random = rand.Reader
	}
	base, err := web.BasePath(s.Public)
	if err != nil {
		return nil, err
	}
	pages, err := web.New(web.Options{Base: base, Now: s.Now})
	if err != nil {
		return nil, err
	}
	l := links.Links{Public: s.Public, Tokens: s.Tokens}
	receive := &feedback.Service{Store: s.Store, People: s.Tokens.People(), Now: s.Now, Rand: s.Rand}
	a := &API{
		Store: s.Store, Feedback: receive, Tokens: s.Tokens, Pages: pages, Links: l, Mail: s.Account, Log: s.Log, Now: s.Now, Rand: s.Rand, Local: s.Local, Region: s.Region, Budget: s.Budget,
		Improvements: &improvement.Service{Store: s.Store, Filer: mirror.Filer{Links: l}, Now: s.Now, Rand: s.Rand},
		Intake:       &intake.Service{Store: s.Store, Receiver: receive, Meter: s.Meter, Now: s.Now},
	}
	a.Auth, err = auth.New(auth.Config{
		Issuer: s.Issuer, ClientID: s.ClientID, PublicURL: s.Public, Key: s.Tokens.Derive("auth"), Now: s.Now, Random: s.Random,
		Transport: s.Transport, Fail: a.Fail,
	})
	return a, err
}
