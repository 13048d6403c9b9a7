// Command cmd runs the OpsCenter emulator alone, for any AWS SDK or CLI and for a browser.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"learningloop/internal/opscenter/emulator"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "opscenter:", err)
		os.Exit(1)
	}
}

const consolePath = "/_local/opscenter"

// run serves until ctx ends.
func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("opscenter", flag.ContinueOnError)
	addr := flags.String("addr", "127.0.0.1:8081", "address to listen on")
	dir := flags.String("dir", "", "where OpsItems are kept; empty: in memory only")
	account := flags.String("account", "000000000000", "AWS account id")
	region := flags.String("region", "us-east-1", "AWS Region; requests signed for another are refused")
	events := flags.String("events", "", "URL that each EventBridge event is posted to as JSON")
	rate := flags.Float64("rate", 0, "requests a second before ThrottlingException; 0: no limit")
	monthly := flags.Int("monthly", 0, "OpsItems that can be created in a month; 0: AWS's 10,000")
	total := flags.Int("total", 0, "OpsItems in all; 0: AWS's 500,000")
	callers := map[string]string{}
	flags.Func("caller", "ACCESS-KEY-ID=ARN: who requests signed with that key are from; as often as needed", func(v string) error {
		key, arn, ok := strings.Cut(v, "=")
		if !ok || key == "" || arn == "" {
			return errors.New("want ACCESS-KEY-ID=ARN")
		}
		callers[key] = arn
		return nil
	})
	if err := flags.Parse(args); err != nil {
		return err // says what is wrong with the flags
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	cfg := emulator.Config{
		Account: *account, Region: *region, Dir: *dir, Rate: *rate, Log: log, Callers: callers,
		Quotas: emulator.Quotas{Monthly: *monthly, Total: *total},
	}
	if *events != "" {
		cfg.Events = func(ctx context.Context, event json.RawMessage) error { return post(ctx, *events, event) }
	}
	e, err := emulator.New(cfg)
	if err != nil {
		return err // says what it is about
	}
	mux := http.NewServeMux()
	mux.Handle("/", e)
	mux.Handle(consolePath, e.ConsoleHandler(consolePath))
	mux.Handle(consolePath+"/", e.ConsoleHandler(consolePath))
	err = serve(ctx, *addr, mux, log)
	return errors.Join(err, e.Close())
}

// Time limits of the server: a client that sends its headers slowly is not a client, and the rest has time to spare.
const (
	headerTimeout   = 5 * time.Second
	shutdownTimeout = 5 * time.Second
)

func serve(ctx context.Context, addr string, h http.Handler, log *slog.Logger) error {
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	srv := &http.Server{Handler: h, ReadHeaderTimeout: headerTimeout}
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
		defer cancel()
		stopped <- srv.Shutdown(ctx)
	})
	log.InfoContext(ctx, "serving OpsCenter", "endpoint", "http://"+ln.Addr().String(), "console", "http://"+ln.Addr().String()+consolePath)
	if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		stop()
		return fmt.Errorf("serve: %w", err)
	}
	return <-stopped
}

func post(ctx context.Context, url string, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("post an event: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("post an event: %w", err)
	}
	if err := resp.Body.Close(); err != nil {
		return fmt.Errorf("post an event: %w", err)
	}
	if resp.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("post an event: %s", resp.Status)
	}
	return nil
}
