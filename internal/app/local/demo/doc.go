// Package demo plays twelve weeks of AnyCompany Retail into a fresh data directory, so that every page and the digests
// have something to say. Nothing is written past the loop: feedback is submitted, events are taken in, staff decide,
// operators work in OpsCenter, schedules run, all by the services that serve, with a clock that goes through the weeks.
//
// The same seed, end and version give the same history. Companies are AWS's fictional ones; people are numbers.
package demo
