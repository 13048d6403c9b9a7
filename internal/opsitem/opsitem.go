// Package opsitem is the mirror of an Improvement's episodes in Systems Manager OpsCenter: what is filed, when it is
// filed again, and what a person's edit in the console means here. How OpsCenter is spoken to is internal/opscenter's.
package opsitem

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
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

// Keys of operational data, all SearchableString, so that the console can filter on them.
const (
	KeyEpisode     = "learningloop-episode"
	KeyImprovement = "learningloop-improvement"
	KeyProduct     = "learningloop-product"
	KeyOwner       = "learningloop-owner"
	KeyDue         = "learningloop-due"
	KeyScore       = "learningloop-score"
	KeyEvidence    = "learningloop-evidence"
	KeyCorrelation = "learningloop-correlation"
)

// Order is what an episode waits for.
type Order string

// The orders.
const (
	None Order = ""
	File Order = "file" // create the OpsItem
	Push Order = "push" // update it
)

// Episode is one time an Improvement is worked, and its OpsItem. It lies in the pending index while it has an Order.
type Episode struct {
	Improvement id.Improvement `json:"improvement,omitzero"`
	N           int            `json:"n,omitzero"`
	Order       Order          `json:"order,omitzero"`
	Request     Request        `json:"request,omitzero"`  // frozen when the episode was opened; every retry sends the same
	Want        Patch          `json:"want,omitzero"`     // what the OpsItem should say now
	OpsItem     string         `json:"opsItem,omitzero"`  // "" until filed
	Status      Status         `json:"status,omitzero"`   // as last seen in OpsCenter
	Seen        time.Time      `json:"seen,omitzero"`     // OpsCenter's time of what was last taken over from it
	Sent        string         `json:"sent,omitzero"`     // digest of what OpsCenter was last told
	Asked       time.Time      `json:"asked,omitzero"`    // when a decision here last said what to want
	Tried       Status         `json:"tried,omitzero"`    // status of a Push that is under way, or whose answer was lost
	Attempts    int            `json:"attempts,omitzero"` // of the current Order
	RetryAt     time.Time      `json:"retryAt,omitzero"`
	Error       string         `json:"error,omitzero"` // the last one, safe to show
	Opened      time.Time      `json:"opened,omitzero"`
	Filed       time.Time      `json:"filed,omitzero"`
	Resolved    time.Time      `json:"resolved,omitzero"`
	Correlation string         `json:"correlation,omitzero"`
	Counted     string         `json:"counted,omitzero"` // the month ("2026-11") in whose budget it is; "" while it is in none
	Held        bool           `json:"held,omitzero"`    // waits for room in the budget
	Parent      id.Improvement `json:"parent,omitzero"`  // the week's list it was folded into; "" where it was not
	List        bool           `json:"list,omitzero"`    // it is a week's list itself
	Folded      int            `json:"folded,omitzero"`  // how many lines the list has
	Stages      Stages         `json:"stages,omitzero"`
	Version     int64          `json:"-"`
}

// Folds says whether the episode is a line of a weekly list, without an OpsItem of its own.
func (e Episode) Folds() bool { return e.Parent != "" && e.OpsItem == "" && e.Order == None }

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
	Resources   []string          `json:"resources,omitempty"` // ARNs
	Data        map[string]string `json:"data,omitempty"`      // searchable
	Related     []string          `json:"related,omitempty"`   // OpsItem ids
	Tags        map[string]string `json:"tags,omitempty"`
}

// Patch is what is asked of UpdateOpsItem: zero members are left as they are.
type Patch struct {
	Status      Status            `json:"status,omitempty"`
	Description string            `json:"description,omitempty"` // Markdown
	Data        map[string]string `json:"data,omitempty"`
}

// Digest tells two patches apart.
func (p Patch) Digest() string {
	keys := slices.Sorted(maps.Keys(p.Data))
	parts := []string{string(p.Status), p.Description}
	for _, k := range keys {
		parts = append(parts, k, p.Data[k])
	}
	return id.Hash(16, parts...)
}

// Item is an OpsItem as OpsCenter tells it.
type Item struct {
	ID       string
	Title    string
	Status   Status
	Severity string
	Priority int
	Source   string
	Data     map[string]string // what is searchable
	Created  time.Time
	Modified time.Time
	By       string // who modified it last
}

// Errors of a Center, besides fault kinds RateLimited and Unavailable.
var (
	// ErrNotFound says that there is no such OpsItem.
	ErrNotFound = errors.New("opsitem: not found")
	// ErrLimit says that a quota of the account is used up (10,000 a month, 500,000 in all).
	ErrLimit = errors.New("opsitem: the account's quota of OpsItems is used up")
)

// Center is OpsCenter as this package needs it. The adapter retries nothing; whoever calls does.
type Center interface {
	// Create files one and gives its id. Where OpsCenter already has an open one of the same deduplication string it gives
	// that one's id and existed.
	Create(ctx context.Context, r Request) (oid string, existed bool, err error)
	// Find gives the ids of the OpsItems filed for the episode of this key, newest first.
	Find(ctx context.Context, episodeKey string) ([]string, error)
	// Get gives one, or ErrNotFound.
	Get(ctx context.Context, oid string) (Item, error)
	// Update applies p, or gives ErrNotFound.
	Update(ctx context.Context, oid string, p Patch) error
	// ChangedSince gives the loop's own OpsItems modified after t, a page at a time; next is "" at the end.
	ChangedSince(ctx context.Context, t time.Time, cursor string) (items []Item, next string, err error)
}
