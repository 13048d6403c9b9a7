// Package governor keeps what the loop files in OpsCenter within AWS's quotas and within what the team will pay. It only
// decides: what is urgent is filed, what lies below the waterline is folded into one weekly parent OpsItem that lists it,
// and what nothing has room for waits. Nothing is lost, and intake never hears of it.
package governor

import (
	"context"
	"fmt"
	"time"

	"learningloop/internal/id"
	"learningloop/internal/number"
)

// AWS's quotas for one account in one Region (AWS General Reference, "Service quotas for OpsCenter").
const (
	QuotaMonth = 10_000  // OpsItems created in a month
	QuotaTotal = 500_000 // OpsItems in all, open and resolved
)

// Prices in US dollars (us-east-1, 2026). An OpsItem costs its creation and the calls that follow it through its life,
// of which callsPerItem is a generous guess: one look before filing, updates, and Gets after events.
const (
	PriceCreate  = 2.97 / 1000
	PriceCall    = 0.039 / 1000
	callsPerItem = 10
	PriceItem    = PriceCreate + callsPerItem*PriceCall
)

// Budget is what may be filed. The zero value of a field stands for AWS's quota, of Money for no limit.
type Budget struct {
	Month int     // OpsItems in a calendar month, in UTC
	Total int     // OpsItems in all
	Money float64 // US dollars in a month
}

// Limit is how many OpsItems may be created in a month, and whether it is the money that says so.
func (b Budget) Limit() (n int, money bool) {
	n = QuotaMonth
	if b.Month > 0 {
		n = min(n, b.Month)
	}
	if b.Money > 0 {
		if afford := int(b.Money / PriceItem); afford < n {
			return afford, true
		}
	}
	return n, false
}

func (b Budget) total() int {
	if b.Total > 0 {
		return min(b.Total, QuotaTotal)
	}
	return QuotaTotal
}

// Use is what was used of a Budget, as the loop counted it.
type Use struct {
	Month  string    // "2026-11"
	Filed  int       // in the month
	Folded int       // in the month
	Total  int       // filed in all months, and not known to be deleted
	Held   int       // waiting now
	Shut   time.Time // until then OpsCenter itself said that a quota is used up; others file in the account, too
	Months []Month   // every month that has a count, the earliest first
}

// Month is what was counted for one month.
type Month struct {
	Name    string // "2026-11"
	Filed   int
	Folded  int
	Gone    int       // of Filed: deleted in OpsCenter since
	Looked  time.Time // when OpsCenter was last asked how many are left
	Version int64     // the one it was read with
}

// Span is when the month begins and ends.
func (m Month) Span() (from, to time.Time, err error) {
	if from, err = time.Parse("2006-01", m.Name); err != nil {
		return from, to, fmt.Errorf("read month %q: %w", m.Name, err)
	}
	return from, from.AddDate(0, 1, 0), nil
}

// Current gives the month that counts now.
func (u Use) Current() Month {
	for _, m := range u.Months {
		if m.Name == u.Month {
			return m
		}
	}
	return Month{Name: u.Month}
}

// margin is more than file at the same moment: nearer to a limit than this, one is counted after the other.
const margin = 100

// Tight says whether a limit is so near that the counts must still be those of u when something is filed by them.
func Tight(b Budget, u Use) bool {
	limit, _ := b.Limit()
	return u.Filed+margin >= limit || u.Total+margin >= b.total()
}

// Crowded says whether so many OpsItems are there in all that it matters how many of them were deleted.
func Crowded(b Budget, u Use) bool { return share(u.Total, b.total()) >= Edge }

// MonthOf names the month that counts at a moment: the emulator's assumption, a calendar month in UTC.
func MonthOf(now time.Time) string { return now.UTC().Format("2006-01") }

// nextMonth is when the quota of a month is whole again.
func nextMonth(now time.Time) time.Time {
	y, m, _ := now.UTC().Date()
	return time.Date(y, m+1, 1, 0, 0, 0, 0, time.UTC)
}

// Ask is what asks to be filed.
type Ask struct {
	Severity int  // 1..4
	Priority int  // 1..5
	Parent   bool // it is a week's list itself
}

// Urgent says whether something is filed while there is any room at all: somebody may be losing money right now.
func Urgent(severity int) bool { return severity >= 1 && severity <= 2 }

// Verdict is what becomes of an Ask.
type Verdict string

// The verdicts.
const (
	File Verdict = "file"
	Fold Verdict = "fold"
	Hold Verdict = "hold"
)

// Decision is a Verdict, why, and for Hold when to ask again.
type Decision struct {
	Verdict Verdict
	Why     string // "priority 4 is below the waterline (…)"; "" for File
	Again   time.Time
}

// Words says the Decision in a sentence; "" for File.
func (d Decision) Words() string {
	switch d.Verdict {
	case Fold:
		return "Folded into the week's list: " + d.Why + "."
	case Hold:
		return "Waits: " + d.Why + "."
	default:
		return ""
	}
}

// reserve is the part of a month's limit that is kept for what is urgent, and for parents.
const reserve = 0.1

// Again is how soon what is held asks again: room may come from OpsItems deleted, or a larger budget.
const Again = time.Hour

