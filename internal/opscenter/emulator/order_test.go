package emulator

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/google/go-cmp/cmp"
)

func TestOrder(t *testing.T) {
	r := newRig(t)
	ids := map[string]string{}
	for _, x := range []struct {
		name, severity string
		priority       int32
	}{{"a", "2", 0}, {"b", "", 5}, {"c", "1", 1}, {"d", "2", 1}, {"e", "4", 3}} {
		r.clock.add(time.Hour)
		ids[x.name] = r.create(func(in *ssm.CreateOpsItemInput) {
			in.Title = aws.String(x.name)
			if x.severity != "" {
				in.Severity = &x.severity
			}
			if x.priority != 0 {
				in.Priority = &x.priority
			}
		})
	}
	r.clock.add(time.Hour)
	if err := r.Edit(t.Context(), ids["b"], Edit{Status: StatusInProgress}); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		order Order
		want  string
	}{
		{Newest, "edcba"},
		{Oldest, "abcde"},
		{Changed, "bedca"},
		{Severest, "cdaeb"},
		{ByUrgency, "dceba"},
	} {
		for _, limit := range []int{50, 2, 1} {
			t.Run(fmt.Sprintf("%s by %d", tc.order, limit), func(t *testing.T) {
				got, cursor := "", ""
				for range 10 {
					items, next, err := r.List(t.Context(), Query{Order: tc.order, Limit: limit, Cursor: cursor})
					if err != nil || len(items) > limit {
						t.Fatalf("%d, %v", len(items), err)
					}
					for _, it := range items {
						got += it.Title
					}
					if cursor = next; cursor == "" {
						break
					}
				}
				if got != tc.want {
					t.Errorf("%s, want %s", got, tc.want)
				}
			})
		}
	}
	t.Run("refused", func(t *testing.T) {
		_, next, err := r.List(t.Context(), Query{Order: Oldest, Limit: 1})
		if err != nil {
			t.Fatal(err)
		}
		for name, q := range map[string]Query{
			"an order that is none": {Order: "colour"}, "a cursor that is none": {Order: Oldest, Cursor: "x"},
			"a cursor of another order": {Order: Changed, Cursor: next}, "a cursor of other filters": {Order: Oldest, Severity: "1", Cursor: next},
		} {
			if _, _, err := r.List(t.Context(), q); err == nil {
				t.Errorf("%s: taken", name)
			}
		}
	})
}

func TestConsoleFilters(t *testing.T) {
	r := newRig(t)
	r.create(func(in *ssm.CreateOpsItemInput) {
		in.Title, in.Category, in.Priority, in.Source = aws.String("a"), aws.String("Security"), aws.Int32(1), aws.String("Security Hub")
	})
	r.create(func(in *ssm.CreateOpsItemInput) {
		in.Title, in.OperationalData = aws.String("b"), data(keyResources, `[{"arn":"arn:aws:s3:::one"},{"arn":"arn:aws:s3:::Two"}]`)
	})
	for _, tc := range []struct {
		name string
		q    Query
		want []string
	}{
		{"all", Query{}, []string{"b", "a"}},
		{"category", Query{Category: "Security"}, []string{"a"}},
		{"priority", Query{Priority: 1}, []string{"a"}},
		{"source", Query{Source: "hub"}, []string{"a"}},
		{"resource", Query{Resource: "S3:::two"}, []string{"b"}},
		{"both", Query{Resource: "two", Source: "hub"}, nil},
		{"an unknown category", Query{Category: "Weather"}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, order := range []Order{Newest, Changed} {
				tc.q.Order = order
				items, _, err := r.List(t.Context(), tc.q)
				if err != nil {
					t.Fatal(err)
				}
				var got []string
				for _, it := range items {
					got = append(got, it.Title)
				}
				if diff := cmp.Diff(tc.want, got); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

// An item's page leads to what a person should see beside it.
func TestNeighbours(t *testing.T) {
	r := newRig(t)
	b := newBrowser(t, r)
	resources := func(arn string) func(*ssm.CreateOpsItemInput) {
		return func(in *ssm.CreateOpsItemInput) { in.OperationalData = data(keyResources, `[{"arn":"`+arn+`"}]`) }
	}
	title := func(s string) func(*ssm.CreateOpsItemInput) {
		return func(in *ssm.CreateOpsItemInput) { in.Title = &s }
	}
	linked, gone := r.create(title("The one before")), r.create(title("Gone"))
	long := strings.Repeat("ä", 120)
	id := r.create(title(long), resources("arn:x"), relatedTo(linked, gone))
	r.create(title(long))
	r.create(title(long), resources("arn:x"))
	r.create(title(long[:200]+"other"), resources("arn:x"))
	r.create(title("Another resource"), resources("arn:y"))
	if err := r.Delete(t.Context(), gone); err != nil {
		t.Fatal(err)
	}
	r.clock.add(time.Hour)
	if _, err := r.client.AssociateOpsItemRelatedItem(t.Context(), &ssm.AssociateOpsItemRelatedItemInput{
		OpsItemId: &id, AssociationType: aws.String("IsParentOf"), ResourceType: aws.String("AWS::SSMIncidents::IncidentRecord"), ResourceUri: aws.String("arn:aws:ssm-incidents::111122223333:incident-record/x"),
	}); err != nil {
		t.Fatal(err)
	}
	sameTitle, sameResource := r.Similar(t.Context(), r.look(id))
	if len(sameTitle) != 2 || len(sameResource) != 1 || !strings.HasSuffix(sameResource[0].Title, "other") {
		t.Errorf("%d with its title, %d others with its resource", len(sameTitle), len(sameResource))
	}
	_, page, _ := b.open(testPrefix + "/items/" + id)
	for _, want := range []string{
		">The one before</a>", gone + " is not there any more", "<strong>Incident</strong>", "incident-record/x", "<h3>Same title</h3>", "<h3>Same resource</h3>",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(page, "Another resource") {
		t.Error("shows an item that has nothing to do with it")
	}
	again := r.create(title(long), resources("arn:x"), relatedTo(id))
	if sameTitle, sameResource := r.Similar(t.Context(), r.look(again)); len(sameTitle) != 2 || len(sameResource) != 1 {
		t.Errorf("beside a related one: %d with its title, %d others with its resource", len(sameTitle), len(sameResource))
	}
	if _, page, _ := b.open(testPrefix + "/items/" + again); strings.Count(page, "items/"+id+`"`) != 1 {
		t.Error("a related OpsItem is listed again as a similar one")
	}
}

func relatedTo(ids ...string) func(*ssm.CreateOpsItemInput) {
	return func(in *ssm.CreateOpsItemInput) {
		for _, id := range ids {
			in.RelatedOpsItems = append(in.RelatedOpsItems, relatedRef(id))
		}
	}
}

func relatedRef(id string) types.RelatedOpsItem { return types.RelatedOpsItem{OpsItemId: &id} }
