package governor_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/governor"
)

// Whoever waits asks again within the hour, and as soon as there may be room: when OpsCenter may say yes, when the next
// month begins.
func TestWhenToAskAgain(t *testing.T) {
	full := governor.Use{Filed: 300}
	month := governor.Budget{Month: 300}
	at := func(m time.Month, d, h, minute int) time.Time {
		return time.Date(2026, m, d, h, minute, 0, 0, time.UTC)
	}
	east := time.FixedZone("east", 9*60*60)
	tests := []struct {
		name string
		b    governor.Budget
		u    governor.Use
		now  time.Time
		want time.Time
	}{
		{"in the middle of a month", month, full, at(11, 15, 12, 0), at(11, 15, 13, 0)},
		{"at its end", month, full, at(11, 30, 23, 40), at(12, 1, 0, 0)},
		{"at the end of a month of 31 days", month, full, at(10, 31, 23, 59), at(11, 1, 0, 0)},
		{"at the end of February", month, full, at(2, 28, 23, 30), at(3, 1, 0, 0)},
		{"at the end of the year", month, full, at(12, 31, 23, 30), time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)},
		{"an hour before the end", month, full, at(11, 30, 23, 0), at(12, 1, 0, 0)},
		{"where it is the next month already, elsewhere", month, full, at(11, 30, 23, 40).In(east), at(12, 1, 0, 0)},
		{"OpsCenter says no for a moment more", governor.Budget{}, governor.Use{Shut: at(11, 15, 12, 10)}, at(11, 15, 12, 0), at(11, 15, 12, 10)},
		{"OpsCenter says no for long", governor.Budget{}, governor.Use{Shut: at(11, 15, 18, 0)}, at(11, 15, 12, 0), at(11, 15, 13, 0)},
		{"all that there can be are there: no month's end helps", governor.Budget{Total: 5}, governor.Use{Total: 5}, at(11, 30, 23, 40), at(12, 1, 0, 40)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := governor.Decide(tt.b, tt.u, governor.Ask{Severity: 1}, tt.now)
			if d.Verdict != governor.Hold || !d.Again.Equal(tt.want) {
				t.Errorf("%s, asks again at %s, want %s", d.Verdict, d.Again.UTC(), tt.want)
			}
		})
	}
}

// AWS's quotas hold whatever is set, and of a month's number and its money the smaller one does.
func TestSmallerLimit(t *testing.T) {
	type limit struct {
		N     int
		Money bool
	}
	for _, tt := range []struct {
		name string
		b    governor.Budget
		want limit
	}{
		{"nothing set", governor.Budget{}, limit{10_000, false}},
		{"more than the quota", governor.Budget{Month: 20_000}, limit{10_000, false}},
		{"a number", governor.Budget{Month: 50}, limit{50, false}},
		{"money for fewer", governor.Budget{Month: 50, Money: 0.1}, limit{29, true}},
		{"money for more", governor.Budget{Month: 50, Money: 10}, limit{50, false}},
		{"money for as many", governor.Budget{Month: 29, Money: 0.1}, limit{29, false}},
		{"money for none", governor.Budget{Money: 0.001}, limit{0, true}},
	} {
		n, money := tt.b.Limit()
		if d := cmp.Diff(tt.want, limit{n, money}); d != "" {
			t.Errorf("%s: %s", tt.name, d)
		}
	}
	// In all, too: nothing is filed beyond 500,000, and people are told before.
	more, all := governor.Budget{Total: 2_000_000}, governor.Use{Total: governor.QuotaTotal}
	if d := governor.Decide(more, all, governor.Ask{Severity: 1}, day(2, 0)); d.Verdict != governor.Hold || d.Why != "all 500000 OpsItems that the account can have are there; delete some" {
		t.Errorf("%+v", d)
	}
	if !governor.Crowded(more, governor.Use{Total: 400_000}) || !governor.Tight(more, governor.Use{Total: 499_900}) {
		t.Error("neither crowded nor tight")
	}
	if s := governor.StateAt(more, all, day(2, 0)); s.Total != governor.QuotaTotal || s.Share != 1 {
		t.Errorf("%+v", s)
	}
	// Money that pays for none at all is a limit that is reached.
	none := governor.Budget{Money: 0.001}
	if s := governor.StateAt(none, governor.Use{}, day(2, 0)); !s.Edge || s.Share != 1 {
		t.Errorf("%+v", s)
	}
	if d := governor.Decide(none, governor.Use{}, governor.Ask{Severity: 1}, day(2, 0)); d.Verdict != governor.Hold {
		t.Errorf("%+v", d)
	}
}

// What has no severity yet is not urgent.
func TestUrgent(t *testing.T) {
	for severity, want := range []bool{false, true, true, false, false} {
		if governor.Urgent(severity) != want {
			t.Errorf("severity %d: %v", severity, !want)
		}
	}
}

// A month is one of UTC, wherever the clock is read, and the waterline goes by the same one.
func TestMonthIsOfUTC(t *testing.T) {
	now := time.Date(2026, 11, 30, 23, 30, 0, 0, time.UTC)
	for _, zone := range []*time.Location{time.UTC, time.FixedZone("east", 9*60*60), time.FixedZone("west", -9*60*60)} {
		if got := governor.MonthOf(now.In(zone)); got != "2026-11" {
			t.Errorf("%s in %s", got, zone)
		}
		if got := governor.Waterline(governor.Budget{Month: 300}, governor.Use{Filed: 265}, now.In(zone)); got != 5 {
			t.Errorf("waterline %d in %s", got, zone)
		}
	}
	west := time.Date(2026, 12, 1, 0, 30, 0, 0, time.UTC).In(time.FixedZone("west", -9*60*60))
	if got := governor.MonthOf(west); got != "2026-12" {
		t.Error(got)
	}
	if got := governor.Waterline(governor.Budget{Month: 300}, governor.Use{Filed: 60}, west); got != 0 {
		t.Errorf("waterline %d at the beginning of a month of UTC", got)
	}
}

// A demand just as fast as the calendar folds nothing.
func TestJustOnPace(t *testing.T) {
	now := time.Date(2026, 11, 16, 0, 0, 0, 0, time.UTC) // half of it is over
	for filed, want := range map[int]int{135: 5, 136: 4} {
		if got := governor.Waterline(governor.Budget{Month: 300}, governor.Use{Filed: filed}, now); got != want {
			t.Errorf("%d filed: waterline %d, want %d", filed, got, want)
		}
	}
}
