package dynamo_test

import (
	"context"
	crand "crypto/rand"
	"math/rand/v2"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"

	"learningloop/internal/table"
	"learningloop/internal/table/dynamo"
	"learningloop/internal/table/dynamo/dynamotest"
	"learningloop/internal/table/tabletest"
)

// endpoint is where a DynamoDB for tests answers.
func endpoint(t *testing.T) string {
	t.Helper()
	for _, key := range []string{"DYNAMODB_ENDPOINT", "AWS_ENDPOINT_URL"} {
		if url := os.Getenv(key); url != "" {
			return url
		}
	}
	t.Skip("SKIPPED: the dynamo engine is not held to the conformance suite, because neither DYNAMODB_ENDPOINT nor " +
		"AWS_ENDPOINT_URL says where LocalStack or DynamoDB Local answers. `make test` sets it.")
	return ""
}

func awsConfig() aws.Config {
	return aws.Config{Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")}
}

// TestConformance runs on a DynamoDB that is made busy: one call in six is throttled or meets another transaction.
func TestConformance(t *testing.T) {
	url := endpoint(t)
	busy := &flaky{next: http.DefaultTransport, rng: rand.New(rand.NewPCG(1, 2)), injected: map[string]int{}}
	client := dynamodb.NewFromConfig(awsConfig(), func(o *dynamodb.Options) {
		o.BaseEndpoint = &url
		o.HTTPClient = &http.Client{Transport: busy}
	})
	streams := dynamodbstreams.NewFromConfig(awsConfig(), func(o *dynamodbstreams.Options) { o.BaseEndpoint = &url })
	tabletest.Run(t, func(t *testing.T, clock func() time.Time) tabletest.Engine {
		name := "conformance-" + crand.Text() // LocalStack removes expired rows from the first megabyte of a table only
		arn, err := dynamotest.CreateTable(t.Context(), client, name)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if _, err := client.DeleteTable(context.Background(), &dynamodb.DeleteTableInput{TableName: &name}); err != nil {
				t.Error(err)
			}
		})
		return tabletest.Engine{
			Table: dynamo.New(client, name, dynamo.Options{Clock: clock, Attempts: 20, Random: func() float64 { return rand.Float64() / 10 }}),
			Feed: func() table.Feed {
				f, err := dynamotest.NewFeed(t.Context(), streams, arn)
				if err != nil {
					t.Fatal(err)
				}
				return f
			},
			Sweep: func(ctx context.Context) error { return removeExpired(ctx, url) },
			Lag:   30 * time.Second,
		}
	})
	for _, code := range []string{
		"TransactionCanceledException", "TransactionConflictException", "TransactionInProgressException",
		"ProvisionedThroughputExceededException", "ThrottlingException",
	} {
		if busy.injected[code] == 0 {
			t.Errorf("%s was never injected", code)
		}
	}
	t.Logf("injected: %v", busy.injected)
}

// removeExpired asks LocalStack to do at once what DynamoDB does within days.
func removeExpired(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodDelete, url+"/_aws/dynamodb/expired", nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	return res.Body.Close()
}
