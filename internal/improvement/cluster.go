package improvement

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"learningloop/internal/fault"
	"learningloop/internal/feedback"
	"learningloop/internal/id"
	"learningloop/internal/product"
	"learningloop/internal/signal"
	"learningloop/internal/trend"
)

// Clusters are what words about one thing within one window make: one Improvement, whoever speaks. A signal that fires
// opens one, or an andon does; what people report of the same component then, and what they reported in the window
// before, is attached to it by rule, in whatever order it arrives: triage writes the Mark of a piece before it looks for
// a cluster, and a cluster is written before the Marks are read, so that one of them sees the other. What people write
// never decides where it is attached; only the component they name does.

// Scope is what a cluster is about, within a product.
type Scope string

// ScopeProduct is a product as a whole.
const ScopeProduct Scope = "product"

// ScopeComponent is one component, however its name is spelled.
func ScopeComponent(name string) Scope {
	return Scope("component#" + id.Hash(16, product.ComponentKey(name)))
}

// ScopeResource is one resource.
func ScopeResource(arn string) Scope { return Scope("resource#" + id.Hash(16, arn)) }

// Cluster says which Improvement gathers what is said about a scope.
type Cluster struct {
	Product     id.Product     `json:"product,omitzero"`
	Scope       Scope          `json:"scope,omitzero"`
	Improvement id.Improvement `json:"improvement,omitzero"` // "": there was no cluster yet
	Opened      time.Time      `json:"opened,omitzero"`      // when what opened it happened
	Latest      time.Time      `json:"latest,omitzero"`      // when its latest word did
	Gathered    bool           `json:"gathered,omitzero"`    // what people said before it was opened is attached
	Version     int64          `json:"-"`
}

// Takes says whether it takes in a word of a moment: from one window before it was opened to one window after its latest
// word. Whether somebody still works on its Improvement is the caller's to see.
func (c Cluster) Takes(at time.Time, window time.Duration) bool {
	return c.Improvement != "" && !at.Before(c.Opened.Add(-window)) && !at.After(c.Latest.Add(window))
}

// cluster gives the one of a scope.
func (s *Service) cluster(ctx context.Context, p id.Product, scope Scope) (Cluster, error) {
	all, err := s.Store.Clusters(ctx, p, []Scope{scope})
	if err != nil {
		return Cluster{}, fmt.Errorf("load cluster: %w", err)
	}
	return all[0], nil
}

// clusters gives those of any number of scopes.
func (s *Service) clusters(ctx context.Context, p id.Product, scopes []Scope) (map[Scope]Cluster, error) {
	out := map[Scope]Cluster{}
	for some := range slices.Chunk(scopes, 100) {
		all, err := s.Store.Clusters(ctx, p, some)
		if err != nil {
			return nil, fmt.Errorf("load clusters: %w", err)
		}
		for _, c := range all {
			out[c.Scope] = c
		}
	}
	return out, nil
}

// claim gives the cluster with a word of iid in it: a new one where the last one was another's, or is over.
func (c Cluster) claim(iid id.Improvement, at time.Time, window time.Duration) Cluster {
	if c.Improvement != iid || at.After(c.Latest.Add(window)) {
		c.Improvement, c.Opened, c.Latest, c.Gathered = iid, at, at, false
	}
	if at.After(c.Latest) {
		c.Latest = at
	}
	return c
}

// SignalKey is what is known of one signal's key beside the Improvement that its name gives: where its words went, what of
// it is muted, and what ended before it fired. There is none for a key that always had an Improvement of its own.
type SignalKey struct {
	Product     id.Product     `json:"product,omitzero"`
	Key         string         `json:"key,omitzero"`
	Improvement id.Improvement `json:"improvement,omitzero"` // where its latest firing went; "": to its own
	Firing      bool           `json:"firing,omitzero"`      // as that Improvement knows it
	At          time.Time      `json:"at,omitzero"`          // of the latest word, by the signal's time
	Muted       *MutedWord     `json:"muted,omitempty"`      // a firing that counts when its window ends; nil: none
	Ends        []EndWord      `json:"ends,omitempty"`       // what ended nothing that was received by then, the latest last
	Version     int64          `json:"-"`
}

