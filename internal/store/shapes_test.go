package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/digest"
	"learningloop/internal/fault"
	"learningloop/internal/feedback"
	"learningloop/internal/followup"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/incident"
	"learningloop/internal/opsitem"
	"learningloop/internal/person"
	"learningloop/internal/product"
	"learningloop/internal/signal"
	"learningloop/internal/store"
	"learningloop/internal/table"
	"learningloop/internal/trail"
	"learningloop/internal/trend"
)

var update = flag.Bool("update", false, "write the golden files anew")

var (
	sampleFeedback    = id.NewFeedback(shop, "sample")
	sampleImprovement = id.NewImprovement(shop, "sample")
	sampleDigest      = digest.ID("d-" + string(shop) + "-week-2026-W10")
)

// The samples have every field set, and ids and states that put them where they belong.

func aFeedback() feedback.Feedback {
	f := filled[feedback.Feedback]()
	f.ID, f.State, f.Received = sampleFeedback, feedback.Received, start
	return f
}

func aLoosePiece() feedback.Feedback {
	f := aFeedback()
	f.ID, f.State, f.Todo, f.Improvement, f.Kind, f.Signal = id.NewFeedback(shop, "loose"), feedback.Triaged, false, "", feedback.Problem, nil
	return f
}

func anImprovement() improvement.Improvement {
	im := filled[improvement.Improvement]()
	im.ID, im.Status = sampleImprovement, improvement.Accepted
	return im
}

func anEpisode() opsitem.Episode {
	e := filled[opsitem.Episode]()
	e.Improvement, e.Order, e.List = sampleImprovement, opsitem.File, false
	return e
}

func aNotice() improvement.Notice {
	n := filled[improvement.Notice]()
	n.Improvement, n.Only, n.Done = sampleImprovement, sampleFeedback, false
	return n
}

func aMail() followup.Mail {
	m := filled[followup.Mail]()
	m.Owner, m.State = string(sampleImprovement), followup.Due
	return m
}

func aPostIncident() incident.PostIncident {
	p := filled[incident.PostIncident]()
	p.Improvement, p.Told = sampleImprovement, time.Time{}
	return p
}

func aSetAside() signal.SetAside {
	a := filled[signal.SetAside]()
	a.State = signal.Waiting
	return a
}

func aDigest() digest.Digest {
	d := filled[digest.Digest]()
	d.ID = sampleDigest
	return d
}

func aProduct() product.Product {
	p := filled[product.Product]()
	p.ID, p.Slug, p.Version = shop, "shop", 0
	return p
}

func aCluster() improvement.Cluster {
	c := filled[improvement.Cluster]()
	c.Product = shop
	return c
}

func aSignalKey() improvement.SignalKey {
	k := filled[improvement.SignalKey]()
	k.Product = shop
	return k
}

func anAndon() improvement.AndonState {
	a := filled[improvement.AndonState]()
	a.Product = shop
	return a
}

func anAttachment() improvement.Attachment {
	a := filled[improvement.Attachment]()
	a.Feedback = sampleFeedback
	return a
}

// one stored entity: how it is written, where it lies, and how it is read back.
type entity struct {
	name  string // of the golden file
	write func(ctx context.Context, r *rig) error
	key   table.Key
	want  any // as it is read back; nil where nothing reads it by itself
	read  func(ctx context.Context, r *rig) (any, error)
}

