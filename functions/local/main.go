// Command local is the whole loop in one process, for trying and developing: pages, API, OpsCenter, inbox, schedules.
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"learningloop/internal/app/local"
	"learningloop/internal/app/local/demo"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "learningloop:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	fill := flag.Bool("demo", false, "fill the loop with weeks of history first")
	flag.Parse()
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	cfg := local.Config{Dir: env("DATA_DIR", ".data"), Public: os.Getenv("PUBLIC_URL"), Log: log}
	ports := local.Ports{Web: env("PORT", "8080"), AWS: env("OPSCENTER_PORT", "8081")}
	if *fill {
		if err := demo.Fill(ctx, demo.Config{Dir: cfg.Dir, Public: address(cfg.Public, ports.Web), Seed: 1, End: time.Now(), Progress: os.Stderr}); err != nil {
			return err
		}
	}
	return local.Serve(ctx, cfg, ports, func(w *local.World) {
		fmt.Printf("Learning Loop is at %s/_local/ (Ctrl-C ends it)\n", w.Public())
	})
}

// address is where people will reach the pages, for the links in the demo's mails.
func address(public, port string) string {
	if public != "" {
		return public
	}
	return "http://127.0.0.1:" + port
}

func env(key, otherwise string) string {
	if v := os.Getenv(key); v != "" {
		return v
	}
	return otherwise
}
