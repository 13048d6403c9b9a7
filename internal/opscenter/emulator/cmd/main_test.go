package main

import (
	"context"
	"strings"
	"testing"
	"time"
)

func TestRun(t *testing.T) {
	for _, tc := range []struct {
		name string
		args []string
		want string // a part of the error; "" for none
	}{
		{"until it is told to stop", []string{"-addr", "127.0.0.1:0"}, ""},
		{"with a journal", []string{"-addr", "127.0.0.1:0", "-dir", t.TempDir()}, ""},
		{"with callers", []string{"-addr", "127.0.0.1:0", "-caller", "A=arn:a", "-caller", "B=arn:b=c"}, ""},
		{"caller", []string{"-caller", "A"}, "ACCESS-KEY-ID=ARN"},
		{"account", []string{"-account", "five"}, "12 digits"},
		{"Region", []string{"-region", "moon"}, "not an AWS Region"},
		{"address", []string{"-addr", "127.0.0.1:99999"}, "listen"},
		{"flag", []string{"-colour"}, "colour"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			err := run(ctx, tc.args)
			if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}
