package dynamo

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"learningloop/internal/table"
)

// Names of the attributes that are the engine's own; the stack that makes the table must use the same.
const (
	AttrPartition = "pk"
	AttrSort      = "sk"
	AttrType      = "type"
	AttrSchema    = "schema"
	AttrVersion   = "version"
	AttrExpires   = "expires" // the TTL attribute: epoch seconds
)

// IndexAttrs gives the names of the key attributes of an index.
func IndexAttrs(name table.Index) (partition, sort string) {
	return string(name) + suffixP, string(name) + suffixS
}

const (
	suffixP = "_p"
	suffixS = "_s"
	escape  = "_"
)

type item = map[string]types.AttributeValue

var errItem = errors.New("dynamo: malformed item")

// own says whether an attribute of this name is the engine's.
func own(name string) bool {
	switch name {
	case AttrPartition, AttrSort, AttrType, AttrSchema, AttrVersion, AttrExpires:
		return true
	}
	return strings.HasSuffix(name, suffixP) || strings.HasSuffix(name, suffixS)
}

// attrName is the attribute that a member of Row.Attrs is kept as.
func attrName(member string) string {
	if own(strings.TrimLeft(member, escape)) || own(member) {
		return escape + member
	}
	return member
}

// memberName is the member that an attribute keeps; ok is false for the engine's own.
func memberName(attr string) (member string, ok bool) {
	if rest, cut := strings.CutPrefix(attr, escape); cut && (own(strings.TrimLeft(rest, escape)) || own(rest)) {
		return rest, true
	}
	return attr, !own(attr)
}

// toItem makes the item of a row.
func toItem(r *table.Row) (item, error) {
	dec := json.NewDecoder(bytes.NewReader(r.Attrs))
	dec.UseNumber()
	var members map[string]any
	if err := dec.Decode(&members); err != nil {
		return nil, fmt.Errorf("read attributes of %s: %w", r.Key, err)
	}
	it := keyOf(r.Key)
	for name, v := range members {
		if v != nil { // the port does not keep members that are null
			it[attrName(name)] = toValue(v)
		}
	}
	if r.Type != "" {
		it[AttrType] = str(r.Type)
	}
	it[AttrSchema] = num(int64(r.Schema))
	it[AttrVersion] = num(r.Version)
	if !r.Expires.IsZero() {
		it[AttrExpires] = num(r.Expires.Unix())
	}
	for name, k := range r.Index {
		p, s := IndexAttrs(name)
		it[p], it[s] = str(k.P), str(k.S)
	}
	return it, nil
}

// toRow reads an item; nil for none.
func toRow(it item) (*table.Row, error) {
	if len(it) == 0 {
		return nil, nil
	}
	r, members := &table.Row{}, make(item, len(it))
	var schema, expires int64
	for name, v := range it {
		var err error
		switch name {
		case AttrPartition:
			r.Key.P, err = text(v)
		case AttrSort:
			r.Key.S, err = text(v)
		case AttrType:
			r.Type, err = text(v)
		case AttrSchema:
			schema, err = integer(v)
		case AttrVersion:
			r.Version, err = integer(v)
		case AttrExpires:
			expires, err = integer(v)
			r.Expires = time.Unix(expires, 0).UTC()
		default:
			if member, ok := memberName(name); ok {
				members[member] = v
			} else {
				err = setIndex(r, name, v)
			}
		}
		if err != nil {
			return nil, fmt.Errorf("attribute %s: %w", name, err)
		}
	}
	r.Schema = int(schema)
	r.Attrs = appendMembers(nil, members)
	return r, nil
}

// setIndex takes one half of an index key; the other half comes under its own name.
func setIndex(r *table.Row, name string, v types.AttributeValue) error {
	s, err := text(v)
	if err != nil {
		return err
	}
	if r.Index == nil {
		r.Index = map[table.Index]table.Key{}
	}
	index := table.Index(name[:len(name)-len(suffixP)])
	k := r.Index[index]
	if strings.HasSuffix(name, suffixP) {
		k.P = s
	} else {
		k.S = s
	}
	r.Index[index] = k
	return nil
}

func keyOf(k table.Key) item {
	return item{AttrPartition: str(k.P), AttrSort: str(k.S)}
}

func toKey(it item) (k table.Key, err error) {
	var errP, errS error
	k.P, errP = text(it[AttrPartition])
	k.S, errS = text(it[AttrSort])
	return k, errors.Join(errP, errS)
}

func str(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func num(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

func text(v types.AttributeValue) (string, error) {
	s, ok := v.(*types.AttributeValueMemberS)
	if !ok {
		return "", fmt.Errorf("%T is not a string: %w", v, errItem)
	}
	return s.Value, nil
}

func integer(v types.AttributeValue) (int64, error) {
	n, ok := v.(*types.AttributeValueMemberN)
	if !ok {
		return 0, fmt.Errorf("%T is not a number: %w", v, errItem)
	}
	i, err := strconv.ParseInt(n.Value, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", errItem, err)
	}
	return i, nil
}

// expired compares whole seconds, as the TTL attribute does.
func expired(r *table.Row, now time.Time) bool {
	return !r.Expires.IsZero() && r.Expires.Unix() <= now.Unix()
}

// visible gives the row as readers see it: nil where it is expired.
func visible(r *table.Row, now time.Time) *table.Row {
	if r == nil || expired(r, now) {
		return nil
	}
	return r
}