func entities() []entity {
	owner := string(sampleImprovement)
	create := func(ctx context.Context, r *rig) error {
		e, n, log, entry := anEpisode(), aNotice(), filled[trail.Entry](), filled[improvement.Entry]()
		return r.SaveChange(ctx, improvement.Change{Improvement: anImprovement(), Entry: &entry, Episode: &e, Notice: &n, Log: &log})
	}
	attach := func(ctx context.Context, r *rig) error {
		f := aLoosePiece()
		if err := r.CreateFeedback(ctx, f); err != nil {
			return err
		}
		f.Version = 1
		return r.SaveAttachment(ctx, improvement.Change{Improvement: anImprovement()}, anAttachment(), filled[improvement.Voice](), f)
	}
	count := func(ctx context.Context, r *rig) error {
		m := filled[trend.Mark]()
		m.Feedback, m.Nothing = sampleFeedback, false
		return r.Count(ctx, []trend.Mark{m})
	}
	// What is stored once has Version 1 when it is read.
	f, loose, im, e, n, m, a, p := aFeedback(), aLoosePiece(), anImprovement(), anEpisode(), aNotice(), aMail(), aSetAside(), aProduct()
	v, pi := filled[improvement.Voice](), aPostIncident()
	pi.Version = 1
	f.Version, loose.Version, im.Version, e.Version, n.Version, m.Version, a.Version, p.Version, v.Version = 1, 1, 1, 1, 1, 1, 1, 1, 1
	c, k, an := aCluster(), aSignalKey(), anAndon()
	c.Version, k.Version, an.Version = 1, 1, 1
	stampOf := "2026-03-02T08:00:00.123456789Z"
	return []entity{
		{
			"product", func(ctx context.Context, r *rig) error { return r.SaveProduct(ctx, aProduct(), nil) },
			table.Key{P: "_global#products", S: string(shop)},
			p, func(ctx context.Context, r *rig) (any, error) { return r.Product(ctx, shop) },
		},
		{
			"slug", func(ctx context.Context, r *rig) error { return r.SaveProduct(ctx, aProduct(), nil) },
			table.Key{P: "_global#slugs", S: "shop"},
			p, func(ctx context.Context, r *rig) (any, error) { return r.ProductBySlug(ctx, "shop") },
		},
		{
			"feedback", func(ctx context.Context, r *rig) error { return r.CreateFeedback(ctx, aFeedback()) },
			table.Key{P: string(sampleFeedback), S: "self"},
			f, func(ctx context.Context, r *rig) (any, error) { return r.Feedback(ctx, sampleFeedback) },
		},
		{
			"feedback-loose", func(ctx context.Context, r *rig) error { return r.CreateFeedback(ctx, aLoosePiece()) },
			table.Key{P: string(loose.ID), S: "self"},
			loose, func(ctx context.Context, r *rig) (any, error) { return r.Feedback(ctx, loose.ID) },
		},
		{"mark", count, table.Key{P: "marks#" + string(shop) + "#2026-03", S: stampOf + "#" + string(sampleFeedback)}, nil, nil},
		{"count", count, table.Key{P: "counts#" + string(shop) + "#2026-03", S: "all#2026-03-02T08"}, nil, nil},
		{
			"improvement", create,
			table.Key{P: owner, S: "self"},
			im,
			func(ctx context.Context, r *rig) (any, error) { return r.Improvement(ctx, sampleImprovement) },
		},
		{
			"attachment", attach,
			table.Key{P: owner, S: "attachment#" + string(sampleFeedback)},
			[]improvement.Attachment{anAttachment()},
			func(ctx context.Context, r *rig) (any, error) {
				as, _, err := r.Attachments(ctx, sampleImprovement, "")
				return as, err
			},
		},
		{"voice", attach, table.Key{P: owner, S: "voice#Key"}, v, func(ctx context.Context, r *rig) (any, error) { return r.Voice(ctx, sampleImprovement, "Key") }},
		{
			"entry", create,
			table.Key{P: owner, S: "entry#000002"},
			[]improvement.Entry{filled[improvement.Entry]()},
			func(ctx context.Context, r *rig) (any, error) {
				es, _, err := r.History(ctx, sampleImprovement, "")
				return es, err
			},
		},
		{
			"notice", create,
			table.Key{P: owner, S: "notice#000002#" + string(sampleFeedback)},
			n,
			func(ctx context.Context, r *rig) (any, error) {
				return r.Notice(ctx, sampleImprovement, 2, sampleFeedback)
			},
		},
		{"episode", create, table.Key{P: owner, S: "episode#000002"}, e, func(ctx context.Context, r *rig) (any, error) { return r.Episode(ctx, sampleImprovement, 2) }},
		{
			"mail", func(ctx context.Context, r *rig) error { return r.OrderMails(ctx, []followup.Mail{aMail()}) },
			table.Key{P: owner, S: "mail#Name"},
			m, func(ctx context.Context, r *rig) (any, error) { return r.Mail(ctx, owner, "Name") },
		},
		{
			"opsitem", func(ctx context.Context, r *rig) error {
				e := anEpisode()
				return r.SaveFiled(ctx, improvement.Change{Improvement: anImprovement(), Episode: &e})
			},
			table.Key{P: "_global#opsitem#OpsItem", S: "self"},
			sampleImprovement,
			func(ctx context.Context, r *rig) (any, error) {
				iid, _, err := r.EpisodeOf(ctx, "OpsItem")
				return iid, err
			},
		},
		{
			"postincident", func(ctx context.Context, r *rig) error {
				order := aPostIncident()
				return r.SaveChange(ctx, improvement.Change{Improvement: anImprovement(), PostIncident: &order})
			},
			table.Key{P: owner, S: "postincident#000002"},
			pi, func(ctx context.Context, r *rig) (any, error) { return r.PostIncident(ctx, sampleImprovement, 2) },
		},
		{
			"setaside", func(ctx context.Context, r *rig) error { return r.SetAside(ctx, aSetAside()) },
			table.Key{P: "_global#setaside", S: "ID"},
			a, func(ctx context.Context, r *rig) (any, error) { return r.SetAsideByID(ctx, "ID") },
		},
		{
			"digest", func(ctx context.Context, r *rig) error { return r.CreateDigest(ctx, aDigest()) },
			table.Key{P: "digests#" + string(shop), S: string(sampleDigest)},
			aDigest(), func(ctx context.Context, r *rig) (any, error) { return r.Digest(ctx, sampleDigest) },
		},
		{
			"log", func(ctx context.Context, r *rig) error { return r.Log(ctx, filled[trail.Entry]()) },
			table.Key{P: "_global#log#2026-03-02", S: stampOf + "#ID"},
			[]trail.Entry{filled[trail.Entry]()},
			func(ctx context.Context, r *rig) (any, error) {
				p, err := r.ListLog(ctx, start, store.LogFilter{}, "", 0)
				return p.Items, err
			},
		},
		{
			"sync", func(ctx context.Context, r *rig) error { return r.SaveWatermark(ctx, start) },
			table.Key{P: "_global#sync", S: "opscenter"},
			start, func(ctx context.Context, r *rig) (any, error) { return r.Watermark(ctx) },
		},
		{
			"suppressed", func(ctx context.Context, r *rig) error { return r.Suppress(ctx, "somebody", "bounced", start) },
			table.Key{P: "_global#suppressed#somebody", S: "self"},
			true, func(ctx context.Context, r *rig) (any, error) { return r.Suppressed(ctx, person.ID("somebody")) },
		},
		{
			"cluster", func(ctx context.Context, r *rig) error {
				return r.SaveChange(ctx, improvement.Change{Improvement: anImprovement(), Clusters: []improvement.Cluster{aCluster()}})
			},
			table.Key{P: "clusters#" + string(shop), S: "cluster#Scope"},
			[]improvement.Cluster{c},
			func(ctx context.Context, r *rig) (any, error) {
				return r.Clusters(ctx, shop, []improvement.Scope{"Scope"})
			},
		},
		{
			"signalkey", func(ctx context.Context, r *rig) error { return r.SaveSignalKey(ctx, aSignalKey()) },
			table.Key{P: "clusters#" + string(shop), S: "key#" + id.Hash(26, "Key")},
			k, func(ctx context.Context, r *rig) (any, error) { return r.SignalKey(ctx, shop, "Key") },
		},
		{
			"andon", func(ctx context.Context, r *rig) error { return r.SaveAndon(ctx, anAndon()) },
			table.Key{P: "clusters#" + string(shop), S: "andon#Scope"},
			an, func(ctx context.Context, r *rig) (any, error) { return r.Andon(ctx, shop, "Scope") },
		},
	}
}

