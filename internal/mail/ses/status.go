package ses

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
)

// Status is how the SES account stands in this Region.
type Status struct {
	Sandbox     bool    // mails reach verified addresses only
	Sending     bool    // false: paused, by AWS or by somebody here
	Enforcement string  // HEALTHY, PROBATION, SHUTDOWN
	Max24h      float64 // mails allowed in 24 hours; -1: no limit
	MaxRate     float64 // mails allowed a second
	Sent24h     float64 // mails sent in the last 24 hours
}

// AccountStatus asks SES. Kinds of errors as for Send.
func (s *Sender) AccountStatus(ctx context.Context) (Status, error) { return AccountStatus(ctx, s.api) }

// AccountStatus asks SES through any client.
func AccountStatus(ctx context.Context, api API) (Status, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	out, err := api.GetAccount(ctx, &sesv2.GetAccountInput{})
	if err != nil {
		return Status{}, fmt.Errorf("ask how the mail account stands: %w", mapError(err))
	}
	st := Status{
		Sandbox:     !out.ProductionAccessEnabled,
		Sending:     out.SendingEnabled,
		Enforcement: aws.ToString(out.EnforcementStatus),
	}
	if q := out.SendQuota; q != nil {
		st.Max24h, st.MaxRate, st.Sent24h = q.Max24HourSend, q.MaxSendRate, q.SentLast24Hours
	}
	return st, nil
}

// Note is the sentence that staff pages show while mails do not reach everybody, or "" when all is well.
func (s Status) Note() string {
	switch {
	case !s.Sending || s.Enforcement == "SHUTDOWN":
		return "Amazon SES has paused sending: no mail leaves until that is mended in the SES console."
	case s.Sandbox:
		return "Amazon SES is still in its sandbox: mails reach verified addresses only. Ask for production access in the SES console."
	case s.Enforcement == "PROBATION":
		return "Amazon SES reviews this account: too many mails bounced or were complained about."
	case s.Max24h > 0 && s.Sent24h >= 0.9*s.Max24h:
		return fmt.Sprintf("%.0f of the %.0f mails that Amazon SES allows in 24 hours are used.", s.Sent24h, s.Max24h)
	}
	return ""
}
