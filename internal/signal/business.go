package signal

import (
	"fmt"
	"slices"
	"strings"
)

// readAnomaly reads Cost Anomaly Detection's alert (AWS Cost Management User Guide, "Using EventBridge with Cost Anomaly
// Detection"). A service whose cost jumps again is the same thing again, so its anomaly's id is not in the key.
func readAnomaly(e *envelope) (Parsed, error) {
	bad := e.aws()
	var d struct {
		AnomalyID   string `json:"anomalyId"`
		AccountID   string `json:"accountId"`
		AccountName string `json:"accountName"`
		Dimension   string `json:"dimensionValue"`
		MonitorARN  string `json:"monitorArn"`
		MonitorName string `json:"monitorName"`
		Link        string `json:"anomalyDetailsLink"`
		Impact      struct {
			Total    float64 `json:"totalImpact"`
			Actual   float64 `json:"totalActualSpend"`
			Expected float64 `json:"totalExpectedSpend"`
		} `json:"impact"`
		RootCauses []struct {
			Service   string `json:"service"`
			Region    string `json:"region"`
			UsageType string `json:"usageType"`
			Account   string `json:"linkedAccount"`
		} `json:"rootCauses"`
	}
	if bad.detail(e, &d); len(bad) > 0 {
		return Parsed{}, bad.err()
	}
	bad.need("/detail/anomalyId", d.AnomalyID)
	bad.need("/detail/monitorArn", d.MonitorARN)
	if err := bad.err(); err != nil {
		return Parsed{}, err
	}
	s := e.signal()
	what := d.Dimension
	if what == "" && len(d.RootCauses) > 0 {
		what = d.RootCauses[0].Service
	}
	s.Key = key("cost", s.Account, last(d.MonitorARN, "/"), what)
	s.Name = what
	if s.Name == "" {
		s.Name, what = d.MonitorName, d.MonitorName
	}
	s.State, s.Severity, s.Category = Firing, 3, Cost
	s.Title = fmt.Sprintf("Unusual cost of %s: $%.2f more than expected", what, d.Impact.Total)
	causes := make([]string, 0, len(d.RootCauses))
	for _, c := range d.RootCauses {
		causes = append(causes, strings.Join(strings.Fields(c.Service+" "+c.Region+" "+c.UsageType+" "+c.Account), " "))
	}
	s.Text = paragraphs(fmt.Sprintf("Spent $%.2f, expected $%.2f.", d.Impact.Actual, d.Impact.Expected), strings.Join(causes, "\n"))
	s.Resources = append(slices.Clone(s.Resources), d.MonitorARN)
	if strings.HasPrefix(d.Link, "https://console.aws.amazon.com/") {
		s.Link = d.Link
	}
	return keep(s)
}

// readContact reads a rule of Contact Lens that matched a conversation with a customer (Amazon Connect Administrator
// Guide, "Create Contact Lens rules that generate an EventBridge event"). The agent is left out: this is about what a
// customer met, not about who served.
func readContact(e *envelope) (Parsed, error) {
	bad := e.aws()
	var d struct {
		Rule     string `json:"ruleName"`
		Instance string `json:"instanceArn"`
		Contact  string `json:"contactArn"`
		Queue    string `json:"queueArn"`
	}
	if bad.detail(e, &d); len(bad) > 0 {
		return Parsed{}, bad.err()
	}
	bad.need("/detail/ruleName", d.Rule)
	bad.need("/detail/instanceArn", d.Instance)
	bad.need("/detail/contactArn", d.Contact)
	if err := bad.err(); err != nil {
		return Parsed{}, err
	}
	s := e.signal()
	// One contact is one word of a rule, whether it matched while they spoke, afterwards, or both.
	s.ID = identity("contact", d.Contact, d.Rule)
	s.Key = key("contact", s.Account, s.Region, last(d.Instance, "/"), d.Rule)
	s.Name = d.Rule
	s.State, s.Severity, s.Category = Firing, tagged(4, d.Rule), Performance
	s.Title = "A conversation matched " + d.Rule
	s.Text = "Contact " + last(d.Contact, "/") + "."
	s.Resources = append(slices.Clone(s.Resources), d.Contact, d.Queue)
	return keep(s)
}

// last is what follows the last sep of s.
func last(s, sep string) string { return s[strings.LastIndex(s, sep)+1:] }
