package api

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"learningloop/internal/fault"
	"learningloop/internal/product"
)

// listQuery is what every list takes: ?product=&cursor=&limit= and its own filters.
type listQuery struct {
	product product.Product
	cursor  string
	limit   int
	values  map[string]string
}

// listQuery reads the query of a list of a product. Unknown parameters are refused, so that a filter misspelt is not a
// filter ignored.
func (a *API) listQuery(r *http.Request, filters ...string) (listQuery, error) {
	q, err := plainQuery(r, append(filters, "product")...)
	if err != nil {
		return q, err
	}
	slug := q.values["product"]
	if slug == "" {
		return q, fault.Fields(fault.Field{Pointer: "/product", Detail: "is required: the slug of a product"})
	}
	q.product, err = a.Store.ProductBySlug(r.Context(), slug)
	return q, err
}

// plainQuery reads the query of a list that spans products.
func plainQuery(r *http.Request, filters ...string) (listQuery, error) {
	out := listQuery{values: map[string]string{}}
	var bad []fault.Field
	reject := func(name, detail string) { bad = append(bad, fault.Field{Pointer: "/" + name, Detail: detail}) }
	for name, vals := range r.URL.Query() {
		v := vals[len(vals)-1]
		switch {
		case name == "cursor":
			out.cursor = v
		case name == "limit":
			n, err := strconv.Atoi(v)
			if err != nil || n < 1 || n > 100 {
				reject("limit", "must be 1 to 100")
			}
			out.limit = n
		case slices.Contains(filters, name):
			out.values[name] = v
		default:
			reject(name, "is not a parameter here")
		}
	}
	slices.SortFunc(bad, func(x, y fault.Field) int { return cmp.Compare(x.Pointer, y.Pointer) })
	return out, fault.Fields(bad...)
}

// oneOf checks a filter's value; "" is no filter.
func oneOf[T ~string](name, v string, allowed ...T) (T, error) {
	if v == "" || slices.Contains(allowed, T(v)) {
		return T(v), nil
	}
	names := make([]string, len(allowed))
	for i, a := range allowed {
		names[i] = string(a)
	}
	return "", fault.Fields(fault.Field{Pointer: "/" + name, Detail: "must be one of " + strings.Join(names, ", ")})
}
