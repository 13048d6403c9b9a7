// Package opsitem is the mirror of an Improvement's episodes in Systems Manager OpsCenter: what is filed, when it is
// filed again, and what a person's edit in the console means here. How OpsCenter is spoken to is internal/opscenter's.
package opsitem

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"learningloop/internal/id"
)

// Status is an OpsItem's, as far as OpsItems of type /aws/issue have one.
type Status string

// The statuses (FACTS of OpsCenter: only these three are documented for /aws/issue).
const (
	Open       Status = "Open"
	InProgress Status = "InProgress"
	Resolved   Status = "Resolved"
)

// FiledBy is the source that the loop's OpsItems name. It cannot be changed later, and may not contain "aws", "amazon"
// or "amzn" (API_CreateOpsItem).
const FiledBy = "learningloop"

// Keys of operational data, all SearchableString, so that the console can filter on them.
const (
	KeyEpisode     = "learningloop-episode"
	KeyImprovement = "learningloop-improvement"
	KeyProduct     = "learningloop-product"
	KeyOwner       = "learningloop-owner"
	KeyDue         = "learningloop-due"
	KeyGoal        = "learningloop-goal" // what should be different for whom, in the team's words
	KeyScore       = "learningloop-score"
	KeyEvidence    = "learningloop-evidence"
	KeyCorrelation = "learningloop-correlation"
	KeyBefore      = "learningloop-previous-episode" // of an episode that goes on with the OpsItem of the one before
)

// passing are the keys that an OpsItem may carry at one time and not at another.
var passing = []string{KeyOwner, KeyDue, KeyGoal, KeyBefore}

// Passing gives those of the keys in data that may be taken out again.
func Passing(data map[string]string) []string {
	return slices.DeleteFunc(slices.Clone(passing), func(k string) bool { return data[k] == "" })
}

// Order is what an episode waits for.
type Order string

// The orders.
const (
	None Order = ""
	File Order = "file" // create the OpsItem
	Push Order = "push" // update it
)

// Episode is one time an Improvement is worked, and its OpsItem. It lies in the pending index while it has an Order. What
// the OpsItem should say is worked out when it is told, so that what changes meanwhile costs no order of its own.
type Episode struct {
	Improvement id.Improvement `json:"improvement,omitzero"`
	N           int            `json:"n,omitzero"`
	OpsItem     string         `json:"opsItem,omitzero"`     // "" until filed, and after it was deleted
	Lost        []string       `json:"lost,omitzero"`        // OpsItems of it that were deleted in OpsCenter
	Former      []string       `json:"former,omitzero"`      // OpsItems of it that others came after
	Related     []string       `json:"related,omitzero"`     // OpsItems about the same
	Before      string         `json:"before,omitzero"`      // key of the episode whose OpsItem it goes on with
	Correlation string         `json:"correlation,omitzero"` // of the request or event that opened it
	Opened      time.Time      `json:"opened,omitzero"`
	Filed       time.Time      `json:"filed,omitzero"`
	Resolved    time.Time      `json:"resolved,omitzero"`
	Stages      Stages         `json:"stages,omitzero"`
	Known

	Order     Order     `json:"order,omitzero"`
	Request   Request   `json:"request,omitzero"`   // frozen when the episode was opened; every retry sends the same
	Asked     time.Time `json:"asked,omitzero"`     // when a decision here last said what to want
	Pushed    time.Time `json:"pushed,omitzero"`    // when OpsCenter was last told anything
	Attempts  int       `json:"attempts,omitzero"`  // of the current Order
	Attempted time.Time `json:"attempted,omitzero"` // when the last of them began
	RetryAt   time.Time `json:"retryAt,omitzero"`
	Error     string    `json:"error,omitzero"` // the last one, safe to show

	Counted string         `json:"counted,omitzero"` // the month ("2026-11") in whose budget it is, as filed or as folded; "" while it is in none
	Held    bool           `json:"held,omitzero"`    // waits for room in the budget
	Parent  id.Improvement `json:"parent,omitzero"`  // the week's list it was folded into; "" where it was not
	List    bool           `json:"list,omitzero"`    // it is a week's list itself
	Folded  int            `json:"folded,omitzero"`  // how many lines the list has
	Version int64          `json:"-"`
}

// Known is what is known of an episode's OpsItem; the zero value before there is one.
type Known struct {
	Adopted    bool      `json:"adopted,omitzero"`    // somebody else created it: its words and level stay theirs
	Taken      time.Time `json:"taken,omitzero"`      // when it was adopted; zero where an older release did so, when the episode was filed
	Status     Status    `json:"status,omitzero"`     // as last seen in OpsCenter
	Level      Level     `json:"level,omitzero"`      // as last seen in OpsCenter
	Seen       time.Time `json:"seen,omitzero"`       // OpsCenter's time of what was last taken over from it
	Tried      Status    `json:"tried,omitzero"`      // status of a Push that is under way, or whose answer was lost
	TriedLevel Level     `json:"triedLevel,omitzero"` // the same of its level
	Sent       string    `json:"sent,omitzero"`       // digest of the rest that OpsCenter was last told; "" while nobody knows
	Keys       []string  `json:"keys,omitzero"`       // Passing of what OpsCenter may have been told
	Resources  []string  `json:"resources,omitzero"`  // ARNs as last seen in OpsCenter: also what others put there
	Words      string    `json:"words,omitzero"`      // digest of the description that OpsCenter was last told
	Reworded   bool      `json:"reworded,omitzero"`   // a person wrote another description in the console: it stays
	Looked     []string  `json:"looked,omitzero"`     // alarms and findings of which others' OpsItems were looked for
}

