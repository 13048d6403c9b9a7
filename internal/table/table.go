// Package table is the storage port: rows of JSON attributes under ordered keys, with sparse indexes, conditional and
// atomic writes, and a change feed. Two engines stand behind it, DynamoDB (table/dynamo) and an embedded one
// (table/embedded); one conformance suite (table/tabletest) says what both promise, so that everything above is written
// once.
package table

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Limits of the port: the tighter of what its engines allow (DynamoDB Developer Guide, "Quotas").
const (
	MaxPartitionKey = 2048           // bytes of Key.P, at least 1
	MaxSortKey      = 1024           // bytes of Key.S, at least 1
	MaxRow          = 390 << 10      // bytes of Row.Attrs; leaves room for keys and names under DynamoDB's 400 KB
	MaxOps          = 100            // operations in one Write
	MaxWrite        = 4 << 20        // bytes of one Write with more than one operation
	MaxPage         = 1000           // rows in one Page
	StreamRetention = 24 * time.Hour // how long a change can be read from the feed of the dynamo engine
)

// Key finds one row. Rows of one partition P lie in the byte order of S. Both are non-empty valid UTF-8.
type Key struct{ P, S string }

// String is for logs and errors; it never holds personal data, because keys never do.
func (k Key) String() string { return k.P + "/" + k.S }

// Index names one of the table's sparse indexes: rows that carry a key for it, in that key's order. An index is
// eventually consistent in DynamoDB.
type Index string

// Row is one row. Attrs is a JSON object; the dynamo engine keeps it as native attributes. A member whose value is null
// is not kept. Numbers keep their decimal digits (38 significant ones at most).
type Row struct {
	Key     Key
	Type    string          // what the row is, for readers of the console and filters of the change feed: "feedback"
	Schema  int             // version of the shape of Attrs, for conversion on read
	Version int64           // how often the row was written; 0 before the first write. Engines count it, callers compare it
	Index   map[Index]Key   // the sparse indexes the row lies in, with its key there; two rows may share an index key
	Expires time.Time       // when the row is gone, to the second; zero: never. Readers never see it afterwards
	Attrs   json.RawMessage // a JSON object
}

// Cond is what must hold of the row for a write to be applied.
type Cond struct {
	kind condKind
	v    int64
	why  string
}

type condKind int

const (
	condUnset condKind = iota
	condAbsent
	condVersion
	condExists
	condAlways
)

// Absent holds where no row has the key, or the one that has it is expired.
func Absent() Cond { return Cond{kind: condAbsent} }

// VersionIs holds where the row exists with exactly this version. VersionIs(0) is Absent.
func VersionIs(v int64) Cond {
	if v == 0 {
		return Absent()
	}
	return Cond{kind: condVersion, v: v}
}

// Exists holds where a row has the key.
func Exists() Cond { return Cond{kind: condExists} }

// Always holds. why says, for the reader of the code, why no condition is needed.
func Always(why string) Cond { return Cond{kind: condAlways, why: why} }

// Match says whether the condition holds of a row as it is stored; cur is nil where there is none (or an expired one).
// Engines that decide for themselves use it; the others translate the condition with Kind.
func (c Cond) Match(cur *Row) bool {
	switch c.kind {
	case condAbsent:
		return cur == nil
	case condVersion:
		return cur != nil && cur.Version == c.v
	case condExists:
		return cur != nil
	case condAlways:
		return true
	default:
		return false
	}
}

// Translate calls the function that fits the condition; engines use it to write the condition in their own language.
func (c Cond) Translate(absent func(), version func(int64), exists func(), always func()) {
	switch c.kind {
	case condAbsent:
		absent()
	case condVersion:
		version(c.v)
	case condExists:
		exists()
	case condAlways:
		always()
	case condUnset:
	}
}

// OpKind is what an Op does.
type OpKind int

// The kinds of Op.
const (
	OpUnset  OpKind = iota
	OpPut           // replace or create the whole row
	OpDelete        // remove the row
	OpAdd           // add to numeric top-level attributes
	OpCheck         // change nothing, but require the condition
)

// Op is one operation of a Write. Make it with Put, Delete, Add or Check.
type Op struct {
	Kind   OpKind
	Row    Row // Put: the row. Add: Key, Type and Schema. Delete and Check: Key
	Cond   Cond
	Deltas map[string]int64 // Add: attribute -> what is added; absent attributes start from 0
}

