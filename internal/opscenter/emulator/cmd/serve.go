package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"learningloop/internal/opscenter/emulator"
)

// handler serves AWS's endpoint and the console. It is no http.ServeMux, which would redirect a request to a path such
// as // where AWS refuses it.
func handler(e *emulator.Emulator, hosts []string) http.Handler {
	console := e.ConsoleHandler(consolePath)
	return known(hosts, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == consolePath || strings.HasPrefix(r.URL.Path, consolePath+"/") {
			console.ServeHTTP(w, r)
			return
		}
		e.ServeHTTP(w, r)
	}))
}

// known refuses requests that call this machine by a name which it was not given: a page elsewhere can make its own name
// point here and would then count as the same site (DNS rebinding). It cannot do so with an address.
func known(hosts []string, next http.Handler) http.Handler {
	hosts = append([]string{"localhost"}, hosts...)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = strings.Trim(r.Host, "[]")
		}
		if _, err := netip.ParseAddr(host); err != nil && !slices.ContainsFunc(hosts, func(h string) bool { return strings.EqualFold(h, host) }) {
			text, _ := json.Marshal(map[string]string{ // strings only
				"__type": "MisdirectedRequest", "message": "This server does not know itself by the name " + host + "; -host adds one.",
			})
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("X-Content-Type-Options", "nosniff")
			w.WriteHeader(http.StatusMisdirectedRequest)
			_, _ = w.Write(text) // the client may be gone
			return
		}
		next.ServeHTTP(w, r)
	})
}

// Time limits of the server: a client that sends its headers slowly is not a client, and the rest has time to spare.
const (
	headerTimeout   = 5 * time.Second
	shutdownTimeout = 5 * time.Second
)

func serve(ctx context.Context, opt options, h http.Handler, log *slog.Logger) error {
	ln, err := net.Listen("tcp", opt.addr)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	requests, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	srv := &http.Server{Handler: h, ReadHeaderTimeout: headerTimeout, BaseContext: func(net.Listener) context.Context { return requests }}
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		cut() // an answer that is delayed on purpose is not waited for
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
		defer cancel()
		err := srv.Shutdown(ctx)
		if errors.Is(err, context.DeadlineExceeded) {
			err = srv.Close()
		}
		stopped <- err
	})
	url := "http://" + ln.Addr().String()
	log.InfoContext(ctx, "serving OpsCenter", "endpoint", url, "console", url+consolePath,
		"events", cmp.Or(opt.events, "not sent; see -events"), "notifications", cmp.Or(opt.notifications, "not sent; see -notifications"))
	if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		stop()
		return fmt.Errorf("serve: %w", err)
	}
	return <-stopped
}
