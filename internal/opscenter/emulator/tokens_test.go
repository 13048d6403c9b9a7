package emulator

import (
	"encoding/base64"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/google/go-cmp/cmp"
)

// A token's scope is no secret: whoever has a token can make another of the same list. The worst that a forged one does is
// to be refused or to show a part of the list that the caller could have asked for.
func TestForgedTokens(t *testing.T) {
	r := newRig(t)
	for range 3 {
		id := r.create()
		if _, err := r.client.AssociateOpsItemRelatedItem(t.Context(), &ssm.AssociateOpsItemRelatedItemInput{
			OpsItemId: &id, AssociationType: aws.String("RelatesTo"), ResourceType: aws.String("AWS::SSM::Document"), ResourceUri: aws.String("arn:x"),
		}); err != nil {
			t.Fatal(err)
		}
	}
	lists := map[string]func(token string) (n int, next string, err error){
		"DescribeOpsItems": func(token string) (int, string, error) {
			out, err := r.client.DescribeOpsItems(t.Context(), &ssm.DescribeOpsItemsInput{NextToken: given(token), MaxResults: aws.Int32(1)})
			if err != nil {
				return 0, "", err
			}
			return len(out.OpsItemSummaries), aws.ToString(out.NextToken), nil
		},
		"ListOpsItemEvents": func(token string) (int, string, error) {
			out, err := r.client.ListOpsItemEvents(t.Context(), &ssm.ListOpsItemEventsInput{NextToken: given(token), MaxResults: aws.Int32(1)})
			if err != nil {
				return 0, "", err
			}
			return len(out.Summaries), aws.ToString(out.NextToken), nil
		},
		"ListOpsItemRelatedItems": func(token string) (int, string, error) {
			out, err := r.client.ListOpsItemRelatedItems(t.Context(), &ssm.ListOpsItemRelatedItemsInput{NextToken: given(token), MaxResults: aws.Int32(1)})
			if err != nil {
				return 0, "", err
			}
			return len(out.Summaries), aws.ToString(out.NextToken), nil
		},
		"GetOpsSummary": func(token string) (int, string, error) {
			out, err := r.client.GetOpsSummary(t.Context(), &ssm.GetOpsSummaryInput{NextToken: given(token), MaxResults: aws.Int32(1)})
			if err != nil {
				return 0, "", err
			}
			return len(out.Entities), aws.ToString(out.NextToken), nil
		},
		"the console": func(token string) (int, string, error) {
			items, next, err := r.List(t.Context(), Query{Limit: 1, Cursor: token})
			return len(items), next, err
		},
	}
	for name, list := range lists {
		t.Run(name, func(t *testing.T) {
			_, token, err := list("")
			if err != nil || token == "" {
				t.Fatalf("token %q, %v", token, err)
			}
			good, err := base64.RawURLEncoding.DecodeString(token)
			if err != nil {
				t.Fatal(err)
			}
			forged := func(number ...byte) string {
				return base64.RawURLEncoding.EncodeToString(append(good[:4:4], number...))
			}
			got := map[string]string{}
			for what, token := range map[string]string{
				"below 0": forged(0, 0, 0, 0), "below 1": forged(0, 0, 0, 1), "below 2": forged(0, 0, 0, 2),
				"below all numbers": forged(255, 255, 255, 255), "half a number": forged(0, 0), "two numbers": forged(0, 0, 0, 1, 0, 0, 0, 1),
			} {
				n, _, err := list(token)
				got[what] = fmt.Sprint(n, " ", err == nil)
			}
			want := map[string]string{
				"below 0": "0 false", "below 1": "0 true", "below 2": "1 true", "below all numbers": "1 true",
				"half a number": "0 false", "two numbers": "0 false",
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// given is a token as a request has it: absent where it is empty.
func given(token string) *string {
	if token == "" {
		return nil
	}
	return &token
}
