package signal

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// alarmDetail is the detail of an alarm's state change (CloudWatch User Guide, "Alarm events and EventBridge").
type alarmDetail struct {
	AlarmName     string     `json:"alarmName"`
	State         alarmState `json:"state"`
	PreviousState alarmState `json:"previousState"`
	Configuration struct {
		Description string `json:"description"`
		AlarmRule   string `json:"alarmRule"` // composite alarms only
		Metrics     []struct {
			Expression string `json:"expression"`
			MetricStat struct {
				Metric struct {
					Namespace  string            `json:"namespace"`
					Name       string            `json:"name"`
					Dimensions map[string]string `json:"dimensions"`
				} `json:"metric"`
			} `json:"metricStat"`
		} `json:"metrics"`
	} `json:"configuration"`
}

type alarmState struct {
	Value                   string `json:"value"`
	Reason                  string `json:"reason"`
	ReasonData              string `json:"reasonData"` // JSON in a string; whoever calls SetAlarmState decides what
	Timestamp               string `json:"timestamp"`
	ActionsSuppressedBy     string `json:"actionsSuppressedBy"`
	ActionsSuppressedReason string `json:"actionsSuppressedReason"`
}

func readAlarm(e *envelope) (Parsed, error) {
	bad := e.aws()
	var d alarmDetail
	if bad.detail(e, &d); len(bad) > 0 {
		return Parsed{}, bad.err()
	}
	bad.need("/detail/alarmName", d.AlarmName)
	bad.need("/detail/state/value", d.State.Value)
	at := bad.time("/detail/state/timestamp", d.State.Timestamp)
	if err := bad.err(); err != nil {
		return Parsed{}, err
	}

	s := e.signal()
	s.Time = at
	s.ID = identity("alarm", e.Account, e.Region, d.AlarmName, d.State.Value, d.State.Timestamp)
	s.Key = key("alarm", e.Account, e.Region, d.AlarmName)
	s.Name = d.AlarmName
	s.Link = console(e.Region, "/cloudwatch/home?region="+e.Region+"#alarmsV2:alarm/"+esc(d.AlarmName))
	s.Text = paragraphs(d.Configuration.Description, d.State.Reason)

	normal := 3
	if d.Configuration.AlarmRule != "" {
		normal = 2
		s.Text = paragraphs(s.Text, "Rule: "+d.Configuration.AlarmRule)
	}
	s.Severity = tagged(normal, d.AlarmName, d.Configuration.Description)
	s.Category = concern(append(d.measures(), d.AlarmName)...)
	s.Resources = append(slices.Clone(e.Resources), d.watched()...)

	switch d.State.Value {
	case "ALARM":
		s.State, s.Title = Firing, d.AlarmName+" is in alarm"
		if by := d.State.ActionsSuppressedBy; by != "" {
			s.Suppressed = by + ": " + d.State.ActionsSuppressedReason
		}
	case "OK":
		if d.PreviousState.Value == "OK" {
			return ignore(ReasonNeverFired)
		}
		s.State, s.Title = Recovered, d.AlarmName+" is OK again"
	case "INSUFFICIENT_DATA":
		return ignore(ReasonInsufficientData)
	default:
		return unknown("alarm state", d.State.Value)
	}
	return keep(s)
}

// measures is what the alarm looks at, for guessing its category.
func (d *alarmDetail) measures() (all []string) {
	for _, m := range d.Configuration.Metrics {
		all = append(all, m.MetricStat.Metric.Namespace, m.MetricStat.Metric.Name)
	}
	return all
}

// watched is what the alarm is about beside itself: the dimensions of its metrics, the alarms that made a composite fire.
func (d *alarmDetail) watched() (ids []string) {
	for _, m := range d.Configuration.Metrics {
		dims := m.MetricStat.Metric.Dimensions
		for _, name := range slices.Sorted(maps.Keys(dims)) {
			ids = append(ids, dims[name])
		}
	}
	var why struct {
		TriggeringAlarms []struct {
			ARN string `json:"arn"`
		} `json:"triggeringAlarms"`
	}
	// It explains the state, no more: where it is absent or of another form, the alarm is in its state all the same.
	if json.Unmarshal([]byte(d.State.ReasonData), &why) == nil {
		for _, a := range why.TriggeringAlarms {
			if strings.HasPrefix(a.ARN, "arn:") {
				ids = append(ids, a.ARN)
			}
		}
	}
	return ids
}
