package dynamo

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"learningloop/internal/fault"
)

// Retries with full jitter (AWS Architecture Blog, "Exponential Backoff And Jitter"): ten attempts wait 2.4 seconds on
// average and 4.6 at most, which leaves a function time to answer.
const (
	defaultAttempts = 10
	baseDelay       = 25 * time.Millisecond
	maxDelay        = time.Second
	attemptTimeout  = 10 * time.Second // a connection that says nothing for so long is dead; DynamoDB answers in milliseconds
)

// class is what an error of one attempt means for the next.
type class int

const (
	final     class = iota // another attempt would fail the same way
	busy                   // not applied: another transaction has the row, or the request never left
	throttled              // not applied; later
	lost                   // applied or not: the answer did not come
)

// classify reads an error of the SDK.
func classify(err error) class {
	if c, ok := errors.AsType[*types.TransactionCanceledException](err); ok {
		return classifyReasons(c.CancellationReasons)
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return busy
	}
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		switch api.ErrorCode() {
		case "ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded", "Throttling", "LimitExceededException":
			return throttled
		case "TransactionConflictException", "TransactionInProgressException", "ReplicatedWriteConflictException":
			return busy
		case "InternalServerError", "InternalFailure", "ServiceUnavailable", "ServiceUnavailableException":
			return lost
		}
	}
	if res, ok := errors.AsType[*awshttp.ResponseError](err); ok {
		switch status := res.HTTPStatusCode(); {
		case status == 429:
			return throttled
		case status >= 500:
			return lost
		case status >= 400:
			return final
		}
		return lost // an answer that could not be read
	}
	if _, ok := errors.AsType[*aws.RequestCanceledError](err); ok {
		return lost // the attempt's own time was up
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return lost
	}
	if _, ok := errors.AsType[*smithy.OperationError](err); ok && errors.Is(err, context.DeadlineExceeded) {
		return lost
	}
	return final
}

// classifyReasons reads why a transaction was cancelled: it can be tried again where nothing but time was in its way.
func classifyReasons(reasons []types.CancellationReason) class {
	c := final
	for _, r := range reasons {
		switch aws.ToString(r.Code) {
		case "None", "":
		case reasonConflict:
			c = max(c, busy)
		case "ThrottlingError", "ProvisionedThroughputExceeded":
			c = max(c, throttled)
		default:
			return final
		}
	}
	return c
}

// backoff counts the attempts of one call of the port.
type backoff struct {
	t    *Table
	made int
	lost bool // an attempt may have been applied
}

// call makes one attempt without the SDK's own retries.
func call[In, Out any](ctx context.Context, do func(context.Context, *In, ...func(*dynamodb.Options)) (*Out, error), in *In) (*Out, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	return do(ctx, in, once)
}

func once(o *dynamodb.Options) { o.Retryer = aws.NopRetryer{} }

// again says whether to make another attempt after err, and waits before it. What it returns is the port's error; nil
// means try again. repeatable says whether the call may be applied twice.
func (b *backoff) again(ctx context.Context, err error, repeatable bool) error {
	if ctx.Err() != nil {
		return cancelled(ctx.Err())
	}
	c := classify(err)
	b.made++
	switch {
	case c == final:
		return err
	case c == lost && !repeatable:
		return fault.Wrap(fault.Unavailable, "storage_unavailable", "The storage did not answer.", err)
	case b.made >= b.t.attempts && c == throttled:
		return fault.Wrap(fault.RateLimited, "storage_throttled", "The storage has too much to do.", err)
	case b.made >= b.t.attempts:
		return fault.Wrap(fault.Unavailable, "storage_unavailable", "The storage could not do it in time.", err)
	}
	b.lost = b.lost || c == lost
	return b.wait(ctx)
}

// moved counts an attempt that failed because a row changed between a read and the write, and waits.
func (b *backoff) moved(ctx context.Context) error {
	b.made++
	if b.made >= b.t.attempts {
		return fault.New(fault.Unavailable, "storage_contended", "The row is being written by too many.")
	}
	return b.wait(ctx)
}

func (b *backoff) wait(ctx context.Context) error {
	ceiling := min(maxDelay, baseDelay<<min(b.made-1, 10))
	if err := b.t.sleep(ctx, time.Duration(b.t.random()*float64(ceiling))); err != nil {
		return cancelled(err)
	}
	return nil
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

func cancelled(err error) error { return fmt.Errorf("dynamo: %w", err) }

// retry makes a call that may be repeated until it is done or hopeless.
func retry[In, Out any](ctx context.Context, t *Table, do func(context.Context, *In, ...func(*dynamodb.Options)) (*Out, error), in *In) (*Out, error) {
	b := backoff{t: t}
	for {
		out, err := call(ctx, do, in)
		if err == nil {
			return out, nil
		}
		if err := b.again(ctx, err, true); err != nil {
			return nil, err
		}
	}
}
