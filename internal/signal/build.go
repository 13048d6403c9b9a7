package signal

import "strings"

// readBuild reads CodeBuild's state changes (CodeBuild User Guide, "Build notifications input format"). Environment
// variables are left alone: they may hold secrets.
func readBuild(e *envelope) (Parsed, error) {
	bad := e.aws()
	var d struct {
		Status  string `json:"build-status"`
		Project string `json:"project-name"`
		BuildID string `json:"build-id"`
	}
	if bad.detail(e, &d); len(bad) > 0 {
		return Parsed{}, bad.err()
	}
	bad.need("/detail/build-status", d.Status)
	bad.need("/detail/project-name", d.Project)
	bad.need("/detail/build-id", d.BuildID)
	if err := bad.err(); err != nil {
		return Parsed{}, err
	}
	s := e.signal()
	s.ID = identity("build", d.BuildID, d.Status)
	s.Key = key("build", e.Account, e.Region, d.Project)
	s.Name = d.Project
	s.Severity = tagged(4, d.Project)
	build := d.BuildID[strings.LastIndex(d.BuildID, "/")+1:]
	s.Text = "Build " + build + "."
	s.Link = console(e.Region, "/codesuite/codebuild/"+e.Account+"/projects/"+esc(d.Project)+"/build/"+esc(build)+"?region="+e.Region)
	switch d.Status {
	case "FAILED", "FAULT":
		s.State, s.Title = Firing, "Build of "+d.Project+" failed"
	case "TIMED_OUT":
		s.State, s.Title = Firing, "Build of "+d.Project+" timed out"
	case "SUCCEEDED":
		s.State, s.Title = Recovered, d.Project+" builds again"
	case "IN_PROGRESS":
		return ignore(ReasonInProgress)
	case "STOPPED":
		return ignore(ReasonByHand)
	default:
		return unknown("build status", d.Status)
	}
	return keep(s)
}

// canaryDetail is the detail of Synthetics' events (CloudWatch User Guide, "Monitoring canary events").
type canaryDetail struct {
	Name     string `json:"canary-name"`
	RunID    string `json:"canary-run-id"`
	Status   string `json:"test-run-status"`
	Reason   string `json:"state-reason"`
	Artifact string `json:"artifact-location"`
	Current  string `json:"current-state"`
	Message  string `json:"message"`
}

func (e *envelope) canary() (canaryDetail, Signal, problems) {
	bad := e.aws()
	var d canaryDetail
	if bad.detail(e, &d); len(bad) > 0 {
		return d, Signal{}, bad
	}
	bad.need("/detail/canary-name", d.Name)
	s := e.signal()
	s.Key = key("canary", e.Account, e.Region, d.Name)
	s.Name = d.Name
	s.Severity = tagged(3, d.Name)
	s.Link = console(e.Region, "/cloudwatch/home?region="+e.Region+"#synthetics:canary/detail/"+esc(d.Name))
	if d.Reason == "null" || d.Reason == "NULL" { // as Synthetics writes nothing
		d.Reason = ""
	}
	return d, s, bad
}

func readCanaryRun(e *envelope) (Parsed, error) {
	d, s, bad := e.canary()
	bad.need("/detail/canary-run-id", d.RunID)
	if err := bad.err(); err != nil {
		return Parsed{}, err
	}
	s.ID = identity("canary", e.Account, e.Region, d.Name, d.RunID, e.DetailType)
	if d.Artifact != "" {
		s.Text = "Artifacts: s3://" + d.Artifact
	}
	if e.DetailType == "Synthetics Canary TestRun Successful" {
		s.State, s.Title = Recovered, "Canary "+d.Name+" passes again"
		return keep(s)
	}
	s.State, s.Title = Firing, "Canary "+d.Name+" failed"
	s.Text = paragraphs(d.Reason, d.Message, s.Text)
	return keep(s)
}

func readCanaryStatus(e *envelope) (Parsed, error) {
	d, s, bad := e.canary()
	bad.need("/detail/current-state", d.Current)
	if err := bad.err(); err != nil {
		return Parsed{}, err
	}
	if d.Current != "ERROR" {
		return ignore(ReasonCanaryStatus)
	}
	s.State, s.Title = Firing, "Canary "+d.Name+" cannot run"
	s.Text = paragraphs(d.Reason, d.Message)
	return keep(s)
}