// Decide says what becomes of an Ask at a moment.
func Decide(b Budget, u Use, a Ask, now time.Time) Decision {
	limit, money := b.Limit()
	whose := fmt.Sprintf("the month's budget of OpsItems is used up (%d)", limit)
	if money {
		whose = fmt.Sprintf("the month's budget for OpsItems is used up (%.2f US dollars)", b.Money)
	}
	first := Urgent(a.Severity) || a.Parent
	full := ""
	wait := now.Add(Again)
	switch {
	case u.Shut.After(now):
		full, wait = "the account's quota of OpsItems is used up", earlier(u.Shut, wait)
	case u.Total >= b.total():
		full = fmt.Sprintf("all %d OpsItems that the account can have are there; delete some", b.total())
	case u.Filed >= limit:
		full, wait = whose, earlier(nextMonth(now), wait)
	}
	switch {
	case full != "" && first:
		return Decision{Verdict: Hold, Why: full, Again: wait}
	case full != "":
		return Decision{Verdict: Fold, Why: full}
	case first:
		return Decision{Verdict: File}
	}
	if line := Waterline(b, u, now); a.Priority > line {
		return Decision{Verdict: Fold, Why: fmt.Sprintf("priority %d is below the waterline (%s)", a.Priority, aboveLine(line))}
	}
	return Decision{Verdict: File}
}

func aboveLine(line int) string {
	switch line {
	case 0:
		return "only severity 1 and 2 are filed by themselves now"
	case 1:
		return "priority 1 is filed by itself now"
	default:
		return fmt.Sprintf("priorities 1 to %d are filed by themselves now", line)
	}
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// Waterline is the lowest priority (1..5) that is filed by itself at a moment, 0 for none: the faster a month's limit is
// used up beside the calendar, the higher it lies. Its first three days count whole, so that a busy first hour folds nothing.
func Waterline(b Budget, u Use, now time.Time) int {
	limit, _ := b.Limit()
	free := float64(limit) * (1 - reserve)
	used := float64(u.Filed)
	if used >= free {
		return 0
	}
	start := time.Date(now.UTC().Year(), now.UTC().Month(), 1, 0, 0, 0, 0, time.UTC)
	whole := nextMonth(now).Sub(start)
	gone := max(now.Sub(start), 3*24*time.Hour)
	pace := used / (free * float64(gone) / float64(whole)) // 1: used up exactly at the month's end
	// Narrow steps: whatever the demand, what is used stays within a tenth of the calendar, so that the reserve lasts.
	switch {
	case pace <= 1:
		return 5
	case pace <= 1.025:
		return 4
	case pace <= 1.05:
		return 3
	case pace <= 1.075:
		return 2
	case pace <= 1.1:
		return 1
	default:
		return 0
	}
}

// Edge is the share of a limit from which people are told that it is near.
const Edge = 0.8

// State is what people are told of the budget.
type State struct {
	Use       Use
	Limit     int
	Total     int
	Money     float64 // the limit in US dollars; 0: none
	Waterline int
	Share     float64 // of the limit that is nearer, 0..1 and beyond
	Edge      bool    // it is near or reached, or something waits
}

// StateAt sums up a Budget and its Use.
func StateAt(b Budget, u Use, now time.Time) State {
	limit, _ := b.Limit()
	s := State{Use: u, Limit: limit, Total: b.total(), Money: b.Money, Waterline: Waterline(b, u, now)}
	s.Share = max(share(u.Filed, limit), share(u.Total, s.Total))
	if u.Shut.After(now) {
		s.Share = max(s.Share, 1)
	}
	s.Edge = s.Share >= Edge || u.Held > 0
	return s
}

// Ledger is where the use of a budget is counted.
type Ledger interface {
	// BudgetUse is what was used of the budget as of a moment.
	BudgetUse(ctx context.Context, now time.Time) (Use, error)
}

// StateOf says how a Budget stands at a moment, as the ledger counted it.
func StateOf(ctx context.Context, l Ledger, b Budget, now time.Time) (State, error) {
	use, err := l.BudgetUse(ctx, now)
	if err != nil {
		return State{}, fmt.Errorf("load budget of OpsItems: %w", err)
	}
	return StateAt(b, use, now), nil
}

func share(used, limit int) float64 {
	if limit <= 0 {
		return 1
	}
	return float64(used) / float64(limit)
}

// String says it in one sentence, for the digest and the team's pages.
func (s State) String() string {
	t := fmt.Sprintf("%s of the month's %s OpsItems are filed", number.Thousands(s.Use.Filed), number.Thousands(s.Limit))
	if s.Use.Folded > 0 {
		t += ", " + number.Thousands(s.Use.Folded) + " folded into weekly lists"
	}
	if s.Use.Held > 0 {
		t += ", " + number.Thousands(s.Use.Held) + " wait for room"
	}
	return t + "."
}

// Folded is one episode in a weekly parent, as it was when it was folded.
type Folded struct {
	Improvement id.Improvement `json:"improvement,omitzero"`
	Episode     int            `json:"episode,omitzero"`
	Title       string         `json:"title,omitzero"` // as it would have been filed
	Priority    int            `json:"priority,omitzero"`
	At          time.Time      `json:"at,omitzero"`
}

// Key orders the lines of a list: the best priority first, then those folded first.
func (f Folded) Key() string {
	return fmt.Sprintf("%d#%s#%s#%d", f.Priority, f.At.UTC().Format("20060102T150405.000000000"), f.Improvement, f.Episode)
}

// Delta is what one step changes in the budget of a month.
type Delta struct {
	Month                     string // of Filed, Folded and Gone
	Filed, Folded, Held, Gone int
	Out                       string    // another month, in which it was counted as filed until now; "": none
	Seen                      *Month    // the step is a Conflict where Month's counts are no longer these; nil: whatever they are
	Shut                      time.Time // OpsCenter said that a quota is used up: nobody tries again before; zero: nothing new
}

// ParentID is the Improvement that a product's folded things of a week are listed in.
func ParentID(p id.Product, week string) id.Improvement { return id.NewImprovement(p, "folded", week) }
