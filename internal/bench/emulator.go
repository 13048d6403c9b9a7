package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"learningloop/internal/opscenter/emulator"
)

const (
	opsItems     = 100_000
	mostDescribe = 10 * time.Millisecond
)

// emulator measures OpsCenter's emulator over HTTP, durable, with 16 clients.
func (b *bench) emulator(ctx context.Context) (err error) {
	dir, err := b.sub("opscenter")
	if err != nil {
		return err
	}
	e, err := emulator.New(emulator.Config{Account: "111122223333", Region: "us-east-1", Dir: dir, Quotas: emulator.Quotas{Monthly: 2 * opsItems}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	addr, stop, err := serve(ctx, e)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()

	var mu sync.Mutex
	var ids []string
	create := load{
		addr: addr, clients: 16, n: opsItems, want: http.StatusOK,
		request: func(i int) []byte { return opsRequest(addr, "CreateOpsItem", opsItem(i)) },
		answer: func(body []byte) error {
			var out struct{ OpsItemId string } //nolint:revive // AWS's name
			err := json.Unmarshal(body, &out)
			mu.Lock()
			defer mu.Unlock()
			ids = append(ids, out.OpsItemId)
			return err
		},
	}
	out, err := create.run(ctx)
	if err != nil {
		return err
	}
	b.table.add(out.perSecond() >= 5000 && out.errors == 0, fmt.Sprintf("OpsCenter emulator: Create of %d, 16 clients", opsItems), ">= 5000/s", "%s", out)
	if len(ids) == 0 {
		return errors.New("no OpsItem was created")
	}
	out, err = load{
		addr: addr, clients: 16, n: burst * 2, want: http.StatusOK,
		request: func(i int) []byte {
			return opsRequest(addr, "GetOpsItem", map[string]any{"OpsItemId": ids[i*7919%len(ids)]})
		},
	}.run(ctx)
	if err != nil {
		return err
	}
	b.table.add(out.perSecond() >= 10_000 && out.errors == 0, "OpsCenter emulator: Get, 16 clients", ">= 10000/s", "%s", out)
	if err := b.describe(ctx, addr); err != nil {
		return err
	}
	return b.calls(ctx)
}

// describe measures finding 50 of all OpsItems.
func (b *bench) describe(ctx context.Context, addr string) error {
	for _, f := range []struct{ name, key, operator, value string }{
		{"operational data", "OperationalData", "Equal", `{"key":"batch","value":"7"}`},
		{"title contains", "Title", "Contains", "(batch 7)"},
	} {
		found := 0
		out, err := load{
			addr: addr, clients: 1, n: 51, want: http.StatusOK,
			request: func(int) []byte {
				return opsRequest(addr, "DescribeOpsItems", map[string]any{
					"OpsItemFilters": []any{map[string]any{"Key": f.key, "Operator": f.operator, "Values": []string{f.value}}}, "MaxResults": 50,
				})
			},
			answer: func(body []byte) error {
				found = strings.Count(string(body), `"OpsItemId"`)
				return nil
			},
		}.run(ctx)
		if err != nil {
			return err
		}
		slices.Sort(out.times)
		b.table.add(out.at(0.5) < mostDescribe && found == 50 && out.errors == 0, fmt.Sprintf("OpsCenter emulator: Describe 50 of %d, %s", opsItems, f.name), "< 10 ms",
			"p50 %s, p99 %s, %d found", ms(out.at(0.5)), ms(out.at(0.99)), found)
	}
	return nil
}

// opsItem is the i-th one; each 50 of them are a batch.
func opsItem(i int) map[string]any {
	group := fmt.Sprint(i / 50)
	return map[string]any{
		"Title": fmt.Sprintf("OpsItem %d (batch %s)", i, group), "Source": "bench", "Description": words(i, chars), "Severity": fmt.Sprint(1 + i%4),
		"OperationalData": map[string]any{"batch": map[string]any{"Type": "SearchableString", "Value": group}},
	}
}

// opsRequest is a call of the AWS JSON 1.1 protocol. The emulator looks at the signature's form, not at its secret.
func opsRequest(addr, operation string, in any) []byte {
	body, err := json.Marshal(in)
	if err != nil { // strings and lists always marshal
		return nil
	}
	now := time.Now().UTC()
	return fmt.Appendf(nil, "POST / HTTP/1.1\r\nHost: %s\r\nContent-Type: application/x-amz-json-1.1\r\nX-Amz-Target: AmazonSSM.%s\r\nX-Amz-Date: %s\r\n"+
		"Authorization: AWS4-HMAC-SHA256 Credential=bench/%s/us-east-1/ssm/aws4_request, SignedHeaders=host;x-amz-date, Signature=%064d\r\nContent-Length: %d\r\n\r\n%s",
		addr, operation, now.Format("20060102T150405Z"), now.Format("20060102"), 0, len(body), body)
}

// serve answers on a port of its own until stop.
func serve(ctx context.Context, h http.Handler) (addr string, stop func() error, err error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	srv := &http.Server{Handler: h, ReadHeaderTimeout: time.Second}
	go func() { _ = srv.Serve(l) }() // ends with stop
	return l.Addr().String(), srv.Close, nil
}
