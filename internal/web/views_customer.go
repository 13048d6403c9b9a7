package web

import "time"

// Chooser is `/`: which products can I speak about. With one product the caller redirects instead.
type Chooser struct {
	Products []ProductCard
}

// ProductCard is a product as a customer sees it.
type ProductCard struct {
	ProductRef
	About string // a sentence; may be empty
}

// FeedbackForm is `/p/{product}/feedback`, empty or with what was typed and what is wrong with it.
type FeedbackForm struct {
	Product ProductRef
	Key     string // idempotency key of this form, so that sending twice makes one
	Values  FeedbackValues
	Errors  FieldErrors
	Known   bool // the submitter is signed in: name and e-mail are not asked
	// ShowContext opens the part about where it happened; otherwise it is folded, keeping what the link carried.
	ShowContext bool
	Privacy     Privacy
}

// FeedbackValues is what the form holds, as typed.
type FeedbackValues struct {
	Kind                        FeedbackKind
	Title, Text                 string
	Rating                      string // "1" to "5", or "" for none
	Name, Email, Company        string
	HearBack                    bool
	Component, Page, Release    string
	Environment, Variant        string
	MaxText, MaxTitle, MaxShort int // limits in characters; 0 takes 10,000, 200 and 200
}

// Privacy is what the notice under the form says beyond its fixed sentences.
type Privacy struct {
	Controller string // who is responsible: "AnyCompany Retail"; "" says "the team of the product"
	Contact    string // an e-mail address for questions and erasure; "" says to use the status page
	KeptFor    string // "24 months"; "" says until it is withdrawn or erased
}

// FeedbackSent is the answer to a form that was taken: it leads to the status page.
type FeedbackSent struct {
	Product ProductRef
	Token   string // of the status page
	Kind    FeedbackKind
	Text    string // the beginning of what was said
	Email   string // masked; "" when none was given
	Hears   bool   // they asked to hear and will
}

// Status is `/s/{token}`: what became of what I said.
type Status struct {
	Product ProductRef
	Token   string
	Kind    FeedbackKind
	Title   string // "" where none was given
	Text    string
	Rating  int // 0: none
	At      time.Time

	State State
	// Headline is the answer in one sentence: "Planned for March." "" takes the state's own.
	Headline string
	// About is the title of the Improvement this became part of, when people may read it; "" otherwise.
	About  string
	Others int // how many others said the same
	Steps  []Step
	Next   string // what happens next, and who does it; "" at the end

	CanEdit     bool // not taken up: may still be changed and withdrawn
	CanWithdraw bool
	Editing     bool // show the form open, with Edit and Errors
	Edit        FeedbackValues
	Version     string
	Errors      FieldErrors

	Email string // masked address that hears, or ""
	Hears bool
}

// Unsubscribe is `/u/{token}`: what will I no longer get. It changes nothing by being opened.
type Unsubscribe struct {
	Token   string
	Email   string     // masked
	Product ProductRef // Name may be empty: mails across products
	What    []string   // what stops: "News about: export more than 1,000 rows"
	Keeps   []string   // what still comes, if anything
	Stopped bool       // done: offer the undo
	Status  string     // token of their status page, or ""
}

// Failure is an error page. 401 offers to sign in.
type Failure struct {
	Code      int    // HTTP status
	Heading   string // "" takes the status' own
	Detail    string // safe to show; "" takes the status' own
	RequestID string // for asking about it; may be empty
	Back      *Link  // somewhere that works; nil takes a fitting one
}

func (Chooser) template() string      { return "chooser" }
func (FeedbackForm) template() string { return "feedback_form" }
func (FeedbackSent) template() string { return "feedback_sent" }
func (Status) template() string       { return "status" }
func (Unsubscribe) template() string  { return "unsubscribe" }
func (Failure) template() string      { return "failure" }

func (Chooser) secret() bool      { return false }
func (FeedbackForm) secret() bool { return false }
func (FeedbackSent) secret() bool { return true }
func (Status) secret() bool       { return true }
func (Unsubscribe) secret() bool  { return true }
func (Failure) secret() bool      { return true }
