package web

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// FieldName is the form field that a JSON pointer of the API is about: "/submitter/email" is "email", "/routing/2/account"
// is row 2 of "ruleAccount", "/digestTo/1" is the box that holds all addresses,
// "/runbooks/1/match/name" row 1 of "bookName". "" stays the form as a whole.
func FieldName(pointer string) string {
	parts := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	last := parts[len(parts)-1]
	switch {
	case parts[0] == "routing" && len(parts) == 3 && last != "":
		return "rule" + strings.ToUpper(last[:1]) + last[1:] + "." + parts[1]
	case parts[0] == "routing" && len(parts) == 2:
		return "ruleSource." + last
	case parts[0] == "runbooks" && len(parts) == 4 && last != "", parts[0] == "runbooks" && len(parts) == 3 && last == "automation":
		return "book" + strings.ToUpper(last[:1]) + last[1:] + "." + parts[1]
	case parts[0] == "runbooks" && len(parts) == 3:
		return "bookSource." + parts[1]
	}
	if _, err := strconv.Atoi(last); err == nil && len(parts) > 1 {
		return parts[len(parts)-2]
	}
	return last
}

// inputView is one labelled field of a form, built up in a template by a chain of the functions below.
type inputView struct {
	Name, Label, Value, Err, Hint, Type, Auto, Prefix string
	Opt                                               string // what is said of one that is not required; "" is "optional"
	Max, Rows                                         int
	Required, Numeric                                 bool
}

// ID is the element's id; the error summary links to it.
func (i inputView) ID() string { return id("f", i.Prefix+i.Name) }

// Described names the elements that say more about the field, for aria-describedby.
func (i inputView) Described() string {
	s := ""
	if i.Hint != "" {
		s = i.ID() + "-hint"
	}
	if i.Err != "" {
		if s != "" {
			s += " "
		}
		s += i.ID() + "-err"
	}
	return s
}

func newInput(name, label, value string, errs FieldErrors) inputView {
	return inputView{Name: name, Label: label, Value: value, Err: errs[name], Type: "text", Auto: "off"}
}

func hint(s string, i inputView) inputView { i.Hint = s; return i }
func typ(s string, i inputView) inputView  { i.Type = s; return i }
func auto(s string, i inputView) inputView { i.Auto = s; return i }
func maxLen(n int, i inputView) inputView  { i.Max = n; return i }
func rows(n int, i inputView) inputView    { i.Rows = n; return i }
func opt(s string, i inputView) inputView  { i.Opt = s; return i }
func numeric(i inputView) inputView        { i.Numeric = true; return i }
func req(i inputView) inputView            { i.Required = true; return i }
func pre(s string, i inputView) inputView  { i.Prefix = s; return i }

// problem is one line of an error summary.
type problem struct{ Field, Text string }

// problems lists what is wrong in the order the form asks; fields not named follow by name. "" stands for the whole form
// and has no field to go to. Several names in one, with spaces between them, are the fields of each row of a table.
func problems(prefix string, errs FieldErrors, order ...string) []problem {
	var l []problem
	seen := map[string]bool{}
	take := func(name string) {
		text, ok := errs[name]
		if !ok || seen[name] {
			return
		}
		seen[name] = true
		field := ""
		if name != "" {
			field = id("f", prefix+name)
		}
		l = append(l, problem{field, text})
	}
	take("")
	for _, n := range order {
		fields := strings.Fields(n)
		if len(fields) == 1 {
			take(n)
			continue
		}
		for _, row := range rowsOf(fields, errs) {
			for _, f := range fields {
				take(f + "." + strconv.Itoa(row))
			}
		}
	}
	for _, n := range slices.Sorted(maps.Keys(errs)) {
		take(n)
	}
	return l
}

// rowsOf are the rows in which one of the fields is wrong, in order.
func rowsOf(fields []string, errs FieldErrors) (rows []int) {
	for name := range errs {
		field, row, _ := strings.Cut(name, ".")
		if n, err := strconv.Atoi(row); err == nil && slices.Contains(fields, field) {
			rows = append(rows, n)
		}
	}
	slices.Sort(rows)
	return slices.Compact(rows)
}
