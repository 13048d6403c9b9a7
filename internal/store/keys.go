// Package store keeps the domain's things in the table: one file per noun, written once against the storage port. This
// file names every key and every access pattern; nothing is read in any other way, and nothing scans.
//
//	list                        sort            index    filters beside the key
//	feedback of a product       newest first    -        kind, state (window)
//	queue of a product          score           ranked   type, kind (key)
//	improvements of a product   score           ranked   status (key)
//	improvements of a product   latest change   recent   status (window)
//	attachments, history, mails, post-incidents of an improvement   in order    -
//	pending orders by type      due time        pending  -
//	set-aside events            newest first    recent   -
//	lines of a week's list      priority    -        -
//	digests of a product        newest first    -        kind (key)
//	episodes of a product       stage's time    recent   under way or not (key)
//	post-incidents of a product newest first    recent   -
//	launches of a product       in order        -        hour (counts)
//	staff log of a day          newest first    -        who, product (window)
//	products                    in order of id  -        -
//	problems of a product       newest first    -        time (key), kind
//	muted firings               when to look    pending  -
//	andons up of a product      latest first    pending  -
//
// A window is at most Window rows read for one page, so that a filter that matches nothing costs a bounded read and the
// next page goes on from there.
package store

import (
	"fmt"
	"math"
	"time"

	"learningloop/internal/config"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/table"
)

// Window is how many rows one filtered page reads at the most.
const Window = 250

// Indexes of the table.
const (
	pending = table.Index(config.IndexPending)
	ranked  = table.Index(config.IndexRanked)
	recent  = table.Index(config.IndexRecent)
)

// Types of rows, as the change feed's filters and readers of the console see them.
const (
	TypeProduct     = "product"
	TypeSlug        = "slug"
	TypeFeedback    = "feedback"
	TypeMark        = "mark"
	TypeCount       = "count"
	TypeImprovement = "improvement"
	TypeAttachment  = "attachment"
	TypeVoice       = "voice"
	TypeEntry       = "entry"
	TypeNotice      = "notice"
	TypeEpisode     = "episode"
	TypeMail        = "mail"
	TypeOpsItem     = "opsitem"
	TypeAbout       = "about"
	TypeSetAside    = "setaside"
	TypeDigest      = "digest"
	TypeLog         = "log"
	TypeSync        = "sync"
	TypeSuppressed  = "suppressed"
	TypeBudget      = "budget"
	TypeFolded      = "folded"

	TypePostIncident = "postincident"
	TypeCluster      = "cluster"
	TypeSignalKey    = "signalkey"
	TypeAndon        = "andon"
)

// What spans products lives under these partitions and no others.
const (
	globalProducts   = "_global#products"
	globalSlugs      = "_global#slugs"
	globalOpsItem    = "_global#opsitem#" // one partition an OpsItem
	globalAbout      = "_global#about#"   // one partition an alarm or a finding
	globalSetAside   = "_global#setaside"
	globalSync       = "_global#sync"
	globalSuppressed = "_global#suppressed#" // one partition a person
	globalLog        = "_global#log#"        // one partition a day
	globalBudget     = "_global#budget"      // what was filed in each month, and what waits
)

// self is the sort key of a thing itself in the partition of its id.
const self = "self"

// stamp is a time as sort keys carry it: fixed width, so that byte order is time order.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000000Z") }

func keyProduct(p id.Product) table.Key         { return table.Key{P: globalProducts, S: string(p)} }
func keySlug(slug string) table.Key             { return table.Key{P: globalSlugs, S: slug} }
func keyFeedback(f id.Feedback) table.Key       { return table.Key{P: string(f), S: self} }
func keyImprovement(i id.Improvement) table.Key { return table.Key{P: string(i), S: self} }

func keyAttachment(i id.Improvement, f id.Feedback) table.Key {
	return table.Key{P: string(i), S: "attachment#" + string(f)}
}

func keyVoice(i id.Improvement, voice string) table.Key {
	return table.Key{P: string(i), S: "voice#" + voice}
}

func keyEntry(i id.Improvement, seq int) table.Key {
	return table.Key{P: string(i), S: fmt.Sprintf("entry#%06d", seq)}
}

func keyNotice(i id.Improvement, seq int, only id.Feedback) table.Key {
	return table.Key{P: string(i), S: fmt.Sprintf("notice#%06d#%s", seq, only)}
}

func keyEpisode(i id.Improvement, n int) table.Key {
	return table.Key{P: string(i), S: fmt.Sprintf("episode#%06d", n)}
}

func keyMail(owner, name string) table.Key  { return table.Key{P: owner, S: "mail#" + name} }
func keyOpsItem(oid string) table.Key       { return table.Key{P: globalOpsItem + oid, S: self} }
func keyAbout(arn string) table.Key         { return table.Key{P: globalAbout + id.Hash(26, arn), S: self} }
func keySetAside(sid string) table.Key      { return table.Key{P: globalSetAside, S: sid} }
func keySuppressed(person string) table.Key { return table.Key{P: globalSuppressed + person, S: self} }

// clustersOf is the partition of what is kept to gather a product's words under: a small row each.
func clustersOf(p id.Product) string { return "clusters#" + string(p) }

func keyCluster(p id.Product, s improvement.Scope) table.Key {
	return table.Key{P: clustersOf(p), S: "cluster#" + string(s)}
}

func keyAndon(p id.Product, s improvement.Scope) table.Key {
	return table.Key{P: clustersOf(p), S: "andon#" + string(s)}
}

func keySignalKey(p id.Product, key string) table.Key {
	return table.Key{P: clustersOf(p), S: "key#" + id.Hash(26, key)}
}

// marksOf is the partition of a product's Marks of one month: its Feedback in order of time.
func marksOf(p id.Product, t time.Time) string {
	return "marks#" + string(p) + "#" + t.UTC().Format("2006-01")
}

func keyMark(f id.Feedback, received time.Time) table.Key {
	return table.Key{P: marksOf(f.Product(), received), S: stamp(received) + "#" + string(f)}
}

// countsOf is the partition of a product's counts of one month.
func countsOf(p id.Product, t time.Time) string {
	return "counts#" + string(p) + "#" + t.UTC().Format("2006-01")
}

// The partitions of the indexes.
func rankedFeedback(p id.Product, kind string) string { return string(p) + "#feedback#" + kind }
func rankedStatus(p id.Product, status string) string { return string(p) + "#" + status }
func andonsUp(p id.Product) string                    { return string(p) + "#andons" }
func recentImprovements(p id.Product) string          { return string(p) + "#improvements" }

// shards is over how many partitions each kind of pending order is spread, so that no partition of the index takes all
// of a burst's writes.
const shards = 4

func pendingKey(typ, owner string, due time.Time, name string) table.Key {
	return pendingIn(shardOf(owner, name), typ, owner, due, name)
}

func pendingIn(shard int, typ, owner string, due time.Time, name string) table.Key {
	return table.Key{P: pendingShard(typ, shard), S: stamp(due) + "#" + owner + "#" + name}
}

func shardOf(parts ...string) int { return int(id.Hash(1, parts...)[0] % shards) }

func pendingShard(typ string, shard int) string { return fmt.Sprintf("%s#%d", typ, shard) }

// rank writes a number so that byte order is descending order.
func rank(x float64) string {
	bits := math.Float64bits(-x)
	if bits>>63 == 0 {
		bits |= 1 << 63
	} else {
		bits = ^bits
	}
	return fmt.Sprintf("%016x", bits)
}
