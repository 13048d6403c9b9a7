package emulator

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/google/go-cmp/cmp"
)

// formOf is what a browser would send of the first form of an item's page, as it stands.
func formOf(t *testing.T, page string) url.Values {
	t.Helper()
	form := regexp.MustCompile(`(?s)<form class="card work".*?</form>`).FindString(page)
	out := url.Values{}
	for _, m := range regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)">`).FindAllStringSubmatch(form, -1) {
		out.Set(m[1], m[2])
	}
	if m := regexp.MustCompile(`name="status" value="([^"]+)" checked`).FindStringSubmatch(form); m != nil {
		out.Set("status", m[1])
	}
	for _, m := range regexp.MustCompile(`(?s)<select id="[^"]+" name="([^"]+)".*?</select>`).FindAllStringSubmatch(form, -1) {
		out.Set(m[1], "")
		if c := regexp.MustCompile(`value="([^"]*)" selected`).FindStringSubmatch(m[0]); c != nil {
			out.Set(m[1], c[1])
		}
	}
	if len(out) != 8 {
		t.Fatalf("the form has %v", out)
	}
	return out
}

// A page that was open for a while changes only what its operator changed, and not what others did meanwhile.
func TestStaleForm(t *testing.T) {
	type values struct {
		Status, Severity, Category string
		Priority                   int
	}
	for _, tc := range []struct {
		name      string
		meanwhile Edit
		sent      map[string]string // what the operator changes in the form
		status    int
		says      []string
		want      values
		version   int64
	}{
		{
			name: "another member", meanwhile: Edit{Severity: "2", Category: "Cost"}, sent: map[string]string{"status": StatusInProgress},
			status: http.StatusOK, says: []string{"Saved."}, want: values{StatusInProgress, "2", "Cost", 0}, version: 3,
		},
		{
			name: "the same member", meanwhile: Edit{Severity: "3"}, sent: map[string]string{"severity": "2", "status": StatusResolved},
			status: http.StatusConflict, says: []string{"Nothing was saved", "Your page showed “1 Critical”. Now it is “3 Medium”. You chose “2 High”."},
			want: values{StatusOpen, "3", "Security", 0}, version: 2,
		},
		{
			name: "what was unset", meanwhile: Edit{Priority: 5}, sent: map[string]string{"priority": "1"},
			status: http.StatusConflict, says: []string{"Your page showed “Not set”. Now it is “5”. You chose “1”."},
			want: values{StatusOpen, "1", "Security", 5}, version: 2,
		},
		{
			name: "to the same", meanwhile: Edit{Severity: "2"}, sent: map[string]string{"severity": "2"},
			status: http.StatusOK, says: []string{"Nothing changed"}, want: values{StatusOpen, "2", "Security", 0}, version: 2,
		},
		{
			name: "nothing sent", meanwhile: Edit{Status: StatusResolved}, sent: nil,
			status: http.StatusOK, says: []string{"Nothing changed"}, want: values{StatusResolved, "1", "Security", 0}, version: 2,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newRig(t)
			b := newBrowser(t, r)
			id := r.create(func(in *ssm.CreateOpsItemInput) {
				in.Severity, in.Category = aws.String("1"), aws.String("Security")
			})
			path := testPrefix + "/items/" + id
			_, page, _ := b.open(path)
			form := formOf(t, page)
			if err := r.Edit(t.Context(), id, tc.meanwhile); err != nil {
				t.Fatal(err)
			}
			for k, v := range tc.sent {
				form.Set(k, v)
			}
			status, page, _ := b.post(path, form)
			if status != tc.status {
				t.Errorf("status %d", status)
			}
			for _, want := range tc.says {
				if !strings.Contains(page, want) {
					t.Errorf("does not say %q", want)
				}
			}
			it := r.look(id)
			if diff := cmp.Diff(tc.want, values{it.Status, it.Severity, it.Category, it.Priority}); diff != "" || it.Version != tc.version {
				t.Errorf("version %d %s", it.Version, diff)
			}
			if tc.status != http.StatusConflict {
				return
			}
			again := formOf(t, page) // keeps what was chosen; sent again, knowing, it counts
			for k, v := range tc.sent {
				if again.Get(k) != v {
					t.Errorf("%s is %q in the form, was sent as %q", k, again.Get(k), v)
				}
			}
			if status, page, _ = b.post(path, again); status != http.StatusOK || !strings.Contains(page, "Saved.") {
				t.Errorf("again: %d", status)
			}
		})
	}
}

