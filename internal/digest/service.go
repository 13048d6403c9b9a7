package digest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"learningloop/internal/fault"
	"learningloop/internal/followup"
	"learningloop/internal/governor"
	"learningloop/internal/id"
	"learningloop/internal/person"
	"learningloop/internal/product"
)

// Service makes digests and orders their mails.
type Service struct {
	Store  Store
	People []byte // the key for person.Of
	Budget governor.Budget
	Now    func() time.Time
}

// Done says what one run did.
type Done struct {
	Period Period `json:"period"`
	Made   []ID   `json:"made"`  // new ones; those that were there are left out
	Mails  int    `json:"mails"` // orders seen to, new or not
}

// Run makes the digest of the last period that is over at a moment, for each product and over all, and orders its mails.
// A digest that is there is kept as it is, and its orders are seen to again, so running twice is harmless and heals
// what failed. One product that fails does not keep the others from theirs, but the overall report waits for all.
func (s *Service) Run(ctx context.Context, k Kind, at time.Time) (Done, error) {
	done := Done{Period: PeriodBefore(k, at)}
	products, err := s.Store.Products(ctx)
	if err != nil {
		return done, fmt.Errorf("list products: %w", err)
	}
	filing, err := s.filing(ctx)
	if err != nil {
		return done, err
	}
	var reports []Report
	var errs error
	for _, p := range products {
		d, err := s.one(ctx, &done, IDOf(p.ID, done.Period), func() (Digest, error) {
			r, err := Build(ctx, s.Store, p, done.Period, at)
			r.Filing = filing
			return Digest{Report: r, To: recipients(p)}, err
		})
		if err != nil {
			errs = errors.Join(errs, fmt.Errorf("digest of product %s: %w", p.ID, err))
			continue
		}
		reports = append(reports, d.Report)
	}
	if errs != nil {
		return done, errs
	}
	if _, err := s.one(ctx, &done, IDOf(id.All, done.Period), func() (Digest, error) {
		all := Overall(done.Period, at, reports)
		all.Filing = filing
		return Digest{Report: all, To: overallRecipients(products)}, nil
	}); err != nil {
		return done, fmt.Errorf("digest over all: %w", err)
	}
	return done, nil
}

// filing says how the budget for OpsItems stands, where that is news: it is the account's, so every report says the same.
func (s *Service) filing(ctx context.Context) (string, error) {
	st, err := governor.StateOf(ctx, s.Store, s.Budget, s.Now())
	if err == nil && (st.Edge || st.Use.Folded > 0) {
		return st.String(), nil
	}
	return "", err
}

// one gives the digest of an id as it is frozen, makes it where it is not there, and sees to its orders.
func (s *Service) one(ctx context.Context, done *Done, did ID, build func() (Digest, error)) (Digest, error) {
	d, err := s.Store.Digest(ctx, did)
	if fault.Is(err, fault.NotFound) {
		d, err = s.create(ctx, done, did, build)
	}
	if err != nil {
		return Digest{}, err
	}
	mails := s.orders(d)
	if len(mails) > 0 {
		if err := s.Store.OrderMails(ctx, mails); err != nil {
			return Digest{}, fmt.Errorf("order mails of %s: %w", did, err)
		}
	}
	done.Mails += len(mails)
	return d, nil
}

func (s *Service) create(ctx context.Context, done *Done, did ID, build func() (Digest, error)) (Digest, error) {
	d, err := build()
	if err != nil {
		return Digest{}, err
	}
	d.ID, d.Made = did, s.Now()
	err = s.Store.CreateDigest(ctx, d)
	switch {
	case fault.Is(err, fault.Conflict):
		// Another run was faster. What it froze counts, for its readers may have it already.
		return s.Store.Digest(ctx, did)
	case err != nil:
		return Digest{}, fmt.Errorf("store %s: %w", did, err)
	}
	done.Made = append(done.Made, did)
	return d, nil
}

// orders are the mails of a digest: one for each recipient, named by the person, so that no address is in a key.
func (s *Service) orders(d Digest) []followup.Mail {
	var out []followup.Mail
	for _, to := range d.To {
		who := person.Of(s.People, to)
		out = append(out, followup.Mail{
			Owner: string(d.ID), Name: "digest#" + string(who), Kind: followup.Digest, State: followup.Due, Person: who, To: to,
			Digest: string(d.ID), Ordered: d.Made,
		})
	}
	return out
}

// recipients are a product's, sorted, each mailbox once: case does not tell people apart.
func recipients(p product.Product) []string {
	to := slices.Sorted(slices.Values(p.DigestTo))
	slices.SortStableFunc(to, func(a, b string) int { return cmp.Compare(strings.ToLower(a), strings.ToLower(b)) })
	return slices.CompactFunc(to, strings.EqualFold)
}

// overallRecipients are those who get the digests of two products or more: to whom one product is everything, its own
// digest says it all.
func overallRecipients(products []product.Product) []string {
	first, n := map[string]string{}, map[string]int{}
	for _, p := range products {
		for _, to := range recipients(p) {
			mailbox := strings.ToLower(to)
			if n[mailbox]++; n[mailbox] == 1 {
				first[mailbox] = to
			}
		}
	}
	var out []string
	for _, mailbox := range slices.Sorted(maps.Keys(n)) {
		if n[mailbox] > 1 {
			out = append(out, first[mailbox])
		}
	}
	return out
}
