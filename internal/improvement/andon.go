package improvement

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"learningloop/internal/fault"
	"learningloop/internal/feedback"
	"learningloop/internal/id"
	"learningloop/internal/opsitem"
	"learningloop/internal/product"
	"learningloop/internal/trend"
)

// Gathering is what clusters, mutes and andons need of storage.
type Gathering interface {
	// Clusters gives the clusters of scopes, in their order; one that there is none of has Version 0.
	Clusters(ctx context.Context, p id.Product, scopes []Scope) ([]Cluster, error)
	// SaveCluster stores one; Conflict where it changed since it was read.
	SaveCluster(ctx context.Context, c Cluster) error
	// Problems gives the Marks of people's problems received in from..to, the latest first, of at most most Marks looked at.
	Problems(ctx context.Context, p id.Product, from, to time.Time, most int) ([]trend.Mark, error)
	FeedbackAll(ctx context.Context, fids []id.Feedback) ([]feedback.Feedback, error)
	SaveFeedback(ctx context.Context, f feedback.Feedback) error
	// SignalKey gives what is known of a key; where there is nothing it has Version 0.
	SignalKey(ctx context.Context, p id.Product, key string) (SignalKey, error)
	SaveSignalKey(ctx context.Context, k SignalKey) error
	// Andon gives the andon of a scope; where there is none it has Version 0.
	Andon(ctx context.Context, p id.Product, scope Scope) (AndonState, error)
	SaveAndon(ctx context.Context, a AndonState) error
}

// Andon is that people together stopped the line over an Improvement: as many as its product's setting asks for reported
// problems within its window.
type Andon struct {
	Scope     Scope     `json:"scope,omitzero"`
	Component string    `json:"component,omitzero"` // "": the product as a whole
	People    int       `json:"people,omitzero"`
	Minutes   int       `json:"minutes,omitzero"`
	Pulled    time.Time `json:"pulled,omitzero"`
	Episode   int       `json:"episode,omitzero"` // it holds for this one
	Stood     time.Time `json:"stood,omitzero"`   // when it was stood down; zero: it was not
}

// Words says who pulled it over what; product is the product's name.
func (a Andon) Words(product string) string {
	return fmt.Sprintf("%d people reported problems with %s within %d minutes", a.People, cmp.Or(a.Component, product), a.Minutes)
}

// StoodDown is what an Entry says happened when somebody stood an andon down; its Reason says why.
const StoodDown = "stood the andon down"

// AndonUp says whether an andon is pulled over it that nobody stood down: then its severity is 1.
func (im Improvement) AndonUp() bool {
	return !im.Andon.Pulled.IsZero() && im.Andon.Stood.IsZero() && im.Andon.Episode == im.Episode
}

// AndonState is who lately reported problems of a scope, so that the andon is pulled once.
type AndonState struct {
	Product id.Product  `json:"product,omitzero"`
	Scope   Scope       `json:"scope,omitzero"`
	Words   []AndonWord `json:"words,omitempty"` // one a person, the latest last; no more than the andon waits for
	// Improvement is what it was last pulled over, since when; "": it never was, or was stood down.
	Improvement id.Improvement `json:"improvement,omitzero"`
	Pulled      time.Time      `json:"pulled,omitzero"`
	Gathered    bool           `json:"gathered,omitzero"` // what was said before is attached
	// Stood is what it was last stood down over, when, and whose words had pulled it.
	Stood      id.Improvement `json:"stood,omitzero"`
	StoodAt    time.Time      `json:"stoodAt,omitzero"`
	StoodWords []string       `json:"stoodWords,omitempty"` // persons
	Version    int64          `json:"-"`
}

// AndonWord is one person's latest problem.
type AndonWord struct {
	Person   string      `json:"person"`
	Feedback id.Feedback `json:"feedback"`
	Scope    Scope       `json:"scope,omitempty"` // of the component it names
	At       time.Time   `json:"at"`
}