// Had says whether an OpsItem was the episode's, and is no more.
func (e Episode) Had(oid string) bool {
	return slices.Contains(e.Lost, oid) || slices.Contains(e.Former, oid)
}

// Folds says whether the episode is a line of a weekly list, without an OpsItem of its own.
func (e Episode) Folds() bool { return e.Parent != "" && e.OpsItem == "" && e.Order == None }

// Rest gives the episode without an order, and without an answer that is awaited; why says what became of it.
func (e Episode) Rest(why string) Episode {
	e.Tried, e.TriedLevel = "", Level{}
	e.Order, e.Attempts, e.Attempted, e.RetryAt, e.Error = None, 0, time.Time{}, time.Time{}, why
	return e
}

// Key is the episode's own name in OpsCenter: deduplication string and searchable key.
func (e Episode) Key() string { return EpisodeKey(e.Improvement, e.N) }

// EpisodeKey names an episode.
func EpisodeKey(im id.Improvement, n int) string { return string(im) + "/" + strconv.Itoa(n) }

// Request is what is asked of CreateOpsItem.
type Request struct {
	Title       string            `json:"title"`
	Description string            `json:"description"` // Markdown
	Severity    int               `json:"severity"`    // 1..4
	Priority    int               `json:"priority"`    // 1..5
	Category    string            `json:"category,omitempty"`
	Dedup       string            `json:"dedup"`
	Resources   []string          `json:"resources,omitempty"`   // ARNs
	Automations []string          `json:"automations,omitempty"` // names or ARNs of runbooks
	Data        map[string]string `json:"data,omitempty"`        // searchable
	Related     []string          `json:"related,omitempty"`     // OpsItem ids
	Tags        map[string]string `json:"tags,omitempty"`
}

// Level is what the OpsItem begins with.
func (r Request) Level() Level { return Level{r.Severity, r.Priority, r.Category} }

// Patch is the request as an update that would say the same; OpsItems begin Open.
func (r Request) Patch() Patch {
	return Patch{
		Status: Open, Level: r.Level(), Description: r.Description, Data: r.Data, Resources: r.Resources, Automations: r.Automations, Related: r.Related,
	}
}

// Patch is what is asked of UpdateOpsItem: zero members are left as they are. Lists are whole.
type Patch struct {
	Status      Status            `json:"status,omitzero"`
	Level       Level             `json:"level,omitzero"`
	Description string            `json:"description,omitzero"`
	Data        map[string]string `json:"data,omitzero"`
	Drop        []string          `json:"drop,omitzero"` // keys of data to take out
	Resources   []string          `json:"resources,omitzero"`
	Automations []string          `json:"automations,omitzero"`
	Related     []string          `json:"related,omitzero"`
}

// Empty says that it asks for nothing.
func (p Patch) Empty() bool {
	return p.Status == "" && p.Level == Level{} && p.Description == "" && len(p.Data) == 0 && len(p.Resources) == 0 && len(p.Automations) == 0 && len(p.Related) == 0
}

// Rest is the digest of all that no person sets in the console: everything but status and level.
func (p Patch) Rest() string {
	parts := []string{p.Description}
	for _, k := range slices.Sorted(maps.Keys(p.Data)) {
		parts = append(parts, k, p.Data[k])
	}
	for _, list := range [][]string{p.Resources, p.Automations, p.Related} {
		parts = append(append(parts, "#"+strconv.Itoa(len(list))), list...)
	}
	return id.Hash(16, parts...)
}

// Words is the digest of a description, the same however white space in it is kept; "" for none.
func Words(description string) string {
	if description == "" {
		return ""
	}
	return id.Hash(16, strings.Join(strings.Fields(description), " "))
}

// Ask gives what OpsCenter has to be told so that the OpsItem says want: only what it does not say already.
func (e Episode) Ask(want Patch) Patch {
	if e.Reworded || e.Adopted {
		want.Description = ""
	}
	ask := Patch{Level: want.Level.Beyond(e.Level)}
	if want.Status != e.Status {
		ask.Status = want.Status
	}
	// Without data it says nothing about the rest.
	if len(want.Data) > 0 && want.Rest() != e.Sent {
		want.Status, want.Level = ask.Status, ask.Level
		ask = want
		ask.Resources = e.naming(want.Resources)
		ask.Drop = slices.DeleteFunc(slices.Clone(e.Keys), func(k string) bool { return want.Data[k] != "" })
	}
	return ask
}

