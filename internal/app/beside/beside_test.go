package beside

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/google/go-cmp/cmp"
)

// localStack takes events and messages as LocalStack does, and keeps them.
type localStack struct {
	mu       sync.Mutex
	events   []string
	messages []url.Values
}

// ServeHTTP answers PutEvents and Publish.
func (l *localStack) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	body, _ := io.ReadAll(r.Body) // the test fails without it
	if r.Header.Get("X-Amz-Target") == "AWSEvents.PutEvents" {
		l.events = append(l.events, string(body))
		_, _ = io.WriteString(w, `{"FailedEntryCount":0,"Entries":[{"EventId":"1"}]}`)
		return
	}
	form, _ := url.ParseQuery(string(body)) // likewise
	l.messages = append(l.messages, form)
	w.Header().Set("Content-Type", "text/xml")
	_, _ = io.WriteString(w, `<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>`)
}

// What OpsCenter tells EventBridge and topics reaches LocalStack's.
func TestTells(t *testing.T) {
	stack := new(localStack)
	server := httptest.NewServer(stack)
	defer server.Close()
	t.Setenv("AWS_ENDPOINT_URL", server.URL)
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	b, err := New(t.Context(), Config{Dir: t.TempDir(), Public: "http://127.0.0.1:8080"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}()
	ops := httptest.NewServer(b.AWS())
	defer ops.Close()
	client := ssm.New(ssm.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(ops.URL), Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
		}),
	})
	const topic = "arn:aws:sns:us-east-1:000000000000:ops"
	out, err := client.CreateOpsItem(t.Context(), &ssm.CreateOpsItemInput{
		Title: aws.String("Checkout answers slowly"), Description: aws.String("d"), Source: aws.String("s"),
		Notifications: []types.OpsItemNotification{{Arn: aws.String(topic)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := b.Emulator.Drain(ctx); err != nil {
		t.Fatal(err)
	}
	if len(stack.events) != 1 || !strings.Contains(stack.events[0], *out.OpsItemId) {
		t.Errorf("events: %q", stack.events)
	}
	if len(stack.messages) != 1 || !strings.Contains(stack.messages[0].Get("Message"), *out.OpsItemId) {
		t.Fatalf("messages: %v", stack.messages)
	}
	got := stack.messages[0]
	got.Del("Message")
	want := url.Values{"Action": {"Publish"}, "Version": {"2010-03-31"}, "TopicArn": {topic}, "Subject": {"Checkout answers slowly"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
