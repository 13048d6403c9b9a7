// Package digest is the scheduled report to leadership: weekly and monthly, one for each product and one over all.
//
// A report is made once and frozen: what is stored is what the mail says and what the archive page shows, whatever is
// retried or changes afterwards. Making it and ordering its mails can be repeated at any time: a digest that is there is
// not made again, a mail that is ordered is not ordered again. So the schedule may fire more often than a period ends,
// and every firing heals what an earlier one left undone.
//
// Numbers are compared with the period before, of the same product and of the same length, and never without an
// interval: exact for counts (stats.RateRatio, by hours, because months differ), Newcombe's for shares. All intervals of
// one report hold together with 95 % (Bonferroni). What is within noise is called so. A product that was not there for
// the whole of the period before is not compared; in the report over all, like is compared with like: the products that
// were there in both.
// Alarms repeat themselves, so hours with an alarm are compared, not alarms. What people did (shipped) is no matter of
// chance and has no interval.
//
// A product's digest goes to the addresses in its settings, the one over all to those who are in the settings of two
// products or more. Both are archived whether or not anybody gets them.
//
// The overall report is the sum of the products' reports of the same period, read from where they are frozen, so that it
// never says anything else than they do.
package digest
