package store

import (
	"context"
	"time"

	"learningloop/internal/feedback"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/score"
	"learningloop/internal/table"
)

// QueueItem is one thing that waits for a decision: a proposed Improvement, or a loose piece of Feedback. One of the two
// is set.
type QueueItem struct {
	Improvement *improvement.Improvement
	Feedback    *feedback.Feedback
}

// ID is the item's id.
func (q QueueItem) ID() string {
	if q.Improvement != nil {
		return string(q.Improvement.ID)
	}
	return string(q.Feedback.ID)
}

// Score is the item's score at a moment.
func (q QueueItem) Score(now time.Time) score.Score {
	if q.Improvement != nil {
		return q.Improvement.Score(now)
	}
	return score.At(q.Feedback.Evidence(), 0, now)
}

// QueueFilter narrows the queue; zero members do not.
type QueueFilter struct {
	Type string // "improvement" or "feedback"
	Kind feedback.Kind
}

// rankedKinds are the kinds that lie in the queue by themselves: all but praise, which asks for nothing.
var rankedKinds = []feedback.Kind{feedback.Problem, feedback.Idea, feedback.Question, feedback.Signal}

// Queue gives what waits for a decision in a product, highest score first. The order is that of logarithms of scores,
// which no passing of time changes.
func (s *Store) Queue(ctx context.Context, p id.Product, flt QueueFilter, cursor string, limit int) (Page[QueueItem], error) {
	var partitions []string
	if flt.Type != "feedback" && flt.Kind == "" { // an Improvement is of no kind
		partitions = append(partitions, rankedStatus(p, string(improvement.Proposed)))
	}
	if flt.Type != "improvement" {
		kinds := rankedKinds
		if flt.Kind != "" {
			kinds = []feedback.Kind{flt.Kind}
		}
		for _, kind := range kinds {
			partitions = append(partitions, rankedFeedback(p, string(kind)))
		}
	}
	read := func(r table.Row) (QueueItem, error) {
		if r.Type == TypeImprovement {
			im, err := decode[improvement.Improvement](r)
			im.Version = r.Version
			return QueueItem{Improvement: &im}, err
		}
		f, err := decode[feedback.Feedback](r)
		f.Version = r.Version
		return QueueItem{Feedback: &f}, err
	}
	return merged(ctx, s.t, ranked, partitions, false, cursor, limitOf(limit), read, nil)
}
