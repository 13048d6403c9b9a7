package web

import (
	"io"
	"testing"
)

// BenchmarkFirstPage is what the first page of a process costs: parsing and escaping the templates.
func BenchmarkFirstPage(b *testing.B) {
	for b.Loop() {
		if err := renderer(b, "").Render(io.Discard, Shell{}, Queue{Product: shop, Items: queueItems()}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkQueue is a full page of the queue, once the templates are there.
func BenchmarkQueue(b *testing.B) {
	r := renderer(b, "")
	v := Queue{Product: shop}
	for range 5 {
		v.Items = append(v.Items, queueItems()...)
	}
	for b.Loop() {
		if err := r.Render(io.Discard, Shell{}, v); err != nil {
			b.Fatal(err)
		}
	}
}
