package signal

import (
	"fmt"
	"slices"
	"strconv"
)

// readGuardDuty reads a finding (GuardDuty User Guide, "Processing findings with EventBridge"). GuardDuty sends the same
// finding again, with a higher count, when it is seen again.
func readGuardDuty(e *envelope) (Parsed, error) {
	bad := e.aws()
	var d struct {
		ID          string  `json:"id"`
		ARN         string  `json:"arn"`
		AccountID   string  `json:"accountId"`
		Region      string  `json:"region"`
		Type        string  `json:"type"`
		Title       string  `json:"title"`
		Description string  `json:"description"`
		Severity    float64 `json:"severity"`
		UpdatedAt   string  `json:"updatedAt"`
		Service     struct {
			Count    float64 `json:"count"`
			Archived bool    `json:"archived"`
		} `json:"service"`
		Resource struct {
			Type     string `json:"resourceType"`
			Instance struct {
				ID string `json:"instanceId"`
			} `json:"instanceDetails"`
			Buckets []struct {
				ARN string `json:"arn"`
			} `json:"s3BucketDetails"`
			Cluster struct {
				ARN string `json:"arn"`
			} `json:"eksClusterDetails"`
			Function struct {
				ARN string `json:"functionArn"`
			} `json:"lambdaDetails"`
		} `json:"resource"`
	}
	if bad.detail(e, &d); len(bad) > 0 {
		return Parsed{}, bad.err()
	}
	bad.need("/detail/id", d.ID)
	bad.need("/detail/type", d.Type)
	if d.Severity <= 0 || d.Severity > 10 {
		bad.add("/detail/severity", "must be a number above 0, at most 10")
	}
	s := e.signal()
	bad.elsewhere(&s, "/detail/accountId", d.AccountID, "/detail/region", d.Region)
	if err := bad.err(); err != nil {
		return Parsed{}, err
	}
	s.ID = identity("guardduty", d.ID, d.UpdatedAt, fmt.Sprint(d.Service.Count), strconv.FormatBool(d.Service.Archived))
	s.Key = key("guardduty", s.Account, s.Region, d.ID)
	s.Name = d.Type
	s.Title = d.Title
	if s.Title == "" {
		s.Title = d.Type
	}
	s.Text = paragraphs(d.Description, fmt.Sprintf("%s, seen %.0f times, severity %g of 10.", d.Type, max(d.Service.Count, 1), d.Severity))
	s.Category = Security
	// Access keys and user names are left out: they are about persons.
	s.Resources = append(slices.Clone(s.Resources), d.ARN, d.Resource.Instance.ID, d.Resource.Cluster.ARN, d.Resource.Function.ARN)
	for _, b := range d.Resource.Buckets {
		s.Resources = append(s.Resources, b.ARN)
	}
	s.Link = console(s.Region, "/guardduty/home?region="+s.Region+"#/findings?macros=current&fId="+esc(d.ID))
	switch { // GuardDuty User Guide, "Severity levels of findings"
	case d.Severity >= 9:
		s.Severity = 1
	case d.Severity >= 7:
		s.Severity = 2
	case d.Severity >= 4:
		s.Severity = 3
	default:
		s.Severity = 4
	}
	s.State = Firing
	if d.Service.Archived {
		s.State = Recovered
	}
	return keep(s)
}

// finding is one of Security Hub's (AWS Security Finding Format).
type finding struct {
	ID          string `json:"Id"`
	GeneratorID string `json:"GeneratorId"`
	AccountID   string `json:"AwsAccountId"`
	Region      string `json:"Region"`
	Title       string `json:"Title"`
	Description string `json:"Description"`
	UpdatedAt   string `json:"UpdatedAt"`
	RecordState string `json:"RecordState"`
	Severity    struct {
		Label string `json:"Label"`
	} `json:"Severity"`
	Workflow struct {
		Status string `json:"Status"`
	} `json:"Workflow"`
	Compliance struct {
		Status string `json:"Status"`
	} `json:"Compliance"`
	Remediation struct {
		Recommendation struct {
			Text string `json:"Text"`
		} `json:"Recommendation"`
	} `json:"Remediation"`
	Resources []struct {
		ID string `json:"Id"`
	} `json:"Resources"`
}

