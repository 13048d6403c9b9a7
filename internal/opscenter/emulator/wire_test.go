package emulator

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestBadRequests(t *testing.T) {
	r := newRig(t)
	set := func(name, value string) func(*http.Request) {
		return func(req *http.Request) { req.Header.Set(name, value) }
	}
	auth := func(old, now string) func(*http.Request) {
		return set("Authorization", strings.Replace(goodAuth, old, now, 1))
	}
	for _, tc := range []struct {
		name, op, body string
		edit           func(*http.Request)
		status         int
		code, message  string // message: a part of it
	}{
		{name: "unknown operation", op: "DropOpsItem", code: "UnknownOperationException"},
		{name: "an SSM operation outside of OpsCenter", op: "GetParameter", code: "UnknownOperationException"},
		{name: "no target", op: "GetOpsItem", edit: set("X-Amz-Target", ""), code: "UnknownOperationException"},
		{name: "another service's target", op: "GetOpsItem", edit: set("X-Amz-Target", "AmazonSQS.GetOpsItem"), code: "UnknownOperationException"},
		{name: "a form", op: "GetOpsItem", edit: set("Content-Type", "application/x-www-form-urlencoded"), code: "UnknownOperationException"},
		{name: "GET", op: "GetOpsItem", edit: func(req *http.Request) { req.Method = http.MethodGet }, code: "UnknownOperationException"},
		{name: "another path", op: "GetOpsItem", edit: func(req *http.Request) { req.URL.Path = "/x" }, code: "UnknownOperationException"},

		{name: "no signature", op: "GetOpsItem", edit: func(req *http.Request) { req.Header.Del("Authorization") }, code: "MissingAuthenticationTokenException", message: "Missing Authentication Token"},
		{name: "basic authentication", op: "GetOpsItem", edit: set("Authorization", "Basic dXNlcjpwYXNz"), code: "IncompleteSignatureException"},
		{name: "no credential", op: "GetOpsItem", edit: auth("Credential=", "Cred="), code: "IncompleteSignatureException", message: "requires 'Credential'"},
		{name: "no signature parameter", op: "GetOpsItem", edit: auth("Signature=", "Sig="), code: "IncompleteSignatureException", message: "requires 'Signature'"},
		{name: "no signed headers", op: "GetOpsItem", edit: auth("SignedHeaders=", "Signed="), code: "IncompleteSignatureException", message: "requires 'SignedHeaders'"},
		{name: "no date", op: "GetOpsItem", edit: func(req *http.Request) { req.Header.Del("X-Amz-Date") }, code: "IncompleteSignatureException", message: "'X-Amz-Date'"},
		{name: "a date that is none", op: "GetOpsItem", edit: set("X-Amz-Date", "yesterday"), code: "IncompleteSignatureException"},
		{name: "date and scope differ", op: "GetOpsItem", edit: set("X-Amz-Date", "20261020T024653Z"), code: "InvalidSignatureException", message: "does not match"},
		{name: "a short scope", op: "GetOpsItem", edit: auth("/ssm/aws4_request", ""), code: "IncompleteSignatureException", message: "5 slash-delimited"},
		{name: "another Region", op: "GetOpsItem", edit: auth("us-east-1", "eu-west-1"), code: "InvalidSignatureException", message: "valid region"},
		{name: "another service", op: "GetOpsItem", edit: auth("/ssm/", "/sqs/"), code: "InvalidSignatureException", message: "'ssm'"},
		{name: "another terminator", op: "GetOpsItem", edit: auth("aws4_request", "aws3_request"), code: "InvalidSignatureException"},
		{name: "no access key", op: "GetOpsItem", edit: auth("AKIDEXAMPLE", ""), code: "UnrecognizedClientException"},
		{name: "host not signed", op: "GetOpsItem", edit: auth(";host;", ";"), code: "InvalidSignatureException", message: "'Host'"},
		{name: "a signature that cannot be one", op: "GetOpsItem", edit: auth("0123456789abcdef", "xyz"), code: "InvalidSignatureException"},

		{name: "not JSON", op: "GetOpsItem", body: "OpsItemId=oi-0123456789ab", code: "SerializationException"},
		{name: "half of JSON", op: "GetOpsItem", body: `{"OpsItemId":`, code: "SerializationException"},
		{name: "more after JSON", op: "GetOpsItem", body: `{} {}`, code: "SerializationException"},
		{name: "a list", op: "GetOpsItem", body: `[]`, code: "SerializationException"},
		{name: "bad UTF-8", op: "GetOpsItem", body: "{\"OpsItemId\":\"\xff\"}", code: "SerializationException"},
		{name: "too deep", op: "GetOpsItem", body: strings.Repeat(`{"a":`, 20000), code: "SerializationException"},
		{name: "a number for a string", op: "GetOpsItem", body: `{"OpsItemId":5}`, code: "SerializationException", message: "NUMBER_VALUE can not be converted to a String"},
		{name: "a string for an integer", op: "CreateOpsItem", body: `{"Title":"t","Source":"s","Description":"d","Priority":"3"}`, code: "SerializationException", message: "STRING_VALUE can not be converted to an Integer"},
		{name: "an object for a list", op: "DescribeOpsItems", body: `{"OpsItemFilters":{}}`, code: "SerializationException"},
		{name: "too large", op: "GetOpsItem", body: strings.Repeat(" ", maxBody+1), status: http.StatusRequestEntityTooLarge, code: "RequestEntityTooLargeException"},

		{name: "empty body", op: "GetOpsItem", body: "", code: "ValidationException", message: "1 validation error detected: Value null at 'opsItemId' failed to satisfy constraint: Member must not be null"},
		{name: "null is absent", op: "GetOpsItem", body: `{"OpsItemId":null}`, code: "ValidationException", message: "must not be null"},
		{name: "another case is another member", op: "GetOpsItem", body: `{"opsItemId":"oi-0123456789ab"}`, code: "ValidationException", message: "must not be null"},
		{name: "all that is wrong at once", op: "CreateOpsItem", body: `{"Priority":6}`, code: "ValidationException", message: "4 validation errors detected"},
		{name: "unknown members are ignored", op: "GetOpsItem", body: `{"OpsItemId":"oi-0123456789ab","Colour":"red"}`, code: "OpsItemNotFoundException", message: "oi-0123456789ab"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.status == 0 {
				tc.status = http.StatusBadRequest
			}
			if tc.edit == nil {
				tc.edit = func(*http.Request) {}
			}
			a := r.raw(tc.op, tc.body, tc.edit)
			text, _ := a.body["message"].(string)
			if m, ok := a.body["Message"].(string); ok {
				text = m
			}
			if a.status != tc.status || a.body["__type"] != tc.code || !strings.Contains(text, tc.message) {
				t.Errorf("got %d %v, want %d %s %q", a.status, a.body, tc.status, tc.code, tc.message)
			}
		})
	}
}

func TestClockSkew(t *testing.T) {
	for _, tc := range []struct {
		name   string
		offset time.Duration
		want   string
	}{
		{"in time", 4 * time.Minute, "OpsItemNotFoundException"},
		{"signed too long ago", 6 * time.Minute, "InvalidSignatureException"},
		{"signed in the future", -6 * time.Minute, "InvalidSignatureException"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newRig(t, func(c *Config) { c.MaxClockSkew = 5 * time.Minute })
			r.clock.add(tc.offset)
			if a := r.raw("GetOpsItem", `{"OpsItemId":"oi-0123456789ab"}`); a.body["__type"] != tc.want {
				t.Errorf("got %v, want %s", a.body, tc.want)
			}
		})
	}
}
