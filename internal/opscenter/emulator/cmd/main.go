// Command cmd runs the OpsCenter emulator alone, for any AWS SDK or CLI and for a browser.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"

	"learningloop/internal/opscenter/emulator"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "opscenter:", err)
		os.Exit(1)
	}
}

const consolePath = "/_local/opscenter"

// options are what the flags say besides the emulator's own configuration.
type options struct {
	addr, events, notifications string
	hosts                       []string
}

// run serves until ctx ends. Events and notifications go to stdout where the flags say so, the log to stderr.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	cfg, opt, err := readFlags(args, stderr)
	if err != nil {
		return err // says what is wrong with the flags
	}
	cfg.Log = slog.New(slog.NewTextHandler(stderr, nil))
	events, err := openSink(opt.events, stdout)
	if err != nil {
		return err // says which file
	}
	notifications, err := openSink(opt.notifications, stdout)
	if err != nil {
		return errors.Join(err, events.close())
	}
	if events != nil {
		cfg.Events = func(ctx context.Context, event json.RawMessage) error { return events.send(ctx, event) }
	}
	if notifications != nil {
		cfg.Notify = func(ctx context.Context, n emulator.Notification) error {
			text, err := json.Marshal(n)
			if err != nil {
				return fmt.Errorf("encode a notification: %w", err)
			}
			return notifications.send(ctx, text)
		}
	}
	e, err := emulator.New(cfg)
	if err != nil {
		return errors.Join(err, events.close(), notifications.close())
	}
	err = serve(ctx, opt, handler(e, opt.hosts), cfg.Log)
	return errors.Join(err, e.Close(), events.close(), notifications.close())
}

func readFlags(args []string, stderr io.Writer) (cfg emulator.Config, opt options, err error) {
	flags := flag.NewFlagSet("opscenter", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&opt.addr, "addr", "127.0.0.1:8081", "address to listen on")
	flags.Func("host", "another name that requests may call this machine by, besides localhost and its addresses; as often as needed", func(v string) error {
		opt.hosts = append(opt.hosts, v)
		return nil
	})
	flags.StringVar(&opt.events, "events", "", "where EventBridge events go: a URL to post each to as JSON, a file to add a line of JSON to, or - for standard output; empty: nowhere")
	flags.StringVar(&opt.notifications, "notifications", "", "where messages to SNS topics go, likewise: {\"TopicArn\", \"Subject\", \"Message\", \"OpsItemId\"}")
	flags.StringVar(&cfg.Dir, "dir", "", "where OpsItems are kept; empty: in memory only")
	flags.StringVar(&cfg.Account, "account", "000000000000", "AWS account id")
	flags.StringVar(&cfg.Region, "region", "us-east-1", "AWS Region; requests signed for another are refused")
	flags.Float64Var(&cfg.Rate, "rate", 0, "requests a second before ThrottlingException; 0: no limit")
	flags.IntVar(&cfg.Burst, "burst", 0, "requests above that rate at once; 0: as many as -rate")
	flags.DurationVar(&cfg.DeletionDelay, "deletion-delay", emulator.DefaultDeletionDelay, "how long a deleted OpsItem can still be read; 0: not at all")
	flags.DurationVar(&cfg.MaxClockSkew, "clock-skew", 0, "how far a signature's date may be off; 0: not looked at, AWS allows 5m")
	flags.StringVar(&cfg.Operator, "operator", "", "ARN under which edits from the console are made")
	flags.IntVar(&cfg.Quotas.Monthly, "monthly", 0, "OpsItems that can be created in a month; 0: AWS's 10,000")
	flags.IntVar(&cfg.Quotas.Total, "total", 0, "OpsItems in all; 0: AWS's 500,000")
	quotas := map[string]*int{
		"data-value": &cfg.Quotas.DataValue, "automations": &cfg.Quotas.Automations, "resources": &cfg.Quotas.Resources,
		"related-ops-items": &cfg.Quotas.RelatedOpsItems, "dedup-string": &cfg.Quotas.DedupString, "tags": &cfg.Quotas.Tags,
	}
	flags.Func("quota", "NAME=N: another quota, data-value (bytes), automations, resources, related-ops-items, dedup-string (characters) or tags; as often as needed", func(v string) error {
		name, text, _ := strings.Cut(v, "=")
		n, err := strconv.Atoi(text)
		if quotas[name] == nil || err != nil || n < 1 {
			return errors.New("want NAME=N")
		}
		*quotas[name] = n
		return nil
	})
	cfg.Callers = map[string]string{}
	flags.Func("caller", "ACCESS-KEY-ID=ARN: who requests signed with that key are from; as often as needed", func(v string) error {
		key, arn, ok := strings.Cut(v, "=")
		if !ok || key == "" || arn == "" {
			return errors.New("want ACCESS-KEY-ID=ARN")
		}
		cfg.Callers[key] = arn
		return nil
	})
	if err = flags.Parse(args); err == nil && flags.NArg() > 0 {
		err = fmt.Errorf("%q is no flag", flags.Arg(0))
	}
	if cfg.DeletionDelay == 0 {
		cfg.DeletionDelay = -1 // Config takes 0 for its own default
	}
	return cfg, opt, err
}