func readSecurityHub(e *envelope) (Parsed, error) {
	bad := e.aws()
	var d struct {
		Findings []finding `json:"findings"`
	}
	if bad.detail(e, &d); len(bad) > 0 {
		return Parsed{}, bad.err()
	}
	switch len(d.Findings) {
	case 0:
		bad.add("/detail/findings", "is missing")
		return Parsed{}, bad.err()
	case 1: // Security Hub User Guide, "EventBridge integration types": an imported event holds a single finding
	default:
		return unknown("number of findings", strconv.Itoa(len(d.Findings)))
	}
	f := d.Findings[0]
	bad.need("/detail/findings/0/Id", f.ID)
	bad.need("/detail/findings/0/Title", f.Title)
	bad.need("/detail/findings/0/Severity/Label", f.Severity.Label)
	s := e.signal()
	bad.elsewhere(&s, "/detail/findings/0/AwsAccountId", f.AccountID, "/detail/findings/0/Region", f.Region)
	if err := bad.err(); err != nil {
		return Parsed{}, err
	}
	s.ID = identity("securityhub", f.ID, f.UpdatedAt, f.RecordState, f.Workflow.Status, f.Compliance.Status, f.Severity.Label)
	s.Key = key("securityhub", s.Account, s.Region, f.ID)
	s.Name = f.GeneratorID
	s.Title = f.Title
	s.Text = paragraphs(f.Description, f.Remediation.Recommendation.Text)
	s.Category = Security
	s.Resources = slices.Clone(s.Resources)
	for _, r := range f.Resources {
		s.Resources = append(s.Resources, r.ID)
	}
	s.Link = console(s.Region, "/securityhub/home?region="+s.Region+"#/findings?search=Id%3D"+esc(esc(f.ID)))
	severity, ok := map[string]int{"CRITICAL": 1, "HIGH": 2, "MEDIUM": 3, "LOW": 4, "INFORMATIONAL": 4}[f.Severity.Label]
	if !ok {
		return unknown("severity label", f.Severity.Label)
	}
	s.Severity = severity
	switch {
	case f.RecordState == "ARCHIVED", f.Workflow.Status == "RESOLVED", f.Workflow.Status == "SUPPRESSED", f.Compliance.Status == "PASSED":
		s.State = Recovered
	case f.Severity.Label == "INFORMATIONAL":
		s.State = Info
	default:
		s.State = Firing
	}
	return keep(s)
}

// elsewhere moves a Signal to the account and Region that its detail names: a service that aggregates sends events of its
// members from its own.
func (p *problems) elsewhere(s *Signal, accountAt, account, regionAt, region string) {
	if account != "" {
		p.account(accountAt, account)
		s.Account = account
	}
	if region != "" {
		p.region(regionAt, region)
		s.Region = region
	}
}

// evaluation is one verdict of a Config rule.
type evaluation struct {
	ComplianceType string `json:"complianceType"`
	RecordedTime   string `json:"resultRecordedTime"`
	Annotation     string `json:"annotation"`
}

// readCompliance reads AWS Config's verdicts (AWS Config Developer Guide, "Monitoring AWS Config with EventBridge").
func readCompliance(e *envelope) (Parsed, error) {
	bad := e.aws()
	var d struct {
		Rule         string     `json:"configRuleName"`
		RuleARN      string     `json:"configRuleARN"`
		ResourceID   string     `json:"resourceId"`
		ResourceType string     `json:"resourceType"`
		AccountID    string     `json:"awsAccountId"`
		Region       string     `json:"awsRegion"`
		New          evaluation `json:"newEvaluationResult"`
		Old          evaluation `json:"oldEvaluationResult"`
	}
	if bad.detail(e, &d); len(bad) > 0 {
		return Parsed{}, bad.err()
	}
	bad.need("/detail/configRuleName", d.Rule)
	bad.need("/detail/resourceId", d.ResourceID)
	bad.need("/detail/newEvaluationResult/complianceType", d.New.ComplianceType)
	s := e.signal()
	bad.elsewhere(&s, "/detail/awsAccountId", d.AccountID, "/detail/awsRegion", d.Region)
	if err := bad.err(); err != nil {
		return Parsed{}, err
	}
	s.ID = identity("config", s.Account, s.Region, d.Rule, d.ResourceType, d.ResourceID, d.New.ComplianceType, d.New.RecordedTime)
	s.Key = key("config", s.Account, s.Region, d.Rule, d.ResourceID)
	s.Name = d.Rule
	s.Severity = tagged(3, d.Rule)
	s.Category = Security
	s.Text = paragraphs(d.ResourceType+" "+d.ResourceID, d.New.Annotation)
	s.Resources = append(slices.Clone(s.Resources), d.RuleARN, d.ResourceID)
	s.Link = console(s.Region, "/config/home?region="+s.Region+"#/rules/details?configRuleName="+esc(d.Rule))
	was := d.Old.ComplianceType == "NON_COMPLIANT"
	switch d.New.ComplianceType {
	case "NON_COMPLIANT":
		s.State, s.Title = Firing, d.ResourceID+" breaks the rule "+d.Rule
	case "COMPLIANT":
		if !was {
			return ignore(ReasonCompliant)
		}
		s.State, s.Title = Recovered, d.ResourceID+" keeps the rule "+d.Rule+" again"
	case "NOT_APPLICABLE": // the resource is gone, or the rule no longer covers it
		if !was {
			return ignore(ReasonNotEvaluated)
		}
		s.State, s.Title = Recovered, d.Rule+" no longer applies to "+d.ResourceID
	case "INSUFFICIENT_DATA":
		return ignore(ReasonNotEvaluated)
	default:
		return unknown("compliance", d.New.ComplianceType)
	}
	return keep(s)
}
