package emulator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/google/go-cmp/cmp"
)

// everything is all that can be asked of an emulator, for comparing two.
func everything(t *testing.T, e *Emulator) string {
	t.Helper()
	var out strings.Builder
	show := func(v any) {
		text, err := json.MarshalIndent(v, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		out.Write(append(text, '\n'))
	}
	ask := func(op string, in map[string]any) {
		answer, err := e.invoke(t.Context(), operations[op], caller{ARN: testCaller}, in)
		if err != nil {
			t.Fatalf("%s: %v", op, err)
		}
		show(answer)
	}
	items, _, err := e.List(t.Context(), Query{})
	if err != nil {
		t.Fatal(err)
	}
	for _, it := range items {
		show(it)
		show(e.History(t.Context(), it.ID))
	}
	ask("ListOpsItemRelatedItems", map[string]any{})
	ask("ListOpsItemEvents", map[string]any{})
	ask("GetResourcePolicies", map[string]any{"ResourceArn": e.opsItemGroup()})
	ask("GetServiceSetting", map[string]any{"SettingId": insightsSetting})
	show(e.Views(t.Context()))
	show(e.st.months)
	show(e.st.dedup)
	return out.String()
}

// story does something of everything.
func (r *rig) story() {
	r.t.Helper()
	ctx := r.t.Context()
	do := func(_ any, err error) {
		r.t.Helper()
		if err != nil {
			r.t.Fatal(err)
		}
	}
	a := r.create(func(in *ssm.CreateOpsItemInput) { in.OperationalData = data(keyDedup, `{"dedupString":"a"}`, "k", "v") })
	b, c := r.create(), r.create()
	r.clock.add(time.Hour)
	do(r.client.UpdateOpsItem(ctx, &ssm.UpdateOpsItemInput{OpsItemId: &a, Status: "InProgress"}))
	do(r.client.DeleteOpsItem(ctx, &ssm.DeleteOpsItemInput{OpsItemId: &b}))
	for _, uri := range []string{"arn:x", "arn:y"} {
		do(r.client.AssociateOpsItemRelatedItem(ctx, &ssm.AssociateOpsItemRelatedItemInput{
			OpsItemId: &c, AssociationType: aws.String("RelatesTo"), ResourceType: aws.String("AWS::SSM::Document"), ResourceUri: &uri,
		}))
	}
	do(r.client.DisassociateOpsItemRelatedItem(ctx, &ssm.DisassociateOpsItemRelatedItemInput{
		OpsItemId: &c, AssociationId: &r.st.related[c][0].ID,
	}))
	do(r.client.UpdateServiceSetting(ctx, &ssm.UpdateServiceSettingInput{SettingId: aws.String(insightsSetting), SettingValue: aws.String("Enabled")}))
	do(r.client.PutResourcePolicy(ctx, &ssm.PutResourcePolicyInput{
		ResourceArn: aws.String(r.opsItemGroup()), Policy: aws.String(`{"Statement":[]}`),
	}))
	for _, name := range []string{"Mine", "Yours", "Theirs"} {
		do(nil, r.SaveView(ctx, SavedView{Name: name, Query: "status=all&q=" + name}))
	}
	do(nil, r.SaveView(ctx, SavedView{Name: "Mine", Query: "status=Open"}))
	do(nil, r.DeleteView(ctx, "Yours"))
	r.clock.add(time.Hour) // the deleted one is gone
	r.create()
}

func reopen(t *testing.T, dir string, now func() time.Time) *Emulator {
	t.Helper()
	e, err := New(Config{Account: testAccount, Region: testRegion, Dir: dir, Clock: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

// A crash leaves the files as they are: what was acknowledged is there after a restart, once and twice.
func TestRestart(t *testing.T) {
	dir := t.TempDir()
	r := newRig(t, func(c *Config) { c.Dir = dir })
	r.story()
	want := everything(t, r.Emulator)
	crashed := t.TempDir()
	copyFile(t, filepath.Join(dir, journalName), filepath.Join(crashed, journalName))
	for range 2 {
		e := reopen(t, crashed, r.clock.now)
		if diff := cmp.Diff(want, everything(t, e)); diff != "" {
			t.Fatal(diff)
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// Cut anywhere, the journal gives a state that was there at some moment, and takes more.
func TestTornJournal(t *testing.T) {
	dir := t.TempDir()
	r := newRig(t, func(c *Config) { c.Dir = dir })
	states := map[int]int{} // bytes of the journal -> items
	path := filepath.Join(dir, journalName)
	for i := range 4 {
		states[int(size(t, path))] = i
		r.create()
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	items := 0
	for cut := 0; cut <= len(whole); cut++ {
		if n, ok := states[cut]; ok {
			items = n
		}
		if cut == len(whole) {
			items = 4
		}
		if cut%97 != 0 && states[cut] == 0 && cut != len(whole) {
			continue // enough places in each line
		}
		torn := t.TempDir()
		if err := os.WriteFile(filepath.Join(torn, journalName), whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		e := reopen(t, torn, r.clock.now)
		if got := e.Counts()[StatusOpen]; got != items {
			t.Fatalf("cut at %d of %d: %d items, want %d", cut, len(whole), got, items)
		}
		if _, refusal := e.createOpsItem(caller{ARN: testCaller}, &createInput{Title: "t", Source: "s", Description: "d"}); refusal != nil {
			t.Fatal(refusal)
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		if got := reopen(t, torn, r.clock.now).Counts()[StatusOpen]; got != items+1 {
			t.Fatalf("cut at %d, one more: %d items, want %d", cut, got, items+1)
		}
	}
}

// What cannot be read is kept aside, not thrown away.
func TestBrokenLineIsKeptAside(t *testing.T) {
	dir := t.TempDir()
	r := newRig(t, func(c *Config) { c.Dir = dir })
	r.create()
	r.create()
	whole, err := os.ReadFile(filepath.Join(dir, journalName))
	if err != nil {
		t.Fatal(err)
	}
	first := bytes.IndexByte(whole, '\n') + 1
	whole[first+20] ^= 1
	broken := t.TempDir()
	if err := os.WriteFile(filepath.Join(broken, journalName), whole, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := reopen(t, broken, r.clock.now).Counts()[StatusOpen]; got != 1 {
		t.Errorf("%d items, want the one before the broken line", got)
	}
	aside, err := os.ReadFile(filepath.Join(broken, fmt.Sprintf("%s.broken-%d", journalName, first)))
	if err != nil || !bytes.Equal(aside, whole[first:]) {
		t.Errorf("%q, %v", aside, err)
	}
}

// A broken line before sound ones is no crash's: what they say was acknowledged, and the start must not forget it.
func TestBrokenInTheMiddle(t *testing.T) {
	dir := t.TempDir()
	r := newRig(t, func(c *Config) { c.Dir = dir })
	for range 4 {
		r.create()
	}
	whole, err := os.ReadFile(filepath.Join(dir, journalName))
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(whole, []byte("\n"))
	first, second := len(lines[0]), len(lines[1])
	for _, tc := range []struct {
		name  string
		spoil func(journal []byte) []byte
		want  string // a part of the error; "" for none
	}{
		{"a bit", func(j []byte) []byte { j[first+20] ^= 1; return j }, fmt.Sprintf("line 2, at byte %d, is broken, yet 2 sound lines", first)},
		{"a line break", func(j []byte) []byte { j[first+second-1] = ' '; return j }, "line 2, at byte"},
		{"a line that is none", func(j []byte) []byte { return slices.Insert(j, first, []byte("x\n")...) }, "yet 3 sound lines"},
		{"and the end is cut off", func(j []byte) []byte { j[first+20] ^= 1; return j[:len(j)-5] }, "yet 1 sound lines"},
		{"all that follows", func(j []byte) []byte {
			for i := first; i < len(j); i++ {
				j[i] = 0
			}
			return j
		}, ""},
		{"the line is taken out", func(j []byte) []byte { return slices.Delete(j, first, first+second) }, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			broken := t.TempDir()
			path := filepath.Join(broken, journalName)
			journal := tc.spoil(slices.Clone(whole))
			if err := os.WriteFile(path, journal, 0o600); err != nil {
				t.Fatal(err)
			}
			e, err := New(Config{Account: testAccount, Region: testRegion, Dir: broken, Clock: r.clock.now})
			if tc.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				if err := e.Close(); err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("%v, want %q", err, tc.want)
			}
			if left, err := os.ReadFile(path); err != nil || !bytes.Equal(left, journal) {
				t.Errorf("the file was touched: %v", err)
			}
		})
	}
}

// A journal of many edits shrinks at the next start to what is true now, tokens and quotas included.
func TestCompaction(t *testing.T) {
	dir := t.TempDir()
	r := newRig(t, func(c *Config) { c.Dir = dir })
	r.story()
	list, _, _ := r.List(t.Context(), Query{})
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 250 {
				_, _ = r.addTags(caller{}, &addTagsInput{ // tagging leaves no history
					ResourceType: "OpsItem", ResourceId: list[0].ID, Tags: []tag{{Key: "n", Value: fmt.Sprint(g, i)}},
				})
			}
		})
	}
	wg.Wait()
	want := everything(t, r.Emulator)
	grown := t.TempDir()
	path := filepath.Join(grown, journalName)
	copyFile(t, filepath.Join(dir, journalName), path)
	before := size(t, path)
	for range 2 {
		e := reopen(t, grown, r.clock.now)
		if diff := cmp.Diff(want, everything(t, e)); diff != "" {
			t.Fatal(diff)
		}
		if e.st.nextSeq() != r.st.nextSeq() || e.st.relSeq != r.st.relSeq || len(e.st.events) != len(r.st.events) {
			t.Error("numbers would be given out again")
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if after := size(t, path); after > before/10 {
		t.Errorf("%d bytes after %d", after, before)
	}
}

func TestOneProcessOnly(t *testing.T) {
	dir := t.TempDir()
	newRig(t, func(c *Config) { c.Dir = dir })
	if _, err := New(Config{Account: testAccount, Region: testRegion, Dir: dir}); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("got %v", err)
	}
}

// A disk that takes no more: nothing is acknowledged, nothing is told, reading goes on.
func TestFullDisk(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Dir = t.TempDir() })
	id := r.create()
	r.drain()
	if err := r.journal.file.Close(); err != nil { // every write fails from now on
		t.Fatal(err)
	}
	for range 2 {
		if a := r.raw("CreateOpsItem", `{"Title":"t","Source":"s","Description":"d"}`); a.status != 500 || a.body["__type"] != "InternalServerError" {
			t.Errorf("%+v", a)
		}
	}
	if _, err := r.client.GetOpsItem(t.Context(), &ssm.GetOpsItemInput{OpsItemId: &id}); err != nil {
		t.Error(err)
	}
	r.drain()
	if n := len(r.events.list()); n != 1 {
		t.Errorf("%d events, want that of the first", n)
	}
	r.journal = nil // closing it again is an error that this test made
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func size(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}
