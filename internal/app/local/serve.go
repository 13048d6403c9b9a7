package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Ports are where a World is served, on loopback only.
type Ports struct{ Web, AWS string }

func loopback(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = hostport
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func isOpsItem(event []byte) bool {
	var head struct {
		Source string `json:"source"`
	}
	return json.Unmarshal(event, &head) == nil && head.Source == "aws.ssm"
}

// Serve opens a World, serves it, and keeps the loop turning until ctx ends; then it finishes what is under way. ready is
// called when it answers.
func Serve(ctx context.Context, cfg Config, ports Ports, ready func(*World)) error {
	thrifty()
	webAt, err := listen("PORT", ports.Web)
	if err != nil {
		return err
	}
	awsAt, err := listen("OPSCENTER_PORT", ports.AWS)
	if err != nil {
		return errors.Join(err, webAt.Close())
	}
	if cfg.Public == "" {
		cfg.Public = "http://" + webAt.Addr().String()
	}
	cfg.AWSAddress = "http://" + awsAt.Addr().String()
	w, err := New(ctx, cfg)
	if err != nil {
		return errors.Join(err, webAt.Close(), awsAt.Close())
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	servers := []*http.Server{server(w.Handler(), cfg.Log), server(w.AWS(), cfg.Log)}
	failed := make(chan error, len(servers))
	for i, l := range []net.Listener{webAt, awsAt} {
		go func() { failed <- servers[i].Serve(l) }()
	}
	turning := make(chan struct{})
	go func() { w.Run(ctx); close(turning) }()
	if ready != nil {
		ready(w)
	}
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	cancel()
	<-turning
	const grace = 5 * time.Second
	stop, done := context.WithTimeout(context.Background(), grace)
	defer done()
	for _, s := range servers {
		err = errors.Join(err, s.Shutdown(stop))
	}
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	return errors.Join(err, w.Close())
}

// listen takes a port on loopback and says which setting names another one.
func listen(setting, port string) (net.Listener, error) {
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", port))
	if err != nil {
		return nil, fmt.Errorf("listen on port %s (set %s to use another): %w", port, setting, err)
	}
	return l, nil
}

// server has a bound on everything a client may be slow at.
func server(h http.Handler, log *slog.Logger) *http.Server {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &http.Server{
		Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 20 * time.Second, WriteTimeout: 60 * time.Second,
		IdleTimeout: 2 * time.Minute, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
}
