package api

import (
	"encoding/json"

	"learningloop/internal/fault"
)

// takeVersion takes the member "version" out of a JSON object: 0 where there is none.
func takeVersion(body []byte) (rest []byte, version int64, err error) {
	var m map[string]json.RawMessage
	if !json.Valid(body) || json.Unmarshal(body, &m) != nil {
		return body, 0, nil //nolint:nilerr // the decoder says what is wrong with it
	}
	raw, ok := m["version"]
	if !ok {
		return body, 0, nil
	}
	if json.Unmarshal(raw, &version) != nil || version < 0 {
		return nil, 0, fault.Fields(fault.Field{Pointer: "/version", Detail: "must be a whole number"})
	}
	delete(m, "version")
	rest, err = json.Marshal(m)
	return rest, version, err
}