// Put writes the whole row where the condition holds. Row.Version is ignored: the engine sets it to the stored row's
// version plus one.
func Put(r Row, c Cond) Op { return Op{Kind: OpPut, Row: r, Cond: c} }

// Delete removes the row where the condition holds. Deleting an absent row under Always succeeds.
func Delete(k Key, c Cond) Op { return Op{Kind: OpDelete, Row: Row{Key: k}, Cond: c} }

// Add adds deltas to integer attributes of the row, creating it with typ and schema where it is absent. It needs no
// condition: additions commute. It is not idempotent: put it in one Write with a row that must be Absent.
func Add(k Key, typ string, schema int, deltas map[string]int64) Op {
	return Op{Kind: OpAdd, Row: Row{Key: k, Type: typ, Schema: schema}, Cond: Always("additions commute"), Deltas: deltas}
}

// Check requires the condition and changes nothing.
func Check(k Key, c Cond) Op { return Op{Kind: OpCheck, Row: Row{Key: k}, Cond: c} }

// Query asks for rows of one partition of the table (Index == "") or of an index, in order of the sort key.
type Query struct {
	Index      Index
	P          string
	From, To   string // From <= S < To; "" is open
	Desc       bool   // last first
	Limit      int    // rows at most, 1..MaxPage; 0 is MaxPage
	Cursor     string // Page.Cursor of the page before; "" for the first page
	Consistent bool   // see every write acknowledged before the call; not on an index
}

// Page is some rows and where the next ones are. Cursor is "" exactly when there is nothing after Rows; it is opaque,
// URL-safe, and stays valid whatever is written in between.
type Page struct {
	Rows   []Row
	Cursor string
}

// Table is the port. All methods are safe for concurrent use and honour ctx.
//
// Errors: ErrNotFound (Get), *ConflictError (Write), *fault.Error of kind Invalid for keys, rows or cursors that break
// the limits, Unavailable or RateLimited where the engine could not do it after its own retries. After any error but
// *ConflictError and Invalid a Write may or may not have been applied, as a whole: callers write so that repeating is
// harmless.
type Table interface {
	// Get gives the row. consistent: as of the last acknowledged write; otherwise possibly a moment old.
	Get(ctx context.Context, k Key, consistent bool) (Row, error)
	// GetAll gives the rows that exist among keys (at most MaxOps), in the order of keys, consistently.
	GetAll(ctx context.Context, keys []Key) ([]Row, error)
	// Query gives one page. Rows of an index are whole rows, as of the read.
	Query(ctx context.Context, q Query) (Page, error)
	// Write applies all operations or none, and acknowledges only what is durable. No two of them may name one key. One
	// operation alone is cheaper than several.
	Write(ctx context.Context, ops ...Op) error
}

// Change is one write as the change feed tells it: Old is nil for a new row, New is nil for a deleted or expired one.
type Change struct {
	Key Key
	Old *Row
	New *Row
	Seq string // identifies the change within the feed
}

// Feed reads changes. Changes of one key come in the order they were made; a change may come more than once.
type Feed interface {
	// Next waits for changes made after the feed was opened. lost says that some may be missing before these (a reader too
	// slow for the feed's memory): the reader then sweeps. It returns ctx's error when ctx ends.
	Next(ctx context.Context) (changes []Change, lost bool, err error)
	Close()
}

// ErrNotFound says that no row has the key.
var ErrNotFound = errors.New("table: no such row")

// ConflictError says which conditions did not hold; nothing was applied.
type ConflictError struct {
	Failed []Failed
}

// Failed is one operation whose condition did not hold.
type Failed struct {
	Op      int // position in the Write
	Key     Key
	Current *Row // the row as it stands; nil where there is none
}

// Error names the keys.
func (e *ConflictError) Error() string {
	var sb strings.Builder
	sb.WriteString("table: condition does not hold for")
	for _, f := range e.Failed {
		fmt.Fprintf(&sb, " %s (op %d)", f.Key, f.Op)
	}
	return sb.String()
}

// Conflict gives the conflict in err's chain, if it is one.
func Conflict(err error) (*ConflictError, bool) { return errors.AsType[*ConflictError](err) }
