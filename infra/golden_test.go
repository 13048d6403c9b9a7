package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// assetHash changes with every build; the golden template does not.
var assetHash = regexp.MustCompile(`\b[0-9a-f]{64}\b`)

// The golden templates show in a diff what a change of the code does to the deployment.
func TestGolden(t *testing.T) {
	for _, variant := range []string{"aws", "localstack"} {
		t.Run(variant, func(t *testing.T) {
			var b bytes.Buffer
			enc := json.NewEncoder(&b)
			enc.SetEscapeHTML(false)
			enc.SetIndent("", " ")
			if err := enc.Encode(synth(t, variant).json); err != nil {
				t.Fatal(err)
			}
			got := assetHash.ReplaceAllString(b.String(), "ASSET")
			path := filepath.Join("testdata", variant+".golden.json")
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), got); d != "" {
				t.Errorf("the template changed; if that is meant, run with -update and read the diff (-want +got)\n%s", d)
			}
		})
	}
}
