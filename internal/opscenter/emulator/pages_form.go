package emulator

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
)

// formField is one member of an OpsItem in the form of its page.
type formField struct {
	Name, Label string
	Choices     []choice
	Now         string // what the OpsItem has, and the form brings back as what it showed; "" where unset
	Wish        string // what the operator wants instead; "" for nothing
	Trouble     string // why it cannot be had as it was sent
}

func formFields(it Item) []formField {
	out := []formField{
		{Name: "status", Label: "Status", Choices: statusChoices[1:4], Now: it.Status},
		{Name: "severity", Label: "Severity", Choices: severities, Now: it.Severity},
		{Name: "priority", Label: "Priority", Choices: priorities, Now: digits(it.Priority)},
		{Name: "category", Label: "Category", Choices: categoryChoices(), Now: it.Category},
	}
	for i, f := range out {
		if f.Name == "status" {
			out[i].Choices = choose(f.Choices, f.Now)
		} else {
			out[i].Choices = unlessSet(f.Choices, f.Now)
		}
	}
	return out
}

// unlessSet is choose for what can be set but, as in AWS, not taken back.
func unlessSet(list []choice, value string) []choice {
	if value == "" {
		return orNone("Not set", list, value)
	}
	return choose(list, value)
}

// Picker is the field as a select element.
func (f formField) Picker() picker {
	return picker{Name: f.Name, Choices: f.Choices, Trouble: f.Trouble != ""}
}

// was is the name under which a form brings back what it showed.
func was(name string) string { return "was-" + name }

// read takes in what the form was sent with. Only what differs from what it showed is a wish: the rest may have changed
// meanwhile, and is to stay as it is. Where somebody else changed the same member to something else, the operator
// decides anew, knowing of it.
func (f *formField) read(form url.Values) {
	sent, shown := form.Get(f.Name), f.Now
	if form.Has(was(f.Name)) {
		shown = form.Get(was(f.Name))
	}
	if sent == "" || sent == shown || sent == f.Now {
		return
	}
	if !slices.ContainsFunc(f.Choices, func(c choice) bool { return c.Value == sent }) {
		f.Trouble = fmt.Sprintf("There is no %s “%s”. Choose one of these.", f.Name, sent)
		return
	}
	if shown != f.Now {
		f.Trouble = fmt.Sprintf("Your page showed “%s”. Now it is “%s”. You chose “%s”.", f.text(shown), f.text(f.Now), f.text(sent))
	}
	f.Wish = sent
	f.Choices = choose(f.Choices, sent)
}

// text is a value as the form words it.
func (f *formField) text(value string) string {
	for _, c := range f.Choices {
		if c.Value == value {
			return c.Text
		}
	}
	if value == "" {
		return "Not set"
	}
	return value
}

// edit changes what the operator changed. Between the look at the OpsItem and the change lie microseconds, in which
// another's change to the same member would be lost: UpdateOpsItem knows no condition.
func (c *console) edit(w http.ResponseWriter, r *http.Request) {
	if !parseForm(w, r) {
		return
	}
	id := r.PathValue("id")
	it, err := c.e.Item(r.Context(), id)
	if err != nil {
		c.problem(w, err)
		return
	}
	p := itemPage{Item: it, Fields: formFields(it)}
	edit, status := Edit{}, http.StatusOK
	for i := range p.Fields {
		f := &p.Fields[i]
		f.read(r.PostForm)
		switch {
		case f.Trouble == "":
		case f.Wish == "":
			status = http.StatusBadRequest
		case status == http.StatusOK:
			status = http.StatusConflict
		}
		switch f.Name {
		case "status":
			edit.Status = f.Wish
		case "severity":
			edit.Severity = f.Wish
		case "priority":
			edit.Priority, _ = strconv.Atoi(f.Wish) // one of the choices, or none
		case "category":
			edit.Category = f.Wish
		}
	}
	switch {
	case status == http.StatusConflict:
		p.Trouble = "Nothing was saved: somebody else changed the OpsItem after you opened this page. Save again to have it as you chose."
	case status == http.StatusBadRequest:
		p.Trouble = "Nothing was saved."
	case edit == Edit{}:
		http.Redirect(w, r, c.itemURL(id)+"?done=same", http.StatusSeeOther)
		return
	default:
		if err = c.e.Edit(r.Context(), id, edit); err == nil {
			http.Redirect(w, r, c.itemURL(id)+"?done=saved", http.StatusSeeOther)
			return
		}
		status, p.Trouble = refusalText(err)
		p.Trouble = "Nothing was saved. " + p.Trouble
	}
	c.showItem(w, r, status, p)
}
