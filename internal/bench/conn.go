package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// conn is one client: a kept-alive connection that sends requests made beforehand. net/http's client costs as much of the
// processor as the server does; on the same two cores that would measure the client.
type conn struct {
	c  net.Conn
	br *bufio.Reader

	body bytes.Buffer
}

func dial(ctx context.Context, addr string) (*conn, error) {
	c, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	return &conn{c: c, br: bufio.NewReaderSize(c, 4<<10)}, nil
}

func (c *conn) close() { _ = c.c.Close() } // nothing is under way

// do sends a whole request and gives its answer; body is good until the next one.
func (c *conn) do(request []byte) (status int, body []byte, err error) {
	const patience = 30 * time.Second // a client that waits longer has given up
	if err := c.c.SetDeadline(time.Now().Add(patience)); err != nil {
		return 0, nil, err
	}
	if _, err := c.c.Write(request); err != nil {
		return 0, nil, fmt.Errorf("send: %w", err)
	}
	resp, err := http.ReadResponse(c.br, nil)
	if err != nil {
		return 0, nil, fmt.Errorf("read answer: %w", err)
	}
	c.body.Reset()
	_, err = c.body.ReadFrom(resp.Body)
	return resp.StatusCode, c.body.Bytes(), errors.Join(err, resp.Body.Close())
}
