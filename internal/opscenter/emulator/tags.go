package emulator

import (
	"maps"
	"slices"
	"time"
)

type addTagsInput struct {
	ResourceType string
	ResourceId   string //nolint:revive // the model's name
	Tags         []tag
}

type removeTagsInput struct {
	ResourceType string
	ResourceId   string //nolint:revive // the model's name
	TagKeys      []string
}

type listTagsInput struct {
	ResourceType string
	ResourceId   string //nolint:revive // the model's name
}

type listTagsOutput struct {
	TagList []tag
}

const taggableType = "OpsItem"

func (e *Emulator) addTags(_ caller, in *addTagsInput) (*empty, *Error) {
	return e.retag(in.ResourceType, in.ResourceId, func(old map[string]string) (map[string]string, *Error) {
		return e.mergeTags(old, in.Tags)
	})
}

func (e *Emulator) removeTags(_ caller, in *removeTagsInput) (*empty, *Error) {
	return e.retag(in.ResourceType, in.ResourceId, func(old map[string]string) (map[string]string, *Error) {
		left := maps.Clone(old)
		for _, k := range in.TagKeys {
			delete(left, k)
		}
		return left, nil
	})
}

func (e *Emulator) retag(kind, id string, edit func(map[string]string) (map[string]string, *Error)) (*empty, *Error) {
	err := e.change(func(now time.Time) (*record, *Error) {
		old := e.find(id, now)
		if kind != taggableType || old == nil {
			return nil, errNoTaggable()
		}
		tags, err := edit(old.Tags)
		if err != nil || maps.Equal(tags, old.Tags) {
			return nil, err
		}
		it := old.next()
		it.Tags = tags
		return &record{Item: touched(it)}, nil
	})
	if err != nil {
		return nil, err
	}
	return &empty{}, nil
}

func (e *Emulator) listTags(_ caller, in *listTagsInput) (*listTagsOutput, *Error) {
	it := e.read(in.ResourceId)
	if in.ResourceType != taggableType || it == nil {
		return nil, errNoTaggable()
	}
	out := &listTagsOutput{TagList: []tag{}}
	for _, k := range slices.Sorted(maps.Keys(it.Tags)) {
		out.TagList = append(out.TagList, tag{Key: k, Value: it.Tags[k]})
	}
	return out, nil
}

// mergeTags lays tags over those that are there; of two with one key the last counts.
func (e *Emulator) mergeTags(old map[string]string, add []tag) (map[string]string, *Error) {
	if len(old)+len(add) == 0 {
		return nil, nil
	}
	out := make(map[string]string, len(old)+len(add))
	maps.Copy(out, old)
	for _, t := range add {
		out[t.Key] = t.Value
	}
	if len(out) > e.cfg.Quotas.Tags {
		return nil, newError("TooManyTagsError", "")
	}
	return out, nil
}
