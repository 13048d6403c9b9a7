package web

import "time"

// Mutes is `/team/{product}/mutes`: which signals alert nobody now, and until when.
type Mutes struct {
	Product    ProductRef
	Items      []Mute // those that last now first
	Components []string
	Form       MuteForm
}

// Mute is a maintenance window.
type Mute struct {
	ID     string
	What   string // "signals of Checkout"
	When   string // "every Sunday from 02:00 Europe/Berlin for 120 min"
	Reason string
	By     string
	Now    bool
	Until  time.Time // where it lasts now
	From   time.Time // of one that comes once
	Over   bool      // it will not come again
}

// MuteForm is a window as typed.
type MuteForm struct {
	Weekly    bool   // which of the two forms it is of
	What      string // "all", "name", or "component"
	Component string
	Name      string
	From, To  string // 2026-12-31T22:00, UTC
	Day, At   string
	Minutes   string
	Zone      string
	Reason    string
	Errors    FieldErrors
}

// Andon is that people together stopped the line over an Improvement.
type Andon struct {
	Words  string // "5 people reported problems with Checkout within 60 minutes"
	Since  time.Time
	Stood  time.Time   // when it was stood down; zero: it is up
	Who    string      // stood it down
	Why    string      // they did
	Level  int         // the severity in force
	By     string      // who rated it so over the andon; "": it is the andon's
	Reason string      // of standing it down, as typed
	Errors FieldErrors // of that form
}

func (Mutes) template() string { return "mutes" }
func (Mutes) secret() bool     { return false }
