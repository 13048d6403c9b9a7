package followup_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"learningloop/internal/app/apptest"
	"learningloop/internal/fault"
	"learningloop/internal/person"
)

// suppresses says of every file of events/followup whether it keeps further mails from mary.major@example.com.
var suppresses = map[string]bool{
	"ses-bounce-permanent": true, "ses-bounce-permanent-sns": true, "ses-complaint": true,
	"ses-bounce-transient": false, "ses-bounce-undetermined": false, "ses-delivery": false,
}

// Every file of events/followup goes through the handler, twice; what is no schedule comes by the queue.
func TestEverySample(t *testing.T) {
	files, err := filepath.Glob("../../../events/followup/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	seen := 0
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		t.Run(name, func(t *testing.T) {
			b, err := os.ReadFile(file) //nolint:gosec // a fixture
			if err != nil {
				t.Fatal(err)
			}
			w := newWorld(t)
			w.hear("", "mary.major@example.com", "words")
			want, mailEvent := suppresses[name]
			if mailEvent {
				seen++
				if b, err = json.Marshal(apptest.SQS(string(b))); err != nil {
					t.Fatal(err)
				}
			}
			for range 2 {
				out, err := w.Handle(t.Context(), b)
				if r, ok := out.(events.SQSEventResponse); err != nil || ok && len(r.BatchItemFailures) != 0 {
					t.Fatalf("%+v, %v", out, err)
				}
			}
			got, err := w.st.Suppressed(t.Context(), person.Of(w.keys.People(), "mary.major@example.com"))
			if err != nil || got != want {
				t.Errorf("suppressed %v, %v", got, err)
			}
			w.sweep()
			if n := len(w.mails()); (n == 0) != want || n > 1 {
				t.Errorf("%d mails afterwards", n)
			}
		})
	}
	if seen != len(suppresses) {
		t.Errorf("%d of %d samples are there", seen, len(suppresses))
	}
}

// What cannot be read is acknowledged: it blocks nobody and suppresses nobody.
func TestMailEventsThatAreNone(t *testing.T) {
	w := newWorld(t)
	bad := []string{
		"", "x", "null", "[]", "7", `"x"`, `{}`, `{"detail":"x"}`, `{"detail":{}}`, `{"bounce":7}`, `{"bounce":{"bounceType":"Permanent","bouncedRecipients":null}}`,
		`{"Type":"Notification","Message":"Successfully validated SNS topic for Amazon SES event publishing."}`, `{"Message":"{"}`, `{"detail":{"detail":{"detail":null}}}`,
		`{"eventType":"Bounce"}`, `{"complaint":{}}`,
	}
	raw, err := json.Marshal(apptest.SQS(bad...))
	if err != nil {
		t.Fatal(err)
	}
	out, err := w.Handle(t.Context(), raw)
	if r := out.(events.SQSEventResponse); err != nil || len(r.BatchItemFailures) != 0 {
		t.Errorf("%+v, %v", out, err)
	}
	changed, err := apptest.Written(t.Context(), w.feed)
	for _, c := range changed {
		if strings.Contains(c.Key.P, "suppressed") {
			t.Errorf("suppressed somebody: %s", c.Key)
		}
	}
	if err != nil {
		t.Error(err)
	}
	for _, in := range []string{`{}`, `x`, `{"Records":[{"eventSource":"aws:s3"}]}`} {
		if _, err := w.Handle(t.Context(), json.RawMessage(in)); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", in, err)
		}
	}
}
