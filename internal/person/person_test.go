package person_test

import (
	"regexp"
	"testing"

	"learningloop/internal/person"
)

var key = []byte("a key")

func TestOf(t *testing.T) {
	martha := person.Of(key, "martha@example.com")
	if !regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(string(martha)) {
		t.Errorf("id %q", martha)
	}
	tests := []struct {
		name    string
		key     []byte
		address string
		same    bool
	}{
		{"again", key, "martha@example.com", true},
		{"in another case", key, "Martha@Example.COM", true},
		{"somebody else", key, "mary@example.com", false},
		{"under another key", []byte("other"), "martha@example.com", false},
		{"part of it", key, "martha@example.co", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := person.Of(tt.key, tt.address); (got == martha) != tt.same {
				t.Errorf("Of = %s, of martha %s", got, martha)
			}
		})
	}
	if got := person.Of(key, ""); got != "" {
		t.Errorf("nobody is %q", got)
	}
}

func TestMask(t *testing.T) {
	tests := []struct{ name, address, want string }{
		{"usual", "martha@example.com", "m…@example.com"},
		{"a short one gives nothing more away", "m@example.com", "m…@example.com"},
		{"one character, not one byte", "ärger@example.com", "ä…@example.com"},
		{"no address", "martha", ""},
		{"nobody", "@example.com", ""},
		{"empty", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := person.Mask(tt.address); got != tt.want {
				t.Errorf("Mask = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestName(t *testing.T) {
	tests := []struct{ name, by, want string }{
		{"a role somebody took", "arn:aws:sts::111122223333:assumed-role/operator/console", "operator/console"},
		{"a user", "arn:aws:iam::111122223333:user/ops/diego", "user/ops/diego"},
		{"the account itself", "arn:aws:iam::111122223333:root", "root"},
		{"another partition", "arn:aws-cn:sts::111122223333:federated-user/diego", "federated-user/diego"},
		{
			"a service that acts by itself",
			"arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForCloudWatchAlarms_ActionSSM/ssm.alarms.cloudwatch.amazonaws.com",
			"AWSServiceRoleForCloudWatchAlarms_ActionSSM",
		},
		{"a member", "staff@example.com", "staff@example.com"},
		{"a rule, which has a colon too", "rule: andon: 3 people: all of them: now: and: here", "rule: andon: 3 people: all of them: now: and: here"},
		{"an ARN of nobody", "arn:aws:sts::111122223333:", "arn:aws:sts::111122223333:"},
		{"no ARN", "arn:aws", "arn:aws"},
		{"nobody", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := person.Name(tt.by); got != tt.want {
				t.Errorf("Name = %q, want %q", got, tt.want)
			}
		})
	}
}
