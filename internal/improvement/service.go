package improvement

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"learningloop/internal/fault"
	"learningloop/internal/feedback"
	"learningloop/internal/id"
	"learningloop/internal/opsitem"
	"learningloop/internal/product"
	"learningloop/internal/trail"
)

// Store is what deciding needs of storage.
type Store interface {
	Product(ctx context.Context, p id.Product) (product.Product, error)
	Improvement(ctx context.Context, iid id.Improvement) (Improvement, error)
	Episode(ctx context.Context, iid id.Improvement, n int) (opsitem.Episode, error)
	Feedback(ctx context.Context, fid id.Feedback) (feedback.Feedback, error)
	// SaveChange stores a Change as a whole, or gives Conflict where the Improvement changed since it was read.
	SaveChange(ctx context.Context, c Change) error
	// Voice gives what an Improvement knows of one voice; a new one has Version 0.
	Voice(ctx context.Context, iid id.Improvement, key string) (Voice, error)
	// SaveAttachment stores the Change of an attached piece, the attachment, the voice and the piece as a whole. Conflict
	// where any of them changed since it was read.
	SaveAttachment(ctx context.Context, c Change, a Attachment, v Voice, f feedback.Feedback) error
	// SaveDetachment stores the undoing of it; a voice of Count 0 is forgotten.
	SaveDetachment(ctx context.Context, c Change, fid id.Feedback, v Voice, f feedback.Feedback) error
	// Attachments gives the pieces attached to an Improvement, a page at a time.
	Attachments(ctx context.Context, iid id.Improvement, cursor string) ([]Attachment, string, error)
	Gathering
}

// Filer says how an episode of an Improvement is asked of OpsCenter. said is what may be quoted, the newest first.
type Filer interface {
	Request(im Improvement, p product.Product, said []Attachment) opsitem.Request
	Want(im Improvement, p product.Product, said []Attachment) opsitem.Patch
}

// Service decides.
type Service struct {
	Store Store
	Filer Filer
	Now   func() time.Time
	Rand  func() string
}

func codeOf(err error) string {
	if e, ok := asFault(err); ok {
		return e.Code
	}
	return ""
}

// By is who takes a step, and the request they took it with.
type By struct{ Who, Request string }

// Proposal is a new Improvement as a person words it.
type Proposal struct {
	Product  string        `json:"product"` // slug, resolved by the caller
	Title    string        `json:"title"`
	Outcome  string        `json:"outcome"`
	Feedback []id.Feedback `json:"feedbackIds"`
}

// MaxProposal is how many pieces may be attached in one step.
const MaxProposal = 50

// Propose makes an Improvement of pieces of Feedback of one product. The same pieces under the same title make the same
// Improvement, so that repeating is harmless; a piece attached elsewhere is Conflict (code already_attached).
func (s *Service) Propose(ctx context.Context, p product.Product, pr Proposal, by By) (Improvement, error) {
	pieces, err := s.checkProposal(ctx, p, &pr)
	if err != nil {
		return Improvement{}, err
	}
	seed := []string{"proposed", pr.Title}
	for _, f := range pieces {
		seed = append(seed, string(f.ID))
	}
	slices.Sort(seed[2:])
	if len(pieces) == 0 {
		seed = append(seed, s.Rand())
	}
	iid := id.NewImprovement(p.ID, seed...)
	for _, f := range pieces {
		if f.Improvement != "" && f.Improvement != iid {
			return Improvement{}, attachedElsewhere(f)
		}
	}
	now := s.Now()
	im := Improvement{ID: iid, Title: pr.Title, Outcome: pr.Outcome, Status: Proposed, Created: now, Updated: now, Entries: 1}
	if len(pieces) > 0 {
		im.Correlation = pieces[0].ID.Correlation()
		if pr.Title == "" {
			im.Title = feedback.Cut(pieces[0].Headline(), MaxTitle)
		}
		// A title is the staff's own only where it is no piece's: pages offer a headline to begin with.
		for _, f := range pieces {
			if im.Title == feedback.Cut(f.Headline(), MaxTitle) {
				im.Quoted, im.Machine = im.Quoted || f.Signal == nil, im.Machine || f.Signal != nil
			}
		}
	} else {
		im.Correlation = strings.Replace(string(iid), "i-", "c-", 1)
	}
	c := Change{
		Improvement: im, Entry: &Entry{Seq: 1, At: now, By: by.Who, What: "proposed", To: Proposed},
		Log: s.log(by, now, "proposed improvement", im),
	}
	if err := s.Store.SaveChange(ctx, c); err != nil && !fault.Is(err, fault.Conflict) {
		return Improvement{}, fmt.Errorf("store improvement %s: %w", iid, err)
	}
	for _, f := range pieces {
		if err := s.Attach(ctx, iid, f.ID, by); err != nil {
			return Improvement{}, err
		}
	}
	return s.Store.Improvement(ctx, iid)
}

