// Package links makes every absolute link of pages and mails.
package links

import (
	"strconv"

	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/incident"
	"learningloop/internal/token"
)

// Links makes every absolute link, from the public address alone, so that a stage prefix or a custom domain is in all of
// them or in none.
type Links struct {
	Public string // without a slash at its end
	Tokens token.Keys
}

// Status is a submitter's own page.
func (l Links) Status(f id.Feedback) string {
	return l.Public + "/s/" + l.Tokens.Sign(token.Status, string(f))
}

// Stop is the page and the one-click address that ends mails about a piece of Feedback.
func (l Links) Stop(f id.Feedback) string {
	return l.Public + "/u/" + l.Tokens.Sign(token.Stop, string(f))
}

// StopDigest ends digests to a person. what is "<digest scope>~<person>".
func (l Links) StopDigest(what string) string {
	return l.Public + "/u/" + l.Tokens.Sign(token.Stop, what)
}

// Improvement is the case's page, for members.
func (l Links) Improvement(im improvement.Improvement, slug string) string {
	return l.Public + "/team/" + slug + "/improvements/" + string(im.ID)
}

// Case is the case's page of a post-incident retrospective.
func (l Links) Case(p incident.PostIncident) string {
	return l.Improvement(improvement.Improvement{ID: p.Improvement}, p.Slug)
}

// Timeline is the page of what happened in its episode.
func (l Links) Timeline(p incident.PostIncident) string {
	return l.Case(p) + "/episodes/" + strconv.Itoa(p.Episode)
}

// Digest is a digest's archive page.
func (l Links) Digest(digest string) string { return l.Public + "/team/digests/" + digest }

// Form is where feedback about a product is given.
func (l Links) Form(slug string) string { return l.Public + "/p/" + slug + "/feedback" }
