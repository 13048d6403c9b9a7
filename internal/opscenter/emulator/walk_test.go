package emulator

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// plainItem is an OpsItem in a list that knows nothing of indexes, journals and pages.
type plainItem struct {
	id, title, source, status, severity, category string
	priority                                      int
	data                                          map[string]string // searchable
	arn                                           string
	created, modified, deleted                    time.Time
}

// plainWalk does the same to an emulator and to a plain list.
type plainWalk struct {
	t     *testing.T
	e     *Emulator
	cfg   Config
	clock *clock
	r     *rand.Rand
	list  []*plainItem // oldest first
	found int
}

func oneOf[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

var (
	walkWords   = []string{"checkout", "search", "basket", "is slow", "fails", "v1", "checkout is slow"}
	walkSources = []string{"ec2", "loop", "CloudWatch Alarms"}
	walkKeys    = []string{"owner", "due", "score"}
	walkValues  = []string{"ana", "bob", "7", "17", "2026-11-30", "2026-11-02"}
	walkARNs    = []string{"arn:aws:s3:::one", "arn:aws:s3:::one-more", "arn:aws:s3:::two"}
)

func (w *plainWalk) call(op string, in map[string]any) (any, *Error) {
	w.t.Helper()
	raw, err := json.Marshal(in) // as requests come: numbers are numbers of JSON
	if err != nil {
		w.t.Fatal(err)
	}
	dec := json.NewDecoder(strings.NewReader(string(raw)))
	dec.UseNumber()
	var read map[string]any
	if err := dec.Decode(&read); err != nil {
		w.t.Fatal(err)
	}
	return w.e.invoke(w.t.Context(), operations[op], caller{ARN: testCaller}, read)
}

func (w *plainWalk) create() {
	it := &plainItem{
		title: oneOf(w.r, walkWords...) + " " + oneOf(w.r, walkWords...), source: oneOf(w.r, walkSources...), status: StatusOpen,
		severity: oneOf(w.r, "", "1", "2"), category: oneOf(w.r, "", "Cost", "Security"), priority: w.r.IntN(4), data: map[string]string{},
		created: w.clock.now(), modified: w.clock.now(),
	}
	data := map[string]any{"hidden": map[string]any{"Value": oneOf(w.r, walkValues...), "Type": "String"}}
	for _, k := range walkKeys[:w.r.IntN(len(walkKeys)+1)] {
		it.data[k] = oneOf(w.r, walkValues...)
		data[k] = map[string]any{"Value": it.data[k], "Type": searchable}
	}
	if w.r.IntN(2) == 0 {
		it.arn = oneOf(w.r, walkARNs...)
		data[keyResources] = map[string]any{"Value": `[{"arn":"` + it.arn + `"}]`, "Type": searchable}
	}
	in := map[string]any{"Title": it.title, "Description": "d", "Source": it.source, "OperationalData": data}
	for name, v := range map[string]string{"Severity": it.severity, "Category": it.category} {
		if v != "" {
			in[name] = v
		}
	}
	if it.priority != 0 {
		in["Priority"] = it.priority
	}
	out, err := w.call("CreateOpsItem", in)
	if err != nil {
		if err.Code != "OpsItemAlreadyExistsException" {
			w.t.Fatal(err)
		}
		return
	}
	it.id = out.(*createOutput).OpsItemId
	w.list = append(w.list, it)
}

// some gives an item that is not deleted.
func (w *plainWalk) some() *plainItem {
	live := slices.DeleteFunc(slices.Clone(w.list), func(it *plainItem) bool { return !it.deleted.IsZero() })
	if len(live) == 0 {
		return nil
	}
	return oneOf(w.r, live...)
}

func (w *plainWalk) update() {
	it := w.some()
	if it == nil {
		return
	}
	in, next := map[string]any{"OpsItemId": it.id}, *it
	next.data = maps.Clone(it.data)
	switch w.r.IntN(5) {
	case 0:
		next.status = oneOf(w.r, StatusOpen, StatusInProgress, StatusResolved)
		in["Status"] = next.status
	case 1:
		next.title = oneOf(w.r, walkWords...)
		in["Title"] = next.title
	case 2:
		next.severity, next.priority = oneOf(w.r, "1", "3"), 1+w.r.IntN(5)
		in["Severity"], in["Priority"] = next.severity, next.priority
	case 3:
		k := oneOf(w.r, walkKeys...)
		next.data[k] = oneOf(w.r, walkValues...)
		in["OperationalData"] = map[string]any{k: map[string]any{"Value": next.data[k], "Type": searchable}}
	default:
		k := oneOf(w.r, walkKeys...)
		delete(next.data, k)
		in["OperationalDataToDelete"] = []string{k}
	}
	next.modified = w.clock.now()
	if _, err := w.call("UpdateOpsItem", in); err != nil {
		if err.Code != "OpsItemAlreadyExistsException" && !strings.Contains(err.Message, "OperationalDataToDelete") {
			w.t.Fatal(err)
		}
		return
	}
	*it = next
}

func (w *plainWalk) remove() {
	if it := w.some(); it != nil {
		if _, err := w.call("DeleteOpsItem", map[string]any{"OpsItemId": it.id}); err != nil {
			w.t.Fatal(err)
		}
		it.deleted = w.clock.now()
	}
}

func (w *plainWalk) restart() {
	if err := w.e.Close(); err != nil {
		w.t.Fatal(err)
	}
	e, err := New(w.cfg)
	if err != nil {
		w.t.Fatal(err)
	}
	w.e = e
}

// asks makes a filter, and says which items of the plain list it means.
func (w *plainWalk) asks() (map[string]any, func(*plainItem) bool) {
	filter := func(key, op string, value any, fits func(*plainItem) bool) (map[string]any, func(*plainItem) bool) {
		values, many := value.([]string)
		if !many {
			values = []string{value.(string)}
		}
		return map[string]any{"Key": key, "Operator": op, "Values": values}, fits
	}
	anyValue := func(it *plainItem, fits func(string) bool) bool {
		return slices.ContainsFunc(slices.Collect(maps.Values(it.data)), fits)
	}
	moment := w.clock.now().Add(-time.Duration(w.r.IntN(600)) * time.Second)
	word, value := oneOf(w.r, walkWords...), oneOf(w.r, walkValues...)
	switch w.r.IntN(13) {
	case 0:
		two := []string{oneOf(w.r, StatusOpen, StatusResolved), StatusInProgress}
		return filter("Status", opEqual, two, func(it *plainItem) bool { return slices.Contains(two, it.status) })
	case 1:
		v := oneOf(w.r, walkSources...)
		return filter("Source", opEqual, v, func(it *plainItem) bool { return it.source == v })
	case 2:
		return filter("Source", opContains, "o", func(it *plainItem) bool { return strings.Contains(it.source, "o") })
	case 3:
		return filter("Title", opContains, word, func(it *plainItem) bool { return strings.Contains(it.title, word) })
	case 4:
		return filter("Title", opEqual, word, func(it *plainItem) bool { return it.title == word })
	case 5:
		n := 1 + w.r.IntN(3)
		return filter("Priority", opEqual, strconv.Itoa(n), func(it *plainItem) bool { return it.priority == n })
	case 6:
		return filter("Severity", opEqual, "1", func(it *plainItem) bool { return it.severity == "1" })
	case 7:
		k := oneOf(w.r, walkKeys...)
		return filter("OperationalDataKey", opEqual, k, func(it *plainItem) bool { _, ok := it.data[k]; return ok })
	case 8:
		return filter("OperationalDataValue", opContains, value, func(it *plainItem) bool {
			return anyValue(it, func(v string) bool { return strings.Contains(v, value) }) || strings.Contains(it.arn, value)
		})
	case 9:
		k := oneOf(w.r, walkKeys...)
		return filter("OperationalData", opEqual, fmt.Sprintf(`{"key":%q,"value":%q}`, k, value), func(it *plainItem) bool { return it.data[k] == value })
	case 10:
		return filter("CreatedTime", opGreater, moment.Format(time.RFC3339Nano), func(it *plainItem) bool { return it.created.After(moment) })
	case 11:
		return filter("LastModifiedTime", opLess, moment.Format(time.RFC3339Nano), func(it *plainItem) bool { return it.modified.Before(moment) })
	default:
		arn := oneOf(w.r, walkARNs...)
		return filter("ResourceId", opContains, arn, func(it *plainItem) bool { return it.arn != "" && strings.Contains(it.arn, arn) })
	}
}

// compare describes by some filters, page by page, and holds the answer against the plain list.
func (w *plainWalk) compare() {
	w.t.Helper()
	var filters []map[string]any
	var fits []func(*plainItem) bool
	for range w.r.IntN(4) {
		f, fit := w.asks()
		filters, fits = append(filters, f), append(fits, fit)
	}
	var want, got []string
	for _, it := range slices.Backward(w.list) {
		gone := !it.deleted.IsZero() && !w.clock.now().Before(it.deleted.Add(DefaultDeletionDelay))
		if !gone && !slices.ContainsFunc(fits, func(fit func(*plainItem) bool) bool { return !fit(it) }) {
			want = append(want, it.id)
		}
	}
	in := map[string]any{"MaxResults": 1 + w.r.IntN(20)}
	if len(filters) > 0 {
		in["OpsItemFilters"] = filters
	}
	for {
		out, err := w.call("DescribeOpsItems", in)
		if err != nil {
			w.t.Fatal(err)
		}
		page := out.(*describeOutput)
		for _, s := range page.OpsItemSummaries {
			got = append(got, s.OpsItemId)
		}
		if page.NextToken == "" {
			break
		}
		in["NextToken"] = page.NextToken
	}
	w.found += len(got)
	if diff := cmp.Diff(want, got); diff != "" {
		w.t.Fatalf("%v (-want +got)\n%s", filters, diff)
	}
}

// TestLikeAPlainList holds every answer of an emulator that is changed, asked, and ended and begun again in any order
// against a list that is gone through from end to end.
func TestLikeAPlainList(t *testing.T) {
	seeds := uint64(40)
	if testing.Short() {
		seeds = 4
	}
	asked, found := 0, 0
	for seed := range seeds {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			w := &plainWalk{t: t, clock: newClock(), r: rand.New(rand.NewPCG(seed, 3))} //nolint:gosec // repeatable on purpose
			w.cfg = Config{Account: testAccount, Region: testRegion, Clock: w.clock.now, Dir: t.TempDir()}
			e, err := New(w.cfg)
			if err != nil {
				t.Fatal(err)
			}
			w.e = e
			for range 400 {
				w.clock.add(time.Duration(w.r.IntN(5_000_000)) * time.Microsecond)
				switch n := w.r.IntN(100); {
				case n < 25:
					w.create()
				case n < 55:
					w.update()
				case n < 58:
					w.remove()
				case n < 59:
					w.restart()
				default:
					asked++
					w.compare()
				}
			}
			found += w.found
			if err := w.e.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	t.Attr("walks", fmt.Sprintf("%d of 400 steps each, %d lists compared, with %d OpsItems", seeds, asked, found))
}