// MaxTitle is the longest title of an Improvement, in characters.
const MaxTitle = 200

func (s *Service) checkProposal(ctx context.Context, p product.Product, pr *Proposal) ([]feedback.Feedback, error) {
	var bad []fault.Field
	reject := func(pointer, detail string) { bad = append(bad, fault.Field{Pointer: pointer, Detail: detail}) }
	pr.Title = strings.Join(strings.Fields(pr.Title), " ")
	pr.Outcome = strings.TrimSpace(pr.Outcome)
	if n := utf8.RuneCountInString(pr.Title); n > MaxTitle || n == 0 && len(pr.Feedback) == 0 {
		reject("/title", "must be 1 to 200 characters")
	}
	if utf8.RuneCountInString(pr.Outcome) > 1000 {
		reject("/outcome", "must be at most 1,000 characters")
	}
	if len(pr.Feedback) > MaxProposal {
		reject("/feedbackIds", fmt.Sprintf("must be at most %d; attach the others afterwards", MaxProposal))
		return nil, fault.Fields(bad...)
	}
	var pieces []feedback.Feedback
	for i, fid := range pr.Feedback {
		at := fmt.Sprintf("/feedbackIds/%d", i)
		if slices.Contains(pr.Feedback[:i], fid) {
			reject(at, "is there twice")
			continue
		}
		var f feedback.Feedback
		_, err := id.ParseFeedback(string(fid))
		if err == nil {
			f, err = s.Store.Feedback(ctx, fid)
		}
		switch {
		case fault.Is(err, fault.NotFound):
			reject(at, "is no feedback here")
		case err != nil:
			return nil, fmt.Errorf("load feedback %s: %w", fid, err)
		case f.Product() != p.ID:
			reject(at, "is about another product")
		case f.State == feedback.Withdrawn:
			reject(at, "was withdrawn")
		default:
			pieces = append(pieces, f)
		}
	}
	return pieces, fault.Fields(bad...)
}

func attachedElsewhere(f feedback.Feedback) error {
	return fault.New(fault.Conflict, "already_attached", "Feedback "+string(f.ID)+" is attached to improvement "+string(f.Improvement)+". Undo that first.")
}

// Attach attaches one piece to an Improvement of its product. Repeating is harmless. Where the Improvement was decided
// already, the submitter is told where it stands.
func (s *Service) Attach(ctx context.Context, iid id.Improvement, fid id.Feedback, by By) error {
	return fault.Anew(ctx, func() error { return s.attachOnce(ctx, iid, fid, by, nil) })
}

// attachOnce is one try to attach. more, where it is not nil, adds to the Change what is to be stored with it.
func (s *Service) attachOnce(ctx context.Context, iid id.Improvement, fid id.Feedback, by By, more func(*Change) error) error {
	f, err := s.Store.Feedback(ctx, fid)
	if err != nil {
		return err
	}
	switch {
	case f.Improvement == iid:
		return nil
	case f.Improvement != "":
		return attachedElsewhere(f)
	case f.Product() != iid.Product():
		return fault.New(fault.Invalid, "other_product", "The feedback is about another product.")
	case f.State == feedback.Withdrawn:
		return fault.New(fault.Conflict, "withdrawn", "The feedback was withdrawn.")
	case f.Apart && byRule(by.Who):
		return fault.New(fault.Conflict, codeTakenOut, "A person took this feedback out of an improvement.")
	}
	im, err := s.Store.Improvement(ctx, iid)
	if err != nil {
		return err
	}
	p, err := s.Store.Product(ctx, iid.Product())
	if err != nil {
		return err
	}
	key, _ := f.Voice()
	v, err := s.Store.Voice(ctx, iid, key)
	if err != nil {
		return err
	}
	now := s.Now()
	a := attachmentOf(f, by, now)
	c, latest := s.attach(im, p, f, a, &v, by, now)
	if err := s.rules(ctx, &c, p, f, a, latest, now); err != nil {
		return err
	}
	if more != nil {
		if err := more(&c); err != nil {
			return err
		}
	}
	f.Improvement = iid
	return s.Store.SaveAttachment(ctx, c, a, v, f)
}

// attach makes the Change that a new piece of evidence makes. latest says whether it is a signal, and the latest of its key.
func (s *Service) attach(im Improvement, p product.Product, f feedback.Feedback, a Attachment, v *Voice, by By, now time.Time) (c Change, latest bool) {
	count(&im, v, a)
	im.heard(f)
	if a.Signal {
		latest = im.signaled(f)
		im.Resources = added(im.Resources, maxResources, f.Signal.Resources)
		im.Automations = added(im.Automations, maxAutomations, p.Runbooks.For(*f.Signal))
	} else if im.About == "" {
		if im.About = f.Context.Component; im.About == "" {
			im.About = f.Context.Page
		}
	}
	im.Updated = now
	c = Change{Improvement: im}
	if im.Status != Proposed && f.WantsWord() {
		c.Notice = NoticeOf(im, "", now)
		c.Notice.Only = f.ID
	}
	if by.Who != "" && !byRule(by.Who) {
		c.Log = s.log(by, now, "attached feedback", im)
		c.Log.Detail = string(f.ID)
	}
	return c, latest
}

