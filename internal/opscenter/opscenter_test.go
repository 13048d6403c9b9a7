package opscenter_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"learningloop/internal/fault"
	"learningloop/internal/opscenter"
	"learningloop/internal/opscenter/emulator"
	"learningloop/internal/opsitem"
)

const topic = "arn:aws:sns:us-east-1:111122223333:ops"

var _ opsitem.Center = (*opscenter.Center)(nil)

type rig struct {
	*opscenter.Center
	ops   *emulator.Emulator
	notes []emulator.Notification
	now   time.Time
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{now: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)}
	var err error
	r.ops, err = emulator.New(emulator.Config{
		Account: "111122223333", Region: "us-east-1", Clock: func() time.Time { return r.now }, DeletionDelay: -1,
		Notify: func(_ context.Context, n emulator.Notification) error { r.notes = append(r.notes, n); return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(r.ops)
	t.Cleanup(func() { srv.Close(); _ = r.ops.Close() })
	r.Center = opscenter.New(ssm.New(ssm.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(srv.URL), Retryer: aws.NopRetryer{},
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
	}), topic)
	return r
}

func request(dedup string) opsitem.Request {
	return opsitem.Request{
		Title: "Checkout is slow", Description: "**Slow**", Severity: 2, Priority: 3, Category: "Performance", Dedup: dedup,
		Resources: []string{"arn:aws:lambda:us-east-1:111122223333:function:a", `arn:aws:s3:::quo"te`},
		Data:      map[string]string{opsitem.KeyEpisode: dedup, opsitem.KeyOwner: "ana"}, Tags: map[string]string{"learningloop:product": "shop"},
	}
}

func TestCreateGetUpdate(t *testing.T) {
	r := newRig(t)
	oid, existed, err := r.Create(t.Context(), request("i-1/1"))
	if err != nil || existed {
		t.Fatal(oid, existed, err)
	}
	related := request("i-1/2")
	related.Related = []string{oid}
	next, _, err := r.Create(t.Context(), related)
	if err != nil {
		t.Fatal(err)
	}
	it, err := r.ops.Item(t.Context(), next)
	if err != nil || len(it.Related) != 1 || it.Related[0] != oid || len(it.Resources) != 2 || it.Tags["learningloop:product"] != "shop" || len(it.Notifications) != 1 || it.Notifications[0] != topic {
		t.Errorf("%+v, %v", it, err)
	}
	r.now = r.now.Add(time.Minute)
	if err := r.Update(t.Context(), oid, opsitem.Patch{Status: opsitem.InProgress, Data: map[string]string{opsitem.KeyOwner: "bea"}}); err != nil {
		t.Fatal(err)
	}
	if err := r.Update(t.Context(), oid, opsitem.Patch{Data: map[string]string{opsitem.KeyDue: "2026-04-01"}}); err != nil {
		t.Fatal(err)
	}
	got, err := r.Get(t.Context(), oid)
	if err != nil {
		t.Fatal(err)
	}
	want := opsitem.Item{
		ID: oid, Title: "Checkout is slow", Description: "**Slow**", Status: opsitem.InProgress, Level: opsitem.Level{Severity: 2, Priority: 3, Category: "Performance"}, Source: "learningloop",
		Data: map[string]string{
			opsitem.KeyEpisode: "i-1/1", opsitem.KeyOwner: "bea", opsitem.KeyDue: "2026-04-01", "/aws/dedup": `{"dedupString":"i-1/1"}`,
			"/aws/resources": `[{"arn":"arn:aws:lambda:us-east-1:111122223333:function:a"},{"arn":"arn:aws:s3:::quo\"te"}]`,
		},
		Resources: []string{"arn:aws:lambda:us-east-1:111122223333:function:a", `arn:aws:s3:::quo"te`}, CreatedBy: "arn:aws:iam::111122223333:user/AKIDEXAMPLE",
		Created: r.now.Add(-time.Minute), Modified: r.now, By: "arn:aws:iam::111122223333:user/AKIDEXAMPLE",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if err := r.ops.Drain(t.Context()); err != nil || len(r.notes) == 0 || r.notes[0].TopicARN != topic {
		t.Errorf("notified %+v, %v", r.notes, err)
	}
}

func TestCreateAgainGivesTheSame(t *testing.T) {
	r := newRig(t)
	oid, _, err := r.Create(t.Context(), request("i-1/1"))
	if err != nil {
		t.Fatal(err)
	}
	if again, existed, err := r.Create(t.Context(), request("i-1/1")); again != oid || !existed || err != nil {
		t.Errorf("%s %v %v", again, existed, err)
	}
	if other, existed, err := r.Create(t.Context(), request("i-1/2")); other == oid || existed || err != nil {
		t.Errorf("%s %v %v", other, existed, err)
	}
}

func TestFind(t *testing.T) {
	r := newRig(t)
	var want []string
	for range 3 { // the same episode, filed anew after each was resolved
		oid, _, err := r.Create(t.Context(), request("i-1/1"))
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Update(t.Context(), oid, opsitem.Patch{Status: opsitem.Resolved}); err != nil {
			t.Fatal(err)
		}
		want = append([]string{oid}, want...)
		r.now = r.now.Add(time.Minute)
	}
	if _, _, err := r.Create(t.Context(), request("i-1/10")); err != nil {
		t.Fatal(err)
	}
	got, err := r.Find(t.Context(), "i-1/1")
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
	for _, none := range []string{"i-1/2", `i"-1/1`, "*"} {
		if got, err := r.Find(t.Context(), none); len(got) != 0 || err != nil {
			t.Errorf("%q: %v, %v", none, got, err)
		}
	}
}

func TestChangedSince(t *testing.T) {
	r := newRig(t)
	var all []string
	for i := range 120 {
		oid, _, err := r.Create(t.Context(), request(fmt.Sprint("i-1/", i)))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, oid)
		r.now = r.now.Add(time.Minute)
	}
	list := func(since time.Time) (n, pages int) {
		seen, cursor := map[string]bool{}, ""
		for {
			items, next, err := r.ChangedSince(t.Context(), since, cursor)
			if err != nil {
				t.Fatal(err)
			}
			pages++
			for _, it := range items {
				if seen[it.ID] || it.Data[opsitem.KeyEpisode] == "" || it.Source != opsitem.FiledBy || it.Modified.IsZero() {
					t.Errorf("%+v", it)
				}
				seen[it.ID] = true
			}
			if cursor = next; cursor == "" {
				return len(seen), pages
			}
		}
	}
	if n, pages := list(time.Time{}); n != 120 || pages != 3 {
		t.Errorf("%d items on %d pages", n, pages)
	}
	if n, _ := list(r.now.Add(-10*time.Minute - time.Second)); n != 10 {
		t.Errorf("%d of the last ten minutes", n)
	}
	mark := r.now
	r.now = r.now.Add(time.Minute)
	if err := r.Update(t.Context(), all[0], opsitem.Patch{Status: opsitem.Resolved}); err != nil {
		t.Fatal(err)
	}
	if n, _ := list(mark); n != 1 {
		t.Errorf("%d changed", n)
	}
}

func TestErrors(t *testing.T) {
	r := newRig(t)
	oid, _, err := r.Create(t.Context(), request("i-1/1"))
	if err != nil {
		t.Fatal(err)
	}
	const none = "oi-ffffffffffff"
	if _, err := r.Get(t.Context(), none); !errors.Is(err, opsitem.ErrNotFound) {
		t.Errorf("get: %v", err)
	}
	if err := r.Update(t.Context(), none, opsitem.Patch{Status: opsitem.Open}); !errors.Is(err, opsitem.ErrNotFound) {
		t.Errorf("update: %v", err)
	}
	if err := r.Update(t.Context(), oid, opsitem.Patch{Status: opsitem.Resolved}); err != nil {
		t.Fatal(err)
	}
	second, _, err := r.Create(t.Context(), request("i-1/1"))
	if err != nil {
		t.Fatal(err)
	}
	err = r.Update(t.Context(), oid, opsitem.Patch{Status: opsitem.Open})
	if exists, ok := errors.AsType[*opsitem.ExistsError](err); !ok || exists.OpsItem != second {
		t.Errorf("opened again beside another: %v", err)
	}
	calls := map[string]func() error{
		"CreateOpsItem":    func() error { _, _, err := r.Create(t.Context(), request("i-1/2")); return err },
		"GetOpsItem":       func() error { _, err := r.Get(t.Context(), oid); return err },
		"UpdateOpsItem":    func() error { return r.Update(t.Context(), oid, opsitem.Patch{Status: opsitem.Open}) },
		"DescribeOpsItems": func() error { _, err := r.Find(t.Context(), "i-1/1"); return err },
	}
	for op, call := range calls {
		r.ops.Faults().FailNext(op, 1, emulator.Fault{Drop: true})
		if err := call(); !fault.Is(err, fault.Unavailable) {
			t.Errorf("%s, cut off: %v", op, err)
		}
		r.ops.Faults().Throttle(op, 1)
		if err := call(); !fault.Is(err, fault.RateLimited) {
			t.Errorf("%s, throttled: %v", op, err)
		}
	}
	r.ops.Faults().Throttle("DescribeOpsItems", 1)
	if _, _, err := r.ChangedSince(t.Context(), time.Time{}, ""); !fault.Is(err, fault.RateLimited) {
		t.Errorf("list, throttled: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Get(ctx, oid); !fault.Is(err, fault.Unavailable) {
		t.Errorf("ended: %v", err)
	}
	bad := request("i-1/3")
	bad.Category = "Mood"
	if _, _, err := r.Create(t.Context(), bad); !fault.Is(err, fault.Invalid) {
		t.Errorf("refused: %v", err)
	}
}

// answers gives what it is told, whatever is asked.
type answers struct {
	opscenter.API
	err   error
	out   *ssm.GetOpsItemOutput
	pages []*ssm.DescribeOpsItemsOutput
}

func (a *answers) GetOpsItem(context.Context, *ssm.GetOpsItemInput, ...func(*ssm.Options)) (*ssm.GetOpsItemOutput, error) {
	return a.out, a.err
}

func (a *answers) DescribeOpsItems(context.Context, *ssm.DescribeOpsItemsInput, ...func(*ssm.Options)) (*ssm.DescribeOpsItemsOutput, error) {
	p := a.pages[0]
	if len(a.pages) > 1 {
		a.pages = a.pages[1:]
	}
	return p, a.err
}

func TestEveryAnswerHasItsKind(t *testing.T) {
	tests := []struct {
		name string
		err  error
		kind fault.Kind
		is   error
	}{
		{"not found", &types.OpsItemNotFoundException{}, fault.Internal, opsitem.ErrNotFound},
		{"limit", &types.OpsItemLimitExceededException{}, fault.Internal, opsitem.ErrLimit},
		{"invalid", &types.OpsItemInvalidParameterException{}, fault.Invalid, nil},
		{"denied", &types.OpsItemAccessDeniedException{}, fault.Forbidden, nil},
		{"being deleted", &types.OpsItemConflictException{}, fault.Unavailable, nil},
		{"internal", &types.InternalServerError{}, fault.Unavailable, nil},
		{"throttled", &smithy.GenericAPIError{Code: "ThrottlingException"}, fault.RateLimited, nil},
		{"too many", &smithy.GenericAPIError{Code: "TooManyRequestsException"}, fault.RateLimited, nil},
		{"expired", &smithy.GenericAPIError{Code: "ExpiredTokenException"}, fault.Forbidden, nil},
		{"a code of tomorrow", &smithy.GenericAPIError{Code: "BrandNewException"}, fault.Invalid, nil},
		{"no answer", errors.New("connection reset"), fault.Unavailable, nil},
		{"too late", context.DeadlineExceeded, fault.Unavailable, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := opscenter.New(&answers{err: tt.err}, "").Get(t.Context(), "oi-1")
			if !fault.Is(err, tt.kind) || tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("%v", err)
			}
		})
	}
	if _, err := opscenter.New(&answers{out: &ssm.GetOpsItemOutput{}}, "").Get(t.Context(), "oi-1"); !fault.Is(err, fault.Unavailable) {
		t.Errorf("an empty answer: %v", err)
	}
}

