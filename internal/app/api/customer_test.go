package api_test

import (
	"net/http"
	"strings"
	"testing"
)

// What one customer said, and what a rule says, stays off the page of another customer.
func TestStatusPageSaysTheTeamsWordsOnly(t *testing.T) {
	m := newTeam(t)
	first := m.say("text", "Our bank details show on page 3.", "email", "ana@example.com")
	var mine struct{ ID, StatusURL string }
	m.api(http.MethodPost, "/v1/feedback", `{"product":"example","kind":"problem","text":"Page 3 shows too much."}`, &mine)
	m.settle()
	iid := m.propose("Our bank details show on page 3.", first, mine.ID)
	m.api(http.MethodPost, "/v1/improvements/"+iid+"/decisions", `{"decision":"accept","reason":"It must not."}`, nil)
	m.settle()
	path := strings.TrimPrefix(mine.StatusURL, origin)
	m.get(path).says("Page 3 shows too much.", "It must not.", "!bank details")

	m.api(http.MethodPatch, "/v1/improvements/"+iid, `{"title":"Show less on page 3"}`, nil)
	m.get(path).says("It is part of Show less on page 3")
}
