package emulator

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/google/go-cmp/cmp"
)

func TestViews(t *testing.T) {
	dir := t.TempDir()
	r := newRig(t, func(c *Config) { c.Dir = dir })
	ctx := t.Context()
	for _, v := range []SavedView{{"b", "1"}, {"A", "2"}, {" b ", "3"}, {"c", "4"}} {
		if err := r.SaveView(ctx, v); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"c", "not there"} {
		if err := r.DeleteView(ctx, name); err != nil {
			t.Error(err)
		}
	}
	want := []SavedView{{"A", "2"}, {"b", "3"}}
	if diff := cmp.Diff(want, r.Views(ctx)); diff != "" {
		t.Error(diff)
	}
	for _, tc := range []struct {
		name string
		view SavedView
	}{
		{"no name", SavedView{" ", ""}},
		{"a long name", SavedView{strings.Repeat("ä", maxViewName+1), ""}},
		{"a name in two lines", SavedView{"a\nb", ""}},
		{"a long query", SavedView{"n", strings.Repeat("a", maxViewQuery+1)}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if err := r.SaveView(ctx, tc.view); err == nil {
				t.Error("saved")
			}
		})
	}
	t.Run("one too many", func(t *testing.T) {
		for i := range maxViews - len(want) {
			if err := r.SaveView(ctx, SavedView{fmt.Sprint("v", i), ""}); err != nil {
				t.Fatal(err)
			}
		}
		if err := r.SaveView(ctx, SavedView{"more", ""}); err == nil {
			t.Error("saved")
		}
		if err := r.SaveView(ctx, SavedView{"v1", "status=all"}); err != nil {
			t.Errorf("one that is there: %v", err)
		}
	})
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r.Views(ctx), reopen(t, dir, r.clock.now).Views(ctx)); diff != "" {
		t.Errorf("after a restart: %s", diff)
	}
}

// A person saves what the list shows, comes back to it, and throws it away.
func TestViewsInTheConsole(t *testing.T) {
	r := newRig(t)
	b := newBrowser(t, r)
	r.create()
	_, page, _ := b.open(testPrefix + "?sort=severity&severity=1&colour=red&q=")
	const query = "severity=1&amp;sort=severity&amp;status=active"
	if !strings.Contains(page, `name="query" value="`+query+`"`) {
		t.Error("does not offer to save what it shows")
	}
	status, page, at := b.post(testPrefix+"/views", url.Values{"name": {"My " + hostile[:20]}, "query": {"severity=1&sort=severity&status=active&cursor=x&done=saved"}})
	if status != http.StatusOK || at != testPrefix+"?severity=1&sort=severity&status=active&done=view" || !strings.Contains(page, "View saved.") {
		t.Errorf("%d at %s", status, at)
	}
	if !strings.Contains(page, `<a href="`+testPrefix+"?"+query+`" aria-current="page">My &#34;&gt;`) || !strings.Contains(page, "Delete view “My") {
		t.Error("not shown as the current view")
	}
	if _, page, _ := b.open(testPrefix); !strings.Contains(page, `>My &#34;&gt;`) || strings.Contains(page, "Delete view") {
		t.Error("not listed beside another view")
	}
	if _, page, at := b.post(testPrefix+"/views/delete", url.Values{"name": {"My " + hostile[:20]}, "back": {testPrefix + "?severity=1"}}); !strings.Contains(page, "View deleted.") || len(r.Views(t.Context())) != 0 {
		t.Errorf("at %s", at)
	}
	if status, _, _ := b.post(testPrefix+"/views", url.Values{"name": {"n"}, "query": {"%zz"}}); status != http.StatusBadRequest {
		t.Errorf("a query that is none: %d", status)
	}
	if status, _, _ := b.send(http.MethodPost, testPrefix+"/views", url.Values{"name": {"n"}}, "https://evil.example"); status != http.StatusForbidden {
		t.Errorf("from another site: %d", status)
	}
}

// What is wrong with a view is said beside its name, on the list as it was filtered.
func TestViewForm(t *testing.T) {
	const query = "severity=1&status=all"
	long := strings.Repeat("n", maxViewName+1)
	for _, tc := range []struct {
		name   string
		form   url.Values
		status int
		says   string // beside the name; "" where it is saved
		want   []SavedView
	}{
		{"without a name", url.Values{"name": {" "}}, http.StatusBadRequest, "A view needs a name", []SavedView{{"Mine", "status=all"}}},
		{"a long name", url.Values{"name": {long}}, http.StatusBadRequest, "A view needs a name", []SavedView{{"Mine", "status=all"}}},
		{"a name that is taken", url.Values{"name": {"Mine "}}, http.StatusConflict, "There is a view of this name", []SavedView{{"Mine", "status=all"}}},
		{"another was to be replaced", url.Values{"name": {"Mine"}, "replace": {"Yours"}}, http.StatusConflict, "There is a view of this name", []SavedView{{"Mine", "status=all"}}},
		{"replaced", url.Values{"name": {"Mine"}, "replace": {"Mine"}}, http.StatusOK, "", []SavedView{{"Mine", query}}},
		{"the same again", url.Values{"name": {"Mine"}, "query": {"status=all"}}, http.StatusOK, "", []SavedView{{"Mine", "status=all"}}},
		{"what the list leaves out", url.Values{"name": {"n"}, "query": {"sort=colour&severity=9"}}, http.StatusOK, "", []SavedView{{"Mine", "status=all"}, {"n", "status=active"}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newRig(t)
			b := newBrowser(t, r)
			r.create(func(in *ssm.CreateOpsItemInput) { in.Severity = aws.String("1") })
			if err := r.SaveView(t.Context(), SavedView{"Mine", "status=all"}); err != nil {
				t.Fatal(err)
			}
			if !tc.form.Has("query") {
				tc.form.Set("query", query)
			}
			status, page, _ := b.post(testPrefix+"/views", tc.form)
			if status != tc.status || strings.Contains(page, `id="name-trouble"`) != (tc.says != "") || !strings.Contains(page, tc.says) {
				t.Errorf("%d, does not say %q", status, tc.says)
			}
			if tc.says != "" && (!strings.Contains(page, `<option value="1" selected>`) || !strings.Contains(page, `<details open>`) ||
				!strings.Contains(page, `value="`+strings.TrimSpace(tc.form.Get("name"))+`"`)) {
				t.Error("drops the filter, or what was typed")
			}
			if diff := cmp.Diff(tc.want, r.Views(t.Context())); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A view kept from before, with a filter that there is not, can be deleted all the same.
func TestOldView(t *testing.T) {
	r := newRig(t)
	b := newBrowser(t, r)
	if err := r.SaveView(t.Context(), SavedView{"old", "severity=9&status=active"}); err != nil {
		t.Fatal(err)
	}
	if _, page, _ := b.open(testPrefix + "?severity=9&status=active"); !strings.Contains(page, "Delete view “old”") {
		t.Error("does not offer to delete it")
	}
}