// How many related resources and runbooks an OpsItem takes (AWS General Reference, quotas of OpsCenter).
const (
	maxResources   = 100
	maxAutomations = 10
)

// added gives a list with what is new to it, up to a length; the list itself stays as it was read.
func added(list []string, most int, more []string) []string {
	for _, s := range more {
		if !slices.Contains(list, s) && len(list) < most {
			list = append(slices.Clip(list), s)
		}
	}
	return list
}

// rules lets the product's rules decide on a Change, in the same step. Where they decide nothing, what is new is owed to
// the OpsItem.
func (s *Service) rules(ctx context.Context, c *Change, p product.Product, f feedback.Feedback, a Attachment, latest bool, now time.Time) error {
	verb, why := rule(c.Improvement, p.Rules, f, now)
	if verb == "" {
		if onWord(c, f, latest, now) {
			return s.mirror(ctx, c, p, nil, now)
		}
		return s.news(ctx, c, now)
	}
	d, err := Decide(c.Improvement, Decision{Verb: verb, Reason: strings.TrimPrefix(why, rulePrefix)}, why, now)
	if err != nil {
		return err
	}
	d.Log = s.log(By{Who: why}, now, string(verb)+" improvement", d.Improvement)
	*c = d
	return s.mirror(ctx, c, p, []Attachment{a}, now)
}

// Decide takes one decision and stores all that follows from it. The same decision by the same person right again
// changes nothing.
func (s *Service) Decide(ctx context.Context, iid id.Improvement, d Decision, by By) (Improvement, error) {
	var out Improvement
	err := fault.Anew(ctx, func() error {
		im, err := s.Store.Improvement(ctx, iid)
		if err != nil {
			return err
		}
		now := s.Now()
		c, err := Decide(im, d, by.Who, now)
		if err != nil {
			return err
		}
		if out = c.Improvement; c.Empty() {
			return nil
		}
		p, err := s.Store.Product(ctx, iid.Product())
		if err != nil {
			return err
		}
		if err := s.mirror(ctx, &c, p, nil, now); err != nil {
			return err
		}
		c.Log = s.log(by, now, string(d.Verb)+" improvement", im)
		if err := s.Store.SaveChange(ctx, c); err != nil {
			return err
		}
		out = c.Improvement
		out.Version++
		return nil
	})
	if err != nil {
		return Improvement{}, err
	}
	return out, nil
}

func (s *Service) log(by By, now time.Time, action string, im Improvement) *trail.Entry {
	return &trail.Entry{
		ID: id.Hash(12, string(im.ID), fmt.Sprint(im.Version), action), At: now, By: by.Who, Action: action, Subject: string(im.ID),
		Product: string(im.Product()), Request: by.Request,
	}
}

// Detach undoes Attach: the piece waits in the queue by itself again, and the score is as if it had never been attached.
// What the Improvement was decided to be stays decided, and no rule attaches the piece again. Repeating is harmless.
func (s *Service) Detach(ctx context.Context, iid id.Improvement, fid id.Feedback, by By) error {
	return fault.Anew(ctx, func() error {
		f, err := s.Store.Feedback(ctx, fid)
		if err != nil {
			return err
		}
		if f.Improvement != iid {
			return nil
		}
		im, err := s.Store.Improvement(ctx, iid)
		if err != nil {
			return err
		}
		all, err := s.attachments(ctx, iid)
		if err != nil {
			return err
		}
		now := s.Now()
		rest := slices.DeleteFunc(all, func(a Attachment) bool { return a.Feedback == fid })
		key, _ := f.Voice()
		v, err := s.Store.Voice(ctx, iid, key)
		if err != nil {
			return err
		}
		voice := Recollect(&im, rest, key)
		voice.Version = v.Version
		im.Updated = now
		f.Improvement, f.Apart = "", !byRule(by.Who)
		c := Change{Improvement: im, Log: s.log(by, now, "detached feedback", im)}
		c.Log.Detail = string(fid)
		if err := s.news(ctx, &c, now); err != nil {
			return err
		}
		return s.Store.SaveDetachment(ctx, c, fid, voice, f)
	})
}

func (s *Service) attachments(ctx context.Context, iid id.Improvement) ([]Attachment, error) {
	var all []Attachment
	cursor := ""
	for {
		page, next, err := s.Store.Attachments(ctx, iid, cursor)
		if err != nil {
			return nil, fmt.Errorf("list attachments of %s: %w", iid, err)
		}
		all = append(all, page...)
		if cursor = next; cursor == "" {
			return all, nil
		}
	}
}
