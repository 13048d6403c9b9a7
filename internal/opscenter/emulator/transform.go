package emulator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// transformer is an input transformer of EventBridge ("Amazon EventBridge input transformation", Amazon EventBridge User
// Guide; API InputTransformer): variables read from an event by JSON path, and a template to put them into.
type transformer struct {
	paths    map[string]string // name -> JSON path
	template string
}

// EventBridge's limits (API InputTransformer), and our own on what a template makes of an event: as much as an event.
const (
	maxVariables   = 100
	maxVariable    = 256 // characters of a name, and of a path
	maxTemplate    = 8192
	maxTransformed = 1 << 20
)

var (
	variableForm    = regexp.MustCompile(`^[A-Za-z0-9_-]{1,256}$`)
	placeholderForm = regexp.MustCompile(`^<([A-Za-z0-9_.-]+)>`)
)

// variable is what stands for a placeholder.
type variable struct {
	value any
	found bool // its path leads somewhere in this event
	whole bool // the event itself, which can stand as a JSON value only
}

// predefined are the names that are there without a path.
func (t *transformer) predefined(rule ruleName, event map[string]any, ingested string) map[string]variable {
	head := maps.Clone(event)
	delete(head, "detail")
	return map[string]variable{
		"aws.events.rule-arn":             {value: rule.ARN, found: true},
		"aws.events.rule-name":            {value: rule.Name, found: true},
		"aws.events.event.ingestion-time": {value: ingested, found: true},
		"aws.events.event":                {value: head, found: true, whole: true},
		"aws.events.event.json":           {value: event, found: true, whole: true},
	}
}

// apply makes what the target gets of an event.
func (t *transformer) apply(rule ruleName, event map[string]any, ingested string) (any, *Error) {
	vars := t.predefined(rule, event, ingested)
	if len(t.paths) > maxVariables {
		return nil, errField("inputPathsMap", "has %d entries; it can have %d", len(t.paths), maxVariables)
	}
	for _, name := range slices.Sorted(maps.Keys(t.paths)) {
		field, path := "inputPathsMap."+name, t.paths[name]
		if !variableForm.MatchString(name) || strings.HasPrefix(strings.ToUpper(name), "AWS") {
			return nil, errField(field, "is no name for a variable: 1 to %d letters, digits, - and _, not beginning with AWS", maxVariable)
		}
		steps, ok := readPath(path)
		if !ok || length(path) > maxVariable {
			return nil, errField(field, "is no JSON path of at most %d characters in dot notation, such as $.detail.state or $.resources[0]", maxVariable)
		}
		v, found := follow(event, steps)
		vars[name] = variable{value: v, found: found}
	}
	if n := length(t.template); n < 1 || n > maxTemplate {
		return nil, errField("inputTemplate", "must have 1 to %d characters", maxTemplate)
	}
	text, err := t.fill(vars)
	if err != nil {
		return nil, err
	}
	return readFilled(text)
}

// fill puts the variables in. It goes through the template with an eye on its quotes, because a placeholder stands for
// something else within a string.
func (t *transformer) fill(vars map[string]variable) ([]byte, *Error) {
	var out bytes.Buffer
	quoted, filled := false, false // within a string; a placeholder was in it
	for i := 0; i < len(t.template); i++ {
		rest := t.template[i:]
		switch c := rest[0]; {
		case c == '\\' && quoted && len(rest) > 1:
			out.WriteString(rest[:2])
			i++
			continue
		case c == '"':
			if quoted && filled && beforeColon(rest[1:]) {
				return nil, errKey()
			}
			quoted, filled = !quoted, false
		case c == '<':
			m := placeholderForm.FindStringSubmatch(rest)
			if m == nil {
				break
			}
			text, err := placed(m[1], vars, quoted)
			if err != nil {
				return nil, err
			}
			if !quoted && beforeColon(rest[len(m[0]):]) {
				return nil, errKey()
			}
			out.WriteString(text)
			if out.Len() > maxTransformed {
				return nil, errField("inputTemplate", "makes more than %d bytes of this event", maxTransformed)
			}
			filled = true
			i += len(m[0]) - 1
			continue
		}
		out.WriteByte(rest[0])
	}
	return out.Bytes(), nil
}

func beforeColon(rest string) bool {
	return strings.HasPrefix(strings.TrimLeft(rest, " \t\r\n"), ":")
}

func errKey() *Error {
	return errField("inputTemplate", "has a placeholder as an object's key, where none can be")
}

// placed is the text that goes in for a placeholder.
func placed(name string, vars map[string]variable, quoted bool) (string, *Error) {
	v, ok := vars[name]
	switch {
	case !ok:
		return "", errUndefined(name)
	case !v.found:
		return missingVariable(quoted), nil
	case quoted && v.whole:
		return "", errField("inputTemplate", "has <%s> within a string; it can only be the value of a JSON field", name)
	case quoted:
		return quotedText(v.value), nil
	}
	return encodeJSON(v.value), nil
}

// readFilled reads what a template has become. Strings one below the other are the lines of one text.
func readFilled(text []byte) (any, *Error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var values []any
	for {
		var v any
		err := dec.Decode(&v)
		if err == io.EOF { // the bare io.EOF, as documented
			break
		}
		if err != nil {
			at := min(int(dec.InputOffset()), len(text))
			return nil, errField("inputTemplate", "makes no JSON of this event (%v), near %q", err, around(text, at))
		}
		values = append(values, v)
	}
	lines := make([]string, len(values))
	for i, v := range values {
		line, ok := v.(string)
		if !ok && len(values) > 1 {
			return nil, errField("inputTemplate", "makes more than one JSON value of this event")
		}
		lines[i] = line
	}
	switch len(values) {
	case 0:
		return nil, errField("inputTemplate", "makes nothing of this event")
	case 1:
		return values[0], nil
	}
	return strings.Join(lines, "\n"), nil
}

func around(text []byte, at int) string {
	const reach = 20
	return string(text[max(0, at-reach):min(len(text), at+reach)])
}

// encodeJSON writes a value that was read from JSON, with < > & as they are.
func encodeJSON(v any) string {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Sprintf("%q", err.Error()) // what was read can be written
	}
	return strings.TrimSuffix(out.String(), "\n")
}
