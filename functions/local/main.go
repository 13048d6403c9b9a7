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

	"learningloop/internal/app/local"
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
	demo := flag.Bool("demo", false, "fill the loop with weeks of history first")
	flag.Parse()
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	cfg := local.Config{Dir: env("DATA_DIR", ".data"), Public: os.Getenv("PUBLIC_URL"), Log: log}
	ports := local.Ports{Web: env("PORT", "8080"), AWS: env("OPSCENTER_PORT", "8081")}
	_ = demo
	return local.Serve(ctx, cfg, ports, func(w *local.World) {
		fmt.Printf("Learning Loop is at %s/_local/ (Ctrl-C ends it)\n", w.Public())
	})
}

func env(key, otherwise string) string {
	if v := os.Getenv(key); v != "" {
		return v
	}
	return otherwise
}