// What cannot be saved is said in a person's words, and the form stays as it was sent.
func TestRefusedForm(t *testing.T) {
	r := newRig(t)
	b := newBrowser(t, r)
	dedup := func(in *ssm.CreateOpsItemInput) { in.OperationalData = data(keyDedup, `{"dedupString":"x"}`) }
	old := r.create(dedup)
	if err := r.Edit(t.Context(), old, Edit{Status: StatusResolved}); err != nil {
		t.Fatal(err)
	}
	next := r.create(dedup)
	for _, tc := range []struct {
		name   string
		form   url.Values
		status int
		says   string
	}{
		{"no such severity", url.Values{"severity": {"9"}, "category": {"Cost"}}, http.StatusBadRequest, "There is no severity “9”. Choose one of these."},
		{"no such status", url.Values{"status": {hostile}, "category": {"Cost"}}, http.StatusBadRequest, "There is no status “"},
		{"reopened beside its successor", url.Values{"status": {StatusOpen}, "category": {"Cost"}}, http.StatusConflict, next + " is about the same"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			status, page, _ := b.post(testPrefix+"/items/"+old, tc.form)
			if status != tc.status || !strings.Contains(page, "Nothing was saved.") || !strings.Contains(page, tc.says) || strings.Contains(page, "validation error") {
				t.Errorf("%d, does not say %q", status, tc.says)
			}
			if got := formOf(t, page); got.Get("category") != "Cost" || got.Get("was-category") != "" {
				t.Errorf("the form forgot: %v", got)
			}
			if it := r.look(old); it.Status != StatusResolved || it.Category != "" {
				t.Errorf("%+v", it)
			}
		})
	}
	if status, page, _ := b.post(testPrefix+"/items/oi-0123456789ab", url.Values{"status": {StatusOpen}}); status != http.StatusNotFound || !strings.Contains(page, "Back to all OpsItems") {
		t.Errorf("an item that is not there: %d", status)
	}
}

// The history tells when, to the second, and shows what changed of the description.
func TestHistoryInTheConsole(t *testing.T) {
	r := newRig(t)
	b := newBrowser(t, r)
	id := r.create(func(in *ssm.CreateOpsItemInput) { in.Description = aws.String("One\nTwo\nThree") })
	for _, text := range []string{"One\n<b>2</b>\nThree", "One\n<b>2</b>\n3"} {
		r.clock.add(20 * time.Minute)
		if _, err := r.client.UpdateOpsItem(t.Context(), &ssm.UpdateOpsItemInput{OpsItemId: &id, Description: &text}); err != nil {
			t.Fatal(err)
		}
	}
	r.clock.add(39 * 24 * time.Hour)
	_, page, _ := b.open(testPrefix + "/items/" + id)
	for _, want := range []string{
		">19 Oct 2026, 03:06:53 UTC</time> (39 days ago)", ">19 Oct 2026, 03:26:53 UTC</time> (39 days ago)",
		`<p class="muted">Before</p><pre tabindex="0">Two</pre><p class="muted">After</p><pre tabindex="0">&lt;b&gt;2&lt;/b&gt;</pre>`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

// Whatever the address, there is a page with a way on.
func TestNothingHere(t *testing.T) {
	b := newBrowser(t, newRig(t))
	for _, path := range []string{"/nothing", "/items/a/b", "/views/x", "/console.css/x"} {
		if status, page, _ := b.open(testPrefix + path); status != http.StatusNotFound || !strings.Contains(page, "<h1>There is nothing here</h1>") || !strings.Contains(page, "Back to all OpsItems") {
			t.Errorf("%s: %d", path, status)
		}
	}
	for _, path := range []string{"/bulk", "/views", "/views/delete", "/items/"} { // where a form was refused, and the address stayed
		if status, _, at := b.open(testPrefix + path); status != http.StatusOK || at != testPrefix {
			t.Errorf("%s: %d at %s", path, status, at)
		}
	}
}
