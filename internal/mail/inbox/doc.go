// Package inbox stands in for Amazon SES v2 on one machine: it takes mails over SES's own protocol from any AWS SDK or
// CLI, keeps them beside the local data, and shows them as a mail client would. LocalStack's free edition has no SES v2,
// and a loop that tells people what became of their words cannot be tried without seeing those mails.
//
// API answers SendEmail (Raw and Simple content) and GetAccount; Pages serves /_local/mail and /_local/mail.json. Each
// mail taken is kept, repeats too: what was sent twice must be seen twice.
//
// It differs from SES in this: a signature must be there but its secret is not checked; Message-ID and Date stay as
// sent (SES replaces both); templates, attachments of Simple content and lists are refused; every sender counts as
// verified, except that in the sandbox recipients must be listed; nothing bounces.
package inbox
