// Package dynamotest is what tests need beside the dynamo engine: a table made as the stack makes it, and the change feed
// read from DynamoDB Streams, which in AWS the functions' event source mapping does.
package dynamotest

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"learningloop/internal/config"
	"learningloop/internal/table"
	"learningloop/internal/table/dynamo"
)

// tableWait is how long a new table may take to become active; LocalStack's first one starts a JVM.
const tableWait = time.Minute

// CreateTable makes the table with its indexes, stream and time to live, and gives the ARN of its stream.
func CreateTable(ctx context.Context, client *dynamodb.Client, name string) (streamARN string, err error) {
	in := &dynamodb.CreateTableInput{
		TableName:   &name,
		BillingMode: types.BillingModePayPerRequest,
		KeySchema:   schema(dynamo.AttrPartition, dynamo.AttrSort),
		AttributeDefinitions: []types.AttributeDefinition{
			text(dynamo.AttrPartition), text(dynamo.AttrSort),
		},
		StreamSpecification: &types.StreamSpecification{
			StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeNewAndOldImages,
		},
	}
	for _, index := range config.Indexes {
		p, s := dynamo.IndexAttrs(table.Index(index))
		in.AttributeDefinitions = append(in.AttributeDefinitions, text(p), text(s))
		in.GlobalSecondaryIndexes = append(in.GlobalSecondaryIndexes, types.GlobalSecondaryIndex{
			IndexName: aws.String(index), KeySchema: schema(p, s),
			Projection: &types.Projection{ProjectionType: types.ProjectionTypeKeysOnly},
		})
	}
	out, err := client.CreateTable(ctx, in)
	if err != nil {
		return "", fmt.Errorf("create table %s: %w", name, err)
	}
	err = dynamodb.NewTableExistsWaiter(client).Wait(ctx, &dynamodb.DescribeTableInput{TableName: &name}, tableWait)
	if err != nil {
		return "", fmt.Errorf("wait for table %s: %w", name, err)
	}
	_, err = client.UpdateTimeToLive(ctx, &dynamodb.UpdateTimeToLiveInput{
		TableName: &name,
		TimeToLiveSpecification: &types.TimeToLiveSpecification{
			AttributeName: aws.String(dynamo.AttrExpires), Enabled: aws.Bool(true),
		},
	})
	if err != nil {
		return "", fmt.Errorf("set time to live of table %s: %w", name, err)
	}
	return aws.ToString(out.TableDescription.LatestStreamArn), nil
}

func schema(partition, sort string) []types.KeySchemaElement {
	return []types.KeySchemaElement{
		{AttributeName: &partition, KeyType: types.KeyTypeHash},
		{AttributeName: &sort, KeyType: types.KeyTypeRange},
	}
}

func text(name string) types.AttributeDefinition {
	return types.AttributeDefinition{AttributeName: &name, AttributeType: types.ScalarAttributeTypeS}
}
