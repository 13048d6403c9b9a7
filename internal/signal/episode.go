package signal

import "time"

// SameEpisode says whether a signal at now belongs to the episode whose latest word came at last: it does where no more
// than the quiet time lies between them, so that an alarm that flaps is one episode. A word older than the latest came
// late, and never opens an episode. With a zero last there is no episode yet.
func SameEpisode(last, now time.Time, quiet time.Duration) bool {
	return !last.IsZero() && !now.After(last.Add(quiet))
}
