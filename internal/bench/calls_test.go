package main

import "testing"

// Filing takes at most two calls to AWS, an update one, and nothing where nothing changed.
func TestCalls(t *testing.T) {
	b := &bench{}
	if err := b.calls(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(b.table.figures) != 5 {
		t.Errorf("%d figures", len(b.table.figures))
	}
	for _, f := range b.table.figures {
		t.Logf("%s: %s (%s)", f.What, f.Measured, f.Target)
		if f.Held == nil || !*f.Held {
			t.Errorf("%s: %s, promised %s", f.What, f.Measured, f.Target)
		}
	}
}
