package store_test

import (
	"fmt"
	"testing"
	"time"

	"learningloop/internal/feedback"
	"learningloop/internal/followup"
	"learningloop/internal/id"
)

// A sweep asks page after page for what is due at that moment: the clock goes on between two pages, and new orders come.
func TestDueWhileTimePasses(t *testing.T) {
	r := newRig(t)
	ctx := t.Context()
	const orders = 700 // more than a page in every shard
	for i := range orders {
		m := followup.Mail{Owner: fmt.Sprint("owner ", i), Name: "receipt", State: followup.Due, Ordered: start.Add(-time.Duration(i) * time.Second)}
		if err := r.OrderMails(ctx, []followup.Mail{m}); err != nil {
			t.Fatal(err)
		}
	}
	seen, now, cursor, pages := map[string]bool{}, start, "", 0
	for {
		mails, next, err := r.DueMails(ctx, now, cursor)
		if err != nil {
			t.Fatalf("page %d: %v", pages, err)
		}
		for _, m := range mails {
			seen[m.Owner] = true
		}
		pages++
		now = now.Add(time.Second)
		late := followup.Mail{Owner: fmt.Sprint("late ", pages), Name: "receipt", State: followup.Due, Ordered: now}
		if err := r.OrderMails(ctx, []followup.Mail{late}); err != nil {
			t.Fatal(err)
		}
		if cursor = next; cursor == "" {
			break
		}
	}
	if len(seen) != orders || pages < 8 {
		t.Errorf("%d orders seen on %d pages, want the %d that were due when the list began", len(seen), pages, orders)
	}
}

// Pieces of feedback are asked for in the same way.
func TestDueFeedbackOfManyPages(t *testing.T) {
	r := newRig(t)
	ctx := t.Context()
	const pieces = 400
	for i := range pieces {
		f := feedback.Feedback{
			ID: id.NewFeedback(shop, fmt.Sprint(i)), Kind: feedback.Idea, Text: "more", Channel: feedback.API, Received: start, State: feedback.Received, Todo: true,
		}
		if err := r.CreateFeedback(ctx, f); err != nil {
			t.Fatal(err)
		}
	}
	n, now, cursor := 0, start, ""
	for {
		got, next, err := r.DueFeedback(ctx, now, cursor)
		if err != nil {
			t.Fatal(err)
		}
		n += len(got)
		now = now.Add(time.Millisecond)
		if cursor = next; cursor == "" {
			break
		}
	}
	if n != pieces {
		t.Errorf("%d pieces are due, want %d", n, pieces)
	}
}
