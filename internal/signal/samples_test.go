package signal

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const samples = "../../events/signals"

// word is what matters of a sample's outcome.
type word struct {
	ID, Key, Name string
	State         State
	Severity      int
	Category      Category
	Release       string
	Ignore        Reason
	Unknown       bool
	Feedback      bool
}

// every sample of events/signals, by file name. IDs and keys are pinned: stored data and OpsItems hang on them.
var words = map[string]word{
	"cloudwatch-alarm-configuration-change": {Ignore: ReasonConfiguration},
	"cloudwatch-alarm-state-change-single": {
		ID: "n9363rwwjjdys8gzf5b43xedxb", Key: "alarm/111122223333/us-east-1/search-latency", Name: "search-latency",
		State: Firing, Severity: 3, Category: Performance,
	},
	"cloudwatch-alarm-state-change-metric-math": {
		ID: "7fah3va8d3z7sc96c0kd6q15vr", Key: "alarm/111122223333/us-east-1/payments-latency", Name: "payments-latency",
		State: Firing, Severity: 3, Category: Performance,
	},
	"cloudwatch-alarm-state-change-composite": {
		ID: "n290fa7pqye8nndk3vjj3drzsm", Key: "alarm/111122223333/us-east-1/basket-latency", Name: "basket-latency",
		State: Firing, Severity: 2, Category: Performance,
	},
	"cloudwatch-alarm-state-change-severity-tag": { // the description's tag
		ID: "h4ypwbktbga318bwdp554aryyz", Key: "alarm/111122223333/us-east-1/checkout-errors", Name: "checkout-errors",
		State: Firing, Severity: 1, Category: Availability,
	},
	"cloudwatch-alarm-state-change-ok": { // the key of the alarm that fired, another word
		ID: "kg6hv85p5b0gmjd5p0zjmpztd5", Key: "alarm/111122223333/us-east-1/search-latency", Name: "search-latency",
		State: Recovered, Severity: 3, Category: Performance,
	},
	"cloudwatch-alarm-state-change-insufficient-data": {Ignore: ReasonInsufficientData},

	"synthetics-canary-status-change":      {Ignore: ReasonCanaryStatus},
	"synthetics-canary-testrun-successful": {ID: "y01yfyeqt8tf5bhp2ds4xw25w9", Key: "canary/111122223333/us-east-1/mailer-canary", Name: "mailer-canary", State: Recovered, Severity: 3, Category: Availability},
	"synthetics-canary-testrun-failure":    {ID: "985z9cye0x27c7dejvakn5c6hr", Key: "canary/111122223333/us-east-1/mailer-canary", Name: "mailer-canary", State: Firing, Severity: 3, Category: Availability},

	"codepipeline-pipeline-execution-state-change": {Ignore: ReasonInProgress},
	"codepipeline-pipeline-started-0":              {Ignore: ReasonInProgress},
	"codepipeline-pipeline-succeeded-3": {
		ID: "p5f1t28p5yqrjd8amqqbqkbjp4", Key: "pipeline/111122223333/us-east-1/mailer-release", Name: "mailer-release",
		State: Info, Severity: 4, Category: Availability, Release: "44fb937b-1c3b-d29a-870d-6e34fd3c15a0",
	},
	"codepipeline-pipeline-failed-5": {
		ID: "4w6dke63pa1cqfgzwj1sgc6a55", Key: "pipeline/111122223333/us-west-2/mailer-release", Name: "mailer-release",
		State: Firing, Severity: 3, Category: Availability, Release: "44fb937b-1c3b-d29a-870d-6e34fd3c15a0",
	},
	"codepipeline-stage-failed": { // the same EventBridge id, time, execution and state as the pipeline's; another word of one key
		ID: "g0wskznrzfbdwk6pxkk2mcc8by", Key: "pipeline/111122223333/us-west-2/mailer-release", Name: "mailer-release",
		State: Firing, Severity: 3, Category: Availability, Release: "44fb937b-1c3b-d29a-870d-6e34fd3c15a0",
	},
	"codepipeline-action-failed-15": {
		ID: "2tyv348adzmdkfk5jrrprt3jeh", Key: "pipeline/111122223333/us-west-2/mailer-release", Name: "mailer-release",
		State: Firing, Severity: 3, Category: Availability, Release: "44fb937b-1c3b-d29a-870d-6e34fd3c15a0",
	},
	"codepipeline-action-succeeded-13": {Ignore: ReasonStepDone},

	"codedeploy-deployment-state-change": {
		ID: "m7yzhft0c2d2tn7ph7y0812hme", Key: "deployment/111122223333/us-east-1/basket-app/payments-production", Name: "basket-app",
		State: Info, Severity: 4, Category: Availability, Release: "d-123456789",
	},
	"codedeploy-deployment-failure": {
		ID: "kavc8zeer996rb73wd75ra7pm2", Key: "deployment/111122223333/us-east-1/basket-app/payments-production", Name: "basket-app",
		State: Firing, Severity: 3, Category: Availability, Release: "d-987654321",
	},
	"codedeploy-instance-failure": {
		ID: "9fck2md20k0pp8gc8rxdznmq1s", Key: "deployment/111122223333/us-east-1/basket-app/payments-production", Name: "basket-app",
		State: Firing, Severity: 4, Category: Availability, Release: "d-987654321",
	},

	"codebuild-build-state-change": {ID: "fb005xs0ar2jp6g287tgez563g", Key: "build/111122223333/us-west-2/basket-build", Name: "basket-build", State: Recovered, Severity: 4, Category: Availability},
	"codebuild-build-failed":       {ID: "fkx4yv5hzv6qaye7r8fd2t3mn7", Key: "build/111122223333/us-west-2/basket-build", Name: "basket-build", State: Firing, Severity: 4, Category: Availability},

	"appconfig-deployment-start": {Ignore: ReasonInProgress},
	"appconfig-deployment-complete": {
		ID: "528ebz3yegq8e0pc8thjtpsfdt", Key: "configuration/111122223333/us-east-1/ba8toh7/pgil2o7/ga3tqep", Name: "basket",
		State: Info, Severity: 4, Category: Availability, Release: "flags 7",
	},
	"appconfig-deployment-rollback": {
		ID: "a1j0116ghhh2x9340ph7t7qe2e", Key: "configuration/111122223333/us-east-1/ba8toh7/pgil2o7/ga3tqep", Name: "basket",
		State: Firing, Severity: 3, Category: Availability, Release: "flags 7",
	},

	"health-event-account-retirement": {
		ID: "zh9tbkdrze2vgfwwe34azqqny3", Key: "health/111122223333/us-east-1/EC2/AWS_EC2_INSTANCE_RETIREMENT_SCHEDULED", Name: "AWS_EC2_INSTANCE_RETIREMENT_SCHEDULED",
		State: Firing, Severity: 3, Category: Availability,
	},
	"health-event-account-retirement-backup": { // the copy that AWS sends to the backup Region is the same word
		ID: "zh9tbkdrze2vgfwwe34azqqny3", Key: "health/111122223333/us-east-1/EC2/AWS_EC2_INSTANCE_RETIREMENT_SCHEDULED", Name: "AWS_EC2_INSTANCE_RETIREMENT_SCHEDULED",
		State: Firing, Severity: 3, Category: Availability,
	},
	"health-event-issue-open": {
		ID: "bf6kxqh213e0h7wckyr2dhyh30", Key: "health/111122223333/us-east-1/DYNAMODB/AWS_DYNAMODB_OPERATIONAL_ISSUE", Name: "AWS_DYNAMODB_OPERATIONAL_ISSUE",
		State: Firing, Severity: 2, Category: Availability,
	},
	"health-event-issue-closed": {
		ID: "yachh2ykadhp561je4kjyz7ana", Key: "health/111122223333/us-east-1/DYNAMODB/AWS_DYNAMODB_OPERATIONAL_ISSUE", Name: "AWS_DYNAMODB_OPERATIONAL_ISSUE",
		State: Recovered, Severity: 2, Category: Availability,
	},

	"guardduty-finding": {
		ID: "e05q9fsf05v0nk8wn6m9gje8cn", Key: "guardduty/111122223333/us-east-1/1ab92989eaf0e742df4a014d5example", Name: "Recon:IAMUser/UserPermissions",
		State: Firing, Severity: 3, Category: Security,
	},
	"securityhub-findings-imported": { // archived and passed: nothing is wrong any more
		ID: "mwj18x33m8kk17q3am89zhf3pr", Key: "securityhub/111122223333/us-west-2/arn:aws:securityhub:eu-central-1:111122223333:subscription/pci-dss/v/3.2.1/PCI.Lambda.2/finding/a1b2c3d4-5678-90ab-cdef-EXAMPLE11111",
		Name: "pci-dss/v/3.2.1/PCI.Lambda.2", State: Recovered, Severity: 4, Category: Security,
	},
	"securityhub-findings-imported-critical": {
		ID: "nnqjq4gddsn5hkm2bkf1pb0b9c", Key: "securityhub/111122223333/us-west-2/arn:aws:securityhub:eu-central-1:111122223333:subscription/pci-dss/v/3.2.1/PCI.Lambda.2/finding/a1b2c3d4-5678-90ab-cdef-EXAMPLE11111",
		Name: "pci-dss/v/3.2.1/PCI.Lambda.2", State: Firing, Severity: 1, Category: Security,
	},
	"config-rule-noncompliant":    {ID: "m0p52a30j22gnhp2q2arykmca7", Key: "config/111122223333/us-east-1/s3-bucket-encrypted/basket-exports", Name: "s3-bucket-encrypted", State: Firing, Severity: 3, Category: Security},
	"config-rule-compliant-again": {ID: "vp1ajy7x0hnefh2dcsc6w8bs9y", Key: "config/111122223333/us-east-1/s3-bucket-encrypted/basket-exports", Name: "s3-bucket-encrypted", State: Recovered, Severity: 3, Category: Security},
	"config-rule-compliant-first": {Ignore: ReasonCompliant},

	"cost-anomaly-detected": {
		ID: "8279x8h1kvxa4v7b5szqgn19ma", Key: "cost/111122223333/abcdef12-1234-4ea0-84cc-918a97d736ef/Amazon DynamoDB", Name: "Amazon DynamoDB",
		State: Firing, Severity: 3, Category: Cost,
	},
	"connect-contact-lens-post-call-rules-matched": {ID: "mbbp4b5ym4fbb991hbzpdsv2st", Key: "contact/111122223333/us-east-1/instance-ARN/search-unhappy", Name: "search-unhappy", State: Firing, Severity: 4, Category: Performance},
	"connect-contact-lens-realtime-rules-matched":  {ID: "k6mp41z0rwpr0zgcw4qze03yv7", Key: "contact/111122223333/us-east-1/instance-ARN/search-unhappy", Name: "search-unhappy", State: Firing, Severity: 4, Category: Performance},

	"events-rule-scheduled-event":       {Ignore: ReasonSchedule},
	"scheduler-scheduled-event":         {Ignore: ReasonSchedule}, // its detail is a string
	"learningloop-feedback-submitted":   {Feedback: true},
	"learningloop-post-incident-opened": {Ignore: ReasonOwnWord},
	"unknown-service-event":             {Unknown: true},
}

