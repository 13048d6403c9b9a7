package emulator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"

	"learningloop/internal/testenv"
)

// calls is what one client asked and was answered, as seen from the emulator's side.
type calls struct {
	mu       sync.Mutex
	answers  map[string]map[string]int // operation, then "OK" or the code of the error
	pages    map[string]int            // operations answered for a NextToken
	agents   map[string]bool           // what the client calls itself
	requests int
}

// heard puts a listener before the rig's emulator and gives its address.
func (r *rig) heard() (string, *calls) {
	r.t.Helper()
	c := &calls{answers: map[string]map[string]int{}, pages: map[string]int{}, agents: map[string]bool{}}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			r.t.Error(err)
			return
		}
		req.Body = io.NopCloser(bytes.NewReader(body))
		rec := httptest.NewRecorder()
		r.watch(rec, req)
		c.note(req, body, rec)
		maps.Copy(w.Header(), rec.Header())
		w.WriteHeader(rec.Code)
		_, _ = w.Write(rec.Body.Bytes()) // the client fails the test
	}))
	r.t.Cleanup(s.Close)
	return s.URL, c
}

func (c *calls) note(req *http.Request, body []byte, rec *httptest.ResponseRecorder) {
	c.mu.Lock()
	defer c.mu.Unlock()
	op := strings.TrimPrefix(req.Header.Get("X-Amz-Target"), targetPrefix)
	outcome := rec.Header().Get("X-Amzn-Errortype")
	if rec.Code == http.StatusOK {
		outcome = "OK"
		if bytes.Contains(body, []byte(`"NextToken"`)) {
			c.pages[op]++
		}
	}
	if c.answers[op] == nil {
		c.answers[op] = map[string]int{}
	}
	c.answers[op][outcome]++
	c.agents[req.UserAgent()] = true
	c.requests++
}

// clientEnv is what boto3 and the CLI find the emulator by, as doc.go says; nothing of the machine's own settings for AWS.
func clientEnv(endpoint string) []string {
	env := slices.DeleteFunc(os.Environ(), func(kv string) bool { return strings.HasPrefix(kv, "AWS_") })
	return append(env, "AWS_ENDPOINT_URL_SSM="+endpoint, "AWS_REGION="+testRegion, "AWS_DEFAULT_REGION="+testRegion,
		"AWS_ACCESS_KEY_ID=AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY=secret", "AWS_CONFIG_FILE="+os.DevNull,
		"AWS_SHARED_CREDENTIALS_FILE="+os.DevNull, "AWS_MAX_ATTEMPTS=1", "PYTHONDONTWRITEBYTECODE=1")
}

// python runs a script of testdata/clients, logs what it says on standard error and gives what it prints.
func python(t *testing.T, endpoint, script string, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), testenv.Need(t, testenv.Python), append([]string{"testdata/clients/" + script}, args...)...) //nolint:gosec // the package's own scripts
	cmd.Env = clientEnv(endpoint)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	t.Logf("%s:\n%s", script, &said)
	if err != nil {
		t.Fatalf("%s: %v", script, err)
	}
	return out
}

// TestClients lets the Go SDK, boto3 and the AWS CLI each drive every operation of the model, every page of every list and
// the exceptions with members, and counts at the emulator's side what came.
func TestClients(t *testing.T) {
	testenv.Need(t, testenv.Python)
	testenv.Need(t, testenv.AWS)
	clients := []struct {
		name, agent string // the beginning of its User-Agent
		members     bool   // shows an exception's members
		drive       func(t *testing.T, r *rig, endpoint string)
	}{
		{"aws-sdk-go-v2", "aws-sdk-go-v2/", true, driveSDK},
		{"boto3", "Boto3/", true, func(t *testing.T, _ *rig, endpoint string) { python(t, endpoint, "drive.py") }},
		{"AWS CLI", "aws-cli/", false, driveCLI},
	}
	m, err := loadModel()
	if err != nil {
		t.Fatal(err)
	}
	heard := make([]*calls, len(clients))
	t.Run("drive", func(t *testing.T) { // ends when the parallel ones have
		for i, client := range clients {
			t.Run(client.name, func(t *testing.T) {
				t.Parallel()
				r := newRig(t)
				var endpoint string
				endpoint, heard[i] = r.heard()
				client.drive(t, r, endpoint)
				for agent := range heard[i].agents {
					if !strings.HasPrefix(agent, client.agent) {
						t.Errorf("a request came from %q", agent)
					}
				}
			})
		}
	})
	if slices.Contains(heard, nil) {
		return // -run left one out
	}
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	for i, client := range clients {
		all := map[string]int{}
		for _, op := range slices.Sorted(maps.Keys(m.Operations)) {
			got := heard[i].answers[op]
			if got["OK"] == 0 {
				t.Errorf("%s was never answered to %s", op, client.name)
			}
			for code, n := range got {
				all[code] += n
			}
		}
		for _, op := range []string{"DescribeOpsItems", "ListOpsItemEvents", "ListOpsItemRelatedItems", "GetOpsSummary"} {
			if heard[i].pages[op] == 0 {
				t.Errorf("%s never asked for a second page of %s", client.name, op)
			}
		}
		for _, code := range withMembers(m) {
			if client.members && all[code] == 0 {
				t.Errorf("%s never met %s", client.name, code)
			}
		}
		ok := all["OK"]
		delete(all, "OK")
		refused := 0
		for _, n := range all {
			refused += n
		}
		fmt.Fprintf(w, "%s\t%d operations\t%d answered\trefused: %v\n", client.name, len(heard[i].answers), ok, all)
		t.Attr(strings.ReplaceAll(client.name, " ", "-"), fmt.Sprintf("%d of %d operations, %d requests answered, %d refused", len(heard[i].answers), len(m.Operations), ok, refused))
	}
	fmt.Fprint(w, "\noperation\tanswered to "+clients[0].name+"\t"+clients[1].name+"\t"+clients[2].name+"\n")
	for _, op := range slices.Sorted(maps.Keys(m.Operations)) {
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\n", op, heard[0].answers[op]["OK"], heard[1].answers[op]["OK"], heard[2].answers[op]["OK"])
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	t.Log("\n" + table.String())
}

// withMembers are the exceptions that say more than a message.
func withMembers(m *model) []string {
	var out []string
	for name, s := range m.Shapes {
		if s.Exception && slices.ContainsFunc(s.names, func(n string) bool { return n != "Message" }) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// TestRefusals sends what boto3 would not, were its own validation on, and looks at what it makes of the answers.
func TestRefusals(t *testing.T) {
	testenv.Need(t, testenv.Python)
	endpoint, heard := newRig(t, func(c *Config) { c.Quotas = Quotas{Monthly: 40} }).heard()
	var got struct {
		Cases, Requests int
		Wrong           []string
	}
	if err := json.Unmarshal(python(t, endpoint, "refused.py"), &got); err != nil {
		t.Fatal(err)
	}
	for _, w := range got.Wrong {
		t.Error(w)
	}
	if got.Requests != heard.requests || got.Cases == 0 {
		t.Errorf("%d cases; %d requests sent, %d came", got.Cases, got.Requests, heard.requests)
	}
	for agent := range heard.agents {
		if !strings.HasPrefix(agent, "Boto3/") {
			t.Errorf("a request came from %q", agent)
		}
	}
}
