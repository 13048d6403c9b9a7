package emulator

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"
)

// SavedView is a list of OpsItems that somebody named, to come back to. AWS's console has none; they are kept with the
// OpsItems and are the same for everybody.
type SavedView struct {
	Name  string `json:"name"`
	Query string `json:"query"` // what the list's address has after its question mark
}

// viewChange puts a view in, or takes it out.
type viewChange struct {
	SavedView

	Gone bool `json:"gone,omitempty"`
}

// Limits of our own: a page has room for as many.
const (
	maxViews     = 50
	maxViewName  = 40
	maxViewQuery = 2000
)

// Views gives the saved views by name.
func (e *Emulator) Views(_ context.Context) []SavedView {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return slices.SortedFunc(maps.Values(e.st.views), func(a, b SavedView) int {
		return strings.Compare(strings.ToLower(a.Name)+a.Name, strings.ToLower(b.Name)+b.Name)
	})
}

// SaveView keeps a view; one of the same name goes. A view without a name, too long, or one too many is an *Error.
func (e *Emulator) SaveView(_ context.Context, v SavedView) error {
	v.Name = strings.TrimSpace(v.Name)
	switch {
	case v.Name == "" || length(v.Name) > maxViewName || v.Name != oneLine(v.Name):
		return errRule("A view needs a name of 1 to %d characters.", maxViewName)
	case len(v.Query) > maxViewQuery:
		return errRule("The filters of a view can have %d bytes.", maxViewQuery)
	}
	return e.changeView(func() (*record, *Error) {
		if _, there := e.st.views[v.Name]; !there && len(e.st.views) >= maxViews {
			return nil, errRule("There can be %d views. Delete one before you save more.", maxViews)
		}
		return &record{View: &viewChange{SavedView: v}}, nil
	})
}

// DeleteView takes a view out; one that is not there is no error.
func (e *Emulator) DeleteView(_ context.Context, name string) error {
	return e.changeView(func() (*record, *Error) {
		if _, there := e.st.views[name]; !there {
			return nil, nil
		}
		return &record{View: &viewChange{SavedView: SavedView{Name: name}, Gone: true}}, nil
	})
}

func (e *Emulator) changeView(decide func() (*record, *Error)) error {
	if err := e.change(func(time.Time) (*record, *Error) { return decide() }); err != nil {
		return err
	}
	return nil
}
