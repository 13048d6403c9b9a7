package governor_test

import (
	"strings"
	"testing"
	"time"

	"learningloop/internal/governor"
)

func day(d, h int) time.Time { return time.Date(2026, 11, d, h, 0, 0, 0, time.UTC) }

func TestDecide(t *testing.T) {
	small := governor.Budget{Month: 300}
	tests := []struct {
		name string
		b    governor.Budget
		u    governor.Use
		ask  governor.Ask
		now  time.Time
		want governor.Verdict
		why  string // part of it
	}{
		{"an empty month", governor.Budget{}, governor.Use{}, governor.Ask{Severity: 4, Priority: 5}, day(1, 0), governor.File, ""},
		{"within the pace", small, governor.Use{Filed: 130}, governor.Ask{Severity: 4, Priority: 5}, day(15, 12), governor.File, ""},
		{"a little ahead of the calendar", small, governor.Use{Filed: 133}, governor.Ask{Severity: 4, Priority: 5}, day(15, 12), governor.Fold, "priority 5 is below the waterline (priorities 1 to 4"},
		{"but what matters more is filed", small, governor.Use{Filed: 133}, governor.Ask{Severity: 3, Priority: 4}, day(15, 12), governor.File, ""},
		{"far ahead", small, governor.Use{Filed: 143}, governor.Ask{Severity: 3, Priority: 2}, day(15, 12), governor.Fold, "priority 1 is filed"},
		{"the reserve is for what is urgent", small, governor.Use{Filed: 270}, governor.Ask{Severity: 3, Priority: 1}, day(30, 0), governor.Fold, "only severity 1 and 2"},
		{"which is filed", small, governor.Use{Filed: 299}, governor.Ask{Severity: 2, Priority: 5}, day(2, 0), governor.File, ""},
		{"and so is a list", small, governor.Use{Filed: 299}, governor.Ask{Severity: 4, Priority: 5, Parent: true}, day(2, 0), governor.File, ""},
		{"the limit", small, governor.Use{Filed: 300}, governor.Ask{Severity: 1, Priority: 1}, day(2, 0), governor.Hold, "the month's budget of OpsItems is used up (300)"},
		{"folding needs no room", small, governor.Use{Filed: 300}, governor.Ask{Severity: 3, Priority: 1}, day(2, 0), governor.Fold, "used up"},
		{"a list waits", small, governor.Use{Filed: 300}, governor.Ask{Severity: 4, Priority: 5, Parent: true}, day(2, 0), governor.Hold, "used up"},
		{"no budget beyond AWS's quota", governor.Budget{Month: 1_000_000}, governor.Use{Filed: governor.QuotaMonth}, governor.Ask{Severity: 1}, day(30, 0), governor.Hold, "10000"},
		{"all that an account can have", governor.Budget{}, governor.Use{Total: governor.QuotaTotal}, governor.Ask{Severity: 1}, day(2, 0), governor.Hold, "delete some"},
		{"a smaller total", governor.Budget{Total: 5}, governor.Use{Total: 5}, governor.Ask{Severity: 3}, day(2, 0), governor.Fold, "all 5 OpsItems"},
		{"money", governor.Budget{Money: 1}, governor.Use{Filed: 297}, governor.Ask{Severity: 1}, day(30, 0), governor.Hold, "1.00 US dollars"},
		{"money that is more than the quota", governor.Budget{Money: 1000}, governor.Use{Filed: 9999}, governor.Ask{Severity: 1}, day(30, 0), governor.File, ""},
		{"OpsCenter said no", governor.Budget{}, governor.Use{Shut: day(2, 1)}, governor.Ask{Severity: 1}, day(2, 0), governor.Hold, "the account's quota"},
		{"and may say yes now", governor.Budget{}, governor.Use{Shut: day(2, 1)}, governor.Ask{Severity: 1}, day(2, 1), governor.File, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := governor.Decide(tt.b, tt.u, tt.ask, tt.now)
			if d.Verdict != tt.want || !strings.Contains(d.Why, tt.why) || (d.Why == "") != (tt.want == governor.File) {
				t.Errorf("%+v", d)
			}
			if (d.Verdict == governor.Hold) != d.Again.After(tt.now) || d.Again.After(tt.now.Add(governor.Again)) {
				t.Errorf("asks again at %v", d.Again)
			}
		})
	}
}

