package emulator

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/google/go-cmp/cmp"
)

// The history tells of everything that an update can change.
func TestHistoryOfEverything(t *testing.T) {
	r := newRig(t)
	first := "One\nTwo\nThree"
	id := r.create(func(in *ssm.CreateOpsItemInput) {
		in.Title, in.Description = aws.String("Slow"), aws.String(first)
		in.OperationalData = data("score", "87", "note", strings.Repeat("x", 100))
	})
	related := r.create()
	for _, in := range []ssm.UpdateOpsItemInput{
		{Title: aws.String("Very slow"), Description: aws.String("One\n<b>2</b>\nThree")},
		{OperationalData: data("score", "90", "note", strings.Repeat("y", 100), keyResources, `[{"arn":"x"}]`)},
		{OperationalDataToDelete: []string{"score"}, PlannedStartTime: aws.Time(r.clock.now())},
		{RelatedOpsItems: []types.RelatedOpsItem{relatedRef(related)}, Notifications: []types.OpsItemNotification{{Arn: aws.String("arn:aws:sns:us-east-1:111122223333:ops")}}},
		{Severity: aws.String("1"), Priority: aws.Int32(2)},
		{Severity: aws.String("1")},
	} {
		r.clock.add(20 * time.Minute)
		in.OpsItemId = &id
		if _, err := r.client.UpdateOpsItem(t.Context(), &in); err != nil {
			t.Fatal(err)
		}
	}
	var got [][]string
	for _, c := range r.History(t.Context(), id) {
		got = append(got, append(c.What, c.Others...))
	}
	want := [][]string{
		{"updated, no change on record"},
		{"severity none → 1", "priority none → 2"},
		{"edited", "notified topics", "related OpsItems none → " + related},
		{"edited", "data score 90 → none", "planned start none → 19 Oct 2026, 02:46:53 UTC"},
		{"edited", "related resources", "data note", "data score 87 → 90"},
		{"title Slow → Very slow", "description"},
		{"created"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestTextChange(t *testing.T) {
	for _, tc := range []struct {
		name, from, to string
		want           *TextChange
	}{
		{"alike", "a", "a", nil},
		{"a line in the middle", "a\nb\nc", "a\nx\nc", &TextChange{"b", "x"}},
		{"a line more", "a\nc", "a\nb\nc", &TextChange{"", "b"}},
		{"a line less, beside its like", "a\na", "a", &TextChange{"a", ""}},
		{"all of it", "a", "b", &TextChange{"a", "b"}},
		{"from nothing", "", "b", &TextChange{"", "b"}},
		{"an empty line more", "a", "a\n", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, textChange(tc.from, tc.to)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
