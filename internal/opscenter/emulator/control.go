package emulator

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// ControlPath begins the paths, on the port of AWS's endpoint, where the emulator stands in for services that make
// OpsItems in AWS, and where it takes orders. AWS has none of them; they need no signature, and take nothing from pages
// of other sites.
const ControlPath = "/_opscenter/"

// newControl routes what is below ControlPath.
func (e *Emulator) newControl() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+ControlPath+"alarm-action", e.postAlarmAction)
	mux.HandleFunc("POST "+ControlPath+"rule-target", e.postRuleTarget)
	mux.HandleFunc("GET "+ControlPath+"faults", e.getFaults)
	mux.HandleFunc("PUT "+ControlPath+"faults", e.putFaults)
	mux.HandleFunc("DELETE "+ControlPath+"faults", e.deleteFaults)
	return http.NewCrossOriginProtection().Handler(mux)
}

// indirect is the answer where another service asks for an OpsItem: that service would learn no more than this, and the
// one that set it up learns nothing of a duplicate.
type indirect struct {
	Created   bool   `json:"created"`
	Reason    string `json:"reason,omitempty"` // why not created
	OpsItemID string `json:"OpsItemId,omitempty"`
	ARN       string `json:"OpsItemArn,omitempty"`
	Input     any    `json:"input,omitempty"` // what a rule's target was given
}

// createIndirect makes an OpsItem for another service. A duplicate is no error: nothing happens, and the item that is
// there stays as it is.
func (e *Emulator) createIndirect(it *item) (*indirect, *Error) {
	out, err := e.create(it)
	switch {
	case err == nil:
		return &indirect{Created: true, OpsItemID: out.OpsItemId, ARN: out.OpsItemArn}, nil
	case err.Code == "OpsItemAlreadyExistsException":
		id, _ := err.Members["OpsItemId"].(string)
		return &indirect{Reason: "duplicate", OpsItemID: id, ARN: e.itemARN(id)}, nil
	}
	return nil, err
}

// reply answers a request below ControlPath.
func (e *Emulator) reply(w http.ResponseWriter, v any, err *Error) {
	if err != nil {
		e.write(w, err.Status, "application/json", err.body(e.model))
		return
	}
	e.write(w, http.StatusOK, "application/json", v)
}

// readOrder reads a JSON object into a struct; what the struct does not know is an error that names it.
func readOrder(w http.ResponseWriter, r *http.Request, into any) *Error {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return errUnreadable(err)
	}
	return decodeOrder(body, into)
}

func decodeOrder(body []byte, into any) *Error {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	dec.UseNumber()
	err := dec.Decode(into)
	if err == nil {
		if _, err = dec.Token(); err == io.EOF { // the bare io.EOF, as documented
			return nil
		}
		return errRule("The body has more after its JSON object.")
	}
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && wrong.Field != "" {
		return errField(wrong.Field, "cannot be a JSON %s", wrong.Value)
	}
	return errRule("The body is not what is expected here: %s.", strings.TrimPrefix(err.Error(), "json: "))
}

// errField refuses one member of a request below ControlPath: by its path, in Field and in the text.
func errField(field, format string, args ...any) *Error {
	err := errRule("%s %s.", field, fmt.Sprintf(format, args...))
	err.Members = map[string]any{"Field": field}
	return err
}
