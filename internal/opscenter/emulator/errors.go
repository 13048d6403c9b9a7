package emulator

import (
	"fmt"
	"maps"
	"strings"
)

// Error is a refusal in AWS's words: what an SDK makes its typed errors from.
type Error struct {
	Code    string         // the "__type" member: "OpsItemNotFoundException"
	Status  int            // HTTP status
	Message string         // for people
	Members map[string]any // further members of the error shape, by their name: "OpsItemId", "ParameterNames"
}

// Error says code and message.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// body is the error as JSON 1.1 has it. Exceptions of the model call their text "Message"; those that every AWS service
// shares call it "message".
func (e *Error) body(m *model) map[string]any {
	out := map[string]any{"__type": e.Code}
	maps.Copy(out, e.Members)
	name := "message"
	if s := m.Shapes[e.Code]; s != nil {
		name = ""
		if s.Members["Message"] != nil {
			name = "Message"
		}
	}
	if name != "" && e.Message != "" {
		out[name] = e.Message
	}
	return out
}

func newError(code, format string, args ...any) *Error {
	return &Error{Code: code, Status: 400, Message: fmt.Sprintf(format, args...)}
}

func errSerialization(msg string) *Error {
	return &Error{Code: "SerializationException", Status: 400, Message: msg}
}

func errValidation(count int, listed []string) *Error {
	noun := "error"
	if count > 1 {
		noun = "errors"
	}
	return newError("ValidationException", "%d validation %s detected: %s", count, noun, strings.Join(listed, "; "))
}

// errRule is a ValidationException for rules that the model does not state.
func errRule(format string, args ...any) *Error {
	return newError("ValidationException", format, args...)
}

func errInternal() *Error {
	return &Error{Code: "InternalServerError", Status: 500, Message: "An error occurred on the server side."}
}

func errNotFound(id string) *Error {
	return newError("OpsItemNotFoundException", "The OpsItem ID %s does not exist.", id)
}

func errInvalid(parameter, format string, args ...any) *Error {
	e := newError("OpsItemInvalidParameterException", format, args...)
	e.Members = map[string]any{"ParameterNames": []string{parameter}}
	return e
}

func errLimit(resource, limitType string, limit int, format string, args ...any) *Error {
	e := newError(limitExceeded, format, args...)
	e.Members = map[string]any{"ResourceTypes": []string{resource}, "Limit": limit, "LimitType": limitType}
	return e
}

func errExists(id string) *Error {
	e := newError("OpsItemAlreadyExistsException", "The OpsItem already exists: %s.", id)
	e.Members = map[string]any{"OpsItemId": id}
	return e
}

func errDenied(format string, args ...any) *Error {
	return newError("OpsItemAccessDeniedException", format, args...)
}

func errSource() *Error {
	return errInvalid("Source", "Source can't contain the following strings: aws, amazon, and amzn.")
}

func errDeleting(id string) *Error {
	return newError("OpsItemConflictException", "The OpsItem %s is in the process of being deleted.", id)
}
