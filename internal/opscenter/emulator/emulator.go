package emulator

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
	"regexp"
	"sync"
	"time"
)

// Config says what the emulator is and what it is connected to. The zero value of every field but Account and Region
// stands for a sensible default.
type Config struct {
	Account string // AWS account id, 12 digits
	Region  string // AWS Region: "us-east-1". Requests signed for another one are refused, as AWS does

	Dir string // where the journal is kept; "" keeps everything in memory only

	Clock func() time.Time // time.Now
	Rand  io.Reader        // where ids come from; crypto/rand

	// Events takes what OpsCenter sends to EventBridge, one whole event as JSON, after the change is durable and in the
	// order of the changes. As in AWS, delivery is best effort: an error is logged and the event is lost.
	Events func(ctx context.Context, event json.RawMessage) error
	// Notify takes what OpsCenter publishes to the SNS topics that an OpsItem names; best effort as well.
	Notify func(ctx context.Context, n Notification) error

	// Callers maps an access key id to the ARN that CreatedBy and LastModifiedBy show for requests signed with it. Others
	// show as arn:aws:iam::ACCOUNT:user/ACCESS-KEY-ID.
	Callers map[string]string
	// Operator is the ARN under which edits from the console are made;
	// arn:aws:sts::ACCOUNT:assumed-role/operator/console.
	Operator string

	Quotas        Quotas
	Rate          float64       // requests a second before ThrottlingException; 0: no limit. AWS publishes none
	Burst         int           // requests above Rate at once; 0: as many as Rate
	DeletionDelay time.Duration // until a deleted OpsItem is gone; 0: DefaultDeletionDelay, negative: at once
	MaxClockSkew  time.Duration // how far a signature's date may be off; 0: not looked at. AWS allows 5 minutes

	ConsoleHome string // where the console page's "Home" link leads; "": no link

	Log *slog.Logger // slog.DiscardHandler
}

// DefaultDeletionDelay stands for AWS's "a few minutes".
const DefaultDeletionDelay = 2 * time.Minute

// Emulator is one account's OpsCenter in one Region. It is an http.Handler for AWS's endpoint, and safe for concurrent
// use.
type Emulator struct {
	cfg      Config
	model    *model
	faults   Faults
	throttle bucket
	outbox   *outbox
	journal  *journal
	control  http.Handler

	mu sync.RWMutex
	st *state
}

