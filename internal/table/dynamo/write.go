package dynamo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"learningloop/internal/fault"
	"learningloop/internal/table"
)

// Codes of errors and of the reasons why a transaction was cancelled.
const (
	codeValidation   = "ValidationException"
	reasonCondition  = "ConditionalCheckFailed"
	reasonConflict   = "TransactionConflict"
	reasonValidation = "ValidationError"
)

// Write is table.Table's.
func (t *Table) Write(ctx context.Context, ops ...table.Op) error {
	if err := table.CheckWrite(ops); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return cancelled(err)
	}
	var err error
	if len(ops) == 1 && ops[0].Kind == table.OpCheck {
		err = t.check(ctx, ops[0])
	} else {
		err = t.write(ctx, ops)
	}
	if _, ok := table.Conflict(err); err == nil || ok {
		return err
	}
	return fmt.Errorf("write %s and %d more: %w", ops[0].Row.Key, len(ops)-1, err)
}

// check is a check alone, which a consistent read does for a quarter of a transaction's price.
func (t *Table) check(ctx context.Context, op table.Op) error {
	r, err := t.load(ctx, op.Row.Key, true)
	if err != nil {
		return err
	}
	if r = visible(r, t.clock()); !op.Cond.Match(r) {
		return &table.ConflictError{Failed: []table.Failed{{Key: op.Row.Key, Current: r}}}
	}
	return nil
}

// write applies the operations, again where a row that they only assumed turns out to be another.
func (t *Table) write(ctx context.Context, ops []table.Op) error {
	now := t.clock()
	plan := make([]step, len(ops))
	for i := range ops {
		plan[i] = step{op: &ops[i], now: now}
	}
	if err := t.assume(ctx, plan, now); err != nil {
		return err
	}
	b := backoff{t: t}
	for {
		refused, err := t.attempt(ctx, plan, &b)
		if err != nil || len(refused) == 0 {
			return err
		}
		if conflict := settle(plan, refused, now); conflict != nil {
			return conflict
		}
		if err := b.moved(ctx); err != nil {
			return err
		}
	}
}

// assume reads the rows whose version a put must go on from though its condition does not say it.
func (t *Table) assume(ctx context.Context, plan []step, now time.Time) error {
	var keys []table.Key
	for i := range plan {
		if plan[i].assumes() {
			keys = append(keys, plan[i].op.Row.Key)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	found, err := t.batch(ctx, keys, true)
	if err != nil {
		return err
	}
	for i := range plan {
		if plan[i].assumes() {
			plan[i].assumed = visible(found[plan[i].op.Row.Key], now)
		}
	}
	return nil
}

// refusal is a condition that DynamoDB says does not hold.
type refusal struct {
	op  int
	row *table.Row // as it is stored, expired or not
}

// settle decides what refusals mean: a conflict where a condition of the caller's does not hold, else nil, with the plan
// changed to go by the rows that were in the way.
func settle(plan []step, refused []refusal, now time.Time) error {
	conflict := &table.ConflictError{}
	for _, r := range refused {
		s, cur := &plan[r.op], visible(r.row, now)
		if !s.op.Cond.Match(cur) || !s.adapts() {
			conflict.Failed = append(conflict.Failed, table.Failed{Op: r.op, Key: s.op.Row.Key, Current: cur})
			continue
		}
		s.assumed, s.over = cur, r.row != nil && cur == nil
	}
	if len(conflict.Failed) > 0 {
		return conflict
	}
	return nil
}

// attempt sends the plan until it is applied or refused.
func (t *Table) attempt(ctx context.Context, plan []step, b *backoff) ([]refusal, error) {
	if len(plan) == 1 {
		return t.one(ctx, &plan[0], b)
	}
	return t.transact(ctx, plan, b)
}

// one applies a single operation.
func (t *Table) one(ctx context.Context, s *step, b *backoff) ([]refusal, error) {
	send, err := t.single(s)
	if err != nil {
		return nil, err
	}
	for {
		err := send(ctx)
		if err == nil {
			return nil, nil
		}
		if c, ok := errors.AsType[*types.ConditionalCheckFailedException](err); ok {
			if b.lost {
				return nil, fault.Wrap(fault.Unavailable, "outcome_unknown", "The storage did not say whether it did it.", err)
			}
			r, err := toRow(c.Item)
			return []refusal{{row: r}}, err
		}
		if err := b.again(ctx, err, s.repeatable()); err != nil {
			return nil, writeError(err)
		}
	}
}

// transact applies several operations as one. Its token makes repeating it harmless.
func (t *Table) transact(ctx context.Context, plan []step, b *backoff) ([]refusal, error) {
	in := &dynamodb.TransactWriteItemsInput{ClientRequestToken: aws.String(token())}
	for i := range plan {
		w, err := t.transactItem(&plan[i])
		if err != nil {
			return nil, err
		}
		in.TransactItems = append(in.TransactItems, w)
	}
	for {
		_, err := call(ctx, t.client.TransactWriteItems, in)
		if err == nil {
			return nil, nil
		}
		if c, ok := errors.AsType[*types.TransactionCanceledException](err); ok {
			if refused, err := refusals(c.CancellationReasons); err != nil || len(refused) > 0 {
				return refused, err
			}
		}
		if err := b.again(ctx, err, true); err != nil {
			return nil, writeError(err)
		}
	}
}

func refusals(reasons []types.CancellationReason) ([]refusal, error) {
	var refused []refusal
	for i, reason := range reasons {
		switch aws.ToString(reason.Code) {
		case reasonCondition:
			r, err := toRow(reason.Item)
			if err != nil {
				return nil, err
			}
			refused = append(refused, refusal{op: i, row: r})
		case reasonValidation:
			return nil, fault.New(fault.Invalid, "refused_row", "The storage does not take the row: "+aws.ToString(reason.Message))
		}
	}
	return refused, nil
}

// writeError reads what DynamoDB refuses although the port's limits hold: a row that grew too large by additions, or an
// addition to what is not a number.
func writeError(err error) error {
	if api, ok := errors.AsType[smithy.APIError](err); ok && api.ErrorCode() == codeValidation {
		return fault.Wrap(fault.Invalid, "refused_row", "The storage does not take the row.", err)
	}
	return err
}
