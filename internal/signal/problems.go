package signal

import (
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"time"

	"learningloop/internal/fault"
)

// problems collects what is wrong with one event, so that whoever mends its sender sees all of it at once.
type problems []fault.Field

func (p *problems) add(pointer, detail string) {
	*p = append(*p, fault.Field{Pointer: pointer, Detail: detail})
}

func (p *problems) need(pointer, value string) {
	if strings.TrimSpace(value) == "" {
		p.add(pointer, "is missing")
	}
}

var (
	accountForm = regexp.MustCompile(`^[0-9]{12}$`)
	regionForm  = regexp.MustCompile(`^[a-z0-9-]{1,32}$`)
)

// account and region are held to their form because they go into keys and into the host names of links.
func (p *problems) account(pointer, value string) {
	if !accountForm.MatchString(value) {
		p.add(pointer, "must be an AWS account id: 12 digits")
	}
}

func (p *problems) region(pointer, value string) {
	if !regionForm.MatchString(value) {
		p.add(pointer, "must be a Region code, such as us-east-1")
	}
}

// alarmTime is how CloudWatch writes times inside detail.
const alarmTime = "2006-01-02T15:04:05.999999999-0700"

func (p *problems) time(pointer, value string) time.Time {
	for _, layout := range []string{alarmTime, time.RFC3339} {
		if t, err := time.Parse(layout, value); err == nil {
			return t.UTC()
		}
	}
	p.add(pointer, "must be a time, such as 2026-03-01T08:00:00.000+0000")
	return time.Time{}
}

// decode reads JSON into v. at is the pointer of data within the event.
func (p *problems) decode(data []byte, at string, v any) {
	err := json.Unmarshal(data, v)
	if err == nil {
		return
	}
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		if wrong.Field != "" {
			at += "/" + strings.ReplaceAll(wrong.Field, ".", "/")
		}
		p.add(at, "must not be a JSON "+wrong.Value)
		return
	}
	p.add(at, "is not JSON")
}

func (p *problems) detail(e *envelope, v any) { p.decode(e.Detail, "/detail", v) }

// err is nil where nothing is wrong.
func (p problems) err() error {
	if len(p) == 0 {
		return nil
	}
	return &fault.Error{Kind: fault.Invalid, Code: "malformed_event", Msg: "The event is not as its kind should be.", Fields: p}
}
