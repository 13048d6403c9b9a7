// Package dynamo is the storage port on one DynamoDB table.
//
// # Layout
//
// A row is one item: pk and sk (the key), type, schema, version, expires (epoch seconds, the table's TTL attribute),
// <index>_p and <index>_s for every index it lies in, and every top-level member of its attributes as a native attribute
// beside them, so that the console shows and filters them. A member whose name would collide (one of the above, or
// anything that ends in _p or _s, after any underscores in front) gets one more underscore in front: "type" is stored as
// "_type", "_type" as "__type". Numbers are kept as numbers, with their digits; how they are spelled is not (1.10 comes
// back as 1.1).
//
// Each index is a global secondary index on <index>_p and <index>_s that projects keys only: entries are small, and a
// change of the row that does not move it costs nothing there. A query of an index fetches the whole rows with
// BatchGetItem, eventually consistent, and leaves out what has moved out of the range meanwhile.
//
// # What an operation costs
//
// One operation alone is PutItem, UpdateItem or DeleteItem; several are TransactWriteItems, at twice the price. Beyond
// that:
//
//   - Put under Exists or Always must know the stored version to count on from it: one consistent read first, the write
//     is conditional on what was read, and is repeated with the row that was in the way. Absent and VersionIs need none.
//   - Check alone is one consistent read.
//   - A query reads one row more than it gives, so that a cursor says truly that there is something behind it.
//
// # Retries
//
// The engine retries, the SDK under it does not, because only the engine knows what may be repeated: throttling,
// TransactionConflict and TransactionInProgress always; an answer that was lost (connection, 5xx) never for an addition
// alone. Where a lost answer is followed by a condition that does not hold, the write itself may be the reason: that is
// Unavailable and no conflict. Transactions carry a token instead, with which DynamoDB tells the two apart.
package dynamo
