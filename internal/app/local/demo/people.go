package demo

import (
	"fmt"
	"math/rand/v2"

	"learningloop/internal/feedback"
)

// companies are customers of AnyCompany Retail: AWS's fictional company in its industries, and Example Corp.
var companies = []string{
	"AnyCompany Finance", "AnyCompany Logistics", "AnyCompany Airlines", "AnyCompany Automotive", "AnyCompany Energy", "AnyCompany Games",
	"AnyCompany Hotels", "AnyCompany Insurance", "AnyCompany Media", "AnyCompany Mining", "AnyCompany News", "AnyCompany Pharma",
	"AnyCompany Publishing", "AnyCompany Rail", "AnyCompany Research", "AnyCompany Robotics", "AnyCompany Shipping", "AnyCompany Software",
	"AnyCompany Sports", "AnyCompany Studios", "AnyCompany Telecom", "AnyCompany Travel", "AnyCompany Foods", "AnyCompany Schools", "Example Corp.",
}

var domains = []string{"example.com", "example.org", "example.net"}

// customers is how many speak at all; the lower the number, the more often.
const customers = 900

// somebody is a customer who says something: the same number is always the same person of the same company.
func somebody(r *rand.Rand, wantsWord float64) feedback.DraftSubmitter {
	if r.Float64() < 0.15 {
		return feedback.DraftSubmitter{} // anonymous
	}
	x := r.Float64()
	n := 1 + int(x*x*customers)
	s := feedback.DraftSubmitter{Name: fmt.Sprintf("customer %d", n), Email: fmt.Sprintf("customer%d@%s", n, domains[n%len(domains)])}
	if n%3 != 0 { // two of three are at work
		s.Company = companies[n*7%len(companies)]
	}
	s.HearBack = r.Float64() < wantsWord
	return s
}

// Who decides. Roles stand for people.
const (
	checkoutLead = "checkout team lead"
	searchLead   = "search team lead"
	ordersLead   = "orders team lead"
	payments     = "payments engineer"
	relevance    = "relevance engineer"
	fulfilment   = "fulfilment engineer"
	head         = "head of shop"
)