// MutedWord is a firing that alerts nobody yet.
type MutedWord struct {
	Feedback id.Feedback `json:"feedback"`
	Until    time.Time   `json:"until"`
	Check    time.Time   `json:"check"` // when to look again; not after Until
}

// EndWord is what ends a firing that was not received yet.
type EndWord struct {
	Feedback id.Feedback `json:"feedback"`
	At       time.Time   `json:"at"` // by the signal's time
}

// maxEnds is how many of them a key remembers, the latest: more never overtake what they end.
const maxEnds = 8

// remembers says whether a word waits for the firing that it ends.
func (k SignalKey) remembers(f feedback.Feedback) bool {
	return slices.ContainsFunc(k.Ends, func(w EndWord) bool { return w.Feedback == f.ID })
}

// remember has a word wait for the firing that it ends, and says whether there is room for it.
func (k *SignalKey) remember(f feedback.Feedback) bool {
	k.Ends = append(slices.Clone(k.Ends), EndWord{Feedback: f.ID, At: f.SignalTime()})
	slices.SortStableFunc(k.Ends, func(a, b EndWord) int { return a.At.Compare(b.At) })
	k.Ends = k.Ends[max(0, len(k.Ends)-maxEnds):]
	return k.remembers(f)
}

// ended is the key with a word that ends what fires in it, found or not.
func (k SignalKey) ended(f feedback.Feedback) (next SignalKey, news bool) {
	next = k
	next.Ends = slices.DeleteFunc(slices.Clone(k.Ends), func(w EndWord) bool { return w.Feedback == f.ID })
	if at := f.SignalTime(); !at.Before(k.At) {
		next.Firing, next.At, next.Muted = false, at, nil
	}
	return next, len(next.Ends) != len(k.Ends) || next.Firing != k.Firing || !next.At.Equal(k.At) || next.Muted != k.Muted
}

// fired is the key with a firing that was attached to im, and whether that is to be written down.
func (k SignalKey) fired(f feedback.Feedback, im Improvement, own bool) (next SignalKey, news bool) {
	next = k
	at := f.SignalTime()
	switch {
	case !at.Before(k.At):
		next.Improvement, next.Firing, next.At = im.ID, true, at
		if k.Muted != nil && k.Muted.Feedback != f.ID {
			next.Muted = nil // else until all of Unmute is done
		}
		return next, k.Version > 0 || !own
	case k.Improvement == "": // later words of its key did not know where it would go
		next.Improvement, next.Firing = im.ID, im.alarm(k.Key).Firing
		return next, true
	default:
		return next, false
	}
}

const (
	byKey       = rulePrefix + "the same signal again"
	byComponent = rulePrefix + "same component within the window"
	byResource  = rulePrefix + "same resource within the window"
	byProduct   = rulePrefix + "andon of the whole product within the window"
)

// maxScopes is of how many of a signal's resources a cluster is kept: AWS names what an event is about first.
const maxScopes = 4

// scopesOf gives what a signal may meet others about, the component first.
func scopesOf(component string, s signal.Signal) []Scope {
	var out []Scope
	if component != "" {
		out = append(out, ScopeComponent(component))
	}
	for _, r := range s.Resources {
		// The alarm that speaks is no resource that two alarms could be about.
		if strings.HasPrefix(r, "arn:") && !strings.Contains(r, ":alarm:") && len(out) < maxScopes && !slices.Contains(out, ScopeResource(r)) {
			out = append(out, ScopeResource(r))
		}
	}
	return out
}

func ruleOf(s Scope) string {
	switch {
	case s == ScopeProduct:
		return byProduct
	case strings.HasPrefix(string(s), "resource#"):
		return byResource
	default:
		return byComponent
	}
}

// problemScopes gives what a person's problem may be gathered under.
func problemScopes(p product.Product, f feedback.Feedback) []Scope {
	var out []Scope
	if name := problemComponent(p, f); name != "" {
		out = append(out, ScopeComponent(name))
	}
	if p.Andon.On() {
		out = append(out, ScopeProduct)
	}
	return out
}

// problemComponent is the component that a person named, as the team spells it. One that the team does not know counts
// only where an andon may be about it.
func problemComponent(p product.Product, f feedback.Feedback) string {
	name, known := p.Component(f.Context.Component)
	if !known && p.Andon.On() {
		return f.Context.Component
	}
	return name
}

