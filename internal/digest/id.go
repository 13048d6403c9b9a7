package digest

import (
	"regexp"
	"time"

	"learningloop/internal/fault"
	"learningloop/internal/id"
)

// ID is "d-<product or all>-<week or month>-<name of the period>": "d-k3v9q2xa-week-2026-W47".
type ID string

// IDOf names the digest of a product, or of id.All, for a period.
func IDOf(p id.Product, period Period) ID {
	return ID("d-" + string(p) + "-" + string(period.Kind) + "-" + period.Name())
}

var idForm = regexp.MustCompile(`^d-(all|[0-9a-hjkmnp-tv-z]{8})-(?:(week)-(\d{4})-W(\d\d)|(month)-(\d{4}-\d\d))$`)

// ParseID reads the id of a digest; what is none is NotFound, as a well-formed id of nothing would be.
func ParseID(s string) (ID, error) {
	_, _, err := ID(s).parts()
	return ID(s), err
}

// Product is what the digest is about, or id.All; "" where the id is none.
func (d ID) Product() id.Product { p, _, _ := d.parts(); return p }

// Period is what the digest is over; zero where the id is none.
func (d ID) Period() Period { _, p, _ := d.parts(); return p }

func (d ID) parts() (id.Product, Period, error) {
	unknown := fault.New(fault.NotFound, "unknown_digest", "There is no such digest.")
	m := idForm.FindStringSubmatch(string(d))
	if m == nil {
		return "", Period{}, unknown
	}
	p := id.Product(m[1])
	if m[5] != "" {
		start, err := time.Parse("2006-01", m[6])
		if err != nil {
			return "", Period{}, unknown
		}
		return p, PeriodOf(Month, start), nil
	}
	// 4 January lies in week 1 (ISO 8601). A week 53 of a year that has none is read as another's week 1: not the same id.
	year, _ := time.Parse("2006", m[3]) // four digits always parse
	week := int(m[4][0]-'0')*10 + int(m[4][1]-'0')
	period := PeriodOf(Week, time.Date(year.Year(), 1, 4, 0, 0, 0, 0, time.UTC).AddDate(0, 0, 7*(week-1)))
	if IDOf(p, period) != d {
		return "", Period{}, unknown
	}
	return p, period, nil
}
