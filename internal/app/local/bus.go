package local

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"learningloop/internal/config"
	"learningloop/internal/incident"
)

// ownBus is the loop's own event bus in this process: whatever is put on it is delivered at once, as EventBridge would to
// a rule that matches everything.
type ownBus struct{ w *World }

// Put implements incident.Bus.
func (b ownBus) Put(ctx context.Context, e incident.Event) error {
	event, err := json.Marshal(map[string]any{
		"version": "0", "id": e.ID, "source": config.EventSource, "detail-type": e.DetailType, "account": Account, "region": Region,
		"time": e.Time.UTC().Format(time.RFC3339), "resources": []string{}, "detail": e.Detail,
	})
	if err != nil {
		return fmt.Errorf("encode event %s: %w", e.ID, err)
	}
	return b.w.Event(ctx, event)
}
