package improvement

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/fault"
	"learningloop/internal/id"
	"learningloop/internal/trail"
)

// editStore keeps one Improvement and polices versions. before runs once, ahead of the next write: somebody else's.
type editStore struct {
	Store
	im      Improvement
	changes []Change
	before  func(*editStore)
	fail    error
}

func (s *editStore) Improvement(_ context.Context, iid id.Improvement) (Improvement, error) {
	if iid != s.im.ID {
		return Improvement{}, fault.New(fault.NotFound, "unknown_improvement", "")
	}
	return s.im, nil
}

func (s *editStore) SaveChange(_ context.Context, c Change) error {
	if do := s.before; do != nil {
		s.before = nil
		do(s)
	}
	if s.fail != nil {
		return s.fail
	}
	if c.Improvement.Version != s.im.Version {
		return fault.New(fault.Conflict, "changed_meanwhile", "")
	}
	s.im = c.Improvement
	s.im.Version++
	s.changes = append(s.changes, c)
	return nil
}

var (
	editedAt = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	editID   = id.NewImprovement(id.NewProduct("p"), "one")
)

func newEditStore() *editStore {
	return &editStore{im: Improvement{
		ID: editID, Title: "Export more rows", Outcome: "Months can be closed.", Status: Planned, LastVerb: Plan, LastBy: "owner@example.com",
		Entries: 3, Version: 7, Updated: editedAt.Add(-time.Hour),
	}}
}

func editor(s *editStore) *Service {
	return &Service{Store: s, Now: func() time.Time { return editedAt }}
}

func TestEdit(t *testing.T) {
	by := By{Who: "staff@example.com", Request: "request-1"}
	tests := []struct {
		name    string
		edit    Edit
		want    func(*Improvement)
		history string // Detail of the entry; "" where nothing changes
		names   string // Detail of the log's line
	}{
		{"everything", Edit{Title: new("Export  all\trows "), Outcome: new(" Nobody is cut off.\n"), Effort: new(2.5), Seen: 3}, func(im *Improvement) {
			im.Title, im.Outcome, im.Effort = "Export all rows", "Nobody is cut off.", 2.5
		}, "outcome, effort (was: 1), title (was: Export more rows)", "outcome, effort, title"},
		{"only the outcome, emptied", Edit{Outcome: new("")}, func(im *Improvement) { im.Outcome = "" }, "outcome", "outcome"},
		{"nothing given", Edit{}, nil, "", ""},
		{"nothing new", Edit{Title: new("Export more rows"), Effort: new(1.0)}, nil, "", ""},
		{"nothing new, from an old page", Edit{Title: new("Export more rows"), Seen: 1}, nil, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			st := newEditStore()
			want := st.im
			got, err := editor(st).Edit(t.Context(), editID, tt.edit, by)
			if err != nil {
				t.Fatal(err)
			}
			if tt.history == "" {
				if d := cmp.Diff(want, got); d != "" || len(st.changes) != 0 {
					t.Errorf("%d changes (-want +got):\n%s", len(st.changes), d)
				}
				return
			}
			tt.want(&want)
			want.Entries, want.Version, want.Updated = 4, 8, editedAt
			if d := cmp.Diff([]Improvement{want, want}, []Improvement{got, st.im}); d != "" {
				t.Errorf("given, stored (-want +got):\n%s", d)
			}
			c := st.changes[0]
			// From and To stay empty: an edit is no decision, and nobody counts it as one.
			if d := cmp.Diff(&Entry{Seq: 4, At: editedAt, By: by.Who, What: "edited", Detail: tt.history}, c.Entry); d != "" {
				t.Errorf("entry (-want +got):\n%s", d)
			}
			log := &trail.Entry{At: editedAt, By: by.Who, Action: "edited improvement", Subject: string(editID), Product: string(editID.Product()), Detail: tt.names, Request: by.Request}
			if log.ID = c.Log.ID; cmp.Diff(log, c.Log) != "" || log.ID == "" {
				t.Errorf("log (-want +got):\n%s", cmp.Diff(log, c.Log))
			}
			if c.Notice != nil || c.Episode != nil {
				t.Error("an edit tells somebody or touches the OpsItem")
			}
		})
	}
}

func TestEditRefuses(t *testing.T) {
	tests := []struct {
		name string
		edit Edit
		want []string // pointers
	}{
		{"no title", Edit{Title: new(" \n ")}, []string{"/title"}},
		{"a title of 201", Edit{Title: new(strings.Repeat("é", 201))}, []string{"/title"}},
		{"an outcome of 1,001", Edit{Outcome: new(strings.Repeat("x", 1001))}, []string{"/outcome"}},
		{"no effort", Edit{Effort: new(0.0)}, []string{"/effort"}},
		{"less than none", Edit{Effort: new(-1.0)}, []string{"/effort"}},
		{"no number", Edit{Effort: new(math.NaN())}, []string{"/effort"}},
		{"endless", Edit{Effort: new(math.Inf(1))}, []string{"/effort"}},
		{"all at once", Edit{Title: new(""), Outcome: new(strings.Repeat("x", 1001)), Effort: new(2e6)}, []string{"/title", "/outcome", "/effort"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			st := newEditStore()
			_, err := editor(st).Edit(t.Context(), editID, tt.edit, By{Who: "staff@example.com"})
			var got []string
			if e, ok := errors.AsType[*fault.Error](err); ok {
				for _, f := range e.Fields {
					got = append(got, f.Pointer)
				}
			}
			if d := cmp.Diff(tt.want, got); d != "" || len(st.changes) != 0 {
				t.Errorf("%v, %d changes (-want +got):\n%s", err, len(st.changes), d)
			}
		})
	}
	t.Run("the longest that fits", func(t *testing.T) {
		e := Edit{Title: new(strings.Repeat("é", 200)), Outcome: new(strings.Repeat("x", 1000)), Effort: new(1e6)}
		if _, err := editor(newEditStore()).Edit(t.Context(), editID, e, By{}); err != nil {
			t.Error(err)
		}
	})
}

func TestEditMeanwhile(t *testing.T) {
	tests := []struct {
		name   string
		before func(*editStore)
		seen   int
		want   fault.Kind
	}{
		{"evidence came in: nothing is lost", func(s *editStore) { s.im.Version++; s.im.Evidence.Count = 5 }, 3, fault.Unset},
		{"somebody decided: the person looks again", func(s *editStore) { s.im.Version++; s.im.Entries++ }, 3, fault.Conflict},
		{"somebody decided, and it is not compared", func(s *editStore) { s.im.Version++; s.im.Entries++ }, 0, fault.Unset},
		{"storage fails", func(s *editStore) { s.fail = fmt.Errorf("lost") }, 3, fault.Internal},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			st := newEditStore()
			st.before = tt.before
			_, err := editor(st).Edit(t.Context(), editID, Edit{Title: new("New"), Seen: tt.seen}, By{Who: "staff@example.com"})
			if !fault.Is(err, tt.want) {
				t.Fatalf("error %v, want %v", err, tt.want)
			}
			if edited := st.im.Title == "New"; edited != (tt.want == fault.Unset) {
				t.Errorf("title is %q", st.im.Title)
			}
			if tt.want == fault.Unset && strings.HasPrefix(tt.name, "evidence") && st.im.Evidence.Count != 5 {
				t.Error("the evidence was overwritten")
			}
		})
	}
	if _, err := editor(newEditStore()).Edit(t.Context(), "i-none", Edit{}, By{}); !fault.Is(err, fault.NotFound) {
		t.Errorf("of nothing: %v", err)
	}
}