// The stored shapes are a contract with the data that is out there: a change of a golden file needs a new schema and a
// conversion in decode, unless it only adds.
func TestStoredShapes(t *testing.T) {
	types := map[string]bool{}
	for _, e := range entities() {
		t.Run(e.name, func(t *testing.T) {
			r := newRig(t)
			r.must(e.write(t.Context(), r))
			row := r.row(e.key)
			types[row.Type] = true
			got, err := json.MarshalIndent(plain(t, row), "", "  ")
			r.must(err)
			file := filepath.Join("testdata", e.name+".json")
			if *update {
				r.must(os.MkdirAll("testdata", 0o755))
				r.must(os.WriteFile(file, append(got, '\n'), 0o644))
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatalf("%v; go test -update writes it", err)
			}
			if d := cmp.Diff(strings.TrimSpace(string(want)), string(got)); d != "" {
				t.Errorf("the stored shape has changed (-golden +now):\n%s", d)
			}
			if e.read == nil {
				return
			}
			back, err := e.read(t.Context(), r)
			r.must(err)
			if d := cmp.Diff(e.want, back); d != "" {
				t.Errorf("it is not read as it was written (-written +read):\n%s", d)
			}
		})
	}
	for _, typ := range []string{
		store.TypeProduct, store.TypeSlug, store.TypeFeedback, store.TypeMark, store.TypeCount, store.TypeImprovement, store.TypeAttachment,
		store.TypeVoice, store.TypeEntry, store.TypeNotice, store.TypeEpisode, store.TypeMail, store.TypeOpsItem, store.TypeSetAside,
		store.TypeDigest, store.TypeLog, store.TypeSync, store.TypeSuppressed, store.TypePostIncident, store.TypeCluster, store.TypeSignalKey,
		store.TypeAndon,
	} {
		if !types[typ] {
			t.Errorf("rows of type %s have no golden file", typ)
		}
	}
}

