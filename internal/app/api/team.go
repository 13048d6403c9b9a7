package api

import "learningloop/internal/auth"

// teamPage is a page of members: who may see it, and what it does.
type teamPage struct {
	role auth.Role
	do   page
}

// teamRoutes are the pages of members and leadership.
func (a *API) teamRoutes() map[string]teamPage {
	return map[string]teamPage{}
}
