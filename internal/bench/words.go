package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"learningloop/internal/feedback"
)

// What the pieces of feedback are like that the server is loaded with.
const (
	companies  = 20
	components = 5
	hearBack   = 20 // one in so many wants to hear back, and gets a receipt
	mix        = "20 companies, 5 components, one in 20 wants a receipt"
)

const lorem = "The page stays empty after I come back from my bank, and I have to start over. It used to work before the last release. "

// words is a text of n characters that no other i has.
func words(i, n int) string {
	s := fmt.Sprintf("Number %d. ", i)
	return (s + strings.Repeat(lorem, n/len(lorem)+1))[:n]
}

// draft is the i-th piece, with a text of n characters.
func draft(i, n int) feedback.Draft {
	d := feedback.Draft{
		Product: "example", Kind: feedback.Kinds[i%len(feedback.Kinds)], Text: words(i, n), Rating: i % 6,
		Submitter: feedback.DraftSubmitter{Company: fmt.Sprintf("AnyCompany %d", i%companies)},
		Context:   feedback.Context{Release: "2026.11.2", Component: fmt.Sprintf("component %d", i/companies%components)},
	}
	if i%hearBack == 0 {
		d.Submitter.Email, d.Submitter.HearBack = fmt.Sprintf("customer%d@example.com", i), true
	}
	return d
}

// body is the i-th piece as the API takes it.
func body(i, n int) []byte {
	d := draft(i, n)
	m := map[string]any{"product": d.Product, "kind": d.Kind, "text": d.Text, "submitter": d.Submitter, "context": d.Context}
	if d.Rating > 0 {
		m["rating"] = d.Rating
	}
	b, err := json.Marshal(m)
	if err != nil { // strings and numbers always marshal
		return nil
	}
	return b
}

// post is the i-th piece as a whole request.
func post(addr string, i, n int) []byte {
	b := body(i, n)
	return fmt.Appendf(nil, "POST /v1/feedback HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", addr, len(b), b)
}

// posts makes requests beforehand, so that making them costs nothing during the load.
func posts(addr string, from, n, chars int) func(i int) []byte {
	all := make([][]byte, n)
	for i := range all {
		all[i] = post(addr, from+i, chars)
	}
	return func(i int) []byte { return all[i] }
}