// TestMonth plays a month of each demand: whatever it is, what is urgent is always filed, the limit is kept, and a demand
// within the limit is filed whole.
func TestMonth(t *testing.T) {
	for _, tt := range []struct {
		name   string
		perDay int
		folds  bool
	}{{"quiet", 100, false}, {"just within", 290, false}, {"three times too much", 1000, true}, {"ten times", 3500, true}} {
		t.Run(tt.name, func(t *testing.T) {
			var u governor.Use
			folded, n := 0, 0
			for d := 1; d <= 30; d++ {
				for i := range tt.perDay {
					n++
					now := day(d, 0).Add(time.Duration(i) * 24 * time.Hour / time.Duration(tt.perDay))
					ask := governor.Ask{Severity: 3, Priority: 1 + n%5}
					if n%20 == 0 {
						ask.Severity = 2
					}
					switch v := governor.Decide(governor.Budget{}, u, ask, now); {
					case v.Verdict == governor.File:
						u.Filed++
					case governor.Urgent(ask.Severity):
						t.Fatalf("day %d: an urgent one is not filed: %s", d, v.Why)
					case v.Verdict == governor.Fold:
						folded++
					default:
						t.Fatalf("%+v", v)
					}
				}
			}
			if u.Filed > governor.QuotaMonth || u.Filed+folded != n || (folded > 0) != tt.folds {
				t.Errorf("%d filed, %d folded of %d", u.Filed, folded, n)
			}
			if tt.folds && u.Filed < governor.QuotaMonth*8/10 {
				t.Errorf("only %d filed: the budget is left unused", u.Filed)
			}
		})
	}
}

func TestState(t *testing.T) {
	tests := []struct {
		name string
		u    governor.Use
		edge bool
		says string
	}{
		{"calm", governor.Use{Filed: 12}, false, "12 of the month's 100 OpsItems are filed."},
		{"near", governor.Use{Filed: 80, Folded: 3}, true, "80 of the month's 100 OpsItems are filed, 3 folded into weekly lists."},
		{"something waits", governor.Use{Held: 2}, true, "0 of the month's 100 OpsItems are filed, 2 wait for room."},
		{"thousands", governor.Use{Filed: 1_000, Held: 12_345}, true, "1,000 of the month's 100 OpsItems are filed, 12,345 wait for room."},
		{"nearly all there can be", governor.Use{Total: 400_000}, true, "0 of"},
		{"OpsCenter said no", governor.Use{Shut: day(20, 0)}, true, "0 of"},
	}
	for _, tt := range tests {
		s := governor.StateAt(governor.Budget{Month: 100}, tt.u, day(15, 0))
		if s.Edge != tt.edge || !strings.HasPrefix(s.String(), tt.says) {
			t.Errorf("%s: %v %q", tt.name, s.Edge, s)
		}
	}
}

func TestNearALimit(t *testing.T) {
	tests := []struct {
		name           string
		b              governor.Budget
		u              governor.Use
		tight, crowded bool
	}{
		{"plenty", governor.Budget{}, governor.Use{Filed: 9_000, Total: 300_000}, false, false},
		{"the month's end", governor.Budget{}, governor.Use{Filed: 9_900, Total: 300_000}, true, false},
		{"a small budget", governor.Budget{Month: 50}, governor.Use{}, true, false},
		{"many in all", governor.Budget{}, governor.Use{Total: 400_000}, false, true},
		{"all in all", governor.Budget{}, governor.Use{Total: 499_900}, true, true},
	}
	for _, tt := range tests {
		if tight, crowded := governor.Tight(tt.b, tt.u), governor.Crowded(tt.b, tt.u); tight != tt.tight || crowded != tt.crowded {
			t.Errorf("%s: tight %v, crowded %v", tt.name, tight, crowded)
		}
	}
}

func TestSpan(t *testing.T) {
	from, to, err := governor.Month{Name: "2026-12"}.Span()
	if err != nil || !from.Equal(time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)) || !to.Equal(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("%v to %v, %v", from, to, err)
	}
	if _, _, err := (governor.Month{Name: "x"}).Span(); err == nil {
		t.Error("a month without a name")
	}
}
