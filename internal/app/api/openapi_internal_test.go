package api

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"
)

// TestOpenAPINamesTheRoutes: a route that nobody documents is one that nobody finds; one that is not there misleads.
func TestOpenAPINamesTheRoutes(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromData(openAPI)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Errorf("not valid: %v", err)
	}
	var got []string
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			got = append(got, method+" "+path)
		}
	}
	slices.Sort(got)
	if d := cmp.Diff(slices.Sorted(maps.Keys((&API{}).apiRoutes())), got); d != "" {
		t.Errorf("routes and their description (-routes +described):\n%s", d)
	}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			at := method + " " + path
			if strings.HasPrefix(path, "/v1/") && at != "POST /v1/feedback" && (op.Security == nil || len(*op.Security) == 0) {
				t.Errorf("%s says nothing of the token it needs", at)
			}
			if op.Summary == "" || op.Description == "" || len(op.Tags) != 1 {
				t.Errorf("%s needs a summary, a description and one tag", at)
			}
		}
	}
}
