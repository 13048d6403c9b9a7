package links_test

import (
	"strings"
	"testing"

	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/incident"
	"learningloop/internal/links"
	"learningloop/internal/token"
)

// A stage prefix or a custom domain is in every link, and tokens open only what they are for.
func TestLinks(t *testing.T) {
	keys, err := token.New("a secret of enough bytes")
	if err != nil {
		t.Fatal(err)
	}
	p := id.NewProduct("p")
	f, im := id.NewFeedback(p, "f"), improvement.Improvement{ID: id.NewImprovement(p, "i")}
	for _, public := range []string{"http://127.0.0.1:8080", "https://abc123.execute-api.eu-central-1.amazonaws.com/prod", "https://feedback.example.com"} {
		l := links.Links{Public: public, Tokens: keys}
		tests := []struct{ name, got, path string }{
			{"status", l.Status(f), "/s/" + keys.Sign(token.Status, string(f))},
			{"stop", l.Stop(f), "/u/" + keys.Sign(token.Stop, string(f))},
			{"stop digests", l.StopDigest("all~abc"), "/u/" + keys.Sign(token.Stop, "all~abc")},
			{"case", l.Improvement(im, "shop"), "/team/shop/improvements/" + string(im.ID)},
			{"timeline", l.Timeline(incident.PostIncident{Improvement: im.ID, Episode: 2, Slug: "shop"}), "/team/shop/improvements/" + string(im.ID) + "/episodes/2"},
			{"digest", l.Digest("d-all-week-2026-W09"), "/team/digests/d-all-week-2026-W09"},
			{"form", l.Form("shop"), "/p/shop/feedback"},
		}
		for _, tt := range tests {
			if tt.got != public+tt.path {
				t.Errorf("%s: %s, want %s%s", tt.name, tt.got, public, tt.path)
			}
			if strings.ContainsAny(tt.got[len(public):], "?#& \"<>") {
				t.Errorf("%s is not a plain path: %s", tt.name, tt.got)
			}
		}
		status := strings.TrimPrefix(l.Status(f), public+"/s/")
		if got, err := keys.Verify(token.Status, status); err != nil || got != string(f) {
			t.Errorf("status link: %q, %v", got, err)
		}
		if _, err := keys.Verify(token.Stop, status); err == nil {
			t.Error("a status link stops mails")
		}
	}
}
