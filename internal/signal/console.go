package signal

import (
	"net/url"
	"strings"
)

// console is the link to a page of the AWS console. Region was held to its form; path and fragment come escaped.
func console(region, path string) string {
	host := "console.aws.amazon.com"
	switch {
	case strings.HasPrefix(region, "cn-"):
		host = "console.amazonaws.cn"
	case strings.HasPrefix(region, "us-gov-"):
		host = "console.amazonaws-us-gov.com"
	}
	return "https://" + region + "." + host + path
}

// esc escapes a name for a path segment, a query or a fragment alike.
func esc(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
