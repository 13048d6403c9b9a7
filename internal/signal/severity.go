package signal

import (
	"regexp"
	"strings"
)

// A tag stands alone: "checkout-sev1" and "[severity: 2]" are tags, "several 3" and "sev12" are not.
var severityTag = regexp.MustCompile(`(?i)(?:^|[^a-z0-9])sev(?:erity)?[ _:=-]{0,3}([1-4])(?:$|[^0-9])`)

// tagged is the severity that the first of texts with a tag carries, otherwise normal.
func tagged(normal int, texts ...string) int {
	for _, t := range texts {
		if m := severityTag.FindStringSubmatch(t); m != nil {
			return int(m[1][0] - '0')
		}
	}
	return normal
}

// words that say what an alarm watches, in the order in which they decide.
var concerns = []struct {
	category Category
	words    []string
}{
	{Security, []string{"guardduty", "securityhub", "wafv2", "unauthorized", "rootaccount"}},
	{Cost, []string{"aws/billing", "estimatedcharges", "budget"}},
	{Recovery, []string{"aws/backup", "backup", "restore", "replicationlag", "recoverypoint"}},
	{Performance, []string{"latency", "duration", "responsetime", "response-time", "cpuutilization", "memoryutilization", "throttle", "iteratorage", "queuedepth", "slow"}},
}

// concern guesses an alarm's category from its name and what it measures.
func concern(texts ...string) Category {
	all := strings.ToLower(strings.Join(texts, " "))
	for _, c := range concerns {
		for _, w := range c.words {
			if strings.Contains(all, w) {
				return c.category
			}
		}
	}
	return Availability
}
