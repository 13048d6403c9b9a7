package signal

// deploymentDetail is the detail of CodeDeploy's notifications (CodeDeploy User Guide, "Monitoring deployments").
type deploymentDetail struct {
	Application  string `json:"application"`
	Group        string `json:"deploymentGroup"`
	DeploymentID string `json:"deploymentId"`
	InstanceID   string `json:"instanceId"`
	State        string `json:"state"`
}

func (e *envelope) deployment() (deploymentDetail, Signal, problems) {
	bad := e.aws()
	var d deploymentDetail
	if bad.detail(e, &d); len(bad) > 0 {
		return d, Signal{}, bad
	}
	bad.need("/detail/application", d.Application)
	bad.need("/detail/deploymentGroup", d.Group)
	bad.need("/detail/deploymentId", d.DeploymentID)
	bad.need("/detail/state", d.State)
	s := e.signal()
	s.ID = identity("deployment", e.Account, e.Region, d.DeploymentID, d.State, d.InstanceID)
	s.Key = key("deployment", e.Account, e.Region, d.Application, d.Group)
	s.Name = d.Application
	s.Release = d.DeploymentID
	s.Text = "Deployment " + d.DeploymentID + " to " + d.Group + "."
	s.Severity = tagged(3, d.Application, d.Group)
	s.Link = console(e.Region, "/codesuite/codedeploy/deployments/"+esc(d.DeploymentID)+"?region="+e.Region)
	return d, s, bad
}

func readDeployment(e *envelope) (Parsed, error) {
	d, s, bad := e.deployment()
	if err := bad.err(); err != nil {
		return Parsed{}, err
	}
	switch d.State {
	case "FAILURE":
		s.State, s.Title = Firing, "Deployment of "+d.Application+" to "+d.Group+" failed"
	case "STOP":
		// Stopped by a person or by a roll-back alarm: either way the release is not out.
		s.State, s.Title = Firing, "Deployment of "+d.Application+" to "+d.Group+" was stopped"
		s.Severity = tagged(4, d.Application, d.Group)
	case "SUCCESS":
		s.State, s.Title, s.Severity = Info, d.Application+" was deployed to "+d.Group, 4
	case "START", "READY":
		return ignore(ReasonInProgress)
	default:
		return unknown("deployment state", d.State)
	}
	return keep(s)
}

func readDeploymentInstance(e *envelope) (Parsed, error) {
	d, s, bad := e.deployment()
	bad.need("/detail/instanceId", d.InstanceID)
	if err := bad.err(); err != nil {
		return Parsed{}, err
	}
	switch d.State {
	case "FAILURE":
		s.State, s.Title = Firing, "Deployment of "+d.Application+" failed on "+d.InstanceID
		s.Severity = tagged(4, d.Application, d.Group) // the deployment may go on without the instance
		s.Resources = append(s.Resources, d.InstanceID)
	case "SUCCESS":
		return ignore(ReasonStepDone)
	case "START", "READY":
		return ignore(ReasonInProgress)
	case "STOP":
		return ignore(ReasonByHand)
	default:
		return unknown("instance state", d.State)
	}
	return keep(s)
}

// named is how AppConfig names things.
type named struct {
	ID   string `json:"Id"`
	Name string `json:"Name"`
}

// readConfiguration reads the end of a feature flag's roll-out (AppConfig User Guide, "EventBridge extension").
func readConfiguration(e *envelope) (Parsed, error) {
	bad := e.aws()
	var d struct {
		Application          named  `json:"Application"`
		Environment          named  `json:"Environment"`
		ConfigurationProfile named  `json:"ConfigurationProfile"`
		ConfigurationVersion string `json:"ConfigurationVersion"`
	}
	if bad.detail(e, &d); len(bad) > 0 {
		return Parsed{}, bad.err()
	}
	bad.need("/detail/Application/Id", d.Application.ID)
	bad.need("/detail/Environment/Id", d.Environment.ID)
	bad.need("/detail/ConfigurationProfile/Id", d.ConfigurationProfile.ID)
	if err := bad.err(); err != nil {
		return Parsed{}, err
	}
	app, env, profile := d.Application.called(), d.Environment.called(), d.ConfigurationProfile.called()
	s := e.signal()
	// The names may change; the ids do not.
	s.Key = key("configuration", e.Account, e.Region, d.Application.ID, d.Environment.ID, d.ConfigurationProfile.ID)
	s.Name = app
	s.Release = profile + " " + d.ConfigurationVersion
	s.Text = "Configuration " + s.Release + " of " + app + " in " + env + "."
	s.Link = console(e.Region, "/systems-manager/appconfig/applications/"+esc(d.Application.ID)+"/environments/"+esc(d.Environment.ID)+"?region="+e.Region)
	if e.DetailType == "On Deployment Complete" {
		s.State, s.Title, s.Severity = Info, profile+" of "+app+" was rolled out to "+env, 4
	} else {
		s.State, s.Title = Firing, profile+" of "+app+" was rolled back in "+env
		s.Severity = tagged(3, app, env)
	}
	return keep(s)
}

func (n named) called() string {
	if n.Name != "" {
		return n.Name
	}
	return n.ID
}
