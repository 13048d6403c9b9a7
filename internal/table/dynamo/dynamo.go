package dynamo

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"learningloop/internal/table"
)

// Options are what New can be told. The zero value is right for a function.
type Options struct {
	Clock    func() time.Time                           // decides what is expired; nil: time.Now
	Random   func() float64                             // jitter in [0,1); nil: math/rand
	Sleep    func(context.Context, time.Duration) error // waits before a retry; nil: a timer that ends with the context
	Attempts int                                        // how often a call is made at most; 0: ten
}

// Table is the engine. It implements table.Table.
type Table struct {
	client   *dynamodb.Client
	name     string
	clock    func() time.Time
	random   func() float64
	sleep    func(context.Context, time.Duration) error
	attempts int
}

var _ table.Table = (*Table)(nil)

// New makes the engine for the table called name. It calls nothing.
func New(client *dynamodb.Client, name string, o Options) *Table {
	t := &Table{client: client, name: name, clock: o.Clock, random: o.Random, sleep: o.Sleep, attempts: o.Attempts}
	if t.clock == nil {
		t.clock = time.Now
	}
	if t.random == nil {
		t.random = rand.Float64
	}
	if t.sleep == nil {
		t.sleep = sleep
	}
	if t.attempts <= 0 {
		t.attempts = defaultAttempts
	}
	return t
}
