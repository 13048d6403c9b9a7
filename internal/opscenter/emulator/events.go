package emulator

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"
)

// The detail types of the events, as AWS names them.
const (
	detailCreate = "OpsItem Create"
	detailUpdate = "OpsItem Update"
)

// historyEvent is one thing that happened to an OpsItem: what ListOpsItemEvents lists and what went to EventBridge.
type historyEvent struct {
	Seq         uint32    `json:"seq"`
	ID          string    `json:"id"` // UUID
	DetailType  string    `json:"detailType"`
	At          time.Time `json:"at"`
	By          string    `json:"by"`
	ItemID      string    `json:"item"`
	ItemType    string    `json:"type"`
	Source      string    `json:"source"`
	Title       string    `json:"title"`
	Description string    `json:"description"`
	Status      string    `json:"status"`
	Severity    string    `json:"severity,omitempty"`
	Priority    int       `json:"priority,omitempty"`
	Category    string    `json:"category,omitempty"`
	CreatedBy   string    `json:"createdBy"`
	Created     time.Time `json:"created"`

	Others []otherChange `json:"others,omitempty"` // for the console's history
}

// newEvent tells of a version of an item. The caller holds the lock.
func (e *Emulator) newEvent(detailType string, it *item) *historyEvent {
	ev := &historyEvent{
		Seq: uint32(max(len(e.st.events), 1)), // a count of events
		ID:  e.newUUID(), DetailType: detailType, At: it.Modified, By: it.ModifiedBy,
		ItemID: it.ID, ItemType: it.Type, Source: it.Source, Title: it.Title, Description: it.Description,
		Status: it.Status, Severity: it.Severity, Priority: it.Priority, Category: it.Category,
		CreatedBy: it.CreatedBy, Created: it.Created,
	}
	if old := e.st.get(it.ID); old != nil {
		ev.Others = otherChanges(old, it)
	}
	return ev
}

// busEvent is an event as EventBridge delivers it ("Systems Manager event examples", AWS Systems Manager User Guide).
type busEvent struct {
	Version    string    `json:"version"`
	ID         string    `json:"id"`
	DetailType string    `json:"detail-type"`
	Source     string    `json:"source"`
	Account    string    `json:"account"`
	Time       string    `json:"time"` // to the second
	Region     string    `json:"region"`
	Resources  []string  `json:"resources"`
	Detail     busDetail `json:"detail"`
}

type busDetail struct {
	CreatedBy    string `json:"created-by"`
	CreatedTime  string `json:"created-time"` // to the microsecond
	ModifiedBy   string `json:"modified-by,omitempty"`
	ModifiedTime string `json:"modified-time,omitempty"`
	Source       string `json:"source"`
	Status       string `json:"status"`
	OpsItemID    string `json:"ops-item-id"`
	Title        string `json:"title"`
	OpsItemType  string `json:"ops-item-type"`
	Description  string `json:"description"`
}

const micros = "2006-01-02T15:04:05.000000Z"

func (ev *historyEvent) detail() busDetail {
	d := busDetail{
		CreatedBy: ev.CreatedBy, CreatedTime: ev.Created.UTC().Format(micros),
		Source: eventSource(ev), Status: ev.Status, OpsItemID: ev.ItemID, Title: ev.Title, OpsItemType: ev.ItemType,
		Description: ev.Description,
	}
	if ev.DetailType == detailUpdate {
		d.ModifiedBy, d.ModifiedTime = ev.By, ev.At.UTC().Format(micros)
	}
	return d
}

func (e *Emulator) busEvent(ev *historyEvent) busEvent {
	return busEvent{
		Version: "0", ID: ev.ID, DetailType: ev.DetailType, Source: "aws.ssm", Account: e.cfg.Account,
		Time: ev.At.UTC().Format(time.RFC3339), Region: e.cfg.Region, Resources: []string{e.itemARN(ev.ItemID)},
		Detail: ev.detail(),
	}
}

