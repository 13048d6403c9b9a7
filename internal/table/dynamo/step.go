package dynamo

import (
	"context"
	"crypto/rand"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"learningloop/internal/table"
)

// step is one operation on its way to DynamoDB, with what the engine assumes of the row beyond what the caller requires.
type step struct {
	op      *table.Op
	now     time.Time
	assumed *table.Row // of a put under Exists or Always: the row that it replaces
	over    bool       // of an addition: an expired row lies there, which it must replace
}

// assumes says whether the operation is a put that must know the stored version though the caller did not say it.
func (s *step) assumes() bool {
	is := false
	mark := func() { is = s.op.Kind == table.OpPut }
	s.op.Cond.Translate(func() {}, func(int64) {}, mark, mark)
	return is
}

// adapts says whether a refusal may come of what the engine assumed, and not of the caller's condition.
func (s *step) adapts() bool { return s.assumes() || s.op.Kind == table.OpAdd }

// repeatable says whether applying the operation twice is the same as once, or fails the second time.
func (s *step) repeatable() bool { return s.op.Kind != table.OpAdd || s.over }

// expr is an expression with its names and values.
type expr struct {
	text   string
	names  map[string]string
	values item
}

// condition is what must hold of the item, what the engine assumes included.
func (s *step) condition() *expr {
	e := &expr{names: map[string]string{}, values: item{}}
	now := func() {
		e.names["#expires"] = AttrExpires
		e.values[":now"] = num(s.now.Unix())
	}
	absent := func() {
		now()
		e.names["#pk"] = AttrPartition
		e.text = "attribute_not_exists(#pk) OR #expires <= :now"
	}
	version := func(v int64) {
		now()
		e.names["#version"], e.values[":version"] = AttrVersion, num(v)
		e.text = "#version = :version AND (attribute_not_exists(#expires) OR #expires > :now)"
	}
	exists := func() {
		now()
		e.names["#pk"] = AttrPartition
		e.text = "attribute_exists(#pk) AND (attribute_not_exists(#expires) OR #expires > :now)"
	}
	alive := func() { // an addition must not continue the sum of an expired row
		now()
		e.text = "attribute_not_exists(#expires) OR #expires > :now"
	}
	switch {
	case s.op.Kind == table.OpAdd && s.over:
		absent()
	case s.op.Kind == table.OpAdd:
		alive()
	case s.assumes() && s.assumed != nil:
		version(s.assumed.Version)
	case s.assumes() && s.op.Cond.Match(nil):
		absent()
	case s.assumes():
		version(0) // never holds: either the row is there meanwhile and tells its version, or the caller hears of it
	default:
		s.op.Cond.Translate(absent, version, exists, func() {})
	}
	return e
}

// item is what the operation puts.
func (s *step) item() (item, error) {
	r := s.op.Row
	if s.op.Kind == table.OpAdd {
		it := keyOf(r.Key)
		if r.Type != "" {
			it[AttrType] = str(r.Type)
		}
		it[AttrSchema], it[AttrVersion] = num(int64(r.Schema)), num(1)
		for name, delta := range s.op.Deltas {
			it[attrName(name)] = num(delta)
		}
		return it, nil
	}
	r.Version = 1
	s.op.Cond.Translate(func() {}, func(v int64) { r.Version = v + 1 }, func() {}, func() {})
	if s.assumed != nil {
		r.Version = s.assumed.Version + 1
	}
	return toItem(&r)
}

// addition is the update of an addition. The version counts up by one, from none too.
func (s *step) addition(e *expr) string {
	var sets, adds []string
	set := func(ref, name string, v types.AttributeValue) {
		e.names["#"+ref], e.values[":"+ref] = name, v
		sets = append(sets, "#"+ref+" = if_not_exists(#"+ref+", :"+ref+")")
	}
	add := func(ref, name string, v int64) {
		e.names["#"+ref], e.values[":"+ref] = name, num(v)
		adds = append(adds, "#"+ref+" :"+ref)
	}
	if s.op.Row.Type != "" {
		set("type", AttrType, str(s.op.Row.Type))
	}
	set("schema", AttrSchema, num(int64(s.op.Row.Schema)))
	add("version", AttrVersion, 1)
	for i, name := range slices.Sorted(maps.Keys(s.op.Deltas)) {
		add("a"+strconv.Itoa(i), attrName(name), s.op.Deltas[name])
	}
	return "SET " + strings.Join(sets, ", ") + " ADD " + strings.Join(adds, ", ")
}

