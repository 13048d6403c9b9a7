package main

import "testing"

// Filing takes at most two calls to AWS, an update one, or two where an operator may have set the same, and nothing changed none.
func TestCalls(t *testing.T) {
	b := &bench{}
	if err := b.calls(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(b.table.figures) != 7 {
		t.Errorf("%d figures", len(b.table.figures))
	}
	for _, f := range b.table.figures {
		t.Logf("%s: %s (%s)", f.What, f.Measured, f.Target)
		if f.Held == nil || !*f.Held {
			t.Errorf("%s: %s, promised %s", f.What, f.Measured, f.Target)
		}
	}
}
