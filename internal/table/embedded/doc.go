// Package embedded is the storage port on Pebble, inside the process: for `make run`, for developing, and for tests that
// should be fast. It keeps what DynamoDB promises to the code above (conditions, atomic writes, expiry, a change feed) and
// what a person expects of a program on their own machine: it starts at once, takes little memory and loses nothing that
// it acknowledged.
//
// # Layout
//
// Three kinds of keys, each in byte order, so that a query is one range:
//
//	r <P> <S>                           the row: a version byte, its envelope, its attributes as they came
//	i <index> <index P> <index S> <P> <S>   an entry of a sparse index, without a value
//	e <seconds> <P> <S>                 when a row expires, for Sweep
//
// All parts but the last are escaped (00 -> 00 FF) and end in 00 01, which keeps their order and lets no part run into the
// next. A write and everything that belongs to it is one Pebble batch.
//
// # Concurrency and durability
//
// A write locks the stripes of its keys in ascending order, reads the rows, decides, and commits with an fsync that
// Pebble shares among all writers of the moment; only then it answers and the feed tells. A concurrent reader may see a
// write a moment before it is durable. Readers take no locks: each call reads one snapshot.
package embedded