// note adds words as a set of persons, each with its latest, of the last window, at most n. It says whether anything
// changed: repeating changes nothing.
func (a *AndonState) note(words []AndonWord, n int, window time.Duration) bool {
	next := map[string]AndonWord{}
	for _, w := range slices.Concat(a.Words, words) {
		if old, there := next[w.Person]; !there || w.At.After(old.At) {
			next[w.Person] = w
		}
	}
	all := slices.SortedFunc(maps.Values(next), func(x, y AndonWord) int {
		return cmp.Or(x.At.Compare(y.At), strings.Compare(x.Person, y.Person))
	})
	if len(all) > 0 {
		last := all[len(all)-1].At
		all = slices.DeleteFunc(all, func(w AndonWord) bool { return w.At.Before(last.Add(-window)) })
	}
	return a.set(all[max(0, len(all)-n):])
}

func (a *AndonState) set(words []AndonWord) (changed bool) {
	same := slices.EqualFunc(a.Words, words, func(x, y AndonWord) bool {
		return x.Person == y.Person && x.Feedback == y.Feedback && x.Scope == y.Scope && x.At.Equal(y.At)
	})
	a.Words = words
	return !same
}

// Watch looks at problems that people just reported of a product: it pulls the andon where enough people did, and says
// which of the pieces an open cluster may take in, for Join to see to. It reads and writes each scope's state once.
func (s *Service) Watch(ctx context.Context, p product.Product, pieces []feedback.Feedback) (map[id.Feedback]bool, error) {
	if p.Andon.On() {
		// Those that are attached, too: an earlier try may have gone so far, and no further.
		if err := s.andons(ctx, p, pieces); err != nil {
			return nil, err
		}
	}
	pieces = slices.DeleteFunc(slices.Clone(pieces), func(f feedback.Feedback) bool { return !gatherable(f) })
	var scopes []Scope
	for _, f := range pieces {
		for _, sc := range problemScopes(p, f) {
			if !slices.Contains(scopes, sc) {
				scopes = append(scopes, sc)
			}
		}
	}
	open, err := s.clusters(ctx, p.ID, scopes)
	if err != nil {
		return nil, err
	}
	out := map[id.Feedback]bool{}
	slices.SortStableFunc(pieces, func(x, y feedback.Feedback) int { return x.Received.Compare(y.Received) })
	for _, f := range pieces {
		for _, sc := range problemScopes(p, f) {
			if c := open[sc]; c.Takes(f.Received, p.ClusterWindow()) {
				out[f.ID], open[sc] = true, c.claim(c.Improvement, f.Received, p.ClusterWindow())
			}
		}
	}
	return out, nil
}

// andons notes the pieces under their components first, then, but for those of a component whose andon is up, under the
// product as a whole.
func (s *Service) andons(ctx context.Context, p product.Product, pieces []feedback.Feedback) error {
	words, names := map[Scope][]AndonWord{}, map[Scope]string{}
	var whole []AndonWord
	for _, f := range pieces {
		if f.Submitter.Person == "" || f.Apart {
			continue // nobody knows whether two of them are one; a person said that it does not belong there
		}
		w := AndonWord{Person: string(f.Submitter.Person), Feedback: f.ID, At: f.Received}
		if name := problemComponent(p, f); name != "" {
			w.Scope = ScopeComponent(name)
			words[w.Scope], names[w.Scope] = append(words[w.Scope], w), name
		}
		whole = append(whole, w)
	}
	for _, scope := range slices.Sorted(maps.Keys(words)) {
		up, err := s.andon(ctx, p, scope, names[scope], words[scope])
		if err != nil {
			return err
		}
		if up {
			whole = slices.DeleteFunc(whole, func(w AndonWord) bool { return w.Scope == scope })
		}
	}
	if len(whole) == 0 {
		return nil
	}
	_, err := s.andon(ctx, p, ScopeProduct, "", whole)
	return err
}

// andon notes words about one scope, pulls its andon where they are enough, and says whether it is up.
func (s *Service) andon(ctx context.Context, p product.Product, scope Scope, component string, words []AndonWord) (up bool, err error) {
	err = fault.Anew(ctx, func() error {
		st, err := s.Store.Andon(ctx, p.ID, scope)
		if err != nil {
			return fmt.Errorf("load andon: %w", err)
		}
		st.Product, st.Scope = p.ID, scope
		changed := st.note(words, p.Andon.People, p.Andon.Window())
		var since time.Time
		if up, since, err = s.holds(ctx, st); err != nil {
			return err
		}
		switch {
		case up && !st.Gathered:
			return s.pulled(ctx, p, st)
		case up && changed && len(st.Words) >= p.Andon.People:
			lapsed, err := s.lapsed(ctx, p, st)
			if err != nil {
				return err
			}
			if lapsed {
				return s.pulled(ctx, p, st)
			}
		case !up && len(st.Words) >= p.Andon.People:
			if err := s.verify(ctx, p, &st, since); err != nil {
				return err
			}
			if len(st.Words) >= p.Andon.People {
				if up, err = s.pull(ctx, p, st, component); up || err != nil {
					return err
				}
			}
		}
		if changed {
			return s.Store.SaveAndon(ctx, st)
		}
		return nil
	})
	return up, err
}