// A row of a newer release is not guessed at: the old release says so, and leaves it alone.
func TestNewerSchema(t *testing.T) {
	for _, e := range entities() {
		if e.read == nil || e.name == "suppressed" { // that it is there says it all
			continue
		}
		t.Run(e.name, func(t *testing.T) {
			r := newRig(t)
			r.must(e.write(t.Context(), r))
			row := r.row(e.key)
			row.Schema = 2
			r.must(r.table.Write(t.Context(), table.Put(row, table.Always("a newer release"))))
			_, err := e.read(t.Context(), r)
			fe, ok := errors.AsType[*fault.Error](err)
			if !ok || fe.Kind != fault.Internal || fe.Code != "newer_schema" {
				t.Errorf("read: %v", err)
			}
		})
	}
}

// What comes from the change feed is read like what comes from the table.
func TestChangedRows(t *testing.T) {
	r := newRig(t)
	ctx := t.Context()
	e, n := anEpisode(), aNotice()
	r.must(r.CreateFeedback(ctx, aFeedback()))
	r.must(r.SaveChange(ctx, improvement.Change{Improvement: anImprovement(), Episode: &e, Notice: &n}))
	r.must(r.OrderMails(ctx, []followup.Mail{aMail()}))
	owner := string(sampleImprovement)
	f, err := store.FeedbackOf(r.row(table.Key{P: string(sampleFeedback), S: "self"}))
	r.must(err)
	ep, err := store.EpisodeFrom(r.row(table.Key{P: owner, S: "episode#000002"}))
	r.must(err)
	no, err := store.NoticeOf(r.row(table.Key{P: owner, S: "notice#000002#" + string(sampleFeedback)}))
	r.must(err)
	m, err := store.MailOf(r.row(table.Key{P: owner, S: "mail#Name"}))
	r.must(err)
	if f.Version != 1 || ep.Version != 1 || no.Version != 1 || m.Version != 1 {
		t.Errorf("versions %d, %d, %d, %d", f.Version, ep.Version, no.Version, m.Version)
	}
	if _, err := store.FeedbackOf(table.Row{Schema: 1, Attrs: []byte(`{"received": 5}`)}); err == nil {
		t.Error("a broken row is read")
	}
}

func TestNotFound(t *testing.T) {
	r := newRig(t)
	ctx := t.Context()
	for name, get := range map[string]func() error{
		"product":     func() error { _, err := r.Product(ctx, shop); return err },
		"slug":        func() error { _, err := r.ProductBySlug(ctx, "shop"); return err },
		"no slug":     func() error { _, err := r.ProductBySlug(ctx, "No\x00Slug"); return err },
		"feedback":    func() error { _, err := r.Feedback(ctx, sampleFeedback); return err },
		"improvement": func() error { _, err := r.Improvement(ctx, sampleImprovement); return err },
		"episode":     func() error { _, err := r.Episode(ctx, sampleImprovement, 1); return err },
		"notice":      func() error { _, err := r.Notice(ctx, sampleImprovement, 1, ""); return err },
		"mail":        func() error { _, err := r.Mail(ctx, "x", "y"); return err },
		"opsitem":     func() error { _, _, err := r.EpisodeOf(ctx, "oi-1"); return err },
		"set aside":   func() error { _, err := r.SetAsideByID(ctx, "s-1"); return err },
		"no id":       func() error { _, err := r.SetAsideByID(ctx, ""); return err },
		"a long id":   func() error { _, err := r.SetAsideByID(ctx, strings.Repeat("x", 5000)); return err },
		"digest":      func() error { _, err := r.Digest(ctx, sampleDigest); return err },
		"incident":    func() error { _, err := r.PostIncident(ctx, sampleImprovement, 1); return err },
	} {
		if err := get(); !fault.Is(err, fault.NotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// What has a meaning when it is not there is no error.
	v, err := r.Voice(ctx, sampleImprovement, "x")
	if err != nil || v.Version != 0 {
		t.Errorf("a new voice: %+v, %v", v, err)
	}
	if w, err := r.Watermark(ctx); err != nil || !w.IsZero() {
		t.Errorf("the first watermark: %v, %v", w, err)
	}
	if yes, err := r.Suppressed(ctx, "somebody"); err != nil || yes {
		t.Errorf("suppressed: %v, %v", yes, err)
	}
	if yes, err := r.Suppressed(ctx, ""); err != nil || yes {
		t.Errorf("nobody suppressed: %v, %v", yes, err)
	}
}
