package local_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"learningloop/internal/config"
	"learningloop/internal/opscenter/emulator"
)

// TestLostEvent tells of an operator's edits whose events never arrive: the reconcile takes them over, with who made them,
// and changes nothing the second time.
func TestLostEvent(t *testing.T) {
	s := newTeller(t)
	im := s.accepted("Exports stop.")
	s.w.Emulator.Faults().LoseEvents(1)
	if err := s.w.Emulator.Edit(t.Context(), im.opsItem, emulator.Edit{Status: "InProgress", Severity: "1", Priority: 2, Category: "Recovery"}); err != nil {
		t.Fatal(err)
	}
	s.settle()
	s.has(s.only(), "accepted", 1) // nobody was told
	for range 2 {
		s.later(time.Minute)
		s.schedule(config.ScheduleOpsItemsReconcile)
		s.has(s.only(), "inProgress", 1)
	}
	out := s.asStaff("GET", "/v1/improvements/"+im.id, "")
	level := fmt.Sprint(out["level"])
	for _, part := range []string{"category:map[by:", "value:Recovery", "value:1", "value:2"} {
		if !strings.Contains(level, part) {
			t.Errorf("%q is not in %s", part, level)
		}
	}
	if h := fmt.Sprint(out["history"]); !strings.Contains(h, "set severity 1, priority 2, category Recovery in OpsCenter") {
		t.Errorf("history %s", h)
	}
}

// TestManyComplaints tells of a day on which a hundred people complain about the same: the OpsItem says how many, and
// OpsCenter is told a few times, not a hundred.
func TestManyComplaints(t *testing.T) {
	s := newTeller(t)
	im := s.accepted("Exports stop.")
	before := s.opsItem(im.opsItem).Version
	for i := range 100 {
		s.complain(im.id, fmt.Sprintf("Company %d", i), "Exports stop for us, too.")
		s.later(20 * time.Second)
		s.settle()
	}
	s.pass(time.Hour)
	it := s.opsItem(im.opsItem)
	if got := s.searchable(im.opsItem)["learningloop-evidence"]; got != "101 complaints, 101 companies" {
		t.Errorf("evidence %q", got)
	}
	if updates := it.Version - before; updates > 4 { // 100 complaints take 33 minutes
		t.Errorf("%d updates", updates)
	}
	if it.Priority != 1 {
		t.Errorf("priority %d", it.Priority)
	}
}

// TestDeletedInOpsCenter tells of an OpsItem that somebody deletes, which tells nobody: the daily look notices, and files
// it again, because people asked for it. Who deletes it again means it.
func TestDeletedInOpsCenter(t *testing.T) {
	s := newTeller(t)
	s.schedule(config.ScheduleOpsItemsReconcile)
	im := s.accepted("Exports stop.")
	if err := s.w.Emulator.Delete(t.Context(), im.opsItem); err != nil {
		t.Fatal(err)
	}
	s.pass(25 * time.Hour)
	again := s.only()
	if again.opsItem == im.opsItem || again.opsItem == "" {
		t.Fatalf("it has %q", again.opsItem)
	}
	s.says(again.opsItem, "Open")
	if err := s.w.Emulator.Delete(t.Context(), again.opsItem); err != nil {
		t.Fatal(err)
	}
	s.pass(25 * time.Hour)
	s.pass(time.Hour)
	if now := s.only(); now.opsItem != "" || now.status != "accepted" {
		t.Errorf("%+v", now)
	}
	var err error
	if s.staff, err = s.w.Issuer.Token(s.clock()); err != nil { // the first one is days old by now
		t.Fatal(err)
	}
	h := fmt.Sprint(s.asStaff("GET", "/v1/improvements/"+im.id, "")["history"])
	for _, words := range []string{"filed again: people asked for it", "let go: it was deleted once before"} {
		if !strings.Contains(h, words) {
			t.Errorf("%q is not in the history: %s", words, h)
		}
	}
}