// parts gives an expression as DynamoDB wants it: nothing where there is none.
func (e *expr) parts() (text *string, names map[string]string, values item) {
	if e.text != "" {
		text = &e.text
	}
	if len(e.names) > 0 {
		names = e.names
	}
	if len(e.values) > 0 {
		values = e.values
	}
	return text, names, values
}

const allOld = types.ReturnValuesOnConditionCheckFailureAllOld

// single makes the call of an operation alone.
func (t *Table) single(s *step) (func(context.Context) error, error) {
	w, err := t.transactItem(s)
	if err != nil {
		return nil, err
	}
	switch {
	case w.Put != nil:
		in := &dynamodb.PutItemInput{
			TableName: w.Put.TableName, Item: w.Put.Item,
			ConditionExpression:                 w.Put.ConditionExpression,
			ExpressionAttributeNames:            w.Put.ExpressionAttributeNames,
			ExpressionAttributeValues:           w.Put.ExpressionAttributeValues,
			ReturnValuesOnConditionCheckFailure: allOld,
		}
		return func(ctx context.Context) error { _, err := call(ctx, t.client.PutItem, in); return err }, nil
	case w.Update != nil:
		in := &dynamodb.UpdateItemInput{
			TableName: w.Update.TableName, Key: w.Update.Key, UpdateExpression: w.Update.UpdateExpression,
			ConditionExpression:                 w.Update.ConditionExpression,
			ExpressionAttributeNames:            w.Update.ExpressionAttributeNames,
			ExpressionAttributeValues:           w.Update.ExpressionAttributeValues,
			ReturnValuesOnConditionCheckFailure: allOld,
		}
		return func(ctx context.Context) error { _, err := call(ctx, t.client.UpdateItem, in); return err }, nil
	default:
		in := &dynamodb.DeleteItemInput{
			TableName: w.Delete.TableName, Key: w.Delete.Key,
			ConditionExpression:                 w.Delete.ConditionExpression,
			ExpressionAttributeNames:            w.Delete.ExpressionAttributeNames,
			ExpressionAttributeValues:           w.Delete.ExpressionAttributeValues,
			ReturnValuesOnConditionCheckFailure: allOld,
		}
		return func(ctx context.Context) error { _, err := call(ctx, t.client.DeleteItem, in); return err }, nil
	}
}

// transactItem makes an operation's part of a transaction.
func (t *Table) transactItem(s *step) (types.TransactWriteItem, error) {
	e := s.condition()
	switch {
	case s.op.Kind == table.OpPut, s.op.Kind == table.OpAdd && s.over:
		it, err := s.item()
		if err != nil {
			return types.TransactWriteItem{}, err
		}
		text, names, values := e.parts()
		return types.TransactWriteItem{Put: &types.Put{
			TableName: &t.name, Item: it, ConditionExpression: text, ExpressionAttributeNames: names,
			ExpressionAttributeValues: values, ReturnValuesOnConditionCheckFailure: allOld,
		}}, nil
	case s.op.Kind == table.OpAdd:
		update := s.addition(e)
		text, names, values := e.parts()
		return types.TransactWriteItem{Update: &types.Update{
			TableName: &t.name, Key: keyOf(s.op.Row.Key), UpdateExpression: &update, ConditionExpression: text,
			ExpressionAttributeNames: names, ExpressionAttributeValues: values, ReturnValuesOnConditionCheckFailure: allOld,
		}}, nil
	case s.op.Kind == table.OpDelete:
		text, names, values := e.parts()
		return types.TransactWriteItem{Delete: &types.Delete{
			TableName: &t.name, Key: keyOf(s.op.Row.Key), ConditionExpression: text, ExpressionAttributeNames: names,
			ExpressionAttributeValues: values, ReturnValuesOnConditionCheckFailure: allOld,
		}}, nil
	default:
		if e.text == "" { // a check of nothing; a transaction wants some condition
			e.names["#pk"] = AttrPartition
			e.text = "attribute_exists(#pk) OR attribute_not_exists(#pk)"
		}
		text, names, values := e.parts()
		return types.TransactWriteItem{ConditionCheck: &types.ConditionCheck{
			TableName: &t.name, Key: keyOf(s.op.Row.Key), ConditionExpression: text, ExpressionAttributeNames: names,
			ExpressionAttributeValues: values, ReturnValuesOnConditionCheckFailure: allOld,
		}}, nil
	}
}

// token names a transaction: 26 characters, of which DynamoDB takes 36.
func token() string { return rand.Text() }
