package dynamo

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// toValue makes the native value of a decoded JSON value; numbers are json.Number.
func toValue(v any) types.AttributeValue {
	switch v := v.(type) {
	case string:
		return str(v)
	case json.Number:
		return &types.AttributeValueMemberN{Value: plainNumber(v.String())}
	case bool:
		return &types.AttributeValueMemberBOOL{Value: v}
	case []any:
		l := make([]types.AttributeValue, len(v))
		for i, e := range v {
			l[i] = toValue(e)
		}
		return &types.AttributeValueMemberL{Value: l}
	case map[string]any:
		m := make(item, len(v))
		for name, e := range v {
			m[name] = toValue(e)
		}
		return &types.AttributeValueMemberM{Value: m}
	default:
		return &types.AttributeValueMemberNULL{Value: true}
	}
}

// plainNumber writes every zero as 0: DynamoDB refuses 0E999 as too large.
func plainNumber(s string) string {
	mantissa, _, _ := strings.Cut(strings.ToLower(s), "e")
	if strings.Trim(mantissa, "-0.") == "" {
		return "0"
	}
	return s
}

// appendMembers writes a JSON object with its members in order, so that equal items read as equal rows.
func appendMembers(b []byte, m item) []byte {
	b = append(b, '{')
	for i, name := range slices.Sorted(maps.Keys(m)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendString(b, name), ':')
		b = appendValue(b, m[name])
	}
	return append(b, '}')
}

// appendValue writes a native value as JSON. Binary values and sets, which only others can have put there, become Base64
// and lists.
func appendValue(b []byte, v types.AttributeValue) []byte {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return appendString(b, v.Value)
	case *types.AttributeValueMemberN:
		return appendNumber(b, v.Value)
	case *types.AttributeValueMemberBOOL:
		if v.Value {
			return append(b, "true"...)
		}
		return append(b, "false"...)
	case *types.AttributeValueMemberM:
		return appendMembers(b, v.Value)
	case *types.AttributeValueMemberL:
		return appendList(b, v.Value, appendValue)
	case *types.AttributeValueMemberB:
		return appendBinary(b, v.Value)
	case *types.AttributeValueMemberSS:
		return appendList(b, v.Value, appendString)
	case *types.AttributeValueMemberNS:
		return appendList(b, v.Value, appendNumber)
	case *types.AttributeValueMemberBS:
		return appendList(b, v.Value, appendBinary)
	default:
		return append(b, "null"...)
	}
}

func appendList[T any](b []byte, list []T, one func([]byte, T) []byte) []byte {
	b = append(b, '[')
	for i, v := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = one(b, v)
	}
	return append(b, ']')
}

// appendString leaves <, > and & as they are: rows hold text with much of it.
func appendString(b []byte, s string) []byte {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string and a buffer cannot fail
	return append(b, bytes.TrimSuffix(buf.Bytes(), []byte("\n"))...)
}

// appendNumber writes a number as DynamoDB spells it, or as a string where that is no JSON.
func appendNumber(b []byte, s string) []byte {
	if !json.Valid([]byte(s)) {
		return appendString(b, s)
	}
	return append(b, s...)
}

func appendBinary(b, v []byte) []byte {
	return appendString(b, base64.StdEncoding.EncodeToString(v))
}
