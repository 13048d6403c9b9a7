// Package local is the whole loop in one process: every function's handler on the embedded engine, with OpsCenter, SES
// and the issuer of staff tokens emulated beside it. `make run` serves it; tests drive it step by step.
package local

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"learningloop/internal/app/api"
	appdigest "learningloop/internal/app/digest"
	appfollowup "learningloop/internal/app/followup"
	appopsitems "learningloop/internal/app/opsitems"
	appsignals "learningloop/internal/app/signals"
	apptriage "learningloop/internal/app/triage"
	"learningloop/internal/config"
	"learningloop/internal/digest"
	"learningloop/internal/followup"
	"learningloop/internal/governor"
	"learningloop/internal/improvement"
	"learningloop/internal/incident"
	"learningloop/internal/intake"
	"learningloop/internal/links"
	"learningloop/internal/mail"
	"learningloop/internal/mail/inbox"
	"learningloop/internal/mail/ses"
	"learningloop/internal/mirror"
	"learningloop/internal/obs"
	"learningloop/internal/oidclocal"
	"learningloop/internal/opscenter"
	"learningloop/internal/opscenter/emulator"
	"learningloop/internal/product"
	"learningloop/internal/store"
	"learningloop/internal/table"
	"learningloop/internal/table/embedded"
	"learningloop/internal/timeline"
	"learningloop/internal/token"
	"learningloop/internal/triage"
)

// Account and Region are whose OpsCenter is emulated. The account is AWS's for documentation.
const (
	Account  = "111122223333"
	Region   = "us-east-1"
	ClientID = "learningloop"
)

// Config is how a World is set up.
type Config struct {
	Dir        string                        // where data is kept; "" keeps nothing
	AWSAddress string                        // where AWS's SDKs and the CLI reach the stand-ins, for people to read
	Public     string                        // where people reach the pages, without a slash at its end
	Now        func() time.Time              // nil: time.Now
	Random     io.Reader                     // nil: crypto/rand
	Log        *slog.Logger                  // nil: nowhere
	Wrap       func(table.Table) table.Table // for tests that count or fail calls of the port; nil: as it is
}

// World is everything, wired.
type World struct {
	cfg      Config
	DB       *embedded.DB
	Store    *store.Store
	Emulator *emulator.Emulator
	Inbox    *inbox.Inbox
	Issuer   *oidclocal.Issuer
	Tokens   token.Keys

	Intake       *intake.Service
	Improvements *improvement.Service
	Mirror       *mirror.Service

	Signals  *appsignals.Handler
	Triage   *apptriage.Handler
	OpsItems *appopsitems.Handler
	Followup *appfollowup.Handler
	Digest   *appdigest.Handler

	api   *api.API
	ran   ran // when each schedule last did
	crowd crowd
}

// New opens the data and wires everything. Close ends it.
func New(ctx context.Context, cfg Config) (w *World, err error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Random == nil {
		cfg.Random = rand.Reader
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	w = &World{cfg: cfg}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.Close())
		}
	}()
	if err := w.open(); err != nil {
		return w, err
	}
	if err := w.wire(); err != nil {
		return w, err
	}
	_, err = w.Store.EnsureProduct(ctx, "example", func() (product.Product, error) {
		p, err := product.New("example", w.random(), cfg.Now())
		p.Name, p.About, p.Default = "Example", "The product to try the loop with.", true
		p.DigestTo = []string{"leadership@example.com"}
		return p, err
	})
	return w, err
}

func (w *World) sub(name string) string {
	if w.cfg.Dir == "" {
		return ""
	}
	return filepath.Join(w.cfg.Dir, name)
}

