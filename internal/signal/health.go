package signal

import (
	"slices"
	"strings"
)

// healthDetail is the detail of an AWS Health event (AWS Health User Guide, "AWS Health events EventBridge schema").
type healthDetail struct {
	EventARN        string   `json:"eventArn"`
	Service         string   `json:"service"`
	TypeCode        string   `json:"eventTypeCode"`
	TypeCategory    string   `json:"eventTypeCategory"`
	CommunicationID string   `json:"communicationId"`
	StatusCode      string   `json:"statusCode"`
	Region          string   `json:"eventRegion"`
	AffectedAccount string   `json:"affectedAccount"`
	Page            string   `json:"page"`
	Actionability   string   `json:"actionability"`
	Personas        []string `json:"personas"`
	Description     []struct {
		Language string `json:"language"`
		Latest   string `json:"latestDescription"`
	} `json:"eventDescription"`
	Entities []struct {
		Value string `json:"entityValue"`
	} `json:"affectedEntities"`
}

func readHealth(e *envelope) (Parsed, error) {
	bad := e.aws()
	var d healthDetail
	if bad.detail(e, &d); len(bad) > 0 {
		return Parsed{}, bad.err()
	}
	bad.need("/detail/eventArn", d.EventARN)
	bad.need("/detail/communicationId", d.CommunicationID)
	bad.need("/detail/service", d.Service)
	bad.need("/detail/eventTypeCode", d.TypeCode)
	bad.need("/detail/eventTypeCategory", d.TypeCategory)

	s := e.signal()
	// The envelope says where it was delivered, which is also an administrator's account or a backup Region; the detail says
	// where it happened. Global services have no Region of their own.
	if d.AffectedAccount != "" {
		bad.account("/detail/affectedAccount", d.AffectedAccount)
		s.Account = d.AffectedAccount
	}
	if d.Region != "" {
		bad.region("/detail/eventRegion", d.Region)
		s.Region = d.Region
	}
	if err := bad.err(); err != nil {
		return Parsed{}, err
	}
	s.ID = identity("health", d.EventARN, d.CommunicationID, s.Account, d.Page)
	s.Key = key("health", s.Account, s.Region, d.Service, d.TypeCode)
	s.Name = d.TypeCode
	s.Link = "https://health.console.aws.amazon.com/health/home#/account/event-log?eventID=" + esc(d.EventARN)
	s.Text = d.text()
	s.Category = d.category()
	s.Resources = slices.Clone(s.Resources)
	for _, entity := range d.Entities {
		s.Resources = append(s.Resources, entity.Value)
	}

	switch d.TypeCategory {
	case "issue":
		s.Severity = 2
	case "investigation", "scheduledChange":
		s.Severity = 3
	case "accountNotification":
		s.Severity = 4
	default:
		return unknown("health category", d.TypeCategory)
	}
	if e.DetailType == "AWS Health Abuse Event" {
		s.Severity, s.Category = min(s.Severity, 2), Security
	}
	s.Title = "AWS Health: " + d.Service + " " + strings.ToLower(strings.ReplaceAll(d.subject(), "_", " "))
	switch {
	case d.StatusCode == "closed":
		s.State = Recovered
		s.Title += " is over"
	case d.StatusCode != "open" && d.StatusCode != "upcoming" && d.StatusCode != "":
		return unknown("health status", d.StatusCode)
	case d.Actionability == "INFORMATIONAL":
		s.State = Info
	default:
		s.State = Firing
	}
	return keep(s)
}

// subject is the type code without the words that every one begins with: AWS_EC2_INSTANCE_STOP is INSTANCE_STOP.
func (d *healthDetail) subject() string {
	return strings.TrimPrefix(strings.TrimPrefix(d.TypeCode, "AWS_"), d.Service+"_")
}

func (d *healthDetail) text() string {
	for _, t := range d.Description {
		if strings.HasPrefix(t.Language, "en") {
			return t.Latest
		}
	}
	if len(d.Description) > 0 {
		return d.Description[0].Latest
	}
	return ""
}

func (d *healthDetail) category() Category {
	switch {
	case slices.Contains(d.Personas, "OPERATIONS"):
		return Availability
	case slices.Contains(d.Personas, "SECURITY"):
		return Security
	case slices.Contains(d.Personas, "BILLING"):
		return Cost
	default:
		return Availability
	}
}
