//nolint:revive // PolicyId, not PolicyID: members are bound and encoded by the names that the model gives them.
package emulator

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// policy lets other accounts work with this account's OpsItems. The emulator keeps it and lets nobody in by it: it has
// one account only.
type policy struct {
	ID   string `json:"id"`
	Hash string `json:"hash"`
	Text string `json:"text"`
}

type policyChange struct {
	ARN      string   `json:"arn"`
	Policies []policy `json:"policies"`
}

type putPolicyInput struct {
	ResourceArn, Policy, PolicyId, PolicyHash string
}

type putPolicyOutput struct {
	PolicyId   string
	PolicyHash string
}

type getPoliciesInput struct {
	ResourceArn string
	NextToken   string
	MaxResults  int
}

type policyView struct {
	PolicyId   string
	PolicyHash string
	Policy     string
}

type getPoliciesOutput struct {
	NextToken string `json:",omitempty"`
	Policies  []policyView
}

type deletePolicyInput struct {
	ResourceArn, PolicyId, PolicyHash, DeletionMode string
}

func errPolicyParameter(name, format string, args ...any) *Error {
	err := newError("ResourcePolicyInvalidParameterException", format, args...)
	err.Members = map[string]any{"ParameterNames": []string{name}}
	return err
}

// checkPolicyResource takes the OpsItem group only; parameters, the other resource that can have policies, do not exist
// here.
func (e *Emulator) checkPolicyResource(arn string) *Error {
	switch {
	case arn == e.opsItemGroup():
		return nil
	case strings.HasPrefix(arn, "arn:") && strings.Contains(arn, ":ssm:"):
		return newError("ResourceNotFoundException", "The resource %s was not found.", arn)
	}
	return errPolicyParameter("ResourceArn", "ResourceArn must be %s.", e.opsItemGroup())
}

func (e *Emulator) putResourcePolicy(_ caller, in *putPolicyInput) (*putPolicyOutput, *Error) {
	if err := e.checkPolicyResource(in.ResourceArn); err != nil {
		return nil, err
	}
	if err := checkPolicy(in.Policy); err != nil {
		return nil, err
	}
	if (in.PolicyId == "") != (in.PolicyHash == "") {
		return nil, errPolicyParameter("PolicyHash", "An update needs PolicyId and PolicyHash.")
	}
	sum := sha256.Sum256([]byte(in.Policy))
	p := policy{ID: in.PolicyId, Hash: hex.EncodeToString(sum[:]), Text: in.Policy}
	if p.ID == "" {
		p.ID = e.newUUID()
	}
	err := e.change(func(time.Time) (*record, *Error) {
		list := slices.Clone(e.st.policies[in.ResourceArn])
		if in.PolicyId == "" {
			if len(list) >= policiesPerResource {
				err := newError("ResourcePolicyLimitExceededException", "The resource has its %d policy.", policiesPerResource)
				err.Members = map[string]any{"Limit": policiesPerResource, "LimitType": "PoliciesPerResource"}
				return nil, err
			}
			return &record{Policies: &policyChange{in.ResourceArn, append(list, p)}}, nil
		}
		i, err := findPolicy(list, in.PolicyId, in.PolicyHash)
		if err != nil {
			return nil, err
		}
		list[i] = p
		return &record{Policies: &policyChange{in.ResourceArn, list}}, nil
	})
	if err != nil {
		return nil, err
	}
	return &putPolicyOutput{PolicyId: p.ID, PolicyHash: p.Hash}, nil
}

func (e *Emulator) getResourcePolicies(_ caller, in *getPoliciesInput) (*getPoliciesOutput, *Error) {
	if err := e.checkPolicyResource(in.ResourceArn); err != nil {
		return nil, err
	}
	if in.NextToken != "" { // one policy never fills a page
		return nil, errPolicyParameter("NextToken", "NextToken is not valid.")
	}
	e.mu.RLock()
	defer e.mu.RUnlock()
	out := &getPoliciesOutput{Policies: []policyView{}}
	for _, p := range e.st.policies[in.ResourceArn] {
		out.Policies = append(out.Policies, policyView{PolicyId: p.ID, PolicyHash: p.Hash, Policy: p.Text})
	}
	return out, nil
}

func (e *Emulator) deleteResourcePolicy(_ caller, in *deletePolicyInput) (*empty, *Error) {
	if err := e.checkPolicyResource(in.ResourceArn); err != nil {
		return nil, err
	}
	err := e.change(func(time.Time) (*record, *Error) {
		list := slices.Clone(e.st.policies[in.ResourceArn])
		i, err := findPolicy(list, in.PolicyId, in.PolicyHash)
		if err != nil {
			return nil, err
		}
		return &record{Policies: &policyChange{in.ResourceArn, slices.Delete(list, i, i+1)}}, nil
	})
	if err != nil {
		return nil, err
	}
	return &empty{}, nil
}

// findPolicy finds the policy to change; its hash says that the caller knows what it changes.
func findPolicy(list []policy, id, hash string) (int, *Error) {
	i := slices.IndexFunc(list, func(p policy) bool { return p.ID == id })
	switch {
	case i < 0:
		return 0, newError("ResourcePolicyNotFoundException", "The policy %s was not found.", id)
	case list[i].Hash != hash:
		return 0, newError("ResourcePolicyConflictException", "The policy was changed meanwhile: its hash is another.")
	}
	return i, nil
}

func checkPolicy(text string) *Error {
	var doc struct {
		Statement json.RawMessage
	}
	if json.Unmarshal([]byte(text), &doc) != nil || len(doc.Statement) == 0 {
		return newError("MalformedResourcePolicyDocumentException", "The policy is not a JSON object with a Statement.")
	}
	return nil
}
