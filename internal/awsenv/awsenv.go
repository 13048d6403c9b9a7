// Package awsenv sets up what every Lambda function needs of AWS: clients, the table, the token key, logs. Retries are
// owned here and nowhere else for storage; OpsCenter and SES are retried by their stored orders, so their clients try once.
package awsenv

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"learningloop/internal/config"
	"learningloop/internal/obs"
	"learningloop/internal/opscenter"
	"learningloop/internal/store"
	"learningloop/internal/table/dynamo"
	"learningloop/internal/token"
)

// Env is what a function's main builds its handler from.
type Env struct {
	AWS     aws.Config
	Log     *slog.Logger
	Store   *store.Store
	Metrics *obs.Metrics
}

// Start sets a function up. It makes no call to AWS.
func Start(ctx context.Context, c config.Common) (Env, error) {
	cfg, err := awsconfig.LoadDefaultConfig(ctx)
	if err != nil {
		return Env{}, fmt.Errorf("load AWS configuration: %w", err)
	}
	log := slog.New(atLeast{lambdacontext.NewLogHandler(), c.LogLevel})
	env := Env{
		AWS: cfg, Log: log, Store: store.New(dynamo.New(dynamodb.NewFromConfig(cfg), c.TableName, dynamo.Options{}), time.Now),
		Metrics: obs.NewMetrics(os.Stdout, c.Stage, time.Now, log),
	}
	env.Store.Observe(env.Metrics.Reached)
	return env, nil
}

// atLeast keeps back what is below a level; Lambda's own setting may keep back more.
type atLeast struct {
	slog.Handler
	level slog.Level
}

// Enabled implements slog.Handler.
func (h atLeast) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= h.level && h.Handler.Enabled(ctx, l)
}

// WithAttrs implements slog.Handler.
func (h atLeast) WithAttrs(a []slog.Attr) slog.Handler {
	return atLeast{h.Handler.WithAttrs(a), h.level}
}

// WithGroup implements slog.Handler.
func (h atLeast) WithGroup(name string) slog.Handler {
	return atLeast{h.Handler.WithGroup(name), h.level}
}

// Tokens gives the keys of tokens: those of the environment, or those of Secrets Manager.
func (e Env) Tokens(ctx context.Context, k config.TokenKey) (token.Keys, error) {
	if k.Literal != "" {
		return token.New(k.Literal)
	}
	out, err := secretsmanager.NewFromConfig(e.AWS).GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: aws.String(k.SecretARN)})
	if err != nil {
		return token.Keys{}, fmt.Errorf("read token key: %w", err)
	}
	return token.New(aws.ToString(out.SecretString))
}

// Center is OpsCenter.
func (e Env) Center(topic string) *opscenter.Center {
	return opscenter.New(ssm.NewFromConfig(e.AWS, func(o *ssm.Options) { o.Retryer = aws.NopRetryer{} }), topic)
}

// Random is 128 random bits as 32 hex characters. crypto/rand never fails (Go 1.24).
func Random() string {
	var b [16]byte
	_, _ = io.ReadFull(rand.Reader, b[:])
	return hex.EncodeToString(b[:])
}

// Transport is how a function reaches others over HTTP.
func Transport() http.RoundTripper { return http.DefaultTransport }