// open opens what keeps data.
func (w *World) open() (err error) {
	opt := embedded.Options{Clock: w.cfg.Now, Logger: w.cfg.Log}
	if w.cfg.Dir == "" {
		w.DB, err = embedded.OpenMem(opt)
	} else {
		w.DB, err = embedded.Open(w.sub("table"), opt)
	}
	if err != nil {
		return err
	}
	key, err := w.tokenKey()
	if err != nil {
		return err
	}
	if w.Tokens, err = token.New(key); err != nil {
		return err
	}
	if w.Inbox, err = inbox.Open(inbox.Config{Dir: w.sub("mail"), Now: w.cfg.Now}); err != nil {
		return fmt.Errorf("open inbox: %w", err)
	}
	w.Emulator, err = emulator.New(emulator.Config{
		Account: Account, Region: Region, Dir: w.sub("opscenter"), Clock: w.cfg.Now, Rand: w.cfg.Random, Log: w.cfg.Log,
		ConsoleHome: "/_local/", Events: func(ctx context.Context, event json.RawMessage) error { return w.Event(ctx, event) },
		Notify: func(ctx context.Context, n emulator.Notification) error {
			// There is no SNS here: whoever runs this reads in the log that a topic would hear.
			w.cfg.Log.InfoContext(ctx, "OpsCenter tells a topic", "topic", n.TopicARN, "subject", n.Subject, "ops_item", n.OpsItemID)
			return nil
		},
	})
	if err != nil {
		return fmt.Errorf("open OpsCenter: %w", err)
	}
	keyFile := w.sub("issuer-key.json")
	if keyFile == "" {
		dir, err := os.MkdirTemp("", "learningloop-issuer-")
		if err != nil {
			return fmt.Errorf("make room for the issuer's key: %w", err)
		}
		defer func() { _ = os.RemoveAll(dir) }() // the key is in memory by then
		keyFile = filepath.Join(dir, "key.json")
	}
	w.Issuer, err = oidclocal.New(oidclocal.Config{
		URL: w.cfg.Public + oidclocal.Path, ClientID: ClientID, RedirectURLs: []string{w.cfg.Public + config.PathSignedIn},
		KeyFile: keyFile, Now: w.cfg.Now, Random: w.cfg.Random,
	})
	return err
}

