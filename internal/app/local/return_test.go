package local_test

import (
	"fmt"
	"testing"
	"time"
)

// TestAlarmReturns tells of an alarm that nobody asked about: its OpsItem is resolved when it is OK again, goes on when it
// returns within the quiet time, and the next day it is the next episode, with an OpsItem related to the first.
func TestAlarmReturns(t *testing.T) {
	s := newTeller(t)

	s.alarm("slow", "ALARM")
	first := s.only()
	s.has(first, "accepted", 1)
	oid := first.opsItem
	s.says(oid, "Open")

	s.alarm("slow", "OK")
	s.has(s.only(), "shipped", 1)
	s.says(oid, "Resolved")

	s.alarm("slow", "ALARM")
	s.has(s.only(), "accepted", 1)
	s.says(oid, "Open")

	s.alarm("slow", "OK")
	s.later(24 * time.Hour)
	s.alarm("slow", "ALARM")
	second := s.only()
	s.has(second, "accepted", 2)
	if it := s.opsItem(second.opsItem); second.opsItem == oid || len(it.Related) != 1 || it.Related[0] != oid {
		t.Errorf("the next episode's OpsItem is %s, related to %v", second.opsItem, it.Related)
	}
	if len(s.opsItems()) != 2 {
		t.Errorf("%d OpsItems", len(s.opsItems()))
	}
}

// TestOperatorGoesOn tells of an operator who takes up a resolved OpsItem again a week later: it is the next episode, on the
// same OpsItem.
func TestOperatorGoesOn(t *testing.T) {
	s := newTeller(t)
	im := s.accepted("Exports stop.")
	oid := im.opsItem
	s.operator(oid, "Resolved")
	s.has(s.only(), "shipped", 1)

	s.later(7 * 24 * time.Hour)
	s.operator(oid, "InProgress")
	again := s.only()
	s.has(again, "inProgress", 2)
	if again.opsItem != oid || len(s.opsItems()) != 1 {
		t.Errorf("%s, %d OpsItems", again.opsItem, len(s.opsItems()))
	}
	want := map[string]string{"learningloop-episode": fmt.Sprintf("%s/2", again.id), "learningloop-previous-episode": fmt.Sprintf("%s/1", again.id)}
	for key, value := range want {
		if got := s.searchable(oid)[key]; got != value {
			t.Errorf("%s is %q, want %q", key, got, value)
		}
	}
}
