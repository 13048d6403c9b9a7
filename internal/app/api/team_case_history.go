package api

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"learningloop/internal/improvement"
	"learningloop/internal/opsitem"
	"learningloop/internal/person"
	"learningloop/internal/store"
	"learningloop/internal/web"
)

// caseHistory tells the steps of each episode, and everything that happened.
func (a *API) caseHistory(r *http.Request, im improvement.Improvement, episodes []opsitem.Episode, v *web.Improvement) error {
	history, err := store.Everything(func(cursor string) ([]improvement.Entry, string, error) {
		return a.Store.History(r.Context(), im.ID, cursor)
	})
	if err != nil {
		return err
	}
	for _, e := range history {
		if e.What == improvement.StoodDown && v.Andon != nil && e.At.Equal(v.Andon.Stood) {
			v.Andon.Who, v.Andon.Why = person.Name(e.By), e.Reason
		}
	}
	rest := history
	episode := make([]int, len(history)) // of each entry
	for i := range episode {
		episode[i] = 1
	}
	for _, ep := range episodes {
		if ep.N < 2 || ep.N > im.Episode {
			continue
		}
		begins := slices.IndexFunc(rest, func(e improvement.Entry) bool { return !e.Before(ep) })
		if begins < 1 {
			continue
		}
		past := im
		past.Status = improvement.Validated // nothing lies ahead of it
		steps := caseSteps(past, rest[:begins])
		if len(steps) > 0 {
			last := &steps[len(steps)-1]
			last.Phase = web.StepDone
			v.Past = append(v.Past, web.PastLife{N: ep.N - 1, State: last.State, At: last.At, Steps: steps})
		}
		rest = rest[begins:]
		for i := len(history) - len(rest); i < len(history); i++ {
			episode[i] = ep.N
		}
	}
	slices.Reverse(v.Past)
	v.History, v.Earlier = foldHistory(history, episode)
	v.Steps = caseSteps(im, rest)
	for _, st := range v.Steps {
		if st.Phase == web.StepNow && !st.At.Equal(v.Opened) {
			v.Since = st.At
		}
	}
	return nil
}

// Of a long history the newest openLines stand open; fewer than leastFolded are not worth a fold.
const (
	openLines   = 12
	leastFolded = 4
)

// foldHistory gives the lines of a history, the latest first: the newest, and what went before, each episode by itself.
// episode says which one each entry is of.
func foldHistory(history []improvement.Entry, episode []int) (newest []web.HistoryEntry, earlier []web.HistoryFold) {
	shut := len(history) - openLines // so many are folded
	if shut < leastFolded {
		shut = 0
	}
	for i, e := range slices.Backward(history) {
		if i >= shut {
			newest = append(newest, historyEntry(e))
			continue
		}
		if i == shut-1 || episode[i] != episode[i+1] {
			title := fmt.Sprintf("Episode %d", episode[i])
			if episode[i] == episode[shut] { // its end stands open
				title = "Earlier"
				if episode[len(episode)-1] > 1 {
					title = fmt.Sprintf("Earlier in episode %d", episode[i])
				}
			}
			earlier = append(earlier, web.HistoryFold{Title: title})
		}
		last := &earlier[len(earlier)-1]
		last.Entries = append(last.Entries, historyEntry(e))
	}
	return newest, earlier
}

// caseSteps are stepsOf with what members read beside: who decided, and the words of rules too.
func caseSteps(im improvement.Improvement, history []improvement.Entry) []web.Step {
	history, back := calm(history)
	steps := stepsOf(im, history)
	for i := range steps {
		st := &steps[i]
		for _, e := range history {
			if st.Phase == web.StepAhead || st.State != web.State(e.To) || !st.At.Equal(e.At) {
				continue
			}
			st.By, st.Words = person.Name(e.By), e.Reason
			if rule, ok := strings.CutPrefix(e.By, "rule: "); ok {
				st.By, st.Words = "a rule", cmp.Or(e.Reason, rule)
			}
			if n := back[e.Seq]; n > 0 {
				st.Words += "\nBefore that it was OK and came back " + count(n, "time", "times") + "."
			}
		}
	}
	return steps
}

// calm leaves out the times that an alarm was OK and came back by itself, but for the last. back says how many were left
// out before an entry, by its Seq.
func calm(history []improvement.Entry) (steps []improvement.Entry, back map[int]int) {
	back = map[int]int{}
	resolved := func(e improvement.Entry) bool { return e.ByAlarm() && e.To.Closed() }
	for _, e := range history {
		if e.To == "" {
			continue // an edit, which is no step
		}
		if n := len(steps); resolved(e) && n >= 2 && steps[n-1].ByAlarm() && resolved(steps[n-2]) {
			back[e.Seq] = back[steps[n-2].Seq] + 1
			steps = steps[:n-2]
		}
		steps = append(steps, e)
	}
	return steps, back
}

var happened = map[string]string{
	"proposed": "proposed it", "accept": "accepted it", "plan": "planned it", "start": "started it", "ship": "shipped it", "decline": "declined it",
	"reopen": "reopened it", "edited": "edited",
}

func historyEntry(e improvement.Entry) web.HistoryEntry {
	h := web.HistoryEntry{At: e.At, Who: person.Name(e.By), What: e.What, Words: e.Reason}
	if words, ok := happened[e.What]; ok {
		h.What = words
	}
	if e.To != e.From {
		h.State = web.State(e.To)
	}
	switch {
	case e.What == "edited":
		h.What += " " + e.Detail
	case e.To == improvement.Declined && e.Detail != "":
		h.What += ": " + declineWords(improvement.DeclineKind(e.Detail))
	case e.Detail != "":
		h.What += ": " + e.Detail
	}
	if rule, ok := strings.CutPrefix(e.By, "rule: "); ok {
		h.Who, h.From = "A rule", "because "+rule
		if h.Words == rule {
			h.Words = ""
		}
	}
	if what, ok := strings.CutSuffix(e.What, " in OpsCenter"); ok {
		h.What, h.From = what, "in OpsCenter"
	}
	return h
}