// gatherable says whether rules may attach a piece to a cluster: a problem that a person told and nobody attached or took
// out of an Improvement.
func gatherable(f feedback.Feedback) bool {
	return f.Kind == feedback.Problem && f.Signal == nil && f.State != feedback.Withdrawn && f.Improvement == "" && !f.Apart
}

// home is where a signal that fires belongs.
type home struct {
	iid    id.Improvement
	by     string    // the rule
	there  bool      // the Improvement exists
	claims []Cluster // rows that say so, to be written with it
}

// home finds it: where its key burns already or did within the window; else the open cluster of its component, then of its
// resources; else the Improvement of its own key, which becomes the cluster.
func (s *Service) home(ctx context.Context, p product.Product, f feedback.Feedback, k SignalKey, component string) (home, error) {
	own := id.NewImprovement(p.ID, "signal", f.Signal.Key)
	at, window := f.Happened(), p.ClusterWindow()
	h := home{iid: own, by: byKey}
	last := k.of(own)
	im, there, err := s.find(ctx, last)
	if err != nil {
		return h, err
	}
	if there && stays(im, k, f, window) {
		h.iid, h.there = last, true
	}
	scopes := scopesOf(component, *f.Signal)
	var clusters []Cluster
	if len(scopes) > 0 {
		if clusters, err = s.Store.Clusters(ctx, p.ID, scopes); err != nil {
			return h, fmt.Errorf("load clusters: %w", err)
		}
	}
	taken := make([]bool, len(clusters)) // open, and somebody else's
	for i, c := range clusters {
		if !c.Takes(at, window) || c.Improvement == h.iid && h.there {
			continue
		}
		im, there, err := s.find(ctx, c.Improvement)
		if err != nil {
			return h, err
		}
		if !there || !im.goesOn(f.Counts()) {
			continue
		}
		if !h.there {
			h.iid, h.there = c.Improvement, true
			if c.Improvement != last {
				h.by = ruleOf(c.Scope)
			}
			continue
		}
		taken[i] = c.Improvement != h.iid
	}
	for i, c := range clusters {
		if n := c.claim(h.iid, at, window); !taken[i] && n != c {
			h.claims = append(h.claims, n)
		}
	}
	if !h.there {
		if last == own {
			h.there = there
		} else if _, h.there, err = s.find(ctx, own); err != nil {
			return h, err
		}
	}
	return h, nil
}

// of is where the words of the key go, own being the Improvement that its name gives.
func (k SignalKey) of(own id.Improvement) id.Improvement {
	if k.Improvement != "" {
		return k.Improvement
	}
	return own
}

// stays says whether a firing belongs where its key's last words went: it burns there still, or flaps.
func stays(im Improvement, k SignalKey, f feedback.Feedback, window time.Duration) bool {
	own := im.alarm(f.Signal.Key)
	firing, at := own.Firing, own.At
	if k.Improvement != "" {
		firing, at = k.Firing, k.At
	}
	if im.Status.Closed() {
		return signal.SameEpisode(im.Closed, f.Counts(), QuietTime)
	}
	return firing || signal.SameEpisode(at, f.Counts(), window)
}

// find gives an Improvement, and whether it is there.
func (s *Service) find(ctx context.Context, iid id.Improvement) (Improvement, bool, error) {
	im, err := s.Store.Improvement(ctx, iid)
	if fault.Is(err, fault.NotFound) {
		return Improvement{}, false, nil
	}
	if err != nil {
		return Improvement{}, false, fmt.Errorf("load improvement %s: %w", iid, err)
	}
	return im, true, nil
}

// late is after what time a piece has waited for triage so long that others may have been triaged before it.
const late = time.Minute

// Join attaches a person's problem to the open cluster of what it is about, by rule, and says to which Improvement; "" is
// none. Repeating is harmless, and what a person took out of an Improvement stays out.
func (s *Service) Join(ctx context.Context, p product.Product, f feedback.Feedback) (id.Improvement, error) {
	iid, err := s.join(ctx, p, f)
	if err != nil || iid == "" || s.Now().Sub(f.Received) < late {
		return iid, err
	}
	// It may keep a cluster open for what came after it, and was triaged before.
	for _, scope := range problemScopes(p, f) {
		if err := s.gather(ctx, p, scope, f.Received); err != nil {
			return iid, err
		}
	}
	return iid, nil
}

