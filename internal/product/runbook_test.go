package product_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/product"
	"learningloop/internal/signal"
)

func TestRunbooksFor(t *testing.T) {
	books := product.Runbooks{
		{Match: signal.Rule{Name: "checkout-*"}, Automation: "AWS-RestartEC2Instance"},
		{Match: signal.Rule{Source: "aws.cloudwatch"}, Automation: "Look"},
		{Match: signal.Rule{Resource: "arn:aws:lambda:*"}, Automation: "Look"},
		{Match: signal.Rule{Name: "search-*"}, Automation: "Other"},
	}
	s := signal.Signal{Name: "checkout-p99", Source: "aws.cloudwatch", Resources: []string{"arn:aws:lambda:us-east-1:111122223333:function:a"}}
	if d := cmp.Diff([]string{"AWS-RestartEC2Instance", "Look"}, books.For(s)); d != "" {
		t.Error(d)
	}
	if got := books.For(signal.Signal{Name: "x"}); got != nil {
		t.Errorf("%v", got)
	}
}

func TestRunbookSettings(t *testing.T) {
	match := signal.Rule{Name: "checkout-*"}
	tests := []struct {
		name  string
		books product.Runbooks
		bad   []string
	}{
		{"none", product.Runbooks{}, nil},
		{"a name", product.Runbooks{{Match: match, Automation: "AWS-RestartEC2Instance"}}, nil},
		{"an ARN", product.Runbooks{{Match: match, Automation: "arn:aws:ssm:us-east-1:111122223333:document/Restart"}}, nil},
		{"an ARN of AWS's own", product.Runbooks{{Match: match, Automation: "arn:aws:ssm:us-east-1::document/AWS-RestartEC2Instance"}}, nil},
		{"no document", product.Runbooks{{Match: match}}, []string{"/runbooks/0/automation"}},
		{"another service's ARN", product.Runbooks{{Match: match, Automation: "arn:aws:lambda:us-east-1:111122223333:function:x"}}, []string{"/runbooks/0/automation"}},
		{"a script", product.Runbooks{{Match: match, Automation: "<script>"}}, []string{"/runbooks/0/automation"}},
		{"nothing to match", product.Runbooks{{Automation: "AWS-RestartEC2Instance"}}, []string{"/runbooks/0/match"}},
		{"a bad pattern", product.Runbooks{{}, {Match: signal.Rule{Name: "a\nb"}, Automation: "x y"}}, []string{"/runbooks/0/match", "/runbooks/0/automation", "/runbooks/1/match/name", "/runbooks/1/automation"}},
		{"too many", make(product.Runbooks, product.MaxRunbooks+1), []string{"/runbooks"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := product.Product{}.With(product.Settings{Runbooks: tt.books})
			if len(tt.bad) == 0 {
				if err != nil || len(p.Runbooks) != len(tt.books) {
					t.Errorf("%v, %v", p.Runbooks, err)
				}
				return
			}
			for _, at := range tt.bad {
				if got := pointers(t, err); !slices.Contains(got, at) {
					t.Errorf("%s is not named: %v", at, got)
				}
			}
		})
	}
}
