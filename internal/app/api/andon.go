package api

import (
	"net/http"
	"time"

	"learningloop/internal/httpapi"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
)

// andonView is an andon as the API shows it.
type andonView struct {
	Up        bool      `json:"up"`
	Component string    `json:"component,omitempty"` // left out: the product as a whole
	People    int       `json:"people"`
	Minutes   int       `json:"minutes"`
	Pulled    time.Time `json:"pulledAt"`
	Stood     time.Time `json:"stoodDownAt,omitzero"`
}

func viewAndon(im improvement.Improvement) *andonView {
	if im.Andon.Pulled.IsZero() {
		return nil
	}
	return &andonView{im.AndonUp(), im.Andon.Component, im.Andon.People, im.Andon.Minutes, im.Andon.Pulled, im.Andon.Stood}
}

// standDown takes an andon back.
func (a *API) standDown(_ http.ResponseWriter, r *http.Request) (any, error) {
	iid, err := id.ParseImprovement(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	var in struct {
		Reason string `json:"reason"`
	}
	if err := httpapi.Decode(r, &in); err != nil {
		return nil, err
	}
	im, err := a.Improvements.StandDown(r.Context(), iid, in.Reason, by(r))
	if err != nil {
		return nil, err
	}
	p, err := a.Store.Product(r.Context(), iid.Product())
	if err != nil {
		return nil, err
	}
	return a.wholeImprovement(r, im, p.Slug)
}