// holds says whether an andon is up; where it is not any more, what was said until since is over.
func (s *Service) holds(ctx context.Context, st AndonState) (up bool, since time.Time, err error) {
	if st.Improvement == "" {
		return false, since, nil
	}
	im, there, err := s.find(ctx, st.Improvement)
	if up = there && !im.Status.Closed() && im.AndonUp(); !up {
		since = im.Closed
	}
	return up, since, err
}

// lapsed says whether the cluster of an andon that is up takes in nobody any more, so that its next people have to open it
// again.
func (s *Service) lapsed(ctx context.Context, p product.Product, st AndonState) (bool, error) {
	c, err := s.cluster(ctx, p.ID, st.Scope)
	if err != nil {
		return false, err
	}
	return c.Improvement != st.Improvement || !c.Takes(st.Words[len(st.Words)-1].At, p.ClusterWindow()), nil
}

// verify leaves in the words of a state only those that may pull its andon: problems still, said after what was said is
// over, by nobody who pulled it within the window before it was stood down.
func (s *Service) verify(ctx context.Context, p product.Product, st *AndonState, since time.Time) error {
	out := map[string]bool{} // persons whose words do not count again
	if st.Stood != "" && s.Now().Before(st.StoodAt.Add(p.Andon.Window())) {
		for _, person := range st.StoodWords {
			out[person] = true
		}
		all, err := s.attachments(ctx, st.Stood)
		if err != nil {
			return err
		}
		for _, a := range all {
			if a.Person != "" && !a.At.After(st.StoodAt) {
				out[a.Person] = true
			}
		}
		since = later(since, st.StoodAt)
	}
	fids := make([]id.Feedback, len(st.Words))
	for i, w := range st.Words {
		fids[i] = w.Feedback
	}
	pieces, err := s.Store.FeedbackAll(ctx, fids)
	if err != nil {
		return fmt.Errorf("load problems: %w", err)
	}
	whole := *st
	if st.Scope != ScopeProduct {
		if whole, err = s.Store.Andon(ctx, p.ID, ScopeProduct); err != nil {
			return fmt.Errorf("load andon: %w", err)
		}
	}
	elsewhere := map[Scope]bool{} // components whose own andon is up or was stood down
	good := map[id.Feedback]bool{}
	for _, f := range pieces {
		good[f.ID] = f.Kind == feedback.Problem && f.State != feedback.Withdrawn && !f.Apart
		if f.Improvement != "" && (st.Scope == ScopeProduct || f.Improvement == whole.Improvement) {
			// It is seen to already: under its component, which the product as a whole leaves be, or under the product.
			good[f.ID] = false
		}
		if name := problemComponent(p, f); st.Scope == ScopeProduct && name != "" {
			elsewhere[ScopeComponent(name)] = false
		} else if st.Scope != ScopeProduct && (name == "" || ScopeComponent(name) != st.Scope) {
			good[f.ID] = false
		}
	}
	for scope := range elsewhere {
		other, err := s.Store.Andon(ctx, p.ID, scope)
		if err != nil {
			return fmt.Errorf("load andon: %w", err)
		}
		up, _, err := s.holds(ctx, other)
		if err != nil {
			return err
		}
		elsewhere[scope] = up || other.Stood != "" && s.Now().Before(other.StoodAt.Add(p.Andon.Window()))
	}
	// What an open cluster of its component takes in is seen to as well, attached yet or not.
	open, err := s.clusters(ctx, p.ID, slices.Sorted(maps.Keys(elsewhere)))
	if err != nil {
		return err
	}
	st.set(slices.DeleteFunc(slices.Clone(st.Words), func(w AndonWord) bool {
		return open[w.Scope].Takes(w.At, p.ClusterWindow()) || out[w.Person] || !good[w.Feedback] || !w.At.After(since) || elsewhere[w.Scope]
	}))
	return nil
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// pull pulls the andon: over the scope's open cluster, or over an Improvement made for it.
func (s *Service) pull(ctx context.Context, p product.Product, st AndonState, component string) (bool, error) {
	now, last := s.Now(), st.Words[len(st.Words)-1].At
	cluster, err := s.cluster(ctx, p.ID, st.Scope)
	if err != nil {
		return false, err
	}
	im, there := Improvement{}, false
	if cluster.Takes(last, p.ClusterWindow()) {
		if im, there, err = s.find(ctx, cluster.Improvement); err != nil {
			return false, err
		}
		there = there && im.goesOn(last)
	}
	mark := Andon{Scope: st.Scope, Component: component, People: len(st.Words), Minutes: int(p.Andon.Window() / time.Minute), Pulled: now}
	why := rulePrefix + "andon: " + mark.Words(p.Name)
	if !there {
		seed := []string{"andon", string(st.Scope)}
		for _, w := range st.Words {
			seed = append(seed, string(w.Feedback))
		}
		_, known := p.Component(component)
		known = known || component == "" // the team's own words
		im = Improvement{
			ID: id.NewImprovement(p.ID, seed...), Title: feedback.Cut(fmt.Sprintf("%d people report problems with %s", mark.People, cmp.Or(component, p.Name)), MaxTitle),
			Quoted: !known, Machine: true, Status: Proposed, Component: component, Correlation: st.Words[0].Feedback.Correlation(), Created: now, Updated: now,
		}
		cluster = Cluster{Product: p.ID, Scope: st.Scope, Version: cluster.Version}
	}
	c, err := s.stop(ctx, im, p, mark, why, st.Words, now)
	if err != nil {
		return false, err
	}
	c.Clusters = []Cluster{cluster.claim(im.ID, last, p.ClusterWindow())}
	st.Improvement, st.Pulled, st.Gathered = im.ID, now, false
	c.Pull = &st
	if err := s.Store.SaveChange(ctx, c); err != nil {
		return false, err
	}
	st.Version++
	return true, s.pulled(ctx, p, st)
}

// stop makes the Change that an andon makes of an Improvement: severity 1, accepted where it was not.
func (s *Service) stop(ctx context.Context, im Improvement, p product.Product, mark Andon, why string, words []AndonWord, now time.Time) (Change, error) {
	mark.Episode = im.Episode
	if im.Status == Proposed {
		mark.Episode++
	}
	im.Andon = mark
	c := Change{}
	switch {
	case im.Status == Proposed:
		c = move(im, string(Accept), Accepted, why, strings.TrimPrefix(why, rulePrefix), now)
	case im.Status.Closed(): // by a rule, within the quiet time
		to := im.restored()
		goOn(&im)
		c = move(im, rejoined, to, byReport, "", now)
		c.Improvement.Entries++
		c.Also = []Entry{{Seq: c.Improvement.Entries, At: now, By: why, What: "pulled the andon"}}
	default:
		im.Updated = now
		im.Entries++
		c = Change{Improvement: im, Entry: &Entry{Seq: im.Entries, At: now, By: why, What: "pulled the andon"}}
	}
	c.Log = s.log(By{Who: why}, now, "pulled andon", im)
	if im.Version > 0 {
		err := s.mirror(ctx, &c, p, nil, now)
		if ep := c.Episode; ep != nil && ep.Order == opsitem.File && ep.Attempts == 0 {
			ep.Request.Severity = 1 // nobody asked for it yet
		}
		return c, err
	}
	// What it is filed with says what is about to be attached.
	fids := make([]id.Feedback, len(words))
	for i, w := range words {
		fids[i] = w.Feedback
	}
	pieces, err := s.Store.FeedbackAll(ctx, fids)
	if err != nil {
		return c, fmt.Errorf("load problems: %w", err)
	}
	preview := c
	voices := map[string]*Voice{}
	var said []Attachment
	for _, f := range pieces {
		a := attachmentOf(f, By{}, now)
		said = append(said, a)
		v := voices[a.Voice]
		if v == nil {
			v = &Voice{}
			voices[a.Voice] = v
		}
		count(&preview.Improvement, v, a)
		preview.Improvement.heard(f)
		v.Version = 1
	}
	preview.Improvement.settle(now)
	err = s.mirror(ctx, &preview, p, said, now)
	c.Episode, c.Steps, c.PostIncident, c.Improvement.Since = preview.Episode, preview.Steps, preview.PostIncident, preview.Improvement.Since
	c.Improvement.Level, c.Improvement.Ordered = preview.Improvement.Level, preview.Improvement.Ordered
	return c, err
}

// pulled attaches what pulled an andon, and what was said around it, to what it was pulled over.
func (s *Service) pulled(ctx context.Context, p product.Product, st AndonState) error {
	by := By{Who: fmt.Sprintf("%sandon pulled by %d people", rulePrefix, p.Andon.People)}
	last := st.Words[len(st.Words)-1].At
	for _, w := range st.Words {
		err := fault.Anew(ctx, func() error {
			return s.attachOnce(ctx, st.Improvement, w.Feedback, by, func(c *Change) error {
				cluster, err := s.cluster(ctx, p.ID, st.Scope)
				if err != nil {
					return err
				}
				if n := cluster.claim(st.Improvement, last, p.ClusterWindow()); n != cluster && !c.Improvement.Status.Closed() {
					c.Clusters = []Cluster{n}
				}
				return nil
			})
		})
		if err != nil && !refused(err) {
			return fmt.Errorf("attach %s: %w", w.Feedback, err)
		}
	}
	if err := s.gather(ctx, p, st.Scope, last); err != nil {
		return err
	}
	st.Gathered = true
	return s.Store.SaveAndon(ctx, st)
}

// MaxReason is the longest reason of a stand-down, in characters.
const MaxReason = 1000

// StandDown takes an andon back: the severity is again what the evidence says, and whoever had pulled it does not pull it
// again within its window. It is Conflict (code no_andon) where none is up; the same one stood down twice is harmless.
func (s *Service) StandDown(ctx context.Context, iid id.Improvement, reason string, by By) (Improvement, error) {
	reason = strings.TrimSpace(reason)
	if n := len([]rune(reason)); n == 0 || n > MaxReason {
		return Improvement{}, fault.Fields(fault.Field{Pointer: "/reason", Detail: "is required: 1 to 1,000 characters that say why"})
	}
	var out Improvement
	err := fault.Anew(ctx, func() error {
		im, err := s.Store.Improvement(ctx, iid)
		if err != nil {
			return err
		}
		if out = im; !im.AndonUp() {
			if !im.Andon.Stood.IsZero() && im.LastVerb == standDown && im.LastBy == by.Who {
				return nil
			}
			return fault.New(fault.Conflict, "no_andon", "There is no andon up over this improvement.")
		}
		p, err := s.Store.Product(ctx, iid.Product())
		if err != nil {
			return err
		}
		st, err := s.Store.Andon(ctx, iid.Product(), im.Andon.Scope)
		if err != nil {
			return fmt.Errorf("load andon: %w", err)
		}
		now := s.Now()
		im.Andon.Stood, im.Updated, im.LastVerb, im.LastBy = now, now, standDown, by.Who
		im.Entries++
		c := Change{
			Improvement: im, Log: s.log(by, now, "stood andon down", im),
			Entry: &Entry{Seq: im.Entries, At: now, By: by.Who, What: StoodDown, Reason: reason},
		}
		c.Log.Detail = reason
		if st.Improvement == iid {
			st.Product, st.Scope = iid.Product(), im.Andon.Scope
			st.Stood, st.StoodAt, st.Improvement, st.Gathered, st.StoodWords = iid, now, "", false, nil
			for _, w := range st.Words {
				st.StoodWords = append(st.StoodWords, w.Person)
			}
			c.Pull = &st
		}
		if err := s.mirror(ctx, &c, p, nil, now); err != nil {
			return err
		}
		if err := s.Store.SaveChange(ctx, c); err != nil {
			return err
		}
		out = c.Improvement
		out.Version++
		return nil
	})
	return out, err
}

// standDown is the LastVerb of an Improvement whose andon was stood down.
const standDown Verb = "standDown"
