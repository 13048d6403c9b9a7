package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"

	"learningloop/internal/config"
	"learningloop/internal/runtimeapi"
)

const (
	starts    = 20
	mostStart = 30 * time.Millisecond
	mostZip   = 12_000_000
)

// healthEvent is GET /healthz as API Gateway passes it on.
const healthEvent = `{"resource":"/{proxy+}","path":"/healthz","httpMethod":"GET","headers":{"Host":"example.com"},` +
	`"multiValueHeaders":{"Host":["example.com"]},"requestContext":{"stage":"prod","path":"/healthz","httpMethod":"GET"},"isBase64Encoded":false}`

// apiEnv is all that functions/api needs to start without a network.
var apiEnv = []string{
	config.KeyStage + "=bench", config.KeyTableName + "=bench", config.KeyPublicURL + "=https://example.com",
	config.KeyTokenKey + "=0123456789abcdef0123456789abcdef", config.KeyOIDCIssuer + "=https://issuer.example.com",
	config.KeyOIDCClientID + "=bench", config.KeyRegion + "=us-east-1", "AWS_ACCESS_KEY_ID=bench", "AWS_SECRET_ACCESS_KEY=bench",
}

// lambda measures how soon functions answer, and how large they are.
func (b *bench) lambda(ctx context.Context) error {
	api, err := b.build(ctx, "functions/api", runtime.GOARCH, lambdaFlags...)
	if err != nil {
		return err
	}
	hello, err := b.build(ctx, "internal/bench/hello", runtime.GOARCH, lambdaFlags...)
	if err != nil {
		return err
	}
	var ours, theirs []time.Duration
	for range starts { // in turn, so that both meet the same machine
		d, err := firstAnswer(ctx, hello, nil, `{}`, "hello")
		if err != nil {
			return err
		}
		theirs = append(theirs, d)
		if d, err = firstAnswer(ctx, api, apiEnv, healthEvent, `"statusCode":200`); err != nil {
			return err
		}
		ours = append(ours, d)
	}
	slices.Sort(ours)
	slices.Sort(theirs)
	a, h := ours[starts/2], theirs[starts/2]
	b.table.add(a <= mostStart, "api: process start to first answer", "<= 30 ms", "%s (median of %d; %s to %s)", ms(a), starts, ms(ours[0]), ms(ours[starts-1]))
	b.table.note("hello: the same in the same run", "%s (%s to %s); api takes %.1f times that", ms(h), ms(theirs[0]), ms(theirs[starts-1]), float64(a)/float64(h))
	for _, fn := range config.Functions {
		program, err := b.build(ctx, "functions/"+fn, "arm64", lambdaFlags...)
		if err != nil {
			return err
		}
		n, err := zipped(program)
		if err != nil {
			return err
		}
		b.table.add(n <= mostZip, fn+": size of its zip, arm64", "<= 12 MB", "%.1f MB", float64(n)/1e6)
	}
	return nil
}

// firstAnswer starts a function and gives the time until it has answered.
func firstAnswer(ctx context.Context, program string, env []string, event, want string) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	var log bytes.Buffer
	began := time.Now()
	f, err := runtimeapi.Start(ctx, program, env, &log)
	if err != nil {
		return 0, err
	}
	a, err := f.Invoke(ctx, []byte(event))
	took := time.Since(began)
	if err == nil && (a.Failed || !bytes.Contains(a.Body, []byte(want))) {
		err = fmt.Errorf("%s answered %q", program, a.Body)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return 0, fmt.Errorf("%w\n%s", err, log.String())
	}
	return took, nil
}
