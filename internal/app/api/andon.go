package api

import (
	"net/http"
	"time"

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
	type why struct {
		Reason string `json:"reason"`
	}
	return changing(a, r, func(iid id.Improvement, in why) (improvement.Improvement, error) {
		return a.Improvements.StandDown(r.Context(), iid, in.Reason, by(r))
	})
}
