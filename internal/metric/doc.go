// Package metric reviews how a product's episodes go (AWS Well-Architected OPS11-BP07, "Perform operations metrics
// reviews"): week by week how many were opened, resolved and reopened, how many were under way at the week's end and for
// how long, and how long each stage took; over all, by severity and by source.
//
// The counts are a sum that anybody can check: open before + opened + reopened - resolved = open after. Each beginning and
// each end of an episode is in one of them, and in one only. Opened is the first episode of an Improvement. Reopened is that
// something came back, as its next episode or as the same one that went on after it was resolved. Resolved is each time one
// was. An alarm that recovers and fires again within the quiet time was never over, so that its flapping is in no count.
//
// Weeks are ISO weeks in UTC. A stage belongs to the week in which it was reached: an episode opened in March and resolved
// in April is opened there and resolved here. What nobody reached is in no number, so each time says of how many it is;
// of fewer than Enough it is not said at all.
//
// A count is set against the week before by the exact interval of the ratio of two Poisson rates (package stats); all that
// are compared in one week hold together at Confidence. Where the interval holds 1 the difference is noise, and nothing
// is said to have changed. Times are not compared: a median of so few has no interval worth a claim.
package metric
