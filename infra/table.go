package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"

	"learningloop/internal/config"
)

// newTable is the one table: keys pk and sk, and a sparse index per name in config.Indexes. Indexes carry keys only: the
// port reads whole rows afterwards, so that a write costs one unit per index instead of the row's size.
func newTable(l *loop) awsdynamodb.Table {
	t := awsdynamodb.NewTable(l.Stack, str("Table"), &awsdynamodb.TableProps{
		PartitionKey:        &awsdynamodb.Attribute{Name: str("pk"), Type: awsdynamodb.AttributeType_STRING},
		SortKey:             &awsdynamodb.Attribute{Name: str("sk"), Type: awsdynamodb.AttributeType_STRING},
		BillingMode:         awsdynamodb.BillingMode_PAY_PER_REQUEST,
		TimeToLiveAttribute: str("expires"),
		Stream:              awsdynamodb.StreamViewType_NEW_AND_OLD_IMAGES,
		PointInTimeRecoverySpecification: &awsdynamodb.PointInTimeRecoverySpecification{
			PointInTimeRecoveryEnabled: yes(),
		},
		DeletionProtection: &l.Keep,
		RemovalPolicy:      l.keep(),
	})
	for _, name := range config.Indexes {
		t.AddGlobalSecondaryIndex(&awsdynamodb.GlobalSecondaryIndexProps{
			IndexName:      str(name),
			PartitionKey:   &awsdynamodb.Attribute{Name: str(name + "_p"), Type: awsdynamodb.AttributeType_STRING},
			SortKey:        &awsdynamodb.Attribute{Name: str(name + "_s"), Type: awsdynamodb.AttributeType_STRING},
			ProjectionType: awsdynamodb.ProjectionType_KEYS_ONLY,
		})
	}
	return t
}
