package emulator

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
)

// alarmOrder is what POST /_opscenter/alarm-action takes: one action of an alarm, and the alarm's change of state as
// CloudWatch sends it to EventBridge ("Alarm events and EventBridge", Amazon CloudWatch User Guide).
type alarmOrder struct {
	ActionARN string          `json:"actionArn"`
	Event     json.RawMessage `json:"event"`
}

// alarmEvent is what the action looks at of the event.
type alarmEvent struct {
	DetailType string   `json:"detail-type"`
	Source     string   `json:"source"`
	Resources  []string `json:"resources"`
	Detail     struct {
		AlarmName     string     `json:"alarmName"`
		State         alarmState `json:"state"`
		PreviousState alarmState `json:"previousState"`
		Configuration struct {
			Description string `json:"description"`
		} `json:"configuration"`
	} `json:"detail"`
}

type alarmState struct {
	Value               string `json:"value"`
	Reason              string `json:"reason"`
	ActionsSuppressedBy string `json:"actionsSuppressedBy"` // of composite alarms
}

const (
	stateOK           = "OK"
	stateAlarm        = "ALARM"
	stateInsufficient = "INSUFFICIENT_DATA"
)

// maxAlarmName is CloudWatch's (PutMetricAlarm, AlarmName).
const maxAlarmName = 255

func (e *Emulator) postAlarmAction(w http.ResponseWriter, r *http.Request) {
	var in alarmOrder
	err := readOrder(w, r, &in)
	var out *indirect
	if err == nil {
		out, err = e.alarmAction(in)
	}
	e.reply(w, out, err)
}

// alarmAction does what CloudWatch and OpsCenter do with an alarm action of OpsCenter when the alarm changes its state:
// an OpsItem when it goes into ALARM, nothing otherwise. An alarm that is OK again resolves none.
func (e *Emulator) alarmAction(in alarmOrder) (*indirect, *Error) {
	severity, category, err := e.readAlarmAction(in.ActionARN)
	if err != nil {
		return nil, err
	}
	ev, err := readAlarmEvent(in.Event)
	if err != nil {
		return nil, err
	}
	state := ev.Detail.State
	switch {
	case state.Value != stateAlarm:
		return &indirect{Reason: "the alarm is not in ALARM"}, nil
	case ev.Detail.PreviousState.Value == stateAlarm:
		return &indirect{Reason: "the alarm was in ALARM before"}, nil
	case state.ActionsSuppressedBy != "":
		return &indirect{Reason: "the alarm's actions are suppressed"}, nil
	}
	fields := e.alarmItem(ev)
	fields.Severity, fields.Category = severity, category
	it, err := e.draft(caller{ARN: e.alarmRole()}, fields)
	if err != nil {
		return nil, err
	}
	return e.createIndirect(it)
}

// alarmActionForm is AWS's: the severity, and with it a category or none ("Configuring an existing CloudWatch alarm to
// create OpsItems programmatically", AWS Systems Manager User Guide).
var alarmActionForm = regexp.MustCompile(`^arn:(aws[a-z-]*):ssm:([a-z0-9-]+):([0-9]{12}):opsitem:([^#]*)(?:#CATEGORY=(.*))?$`)

func (e *Emulator) readAlarmAction(arn string) (severity, category string, err *Error) {
	const field = "actionArn"
	m := alarmActionForm.FindStringSubmatch(arn)
	switch {
	case m == nil:
		return "", "", errField(field, "must be of the form arn:aws:ssm:REGION:ACCOUNT:opsitem:SEVERITY or ...:SEVERITY#CATEGORY=CATEGORY")
	case m[1] != partition(e.cfg.Region) || m[2] != e.cfg.Region || m[3] != e.cfg.Account:
		return "", "", errField(field, "must be of account %s in Region %s", e.cfg.Account, e.cfg.Region)
	case m[4] == "" || checkLevels(m[4], "") != nil:
		return "", "", errField(field, "has severity %q, which must be a value from 1 to 4", m[4])
	case strings.Contains(arn, "#") && m[5] == "" || checkLevels("", m[5]) != nil:
		return "", "", errField(field, "has category %q, which must be one of %s", m[5], strings.Join(categories, ", "))
	}
	return m[4], m[5], nil
}

func readAlarmEvent(raw json.RawMessage) (*alarmEvent, *Error) {
	ev := new(alarmEvent)
	if err := json.Unmarshal(raw, ev); err != nil {
		return nil, errField("event", "must be a CloudWatch Alarm State Change event as EventBridge has it: %s", strings.TrimPrefix(err.Error(), "json: "))
	}
	const sort = "CloudWatch Alarm State Change"
	d := ev.Detail
	switch {
	case ev.DetailType != sort:
		return nil, errField("event.detail-type", "must be %q", sort)
	case ev.Source != "aws.cloudwatch":
		return nil, errField("event.source", "must be %q", "aws.cloudwatch")
	case !hasInk(d.AlarmName) || length(d.AlarmName) > maxAlarmName:
		return nil, errField("event.detail.alarmName", "must have 1 to %d characters", maxAlarmName)
	case d.State.Value != stateOK && d.State.Value != stateAlarm && d.State.Value != stateInsufficient:
		return nil, errField("event.detail.state.value", "must be %s, %s or %s", stateOK, stateAlarm, stateInsufficient)
	}
	return ev, nil
}
