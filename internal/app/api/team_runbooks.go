package api

import (
	"net/url"
	"strings"

	"learningloop/internal/product"
	"learningloop/internal/signal"
	"learningloop/internal/web"
)

// mostBooks bounds how many rows of a form are read.
const mostBooks = 2 * product.MaxRunbooks

// typedRunbooks are the rows of the runbook map as typed, the empty ones too; none where the form has no such rows.
func typedRunbooks(f url.Values) []web.Runbook {
	out := make([]web.Runbook, min(len(f["bookAutomation"]), mostBooks))
	for i := range out {
		b := &out[i]
		for name, to := range map[string]*string{
			"bookSource": &b.Source, "bookAccount": &b.Account, "bookRegion": &b.Region, "bookResource": &b.Resource, "bookName": &b.Name, "bookAutomation": &b.Automation,
		} {
			if i < len(f[name]) {
				*to = strings.TrimSpace(f[name][i])
			}
		}
	}
	return out
}

// booksOf gives the runbooks of a form, and which row each is. A form without such rows changes none of them.
func booksOf(f url.Values) (books product.Runbooks, rows []int) {
	if !f.Has("bookAutomation") {
		return nil, nil
	}
	books = product.Runbooks{}
	for i, b := range typedRunbooks(f) {
		if b == (web.Runbook{}) {
			continue
		}
		rows = append(rows, i)
		books = append(books, product.Runbook{
			Match:      signal.Rule{Source: b.Source, Account: b.Account, Region: b.Region, Resource: b.Resource, Name: b.Name},
			Automation: b.Automation,
		})
	}
	return books, rows
}

// booksView shows the runbooks of a product.
func booksView(books product.Runbooks) []web.Runbook {
	var out []web.Runbook
	for _, b := range books {
		out = append(out, web.Runbook{
			Source: b.Match.Source, Account: b.Match.Account, Region: b.Match.Region, Resource: b.Match.Resource, Name: b.Match.Name, Automation: b.Automation,
		})
	}
	return out
}
