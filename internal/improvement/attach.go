package improvement

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"learningloop/internal/fault"
	"learningloop/internal/feedback"
	"learningloop/internal/product"
	"learningloop/internal/score"
	"learningloop/internal/signal"
)

// QuietTime is how long after it closed a returning signal still belongs to the last episode.
const QuietTime = time.Hour

const rulePrefix = "rule: "

func asFault(err error) (*fault.Error, bool) { return errors.AsType[*fault.Error](err) }

// attachmentOf is what attaching f stores of it.
func attachmentOf(f feedback.Feedback, by By, now time.Time) Attachment {
	key, weight := f.Voice()
	return Attachment{
		Feedback: f.ID, Person: string(f.Submitter.Person), Voice: key, Weight: weight, Impact: f.Impact(), Signal: f.Signal != nil,
		Headline: f.Headline(), Kind: f.Kind, Company: f.Submitter.Company, At: f.Received, Attached: now, By: by.Who,
	}
}

// addVoice counts an attachment's voice in the evidence of im: each distinct voice once, by its latest word.
func addVoice(im *Improvement, v *Voice, a Attachment) {
	e := &im.Evidence
	v.Count++
	if v.Version == 0 {
		v.Key, v.Weight, v.Latest = a.Voice, a.Weight, a.At
		e.Voices++
		switch {
		case a.Signal:
			e.Incidents++
		case a.Company != "":
			e.Companies++
		}
		e.Mass += score.Mass(a.Weight, a.At)
		return
	}
	if a.At.After(v.Latest) {
		e.Mass += score.Mass(v.Weight, a.At) - score.Mass(v.Weight, v.Latest)
		v.Latest = a.At
	}
}

// rule gives what the product's rules decide about im as it stands after f was attached: a verb and the rule's words, or
// no verb.
func rule(im Improvement, r product.Rules, f feedback.Feedback, now time.Time) (Verb, string) {
	firing := f.Signal != nil && f.Signal.State == signal.Firing
	severe := firing && r.Severity > 0 && f.Signal.Severity <= r.Severity
	switch {
	case im.Status == Proposed && severe:
		return Accept, fmt.Sprintf("%salarm severity %d is %d or worse", rulePrefix, f.Signal.Severity, r.Severity)
	case im.Status == Proposed && r.Band > 0:
		if s := im.Score(now); s.Priority <= r.Band && s.Total > 0 {
			return Accept, fmt.Sprintf("%sscore %.1f reached band %d (%s)", rulePrefix, s.Total, r.Band, s.Why)
		}
	case im.Status.Closed() && firing && !signal.SameEpisode(im.Closed, f.Counts(), QuietTime):
		// What is said to be done is not, severe or not; what nobody means to mend stays so until it is severe.
		switch {
		case severe:
			return Reopen, fmt.Sprintf("%salarm of severity %d returned after the quiet time", rulePrefix, f.Signal.Severity)
		case im.Status != Declined:
			return Reopen, rulePrefix + "the signal returned after the quiet time"
		}
	}
	return "", ""
}

// WouldFile says whether the band rule would have accepted an item of this evidence at its latest word: the dry run over
// history.
func WouldFile(e score.Evidence, effort float64, latest time.Time, band int) bool {
	s := score.At(e, effort, latest)
	return band > 0 && s.Total > 0 && s.Priority <= band
}

// byRule says whether a decision was a rule's.
func byRule(who string) bool { return strings.HasPrefix(who, rulePrefix) }

// Recollect sums up the evidence of im anew from all its attachments, and gives what is known of one voice then; a voice
// nobody speaks with any more has Count 0.
func Recollect(im *Improvement, all []Attachment, voice string) Voice {
	im.Evidence, im.Latest = score.Evidence{}, time.Time{}
	voices := map[string]*Voice{}
	for _, a := range all {
		v := voices[a.Voice]
		if v == nil {
			v = &Voice{}
			voices[a.Voice] = v
		}
		count(im, v, a)
		v.Version = 1 // seen
	}
	if v := voices[voice]; v != nil {
		return *v
	}
	return Voice{Key: voice}
}

// count adds one attachment to the evidence.
func count(im *Improvement, v *Voice, a Attachment) {
	e := &im.Evidence
	e.Count++
	if a.Signal {
		e.Signals++
		e.Machines = true
	} else {
		e.People = true
		if a.Kind == feedback.Problem {
			e.Complaints++
		}
	}
	addVoice(im, v, a)
	e.Impact = max(e.Impact, a.Impact)
	if a.At.After(im.Latest) {
		im.Latest = a.At
	}
}
