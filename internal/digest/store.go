package digest

import (
	"context"
	"time"

	"learningloop/internal/followup"
	"learningloop/internal/governor"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/incident"
	"learningloop/internal/product"
	"learningloop/internal/trend"
)

// Store is what digests need of storage. Every method that takes a product reads one range of that product's rows.
type Store interface {
	Reader
	// Digest gives a digest as of the last acknowledged write, or NotFound.
	Digest(ctx context.Context, did ID) (Digest, error)
	// CreateDigest stores a new digest with one conditional write that is durable when it returns; Conflict where one of
	// its ID is there, which is left as it is.
	CreateDigest(ctx context.Context, d Digest) error
	governor.Ledger
	// OrderMails stores each order that is not there yet, and leaves those that are, whatever became of them.
	OrderMails(ctx context.Context, mails []followup.Mail) error
}

// Reader is what a report is made from.
type Reader interface {
	// Products gives all products, in an order that does not change between calls.
	Products(ctx context.Context) ([]product.Product, error)
	// Counts gives the hours from <= Hour < to, both whole hours, that hold something of one product and dimension, the
	// earliest first. All of them: a year has at most 8,784.
	Counts(ctx context.Context, p id.Product, d trend.Dimension, from, to time.Time) ([]trend.Hourly, error)
	// Ranked gives a product's Improvements of one status, the highest score.Log first, at most limit (1..table.MaxPage).
	// A moment old at most.
	Ranked(ctx context.Context, p id.Product, s improvement.Status, limit int) ([]improvement.Improvement, error)
	// Changed gives a product's Improvements of any status with Updated >= since, the earliest first, a page at a time. One
	// that changes meanwhile may come twice; none is left out. A moment old at most.
	Changed(ctx context.Context, p id.Product, since time.Time, cursor string) ([]improvement.Improvement, string, error)
	// History gives an Improvement's entries in the order of Seq, a page at a time.
	History(ctx context.Context, iid id.Improvement, cursor string) ([]improvement.Entry, string, error)
	// Improvement gives one, or NotFound.
	Improvement(ctx context.Context, iid id.Improvement) (improvement.Improvement, error)
	// ListPostIncidents gives a product's post-incident retrospectives that were opened since a time, the latest first, at
	// most limit (1..table.MaxPage). A moment old at most.
	ListPostIncidents(ctx context.Context, p id.Product, since time.Time, limit int) ([]incident.PostIncident, error)
	// OldestUncounted gives when the longest waiting piece of any product that is not counted yet was received; zero where
	// all are counted. A moment old at most.
	OldestUncounted(ctx context.Context) (time.Time, error)
}
