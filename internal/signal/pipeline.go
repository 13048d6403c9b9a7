package signal

import "fmt"

// pipelineDetail is the detail of all three levels (CodePipeline User Guide, "Monitoring CodePipeline events").
type pipelineDetail struct {
	Pipeline    string `json:"pipeline"`
	ExecutionID string `json:"execution-id"`
	State       string `json:"state"`
	Stage       string `json:"stage"`
	Action      string `json:"action"`
	Type        struct {
		Provider string `json:"provider"`
	} `json:"type"`
	Result struct {
		Summary string `json:"external-execution-summary"`
		Code    string `json:"error-code"`
	} `json:"execution-result"`
}

func (e *envelope) pipeline(level ...string) (pipelineDetail, Signal, error) {
	bad := e.aws()
	var d pipelineDetail
	if bad.detail(e, &d); len(bad) > 0 {
		return d, Signal{}, bad.err()
	}
	bad.need("/detail/pipeline", d.Pipeline)
	bad.need("/detail/execution-id", d.ExecutionID)
	bad.need("/detail/state", d.State)
	for _, l := range level {
		bad.need("/detail/"+l, map[string]string{"stage": d.Stage, "action": d.Action}[l])
	}
	s := e.signal()
	// All levels share the key: one failed run is one thing to mend, and its action tells best what broke. The time tells a
	// retry from a second delivery, because a retried stage keeps its execution.
	s.Key = key("pipeline", e.Account, e.Region, d.Pipeline)
	s.ID = identity("pipeline", e.DetailType, e.Account, e.Region, d.Pipeline, d.ExecutionID, d.State, d.Stage, d.Action, e.RawTime)
	s.Name = d.Pipeline
	s.Release = d.ExecutionID
	s.Severity = tagged(3, d.Pipeline)
	s.Link = console(e.Region, "/codesuite/codepipeline/pipelines/"+esc(d.Pipeline)+"/executions/"+esc(d.ExecutionID)+"/timeline?region="+e.Region)
	return d, s, bad.err()
}

func readPipeline(e *envelope) (Parsed, error) {
	d, s, err := e.pipeline()
	if err != nil {
		return Parsed{}, err
	}
	switch d.State {
	case "FAILED":
		s.State, s.Title = Firing, "Pipeline "+d.Pipeline+" failed"
		s.Text = "Execution " + d.ExecutionID + " failed."
	case "SUCCEEDED":
		s.State, s.Title, s.Severity = Info, "Pipeline "+d.Pipeline+" released", 4
		s.Text = "Execution " + d.ExecutionID + " went through."
	case "STARTED", "RESUMED", "STOPPING":
		return ignore(ReasonInProgress)
	case "STOPPED", "CANCELED", "SUPERSEDED":
		return ignore(ReasonByHand)
	default:
		return unknown("pipeline state", d.State)
	}
	return keep(s)
}

func readPipelineStep(e *envelope) (Parsed, error) {
	level := []string{"stage"}
	if e.DetailType == "CodePipeline Action Execution State Change" {
		level = append(level, "action")
	}
	d, s, err := e.pipeline(level...)
	if err != nil {
		return Parsed{}, err
	}
	switch d.State {
	case "FAILED":
	case "STARTED", "RESUMED", "STOPPING":
		return ignore(ReasonInProgress)
	case "SUCCEEDED":
		return ignore(ReasonStepDone)
	case "STOPPED", "CANCELED", "ABANDONED":
		return ignore(ReasonByHand)
	default:
		return unknown("pipeline state", d.State)
	}
	s.State = Firing
	s.Title = fmt.Sprintf("Pipeline %s failed at %s", d.Pipeline, d.Stage)
	why := d.Result.Summary
	if d.Result.Code != "" {
		why = d.Result.Code + ": " + why
	}
	if d.Action != "" {
		s.Title += ", " + d.Action
		if d.Type.Provider != "" {
			s.Title += " (" + d.Type.Provider + ")"
		}
	}
	s.Text = paragraphs("Execution "+d.ExecutionID+" failed.", why)
	return keep(s)
}
