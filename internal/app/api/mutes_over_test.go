package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// A window that is over mutes nothing: who sets one meant another, and hears which field is wrong. One that ended since it
// was set may stay, and is in nobody's way.
func TestMuteThatIsOver(t *testing.T) {
	m := newTeam(t)
	const mutes, product = "/v1/products/example/mutes", "/v1/products/example"
	window := func(from, to string) string {
		return `{"all":true,"from":"2026-03-04T` + from + `:00Z","to":"2026-03-04T` + to + `:00Z","reason":"Patches ` + from + `"}`
	}
	refused := func(method, path, body, pointer string) {
		t.Helper()
		rec := m.do(method, path, "application/json", body)
		if got := rec.Body.String(); rec.Code != http.StatusUnprocessableEntity || !strings.Contains(got, `"pointer":"`+pointer+`"`) || !strings.Contains(got, "is past, so this would mute nothing: it is 2026-03-04 09:00 UTC") {
			t.Errorf("%s %s: %d %s", method, path, rec.Code, got)
		}
	}
	refused(http.MethodPost, mutes, window("07:00", "08:00"), "/to")
	refused(http.MethodPost, mutes, window("08:00", "09:00"), "/to") // it is not muted any more at its end
	m.api(http.MethodPost, mutes, window("08:00", "09:01"), nil)
	refused(http.MethodPut, product, `{"mutes":[`+window("08:00", "09:01")+`,`+window("07:00", "08:00")+`]}`, "/mutes/1/to")
	m.api(http.MethodPost, mutes, `{"all":true,"weekly":{"day":"tuesday","at":"02:00","minutes":60},"reason":"It comes back."}`, nil)

	m.later(time.Hour)
	m.api(http.MethodPut, product, `{"mutes":[`+window("08:00", "09:01")+`],"name":"Shop"}`, nil)
	m.api(http.MethodPost, mutes, window("12:00", "13:00"), nil)

	// The page of a moment ago offers to set again what is over by now.
	var list struct{ Items []struct{ ID, Reason string } }
	m.api(http.MethodGet, mutes, "", &list)
	if len(list.Items) != 2 {
		t.Fatalf("%+v", list.Items)
	}
	for _, it := range list.Items {
		d := m.post("/team/example/unmute", "id", it.ID)
		if it.Reason == "Patches 12:00" {
			m.later(4 * time.Hour)
			m.press(d, "/team/example/mute-again", "Mute again").says("Nothing is muted")
		}
	}
}
