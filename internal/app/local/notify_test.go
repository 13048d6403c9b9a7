package local_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"learningloop/internal/app/local"
)

// Without SNS, the log says what a topic of an OpsItem would hear.
func TestTopicsInTheLog(t *testing.T) {
	var log bytes.Buffer
	w, err := local.New(t.Context(), local.Config{Public: "http://127.0.0.1:8080", Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	ops := httptest.NewServer(w.AWS())
	defer ops.Close()
	client := ssm.New(ssm.Options{
		Region: local.Region, BaseEndpoint: aws.String(ops.URL), Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "local", SecretAccessKey: "local"}, nil
		}),
	})
	const topic = "arn:aws:sns:us-east-1:" + local.Account + ":ops"
	out, err := client.CreateOpsItem(t.Context(), &ssm.CreateOpsItemInput{
		Title: aws.String("Checkout answers slowly"), Description: aws.String("d"), Source: aws.String("s"),
		Notifications: []types.OpsItemNotification{{Arn: aws.String(topic)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil { // hands over what is under way
		t.Fatal(err)
	}
	if said := log.String(); !strings.Contains(said, topic) || !strings.Contains(said, *out.OpsItemId) {
		t.Errorf("the log says %s", said)
	}
}
