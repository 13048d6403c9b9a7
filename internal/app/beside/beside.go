// Package beside is what LocalStack lacks, for a stack deployed to it: OpsCenter, SES v2, an issuer of staff tokens, and
// schedules that fire. It serves the same addresses below /_local/ as `make run` does, so that one script drives both.
package beside

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"learningloop/internal/app"
	"learningloop/internal/app/local"
	"learningloop/internal/config"
	"learningloop/internal/fault"
	"learningloop/internal/httpapi"
	"learningloop/internal/mail/inbox"
	"learningloop/internal/oidclocal"
	"learningloop/internal/opscenter/emulator"
)

// Stack is the stand-ins for one deployed stack.
type Stack struct {
	Emulator *emulator.Emulator
	Inbox    *inbox.Inbox
	Issuer   *oidclocal.Issuer

	events    *eventbridge.Client
	functions *lambda.Client
	topics    *sns.Client

	mu    sync.Mutex
	names map[string]string // what LocalStack calls the functions, by config.Fn*
}

// Config is how a Stack is set up. The SDK finds LocalStack by AWS_ENDPOINT_URL.
type Config struct {
	Dir      string // where data is kept
	Public   string // its own address, without a slash at its end
	SignedIn string // where sign-ins go back to: the deployed pages' callback
}

// scheduled is which function a schedule invokes.
var scheduled = map[string]string{
	config.ScheduleTriageSweep: config.FnTriage, config.ScheduleFollowupSweep: config.FnFollowup, config.ScheduleOpsItemsSweep: config.FnOpsItems,
	config.ScheduleOpsItemsReconcile: config.FnOpsItems, config.ScheduleDigestWeekly: config.FnDigest, config.ScheduleDigestMonthly: config.FnDigest,
}

// account is LocalStack's.
const account = "000000000000"

// New opens the stand-ins.
func New(ctx context.Context, c Config) (*Stack, error) {
	cfg, err := awsconfig.LoadDefaultConfig(ctx, awsconfig.WithRegion(local.Region))
	if err != nil {
		return nil, fmt.Errorf("load AWS configuration: %w", err)
	}
	b := &Stack{events: eventbridge.NewFromConfig(cfg), functions: lambda.NewFromConfig(cfg), topics: sns.NewFromConfig(cfg)}
	if b.Inbox, err = inbox.Open(inbox.Config{Dir: filepath.Join(c.Dir, "mail")}); err != nil {
		return nil, fmt.Errorf("open inbox: %w", err)
	}
	b.Emulator, err = emulator.New(emulator.Config{
		Account: account, Region: local.Region, Dir: filepath.Join(c.Dir, "opscenter"), Events: b.put, Notify: b.publish,
	})
	if err != nil {
		return nil, errors.Join(err, b.Inbox.Close())
	}
	b.Issuer, err = oidclocal.New(oidclocal.Config{
		URL: c.Public + oidclocal.Path, ClientID: local.ClientID, RedirectURLs: []string{c.SignedIn}, KeyFile: filepath.Join(c.Dir, "issuer-key.json"),
		Now: time.Now, Random: rand.Reader,
	})
	if err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return b, nil
}

// Close ends the stand-ins.
func (b *Stack) Close() error { return errors.Join(b.Emulator.Close(), b.Inbox.Close()) }

// put sends an event to LocalStack's default bus. Only an emulator may say that it is aws.ssm: AWS refuses that of others.
func (b *Stack) put(ctx context.Context, event json.RawMessage) error {
	var e struct {
		Source     string          `json:"source"`
		DetailType string          `json:"detail-type"`
		Resources  []string        `json:"resources"`
		Detail     json.RawMessage `json:"detail"`
	}
	if err := json.Unmarshal(event, &e); err != nil {
		return fmt.Errorf("read event: %w", err)
	}
	out, err := b.events.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{{
		Source: aws.String(e.Source), DetailType: aws.String(e.DetailType), Resources: e.Resources, Detail: aws.String(string(e.Detail)),
	}}})
	if err != nil {
		return fmt.Errorf("put event: %w", err)
	}
	if out.FailedEntryCount > 0 {
		return fmt.Errorf("put event: %s", aws.ToString(out.Entries[0].ErrorMessage))
	}
	return nil
}

// publish sends what OpsCenter has for a topic to LocalStack's SNS.
func (b *Stack) publish(ctx context.Context, n emulator.Notification) error {
	_, err := b.topics.Publish(ctx, &sns.PublishInput{TopicArn: &n.TopicARN, Subject: &n.Subject, Message: &n.Message})
	if err != nil {
		return fmt.Errorf("publish to %s: %w", n.TopicARN, err)
	}
	return nil
}