var (
	accountForm = regexp.MustCompile(`^[0-9]{12}$`)
	regionForm  = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]$`)
)

// New starts an emulator, with what Dir holds from before. Close ends it.
func New(cfg Config) (*Emulator, error) {
	if !accountForm.MatchString(cfg.Account) {
		return nil, fmt.Errorf("emulator: account %q is not 12 digits", cfg.Account)
	}
	if !regionForm.MatchString(cfg.Region) {
		return nil, fmt.Errorf("emulator: %q is not an AWS Region", cfg.Region)
	}
	m, err := loadModel()
	if err != nil {
		return nil, fmt.Errorf("emulator: %w", err)
	}
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	if cfg.Rand == nil {
		cfg.Rand = rand.Reader
	} else {
		cfg.Rand = &lockedReader{r: cfg.Rand}
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Operator == "" {
		cfg.Operator = "arn:" + partition(cfg.Region) + ":sts::" + cfg.Account + ":assumed-role/operator/console"
	}
	if cfg.DeletionDelay == 0 {
		cfg.DeletionDelay = DefaultDeletionDelay
	}
	cfg.Quotas = cfg.Quotas.orDefaults()
	e := &Emulator{cfg: cfg, model: m, st: newState()}
	e.throttle.rate, e.throttle.burst = cfg.Rate, cfg.Burst
	if cfg.Dir != "" {
		j, aside, err := openJournal(cfg.Dir, e.st.apply, e.st.dump)
		if err != nil {
			return nil, fmt.Errorf("emulator: %w", err)
		}
		if aside != "" {
			cfg.Log.Warn("journal ended in a broken line, as after a crash; kept aside", "file", aside)
		}
		e.journal = j
	}
	e.outbox = newOutbox(e)
	e.control = e.newControl()
	return e, nil
}

// Close waits a moment for events under way, writes what is left and closes the journal. Requests made afterwards fail.
func (e *Emulator) Close() error {
	return errors.Join(e.outbox.close(), e.journal.close())
}

// Drain returns when every event and notification of changes made before it was handed over, or ctx ends.
func (e *Emulator) Drain(ctx context.Context) error { return e.outbox.drain(ctx) }

// Faults gives the switches that make the emulator fail on demand.
func (e *Emulator) Faults() *Faults { return &e.faults }

// now is the time as OpsItems keep it, to the microsecond.
func (e *Emulator) now() time.Time { return e.cfg.Clock().UTC().Truncate(time.Microsecond) }

// change runs decide under the lock, applies the record that it gives, and returns when that is durable. decide changes
// nothing itself; without a record nothing changes. A refusal, too, waits for what it is founded on to be durable.
func (e *Emulator) change(decide func(now time.Time) (*record, *Error)) *Error {
	pos, refusal, err := e.decide(decide)
	if err == nil {
		err = e.journal.wait(pos)
	}
	if err != nil {
		e.cfg.Log.Error("journal", "error", err)
		return errInternal()
	}
	return refusal
}

func (e *Emulator) decide(decide func(now time.Time) (*record, *Error)) (int64, *Error, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := e.now()
	if err := e.purge(now); err != nil {
		return 0, nil, err
	}
	rec, refusal := decide(now)
	if refusal != nil || rec == nil {
		return e.journal.end(), refusal, nil
	}
	pos, err := e.journal.append(rec)
	if err != nil {
		return 0, nil, err
	}
	e.st.apply(rec)
	if rec.Event != nil {
		e.outbox.put(pos, rec)
	}
	return pos, nil, nil
}

// purge takes out the items whose deletion is over.
func (e *Emulator) purge(now time.Time) error {
	for len(e.st.deleting) > 0 {
		it := e.st.slots[e.st.deleting[0]]
		if !e.gone(it, now) {
			return nil
		}
		rec := &record{Purge: it.ID}
		if _, err := e.journal.append(rec); err != nil {
			return err
		}
		e.st.apply(rec)
	}
	return nil
}

// gone says whether an item is deleted and can no longer be seen.
func (e *Emulator) gone(it *item, now time.Time) bool {
	return it == nil || (!it.Deleted.IsZero() && !now.Before(it.Deleted.Add(e.cfg.DeletionDelay)))
}

// find gives the item as it stands, if there is one to be seen. The caller holds the lock.
func (e *Emulator) find(id string, now time.Time) *item {
	if it := e.st.get(id); !e.gone(it, now) {
		return it
	}
	return nil
}

// newItemID gives an id that no item has. The caller holds the lock.
func (e *Emulator) newItemID() (string, *Error) {
	for range 100 {
		var b [6]byte
		if _, err := io.ReadFull(e.cfg.Rand, b[:]); err != nil {
			e.cfg.Log.Error("make an id", "error", err)
			return "", errInternal()
		}
		id := "oi-" + hex.EncodeToString(b[:])
		if _, taken := e.st.byID[id]; !taken {
			return id, nil
		}
	}
	e.cfg.Log.Error("make an id: the source of randomness repeats itself")
	return "", errInternal()
}

// newUUID gives a random UUID (RFC 9562, version 4).
func (e *Emulator) newUUID() string {
	var b [16]byte
	if _, err := io.ReadFull(e.cfg.Rand, b[:]); err != nil {
		e.cfg.Log.Error("make an id", "error", err) // a zero UUID is still well-formed
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

type lockedReader struct {
	mu sync.Mutex
	r  io.Reader
}

// Read makes a reader given for tests safe for concurrent use.
func (l *lockedReader) Read(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.r.Read(p) // a reader passes on what it reads
}
