package main

import (
	"net/mail"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsses"
)

// sender is who mails come from.
type sender struct {
	set     string // name of the SES configuration set
	address string // the bare address of mailFrom
}

// newMail makes the identity that SES verifies and the configuration set whose events come back by EventBridge, so that
// bounces and complaints suppress. A domain's DKIM records are in the outputs.
func newMail(l *loop) sender {
	s := sender{set: l.name(), address: l.MailFrom}
	if a, err := mail.ParseAddress(l.MailFrom); err == nil {
		s.address = a.Address
	}
	if l.local() {
		return s
	}
	set := awsses.NewConfigurationSet(l.Stack, str("MailSet"), &awsses.ConfigurationSetProps{
		ConfigurationSetName: str(s.set),
		ReputationMetrics:    yes(),
		SuppressionReasons:   awsses.SuppressionReasons_BOUNCES_AND_COMPLAINTS,
		TlsPolicy:            awsses.ConfigurationSetTlsPolicy_OPTIONAL, // a receiver without TLS still hears
	})
	set.AddEventDestination(str("ToEventBridge"), &awsses.ConfigurationSetEventDestinationOptions{
		Destination: awsses.EventDestination_EventBus(awsevents.EventBus_FromEventBusName(l.Stack, str("DefaultBus"), str("default"))),
		Events: &[]awsses.EmailSendingEvent{
			awsses.EmailSendingEvent_BOUNCE, awsses.EmailSendingEvent_COMPLAINT, awsses.EmailSendingEvent_DELIVERY,
			awsses.EmailSendingEvent_REJECT,
		},
	})
	what := awsses.Identity_Domain(&l.MailIdentity)
	if strings.Contains(l.MailIdentity, "@") {
		what = awsses.Identity_Email(&l.MailIdentity)
	}
	id := awsses.NewEmailIdentity(l.Stack, str("MailIdentity"), &awsses.EmailIdentityProps{
		Identity: what, ConfigurationSet: set, FeedbackForwarding: new(bool), // events say it better than mails
	})
	if !strings.Contains(l.MailIdentity, "@") {
		newOutputs(l, map[string]*string{
			"DkimName1": id.DkimDnsTokenName1(), "DkimValue1": id.DkimDnsTokenValue1(),
			"DkimName2": id.DkimDnsTokenName2(), "DkimValue2": id.DkimDnsTokenValue2(),
			"DkimName3": id.DkimDnsTokenName3(), "DkimValue3": id.DkimDnsTokenValue3(),
		})
	}
	return s
}
