package local_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/awslabs/aws-lambda-go-api-proxy/httpadapter"
)

// TestGatewayRequests feeds the API what API Gateway sends: bodies in clear and in base64, JSON and forms.
func TestGatewayRequests(t *testing.T) {
	s := newTeller(t)
	adapter := httpadapter.New(s.w.API())
	files, err := filepath.Glob("../../../events/api/*.json")
	if err != nil || len(files) < 4 {
		t.Fatalf("events: %v %v", files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			b, err := os.ReadFile(file) //nolint:gosec // the project's own events
			if err != nil {
				t.Fatal(err)
			}
			var req events.APIGatewayProxyRequest
			if err := json.Unmarshal(b, &req); err != nil {
				t.Fatal(err)
			}
			res, err := adapter.ProxyWithContext(t.Context(), req)
			if err != nil {
				t.Fatal(err)
			}
			if req.HTTPMethod == http.MethodGet {
				if res.StatusCode != http.StatusOK {
					t.Errorf("%d %s", res.StatusCode, res.Body)
				}
				return
			}
			var got struct{ ID, StatusURL, Token string }
			if err := json.Unmarshal([]byte(res.Body), &got); err != nil || res.StatusCode != http.StatusCreated || !strings.HasSuffix(got.StatusURL, "/s/"+got.Token) {
				t.Fatalf("%d %s", res.StatusCode, res.Body)
			}
			code, mine := s.send(http.MethodGet, "/v1/feedback/"+got.ID, "", "Authorization", "Bearer "+got.Token)
			if code != http.StatusOK || !strings.HasPrefix(mine["text"].(string), "Export") {
				t.Errorf("%d %v", code, mine)
			}
			if strings.HasPrefix(mine["text"].(string), "Exports") && !strings.Contains(mine["text"].(string), "—") {
				t.Errorf("its characters suffered: %v", mine["text"])
			}
		})
	}
}