// tokenKey is kept beside the data, so that links in mails outlive a restart.
func (w *World) tokenKey() (string, error) {
	if w.cfg.Dir == "" {
		return w.random(), nil
	}
	file := w.sub("token-key")
	b, err := os.ReadFile(file) //nolint:gosec // our own data directory
	if err == nil {
		return strings.TrimSpace(string(b)), nil
	}
	if !os.IsNotExist(err) {
		return "", fmt.Errorf("read token key: %w", err)
	}
	key := w.random()
	if err := os.WriteFile(file, []byte(key+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("store token key: %w", err)
	}
	return key, nil
}

// random is 128 random bits as 32 hex characters. Where there is no randomness nothing can go on safely.
func (w *World) random() string {
	var b [16]byte
	if _, err := io.ReadFull(w.cfg.Random, b[:]); err != nil {
		panic(fmt.Errorf("no randomness: %w", err)) //nolint:forbidigo // nothing can go on safely
	}
	return hex.EncodeToString(b[:])
}

// awsConfig speaks to the stand-ins of this process.
func (w *World) awsConfig() aws.Config {
	return aws.Config{
		Region: Region, Credentials: credentials.NewStaticCredentialsProvider("local", "local", ""),
		HTTPClient: &http.Client{Transport: inproc{w.AWS()}}, BaseEndpoint: aws.String("http://127.0.0.1:8081"),
		Retryer: func() aws.Retryer { return aws.NopRetryer{} },
	}
}

// SetBudget changes the budget for OpsItems, which is AWS's quotas at first: for tests, and for the demo's lean week.
func (w *World) SetBudget(b governor.Budget) {
	w.Mirror.Budget, w.Digest.Digest.Budget, w.api.Budget = b, b, b
}

// wire makes the services and the handlers over what is open.
func (w *World) wire() error {
	cfg := w.cfg
	var t table.Table = w.DB
	if cfg.Wrap != nil {
		t = cfg.Wrap(t)
	}
	w.Store = store.New(t, cfg.Now)
	people := w.Tokens.People()
	link := links.Links{Public: cfg.Public, Tokens: w.Tokens}
	meter := obs.NewMetrics(io.Discard, "local", cfg.Now, cfg.Log)
	filer := mirror.Filer{Links: link}
	awsCfg := w.awsConfig()

	w.Mirror = &mirror.Service{Store: w.Store, Center: opscenter.New(ssm.NewFromConfig(awsCfg), "").Tagged(map[string]string{"learningloop:stage": "local"}), Filer: filer, Meter: meter, Now: cfg.Now}

	sesClient := sesv2.NewFromConfig(awsCfg)
	sender, err := ses.New(sesClient, ses.Config{
		From:    mail.Address{Name: "Learning Loop", Email: "loop@example.com"},
		ReplyTo: mail.Address{Name: "The team", Email: "team@example.com"}, Now: cfg.Now,
	})
	if err != nil {
		return err
	}
	post := &appfollowup.Post{Sender: sender, Links: link, Digests: w.Store}
	tell := &followup.Service{Store: w.Store, Post: post, Meter: meter, Now: cfg.Now}

	w.Store.Observe(meter.Reached)
	w.OpsItems = &appopsitems.Handler{
		Mirror: w.Mirror, Episodes: &appopsitems.Episodes{Store: w.Store, Meter: meter}, Gauge: meter, Log: cfg.Log,
	}
	w.Followup = &appfollowup.Handler{
		Incidents: &incident.Service{
			Store: w.Store, Teller: timeline.Teller{Store: w.Store, Now: cfg.Now}, Bus: ownBus{w}, Links: link, Meter: meter, Now: cfg.Now,
		},
		Followup: tell, Bounces: &appfollowup.Bounces{Store: w.Store, People: people, Log: cfg.Log, Now: cfg.Now},
		Account: sender, Sandbox: meter, Log: cfg.Log,
	}
	w.Digest = &appdigest.Handler{Digest: &digest.Service{Store: w.Store, People: people, Now: cfg.Now}, Log: cfg.Log}

	w.api, err = api.New(api.Setup{
		Store: w.Store, Public: cfg.Public, Tokens: w.Tokens, Issuer: cfg.Public + oidclocal.Path, ClientID: ClientID,
		Transport: w.Issuer.Transport(http.DefaultTransport), Account: ses.NewAccount(sesClient, cfg.Now), Meter: meter, Log: cfg.Log, Now: cfg.Now,
		Rand: w.random, Random: cfg.Random, Local: true,
	})
	if err != nil {
		return err
	}
	w.Improvements, w.Intake = w.api.Improvements, w.api.Intake
	w.Signals = &appsignals.Handler{Intake: w.Intake, Log: cfg.Log}
	w.Triage = &apptriage.Handler{Triage: &triage.Service{Store: w.Store, Attacher: w.Improvements, Now: cfg.Now, GiveWay: w.crowd.giveWay}, Log: cfg.Log}
	return nil
}

// Close ends everything that was opened.
func (w *World) Close() error {
	var errs error
	if w.Emulator != nil {
		errs = errors.Join(errs, w.Emulator.Close())
	}
	if w.Inbox != nil {
		errs = errors.Join(errs, w.Inbox.Close())
	}
	if w.DB != nil {
		errs = errors.Join(errs, w.DB.Close())
	}
	return errs
}

// Public is where people reach the pages.
func (w *World) Public() string { return w.cfg.Public }

// AWSAddress is where AWS's SDKs and the CLI reach the stand-ins.
func (w *World) AWSAddress() string { return w.cfg.awsAddress() }

// API serves the pages and the API alone, as functions/api does.
func (w *World) API() http.Handler { return w.api.Handler() }