// MaxResources is how many bytes of ARNs are told: /aws/resources is one value of operational data, which takes 20 KB.
const MaxResources = 20_000

// ARNSize is how many of these bytes one takes.
func ARNSize(arn string) int { return len(`{"arn":""},`) + len(arn) }

// naming gives the whole list that is to be told so that the OpsItem names these ARNs beside what others put there; nil
// where it does already.
func (e Episode) naming(arns []string) []string {
	all, size, more := slices.Clone(e.Resources), 0, false
	for _, a := range all {
		size += ARNSize(a)
	}
	for _, a := range arns {
		if slices.Contains(all, a) {
			continue
		}
		if size += ARNSize(a); size <= MaxResources {
			all, more = append(all, a), true
		}
	}
	if !more {
		return nil
	}
	return all
}

// Trying gives the episode while an answer to asked, the answer of Ask, is awaited: what of it is there is not known.
func (e Episode) Trying(asked Patch) Episode {
	e.Tried, e.TriedLevel = asked.Status, asked.Level
	if len(asked.Data) > 0 {
		e.Sent = ""
		for _, k := range Passing(asked.Data) {
			if !slices.Contains(e.Keys, k) {
				e.Keys = append(slices.Clip(e.Keys), k)
			}
		}
	}
	return e
}

// Unlooked gives those ARNs of alarms and findings of which nobody looked for others' OpsItems.
func (e Episode) Unlooked(arns []string) []string {
	return slices.DeleteFunc(slices.Clone(arns), func(a string) bool { return !Named(a) || slices.Contains(e.Looked, a) })
}

// Unsure says whether an attempt may have set a status or a level that nobody has seen there since.
func (e Episode) Unsure() bool { return e.Tried != "" || e.TriedLevel != (Level{}) }

// Told gives the episode after OpsCenter took the answer of Ask, which was worked out from want.
func (e Episode) Told(want, asked Patch, now time.Time) Episode {
	if e.Reworded || e.Adopted {
		want.Description = ""
	}
	if asked.Status != "" {
		e.Status = asked.Status
	}
	if asked.Description != "" {
		e.Words = Words(asked.Description)
	}
	if len(want.Data) > 0 {
		e.Sent, e.Keys = want.Rest(), Passing(want.Data)
	}
	if len(asked.Resources) > 0 {
		e.Resources = asked.Resources
	}
	e.Level, e.Pushed, e.Error = e.Level.With(asked.Level), now, ""
	return e
}

// Item is an OpsItem as OpsCenter tells it.
type Item struct {
	ID          string
	Title       string
	Description string // only Get tells it
	Status      Status
	Level       Level
	Source      string
	Data        map[string]string // what is searchable
	Resources   []string          // ARNs
	Created     time.Time
	CreatedBy   string
	Modified    time.Time
	By          string // who modified it last
}

// Errors of a Center, besides fault kinds RateLimited and Unavailable.
var (
	// ErrNotFound says that there is no such OpsItem.
	ErrNotFound = errors.New("opsitem: not found")
	// ErrLimit says that a quota of the account is used up (10,000 a month, 500,000 in all).
	ErrLimit = errors.New("opsitem: the account's quota of OpsItems is used up")
)

// ExistsError says that an OpsItem cannot be opened again while another one of its deduplication string is open.
type ExistsError struct{ OpsItem string } // the other

func (e *ExistsError) Error() string {
	return "opsitem: " + e.OpsItem + " of the same deduplication string is open"
}

// Center is OpsCenter as this package needs it. The adapter retries nothing; whoever calls does.
type Center interface {
	// Create files one and gives its id. Where OpsCenter already has an open one of the same deduplication string it gives
	// that one's id and existed.
	Create(ctx context.Context, r Request) (oid string, existed bool, err error)
	// Find gives the ids of the OpsItems filed for the episode of this key, newest first.
	Find(ctx context.Context, episodeKey string) ([]string, error)
	// Get gives one, or ErrNotFound.
	Get(ctx context.Context, oid string) (Item, error)
	// Update applies p, or gives ErrNotFound, or an *ExistsError.
	Update(ctx context.Context, oid string, p Patch) error
	// Holding gives the OpsItems, whoever filed them, that are Open or InProgress and name the resource, newest first.
	Holding(ctx context.Context, arn string) ([]Item, error)
	// OpenOnes gives the ids of the loop's own OpsItems that are Open or InProgress, a page at a time; next is "" at the end.
	OpenOnes(ctx context.Context, cursor string) (ids []string, next string, err error)
	// Filed counts the loop's own OpsItems, in whatever status, that were created in a span of time, a page at a time; next
	// is "" at the end.
	Filed(ctx context.Context, from, to time.Time, cursor string) (n int, next string, err error)
	// ChangedSince gives the OpsItems modified after t, whoever filed them, a page at a time; next is "" at the end. With a
	// zero t it gives the loop's own only: all of an account's may be many.
	ChangedSince(ctx context.Context, t time.Time, cursor string) (items []Item, next string, err error)
}