// Handler serves what a World serves below /_local/, as far as it is not the deployed stack's.
func (b *Stack) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle(oidclocal.Path+"/", b.Issuer)
	mux.Handle("/_local/opscenter", b.Emulator.ConsoleHandler("/_local/opscenter"))
	mux.Handle("/_local/opscenter/", b.Emulator.ConsoleHandler("/_local/opscenter"))
	mux.Handle("/_local/mail", b.Inbox.Pages())
	mux.Handle("/_local/mail.json", b.Inbox.Pages())
	mux.Handle("/_local/mail/", b.Inbox.Pages())
	mux.HandleFunc("POST /_local/events", b.postEvent)
	mux.HandleFunc("POST /_local/schedules/{name}/run", b.postSchedule)
	mux.HandleFunc("GET /_local/staff-token", local.StaffToken(b.Issuer, time.Now))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") })
	return http.NewCrossOriginProtection().Handler(local.LoopbackOnly(mux))
}

// AWS serves the stand-ins for AWS, as World.AWS does.
func (b *Stack) AWS() http.Handler { return local.AWSHandler(b.Emulator, b.Inbox) }

func (b *Stack) postEvent(w http.ResponseWriter, r *http.Request) {
	body, err := httpapi.ReadBody(r, local.MaxEvent)
	if err == nil {
		if err = b.put(r.Context(), body); err != nil {
			err = fault.Wrap(fault.Unavailable, "bus_unavailable", "EventBridge did not take the event.", err)
		}
	}
	if err != nil {
		httpapi.WriteProblem(w, r, err)
		return
	}
	w.WriteHeader(http.StatusAccepted)
}

// postSchedule invokes the function of a schedule and waits for it, as EventBridge Scheduler would when it is due.
func (b *Stack) postSchedule(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	fn, ok := scheduled[name]
	if !ok {
		httpapi.WriteProblem(w, r, local.UnknownSchedule())
		return
	}
	at, err := local.ScheduleTime(r, time.Now())
	if err != nil {
		httpapi.WriteProblem(w, r, err)
		return
	}
	if err := b.invoke(r.Context(), fn, app.Schedule{Schedule: name, At: at}); err != nil {
		httpapi.WriteProblem(w, r, fault.Wrap(fault.Unavailable, "function_failed", "The function failed: "+err.Error(), err))
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (b *Stack) invoke(ctx context.Context, fn string, s app.Schedule) error {
	in, err := json.Marshal(s)
	if err != nil {
		return err
	}
	name, err := b.deployed(ctx, fn)
	if err != nil {
		return err
	}
	out, err := b.functions.Invoke(ctx, &lambda.InvokeInput{FunctionName: aws.String(name), Payload: in})
	if err != nil {
		return err
	}
	if out.FunctionError != nil {
		return errors.New(strings.TrimSpace(string(out.Payload)))
	}
	return nil
}

// deployed gives what LocalStack calls a function: CloudFormation makes the name of the stack, ours and a suffix.
func (b *Stack) deployed(ctx context.Context, fn string) (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if name, ok := b.names[fn]; ok {
		return name, nil
	}
	out, err := b.functions.ListFunctions(ctx, &lambda.ListFunctionsInput{})
	if err != nil {
		return "", fmt.Errorf("list functions: %w", err)
	}
	b.names = map[string]string{}
	for _, f := range out.Functions {
		for _, known := range config.Functions {
			if strings.Contains(strings.ToLower(aws.ToString(f.FunctionName)), known+"function") {
				b.names[known] = aws.ToString(f.FunctionName)
			}
		}
	}
	if name, ok := b.names[fn]; ok {
		return name, nil
	}
	return "", fmt.Errorf("function %s is not deployed", fn)
}

// Turn runs the sweeps and the reconcile again and again until ctx ends, as the deployed schedules would.
func (b *Stack) Turn(ctx context.Context, every time.Duration) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(every):
		}
		for _, name := range []string{
			config.ScheduleTriageSweep, config.ScheduleOpsItemsSweep, config.ScheduleOpsItemsReconcile, config.ScheduleFollowupSweep,
		} {
			_ = b.invoke(ctx, scheduled[name], app.Schedule{Schedule: name, At: time.Now()}) // the next turn heals
		}
	}
}
