package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
)

// sink takes one JSON object after the other. The emulator calls it from one place at a time.
type sink struct {
	url   string // posted to; or
	lines io.Writer
	file  *os.File // closed at the end, where lines is one of ours
}

// openSink opens what a flag names: a URL, - for standard output, or a file; nil for nothing.
func openSink(to string, stdout io.Writer) (*sink, error) {
	switch {
	case to == "":
		return nil, nil //nolint:nilnil // a nil sink is none, and can be closed
	case to == "-":
		return &sink{lines: stdout}, nil
	case strings.HasPrefix(to, "http://"), strings.HasPrefix(to, "https://"):
		return &sink{url: to}, nil
	}
	f, err := os.OpenFile(to, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open a file for JSON lines: %w", err)
	}
	return &sink{lines: f, file: f}, nil
}

// send hands one object over.
func (s *sink) send(ctx context.Context, object []byte) error {
	if s.url != "" {
		return post(ctx, s.url, object)
	}
	if _, err := s.lines.Write(append(bytes.Clone(object), '\n')); err != nil {
		return fmt.Errorf("write a line: %w", err)
	}
	return nil
}

func (s *sink) close() error {
	if s == nil || s.file == nil {
		return nil
	}
	return s.file.Close() // says which file
}

func post(ctx context.Context, url string, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("post: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("post: %w", err)
	}
	if err := resp.Body.Close(); err != nil {
		return fmt.Errorf("post: %w", err)
	}
	if resp.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("post to %s: %s", url, resp.Status)
	}
	return nil
}
