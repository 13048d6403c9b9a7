package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"learningloop/internal/feedback"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/links"
	"learningloop/internal/mirror"
	"learningloop/internal/opscenter"
	"learningloop/internal/opscenter/emulator"
	"learningloop/internal/product"
	"learningloop/internal/signal"
	"learningloop/internal/store"
	"learningloop/internal/table/embedded"
)

// counting counts the calls to AWS's API that the adapter makes.
type counting struct {
	opscenter.API
	n int
}

func (c *counting) CreateOpsItem(ctx context.Context, in *ssm.CreateOpsItemInput, o ...func(*ssm.Options)) (*ssm.CreateOpsItemOutput, error) {
	c.n++
	return c.API.CreateOpsItem(ctx, in, o...)
}

func (c *counting) GetOpsItem(ctx context.Context, in *ssm.GetOpsItemInput, o ...func(*ssm.Options)) (*ssm.GetOpsItemOutput, error) {
	c.n++
	return c.API.GetOpsItem(ctx, in, o...)
}

func (c *counting) UpdateOpsItem(ctx context.Context, in *ssm.UpdateOpsItemInput, o ...func(*ssm.Options)) (*ssm.UpdateOpsItemOutput, error) {
	c.n++
	return c.API.UpdateOpsItem(ctx, in, o...)
}

func (c *counting) DescribeOpsItems(ctx context.Context, in *ssm.DescribeOpsItemsInput, o ...func(*ssm.Options)) (*ssm.DescribeOpsItemsOutput, error) {
	c.n++
	return c.API.DescribeOpsItems(ctx, in, o...)
}

// quiet is a meter nobody reads.
type quiet struct{}

func (quiet) FilingFailed(context.Context, id.Improvement, error) {}

// filing is the mirror on an emulator, with a clock that is moved by hand.
type filing struct {
	api    *counting
	mirror *mirror.Service
	team   *improvement.Service
	say    *feedback.Service
	p      product.Product
	now    time.Time
}

// calls counts what filing one episode and keeping it in step costs of AWS's calls.
func (b *bench) calls(ctx context.Context) (err error) {
	e, err := emulator.New(emulator.Config{Account: "111122223333", Region: "us-east-1"})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	addr, stop, err := serve(ctx, e)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	db, err := embedded.OpenMem(embedded.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()

	f := &filing{now: time.Now(), api: &counting{API: ssm.New(ssm.Options{
		Region: "us-east-1", BaseEndpoint: aws.String("http://" + addr), Retryer: aws.NopRetryer{},
		Credentials: credentials.NewStaticCredentialsProvider("bench", "bench", ""),
	})}}
	clock := func() time.Time { return f.now }
	rand := func() string { return fmt.Sprint(f.now.UnixNano()) }
	st := store.New(db, clock)
	filer := mirror.Filer{Links: links.Links{Public: "http://127.0.0.1:8080"}}
	f.mirror = &mirror.Service{Store: st, Center: opscenter.New(f.api, ""), Filer: filer, Meter: quiet{}, Now: clock}
	f.team = &improvement.Service{Store: st, Filer: filer, Now: clock, Rand: rand}
	f.say = &feedback.Service{Store: st, People: []byte("key"), Now: clock, Rand: rand}
	if f.p, err = product.New("shop", "seed", f.now); err != nil {
		return err
	}
	if err := st.SaveProduct(ctx, f.p, nil); err != nil {
		return err
	}
	return f.measure(ctx, &b.table)
}

func (f *filing) measure(ctx context.Context, t *report) error {
	count := func(what, target string, most int, do func() error) error {
		f.api.n = 0
		if err := do(); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		t.add(f.api.n <= most, "AWS calls: "+what, target, "%d", f.api.n)
		return nil
	}
	asked, err := f.asked(ctx)
	if err != nil {
		return err
	}
	raised, err := f.raised(ctx)
	if err != nil {
		return err
	}
	run := func(iid id.Improvement) func() error {
		return func() error { return f.mirror.Run(ctx, iid, 1) }
	}
	return errors.Join(
		count("file what people asked for", "<= 2", 2, run(asked)),
		count("file what an alarm raised", "<= 2", 2, run(raised)),
		count("update after a decision", "<= 1", 1, func() error {
			if _, err := f.team.Decide(ctx, asked, improvement.Decision{Verb: improvement.Start}, improvement.By{Who: "bench"}); err != nil {
				return err
			}
			return f.mirror.Run(ctx, asked, 1)
		}),
		count("update after 12 complaints that raise the priority, which looks first", "<= 2", 2, f.crowd(ctx, asked)),
		count("update of a level set here, which looks first", "<= 2", 2, func() error {
			if _, err := f.team.Edit(ctx, asked, improvement.Edit{Severity: new(1), Priority: new(1)}, improvement.By{Who: "bench"}); err != nil {
				return err
			}
			return f.mirror.Run(ctx, asked, 1)
		}),
		count("update after 12 complaints", "<= 1", 1, f.crowd(ctx, asked)),
		count("nothing changed, for a day", "0", 0, func() error {
			for range 24 * 60 {
				f.now = f.now.Add(time.Minute)
				if _, err := f.mirror.Sweep(ctx); err != nil {
					return err
				}
			}
			return nil
		}),
	)
}

// asked gives an Improvement that a customer asked for and the staff accepted.
func (f *filing) asked(ctx context.Context) (id.Improvement, error) {
	im, err := f.team.Propose(ctx, f.p, improvement.Proposal{Title: "Export all"}, improvement.By{Who: "bench"})
	if err != nil {
		return "", err
	}
	if err := f.complain(ctx, im.ID); err != nil {
		return "", err
	}
	_, err = f.team.Decide(ctx, im.ID, improvement.Decision{Verb: improvement.Accept}, improvement.By{Who: "bench"})
	return im.ID, err
}

// raised gives one that an alarm of severity 1 raised, which a rule accepts.
func (f *filing) raised(ctx context.Context) (id.Improvement, error) {
	w, err := f.say.Receive(ctx, f.p.ID, signal.Signal{
		ID: id.Hash(26, "errors"), Key: "alarm/111122223333/us-east-1/errors", Title: "errors is in alarm", State: signal.Firing, Severity: 1, Time: f.now,
		Category: signal.Availability, Resources: []string{"arn:aws:cloudwatch:us-east-1:111122223333:alarm:errors"},
	})
	if err != nil {
		return "", err
	}
	return f.team.AttachSignal(ctx, w)
}

// crowd has 12 people complain within a quarter of an hour.
func (f *filing) crowd(ctx context.Context, iid id.Improvement) func() error {
	return func() error {
		for range 12 {
			if err := f.complain(ctx, iid); err != nil {
				return err
			}
			if err := f.mirror.Run(ctx, iid, 1); err != nil {
				return err
			}
		}
		f.now = f.now.Add(improvement.PushEvery)
		return f.mirror.Run(ctx, iid, 1)
	}
}

func (f *filing) complain(ctx context.Context, iid id.Improvement) error {
	f.now = f.now.Add(time.Second)
	w, err := f.say.Submit(ctx, feedback.Draft{
		Product: "shop", Kind: feedback.Problem, Text: "Exports stop.", Submitter: feedback.DraftSubmitter{Company: fmt.Sprint("Company ", f.now.UnixNano())},
	}, "", feedback.API)
	if err != nil {
		return err
	}
	return f.team.Attach(ctx, iid, w.ID, improvement.By{Who: "bench"})
}
