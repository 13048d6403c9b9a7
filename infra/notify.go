package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssnssubscriptions"
)

type notify struct {
	topic awssns.Topic
	key   awskms.Key
}

// newNotify is the topic that every OpsItem and every alarm is told to. Its key is customer-managed: with AWS's own key
// for SNS neither Systems Manager nor CloudWatch may encrypt to the topic, and notifications vanish without a trace.
func newNotify(l *loop) notify {
	key := awskms.NewKey(l.Stack, str("OpsKey"), &awskms.KeyProps{
		Description:       str("Encrypts the topic of OpsItems and alarms of " + l.name()),
		EnableKeyRotation: yes(),
		RemovalPolicy:     l.keep(),
	})
	topic := awssns.NewTopic(l.Stack, str("OpsTopic"), &awssns.TopicProps{
		TopicName:   str(l.name() + "-ops"),
		DisplayName: str("Learning Loop"),
		MasterKey:   key,
		EnforceSSL:  yes(),
	})
	for _, service := range []string{"ssm.amazonaws.com", "cloudwatch.amazonaws.com"} {
		principal := &[]awsiam.IPrincipal{awsiam.NewServicePrincipal(&service, nil)}
		topic.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
			Principals: principal,
			Actions:    list("sns:Publish"),
			Resources:  &[]*string{topic.TopicArn()},
			Conditions: &map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": l.Account()}},
		}))
		// In a key's policy "*" is this key (KMS Developer Guide, "Key policies"). No condition on the account here: not every
		// service passes it on to KMS, and the topic's policy already stands before the key.
		key.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
			Principals: principal, Actions: list("kms:Decrypt", "kms:GenerateDataKey"), Resources: list("*"),
		}), nil)
	}
	if l.OpsEmail != "" {
		topic.AddSubscription(awssnssubscriptions.NewEmailSubscription(&l.OpsEmail, nil))
	}
	return notify{topic: topic, key: key}
}