// AWS may answer an empty page that has one after it.
func TestFindLooksBehindEmptyPages(t *testing.T) {
	a := &answers{pages: []*ssm.DescribeOpsItemsOutput{
		{NextToken: aws.String("2")}, {NextToken: aws.String("3")}, {OpsItemSummaries: []types.OpsItemSummary{{OpsItemId: aws.String("oi-1")}}},
	}}
	if got, err := opscenter.New(a, "").Find(t.Context(), "k"); err != nil || len(got) != 1 {
		t.Errorf("%v, %v", got, err)
	}
	endless := &answers{pages: []*ssm.DescribeOpsItemsOutput{{NextToken: aws.String("again")}}}
	if got, err := opscenter.New(endless, "").Find(t.Context(), "k"); err != nil || len(got) != 0 {
		t.Errorf("endless: %v, %v", got, err)
	}
}

var _ http.Handler = (*emulator.Emulator)(nil)

func TestFiledInASpan(t *testing.T) {
	r := newRig(t)
	began := r.now
	for i := range 120 {
		oid, _, err := r.Create(t.Context(), request(fmt.Sprint("i-1/", i)))
		if err != nil {
			t.Fatal(err)
		}
		if i%2 == 0 { // resolved ones are there, too
			if err := r.Update(t.Context(), oid, opsitem.Patch{Status: opsitem.Resolved}); err != nil {
				t.Fatal(err)
			}
		}
		r.now = r.now.Add(time.Minute)
	}
	for _, tt := range []struct {
		name           string
		from, to       time.Time
		filed, onPages int
	}{
		{"all", began, r.now, 120, 3},
		{"the first is in, the last is out", began.Add(time.Minute), began.Add(4 * time.Minute), 3, 1},
		{"none", r.now, r.now.Add(time.Hour), 0, 1},
	} {
		n, pages := 0, 0
		for cursor := ""; ; {
			filed, next, err := r.Filed(t.Context(), tt.from, tt.to, cursor)
			if err != nil {
				t.Fatal(err)
			}
			n, pages = n+filed, pages+1
			if cursor = next; cursor == "" {
				break
			}
		}
		if n != tt.filed || pages != tt.onPages {
			t.Errorf("%s: %d on %d pages", tt.name, n, pages)
		}
	}
}
