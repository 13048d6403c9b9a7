//nolint:revive // SettingId, not SettingID: members are bound and encoded by the names that the model gives them.
package emulator

import (
	"strings"
	"time"
)

// insightsSetting is the one service setting of OpsCenter: whether operational insights are made.
const insightsSetting = "/ssm/opsinsights/opscenter"

type setting struct {
	ID    string    `json:"id"`
	Value string    `json:"value"` // "" is the default
	By    string    `json:"by"`
	At    time.Time `json:"at"`
}

type getSettingInput struct {
	SettingId string
}

type updateSettingInput struct {
	SettingId, SettingValue string
}

type settingOutput struct {
	ServiceSetting *settingView
}

type settingView struct {
	SettingId        string `json:",omitempty"`
	SettingValue     string `json:",omitempty"`
	LastModifiedDate epoch  `json:",omitzero"`
	LastModifiedUser string `json:",omitempty"`
	ARN              string `json:",omitempty"`
	Status           string `json:",omitempty"`
}

func (e *Emulator) getServiceSetting(_ caller, in *getSettingInput) (*settingOutput, *Error) {
	if err := e.knownSetting(in.SettingId); err != nil {
		return nil, err
	}
	e.mu.RLock()
	defer e.mu.RUnlock()
	return e.settingView(e.st.settings[insightsSetting]), nil
}

func (e *Emulator) updateServiceSetting(who caller, in *updateSettingInput) (*empty, *Error) {
	if err := e.knownSetting(in.SettingId); err != nil {
		return nil, err
	}
	if in.SettingValue != "Enabled" && in.SettingValue != "Disabled" {
		return nil, errRule("The value of %s must be Enabled or Disabled.", insightsSetting)
	}
	if _, err := e.set(who, in.SettingValue); err != nil {
		return nil, err
	}
	return &empty{}, nil
}

func (e *Emulator) resetServiceSetting(who caller, in *getSettingInput) (*settingOutput, *Error) {
	if err := e.knownSetting(in.SettingId); err != nil {
		return nil, err
	}
	return e.set(who, "")
}

func (e *Emulator) set(who caller, value string) (*settingOutput, *Error) {
	s := setting{ID: insightsSetting, Value: value, By: who.ARN}
	err := e.change(func(now time.Time) (*record, *Error) {
		s.At = now
		return &record{Setting: &s}, nil
	})
	if err != nil {
		return nil, err
	}
	return e.settingView(s), nil
}

func (e *Emulator) settingARN() string {
	return "arn:" + partition(e.cfg.Region) + ":ssm:" + e.cfg.Region + ":" + e.cfg.Account + ":servicesetting" + insightsSetting
}

// knownSetting takes the id or the ARN of the setting.
func (e *Emulator) knownSetting(id string) *Error {
	if "/"+strings.TrimPrefix(id, "/") == insightsSetting || id == e.settingARN() {
		return nil
	}
	return newError("ServiceSettingNotFound", "The service setting %s was not found.", id)
}

func (e *Emulator) settingView(s setting) *settingOutput {
	v := &settingView{
		SettingId: insightsSetting, SettingValue: s.Value, LastModifiedDate: epoch(s.At), LastModifiedUser: s.By,
		ARN: e.settingARN(), Status: "Customized",
	}
	if s.Value == "" {
		v.SettingValue, v.Status = insightsByDefault, "Default"
	}
	if s.By == "" {
		v.LastModifiedUser = settingNobody
	}
	return &settingOutput{ServiceSetting: v}
}
