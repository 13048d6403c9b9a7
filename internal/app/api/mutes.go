package api

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"learningloop/internal/fault"
	"learningloop/internal/httpapi"
	"learningloop/internal/product"
	"learningloop/internal/store"
)

// muteView is a maintenance window as the API shows it.
type muteView struct {
	product.Mute
	What  string    `json:"what"` // in words
	When  string    `json:"when"` // in words
	Now   bool      `json:"mutedNow"`
	Until time.Time `json:"until,omitzero"` // when it is over, where it lasts now
}

func viewMute(m product.Mute, now time.Time) muteView {
	v := muteView{Mute: m, What: m.What(), When: m.When()}
	if until, active := m.Active(now); active {
		v.Now, v.Until = true, until
	}
	return v
}

// listMutes shows what is muted, those that last now first.
func (a *API) listMutes(_ http.ResponseWriter, r *http.Request) (any, error) {
	p, err := a.pathSettings(r)
	if err != nil {
		return nil, err
	}
	now := a.Now()
	out := listOf(store.Page[product.Mute]{Items: p.Mutes}, func(m product.Mute) muteView { return viewMute(m, now) })
	slices.SortStableFunc(out.Items, func(x, y muteView) int {
		switch {
		case x.Now == y.Now:
			return 0
		case x.Now:
			return -1
		default:
			return 1
		}
	})
	return out, nil
}

// addMute mutes signals for a time.
func (a *API) addMute(_ http.ResponseWriter, r *http.Request) (any, error) {
	var m product.Mute
	if err := httpapi.Decode(r, &m); err != nil {
		return nil, err
	}
	p, err := a.pathSettings(r)
	if err != nil {
		return nil, err
	}
	added, err := a.mute(r, p, m)
	if err != nil {
		return nil, err
	}
	return created{value: viewMute(added, a.Now())}, nil
}

// mute adds a window to what a product has. Fields that are wrong are named as the window's own.
func (a *API) mute(r *http.Request, p product.Product, m product.Mute) (product.Mute, error) {
	set, _, err := a.setProduct(r, p.Slug, withMute(p, m), p.Version)
	if bad := muteFields(err); len(bad) > 0 {
		return m, fault.Fields(bad...)
	}
	if err != nil {
		return m, err
	}
	return set.Mutes[len(p.Mutes)], nil
}

func withMute(p product.Product, m product.Mute) product.Settings {
	return product.Settings{Mutes: append(slices.Clone(p.Mutes), m)}
}

// muteFields gives what is wrong with the window that was added last, as its own fields.
func muteFields(err error) []fault.Field {
	e, ok := asFault(err)
	if !ok {
		return nil
	}
	bad := slices.Clone(e.Fields)
	for i := range bad {
		_, own, _ := strings.Cut(strings.TrimPrefix(bad[i].Pointer, "/mutes/"), "/")
		if bad[i].Pointer = ""; own != "" {
			bad[i].Pointer = "/" + own
		}
	}
	return bad
}

// dropMute lets signals alert again.
func (a *API) dropMute(_ http.ResponseWriter, r *http.Request) (any, error) {
	p, err := a.pathSettings(r)
	if err != nil {
		return nil, err
	}
	return nil, a.unmute(r, p, r.PathValue("id"))
}

func (a *API) unmute(r *http.Request, p product.Product, mid string) error {
	rest := slices.DeleteFunc(slices.Clone(p.Mutes), func(m product.Mute) bool { return m.ID == mid })
	if len(rest) == len(p.Mutes) {
		return fault.New(fault.NotFound, "unknown_mute", "There is no such mute.")
	}
	_, _, err := a.setProduct(r, p.Slug, product.Settings{Mutes: append([]product.Mute{}, rest...)}, p.Version)
	return err
}