// Notification is one message to an SNS topic.
type Notification struct {
	TopicARN  string `json:"TopicArn"`
	Subject   string // at most 100 characters; longer ones never come, because SNS refuses them and AWS loses the message
	Message   string
	OpsItemID string `json:"OpsItemId"`
}

// deliveryTimeout keeps a receiver that hangs from holding up the events behind it for good.
const deliveryTimeout = 10 * time.Second

// closeTimeout is how long Close waits for events under way.
const closeTimeout = 5 * time.Second

// outbox hands events and notifications over, one after the other, each when its change is durable.
type outbox struct {
	e      *Emulator
	ctx    context.Context //nolint:containedctx // ends with the outbox, not with a call
	cancel context.CancelFunc

	mu      sync.Mutex
	changed sync.Cond
	queue   []delivery
	busy    bool
	closed  bool
	done    chan struct{}
}

type delivery struct {
	pos    int64
	event  *historyEvent
	topics []string
}

func newOutbox(e *Emulator) *outbox {
	o := &outbox{e: e, done: make(chan struct{})}
	o.changed.L = &o.mu
	o.ctx, o.cancel = context.WithCancel(context.Background())
	go o.run()
	return o
}

func (o *outbox) put(pos int64, r *record) {
	d := delivery{pos: pos, event: r.Event}
	if r.Item != nil && o.e.cfg.Notify != nil {
		d.topics = r.Item.Notifications
	}
	if o.e.cfg.Events == nil && len(d.topics) == 0 {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.closed {
		o.queue = append(o.queue, d)
		o.changed.Broadcast()
	}
}

func (o *outbox) run() {
	defer close(o.done)
	o.mu.Lock()
	defer o.mu.Unlock()
	for {
		for len(o.queue) == 0 && !o.closed {
			o.changed.Wait()
		}
		if len(o.queue) == 0 || o.ctx.Err() != nil {
			return
		}
		d := o.queue[0]
		o.queue = o.queue[1:]
		o.busy = true
		o.mu.Unlock()
		o.deliver(d)
		o.mu.Lock()
		o.busy = false
		o.changed.Broadcast()
	}
}

func (o *outbox) deliver(d delivery) {
	log := o.e.cfg.Log.With("ops_item", d.event.ItemID, "detail_type", d.event.DetailType)
	if err := o.e.journal.wait(d.pos); err != nil {
		return // the change was never acknowledged
	}
	if o.e.cfg.Events != nil {
		raw, err := json.Marshal(o.e.busEvent(d.event))
		if err != nil {
			log.Error("encode an event", "error", err)
			return
		}
		for range o.e.faults.copies() {
			if err := o.hand(func(ctx context.Context) error { return o.e.cfg.Events(ctx, raw) }); err != nil {
				log.Warn("event lost", "error", err)
			}
		}
	}
	for _, arn := range d.topics {
		n := notification(d.event, arn)
		if length(n.Subject) > maxSubject {
			log.Warn("notification lost: its subject is longer than SNS takes", "topic", arn)
			continue
		}
		if err := o.hand(func(ctx context.Context) error { return o.e.cfg.Notify(ctx, n) }); err != nil {
			log.Warn("notification lost", "topic", arn, "error", err)
		}
	}
}

// hand calls a receiver; one that panics loses its event, not the emulator.
func (o *outbox) hand(call func(context.Context) error) (err error) {
	ctx, cancel := context.WithTimeout(o.ctx, deliveryTimeout)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("receiver panicked: %v", p)
		}
	}()
	return call(ctx)
}

func (o *outbox) drain(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.changed.Broadcast()
	})
	defer stop()
	o.mu.Lock()
	defer o.mu.Unlock()
	for (len(o.queue) > 0 || o.busy) && ctx.Err() == nil {
		o.changed.Wait()
	}
	return ctx.Err() // the caller's own
}

func (o *outbox) close() error {
	o.mu.Lock()
	o.closed = true
	o.changed.Broadcast()
	o.mu.Unlock()
	late := time.AfterFunc(closeTimeout, o.cancel)
	defer late.Stop()
	<-o.done
	o.cancel()
	return nil
}
