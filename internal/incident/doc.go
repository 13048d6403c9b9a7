// Package incident looks back at what went wrong (AWS Well-Architected OPS11-BP02, "Perform post-incident analysis"): the
// timeline of an episode, and the post-incident retrospective that a resolved episode of severity 1 or 2 orders.
//
// The order is a row that is stored with the resolution itself, so that neither is there without the other. From then on
// it lies in the pending index until it is told: its timeline is frozen, an event is put on the bus, and only then is it
// done. An event is never lost; after a crash it may come twice, with the same id in its detail.
//
// A frozen timeline holds no words of customers: it names their pieces by id, so that erasing one erases it here too.
package incident
