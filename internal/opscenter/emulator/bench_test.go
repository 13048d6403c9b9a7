package emulator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// clients is how many callers the speeds are stated for.
const clients = 16

// load sends n requests from 16 clients over HTTP and reports requests a second.
func (r *rig) load(b *testing.B, op string, n int, body func(i int) []byte) {
	b.Helper()
	http.DefaultTransport.(*http.Transport).MaxIdleConnsPerHost = clients
	var next atomic.Int64
	var wg sync.WaitGroup
	start := time.Now()
	for range clients {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				req, err := http.NewRequestWithContext(b.Context(), http.MethodPost, r.server.URL+"/", bytes.NewReader(body(i)))
				if err != nil {
					b.Error(err)
					return
				}
				req.Header = http.Header{
					"Content-Type": {contentType}, "X-Amz-Target": {targetPrefix + op},
					"X-Amz-Date": {"20261019T024653Z"}, "Authorization": {goodAuth},
				}
				resp, err := http.DefaultClient.Do(req)
				if err != nil {
					b.Error(err)
					return
				}
				_, err = io.Copy(io.Discard, resp.Body)
				if err := resp.Body.Close(); err != nil {
					b.Error(err)
				}
				if err != nil || resp.StatusCode != http.StatusOK {
					b.Errorf("%s: %s, %v", op, resp.Status, err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(n)/time.Since(start).Seconds(), "req/s")
}

func benchBody(i int) []byte {
	body, _ := json.Marshal(map[string]any{ // strings only
		"Title": "Checkout answers slowly, case " + strconv.Itoa(i), "Source": "LearningLoop",
		"Description": "43 companies say that checkout is slow since release 1.42.", "Severity": strconv.Itoa(1 + i%4),
		"Category": "Performance", "Priority": 1 + i%5,
		"OperationalData": map[string]any{
			"/aws/dedup":        map[string]string{"Value": fmt.Sprintf(`{"dedupString":"case-%d"}`, i)},
			"/aws/resources":    map[string]string{"Value": fmt.Sprintf(`[{"arn":"arn:aws:lambda:us-east-1:111122223333:function:f%d"}]`, i%2000)},
			"learningloop.item": map[string]string{"Value": strconv.Itoa(i), "Type": searchable},
			"learningloop.team": map[string]string{"Value": strconv.Itoa(i % 2000), "Type": searchable},
		},
	})
	return body
}

func BenchmarkCreate(b *testing.B) {
	r := newRig(b, func(c *Config) { c.Quotas.Monthly, c.Dir, c.Events = 1<<30, b.TempDir(), nil })
	b.ResetTimer()
	r.load(b, "CreateOpsItem", b.N, benchBody)
}

func BenchmarkGet(b *testing.B) {
	r := newRig(b)
	out, refusal := r.createOpsItem(caller{ARN: testCaller}, &createInput{Title: "t", Source: "s", Description: "d"})
	if refusal != nil {
		b.Fatal(refusal)
	}
	body := []byte(`{"OpsItemId":"` + out.OpsItemId + `"}`)
	b.ResetTimer()
	r.load(b, "GetOpsItem", b.N, func(int) []byte { return body })
}

// BenchmarkDescribe100000 looks for 50 OpsItems (or fewer) among 100,000 by each kind of filter, over HTTP, one at a time.
func BenchmarkDescribe100000(b *testing.B) {
	r := newRig(b, func(c *Config) { c.Quotas.Monthly, c.Events = 1<<30, nil })
	for i := range 100_000 {
		in, err := parse(benchBody(i))
		if err != nil {
			b.Fatal(err)
		}
		if _, err := r.invoke(b.Context(), operations["CreateOpsItem"], caller{ARN: testCaller}, in); err != nil {
			b.Fatal(err)
		}
		r.clock.add(time.Second)
	}
	at := r.clock.now().Add(-99_950 * time.Second).Format(time.RFC3339)
	for _, f := range []filter{
		{"Status", []string{"Open"}, opEqual},
		{"Severity", []string{"1", "2"}, opEqual},
		{"Title", []string{"Checkout answers slowly, case 99"}, opEqual},
		{"Title", []string{"case 777"}, opContains},
		{"Title", []string{"not there"}, opContains},
		{"Source", []string{"not there"}, opContains},
		{"OperationalData", []string{`{"key":"learningloop.team","value":"1999"}`}, opEqual},
		{"OperationalDataValue", []string{"1999"}, opEqual},
		{"OperationalDataValue", []string{"not there"}, opContains},
		{"ResourceId", []string{"function:f1999"}, opContains},
		{"CreatedTime", []string{at}, opLess},
		{"LastModifiedTime", []string{at}, opGreater},
		{"OpsItemId", []string{r.st.slots[1].ID}, opEqual},
		{"InsightByType", []string{"OpsItemsSharingTitle"}, opEqual},
		{"AccountId", []string{"999999999999"}, opEqual},
	} {
		b.Run(f.Key+f.Operator+"="+f.Values[0], func(b *testing.B) {
			body, err := json.Marshal(map[string]any{"OpsItemFilters": []filter{f}})
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if a := r.raw("DescribeOpsItems", string(body)); a.status != http.StatusOK {
					b.Fatal(a.body)
				}
			}
		})
	}
	b.Run("GetOpsSummary counts", func(b *testing.B) {
		const body = `{"Aggregators":[{"AggregatorType":"count","TypeName":"AWS:OpsItem","AttributeName":"Severity"}]}`
		for b.Loop() {
			if a := r.raw("GetOpsSummary", body); a.status != http.StatusOK {
				b.Fatal(a.body)
			}
		}
	})
}