func (s *Service) join(ctx context.Context, p product.Product, f feedback.Feedback) (id.Improvement, error) {
	if !gatherable(f) {
		return f.Improvement, nil
	}
	var to id.Improvement
	err := fault.Anew(ctx, func() error {
		to = ""
		clusters, err := s.Store.Clusters(ctx, p.ID, problemScopes(p, f))
		if err != nil {
			return fmt.Errorf("load clusters: %w", err)
		}
		for _, c := range clusters {
			if !c.Takes(f.Received, p.ClusterWindow()) {
				continue
			}
			im, there, err := s.find(ctx, c.Improvement)
			if err != nil {
				return err
			}
			if !there || !im.goesOn(f.Received) {
				continue
			}
			to = c.Improvement
			return s.attachOnce(ctx, to, f.ID, By{Who: ruleOf(c.Scope)}, func(ch *Change) error {
				if n := c.claim(to, f.Received, p.ClusterWindow()); n != c {
					ch.Clusters = append(ch.Clusters, n)
				}
				return nil
			})
		}
		return nil
	})
	if refused(err) {
		return "", nil
	}
	return to, err
}

// refused says that a piece was not attached by rule because of what happened to it meanwhile, which is as it should be.
func refused(err error) bool {
	switch codeOf(err) {
	case "already_attached", "withdrawn", codeTakenOut:
		return true
	default:
		return false
	}
}

// codeTakenOut is of the Conflict where a rule would attach what a person took out.
const codeTakenOut = "taken_out"

// MaxGathered is how many Marks of the window around an opening cluster are looked at, the latest first. What was said
// before waits in the queue, where people see it.
const MaxGathered = 1000

// gatherOnce gathers for a signal that fired where nobody did since its cluster was opened: an alarm that flaps while many
// complain must not look at all of them every time.
func (s *Service) gatherOnce(ctx context.Context, p product.Product, scope Scope, iid id.Improvement, at time.Time) error {
	c, err := s.cluster(ctx, p.ID, scope)
	if err != nil || c.Improvement != iid || c.Gathered {
		return err
	}
	if err := s.gather(ctx, p, scope, at); err != nil {
		return err
	}
	return fault.Anew(ctx, func() error {
		c, err := s.cluster(ctx, p.ID, scope)
		if err != nil || c.Improvement != iid || c.Gathered {
			return err
		}
		c.Gathered = true
		return s.Store.SaveCluster(ctx, c)
	})
}

// gather attaches the problems that people reported around a moment, and that nobody attached, to the cluster open then;
// and what followed upon them, where all of that waited.
func (s *Service) gather(ctx context.Context, p product.Product, scope Scope, at time.Time) error {
	window := p.ClusterWindow()
	for from, to := at.Add(-window), at.Add(window); ; {
		if err := s.gatherIn(ctx, p, scope, from, to); err != nil {
			return err
		}
		if !to.Before(s.Now()) {
			return nil
		}
		c, err := s.cluster(ctx, p.ID, scope)
		if err != nil {
			return err
		}
		end := c.Latest.Add(window)
		if !end.After(to) || end.Before(at) {
			return nil
		}
		from, to = to, end
	}
}

func (s *Service) gatherIn(ctx context.Context, p product.Product, scope Scope, from, to time.Time) error {
	marks, err := s.Store.Problems(ctx, p.ID, from, to, MaxGathered)
	if err != nil {
		return fmt.Errorf("list problems around %s: %w", to.UTC().Format(time.RFC3339), err)
	}
	marks = slices.DeleteFunc(marks, func(m trend.Mark) bool {
		return scope != ScopeProduct && (m.Component == "" || ScopeComponent(m.Component) != scope)
	})
	slices.Reverse(marks) // as they came: each keeps the cluster open for the next
	for some := range slices.Chunk(marks, 100) {
		fids := make([]id.Feedback, len(some))
		for i, m := range some {
			fids[i] = m.Feedback
		}
		pieces, err := s.Store.FeedbackAll(ctx, fids)
		if err != nil {
			return fmt.Errorf("load problems: %w", err)
		}
		for _, f := range pieces {
			if _, err := s.join(ctx, p, f); err != nil {
				return fmt.Errorf("gather %s: %w", f.ID, err)
			}
		}
	}
	return nil
}
