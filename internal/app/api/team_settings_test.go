package api_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Everything wrong is said once, names its field and its row, and comes in the order of the page; what was typed stays.
func TestSettingsErrors(t *testing.T) {
	m := newTeam(t)
	const path = "/team/products/example"
	m.get(path).says("1 to 1,440 minutes, which is a day.", "2 to 50; 0 is off.")
	typed := []string{
		"name", "", "quotes", "none", "severity", "9", "digestTo", "nobody", "clusterMinutes", "0", "andonPeople", "three", "andonMinutes", "1441",
		"ruleAccount", "", "ruleName", "a", "ruleAccount", "", "ruleName", "b\nc",
		"partComponent", "", "partName", "x", "partComponent", "A", "partName", "y",
	}
	d := m.send(path, typed...)
	want := []string{
		"The name must be", "Rule 2: the name must", "Component 1: the component’s name must be",
		"The number of minutes within which it is about one cause must be 1 to 1,440.",
		"The number of people of the andon must be a whole number.", "The number of minutes of the andon must be 1 to 1,440.",
		"The severity must be", "“nobody”: ",
	}
	var got []string
	for i, said := range strings.Split(d.problems(), " | ") {
		if i < len(want) && strings.HasPrefix(said, want[i]) {
			said = want[i]
		}
		got = append(got, said)
	}
	if diff := cmp.Diff(want, got); d.status != 422 || diff != "" {
		t.Errorf("%d (-want +got):\n%s", d.status, diff)
	}
	for name, value := range map[string]string{"andonPeople": "three", "andonMinutes": "1441", "clusterMinutes": "0"} {
		if d.value(name) != value {
			t.Errorf("%s holds %q, want %q", name, d.value(name), value)
		}
	}
}