func TestSamples(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(samples, "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no samples under %s: %v", samples, err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		t.Run(name, func(t *testing.T) {
			want, ok := words[name]
			if !ok {
				t.Fatal("the table has no word for this sample")
			}
			data := sample(t, name)
			p, err := Parse(data)
			if errors.Is(err, ErrUnknown) != want.Unknown || err != nil && !want.Unknown {
				t.Fatalf("error %v", err)
			}
			got := word{Ignore: p.Ignore, Feedback: p.Feedback != nil, Unknown: err != nil}
			if s := p.Signal; s != nil {
				got.ID, got.Key, got.Name, got.State, got.Severity = s.ID, s.Key, s.Name, s.State, s.Severity
				got.Category, got.Release = s.Category, s.Release
				if s.Title == "" || s.Time.IsZero() || s.EventID == "" || s.Link != "" && !strings.HasPrefix(s.Link, "https://") {
					t.Errorf("incomplete: %+v", *s)
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			again, _ := Parse(data)
			if diff := cmp.Diff(p, again); diff != "" || p.ID == "" {
				t.Errorf("the same event twice differs:\n%s", diff)
			}
		})
	}
	if len(files) != len(words) {
		t.Errorf("%d samples, %d words in the table", len(files), len(words))
	}
}

// Two samples have one ID only where AWS tells one thing twice.
func TestIDsAreDistinct(t *testing.T) {
	seen := map[string]string{}
	for name, w := range words {
		if w.ID == "" || name == "health-event-account-retirement-backup" {
			continue
		}
		if other, dup := seen[w.ID]; dup {
			t.Errorf("%s and %s have one id", name, other)
		}
		seen[w.ID] = name
	}
	if words["health-event-account-retirement"].ID != words["health-event-account-retirement-backup"].ID {
		t.Error("the backup Region's copy is another word")
	}
}

func TestOpsItemEventsAreNotSignals(t *testing.T) {
	for _, name := range []string{"ssm-opsitem-create", "ssm-opsitem-update"} {
		data, err := os.ReadFile("../../events/opsitems/" + name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		if p, err := Parse(data); err != nil || p.Ignore != ReasonOpsItem {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
}

func sample(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(samples, name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return data
}
