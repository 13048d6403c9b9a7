package main

import (
	"errors"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"
)

// Every runbook that an alarm links is a heading of the README.
func TestRunbooks(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("SKIPPED, no runbook was looked for: there is no README.md yet")
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range synth(t, "aws").json.all("AWS::CloudWatch::Alarm") {
		m := runbook.FindStringSubmatch(text(a.get("AlarmDescription")))
		if m == nil {
			continue // TestPolicy says so
		}
		heading := regexp.MustCompile(`(?mi)^#+ ` + strings.ReplaceAll(m[1], "-", "[ :-]+") + `\s*$`)
		if !heading.Match(readme) {
			t.Errorf("%s links %s, which is no heading of the README", a.id, m[1])
		}
	}
}
