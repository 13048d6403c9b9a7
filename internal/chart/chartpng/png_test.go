package chartpng

import (
	"bytes"
	"fmt"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"learningloop/internal/chart"
)

func series(n int) chart.Series {
	s := chart.Series{
		Title: "Feedback a week", Unit: "piece", Units: "pieces", Band: &chart.Band{Low: 18, High: 36, Label: "usual"},
		Marks: []chart.Mark{
			{At: time.Date(2025, 1, 15, 0, 0, 0, 0, time.UTC), Label: "2.0", Kind: chart.Release},
			{At: time.Date(2025, 2, 12, 0, 0, 0, 0, time.UTC), Label: "2.1", Kind: chart.Release},
			{At: time.Date(2025, 2, 19, 0, 0, 0, 0, time.UTC), Label: "checkout down", Kind: chart.Incident},
			{At: time.Date(2025, 3, 25, 0, 0, 0, 0, time.UTC), Label: "2.2", Kind: chart.Release},
		},
	}
	values := []float64{24, 31, 28, 19, 22, 35, 64, 41, 30, 27, 25, 21}
	for i := range n {
		at := time.Date(2025, 1, 6, 0, 0, 0, 0, time.UTC).AddDate(0, 0, 7*i)
		s.Points = append(s.Points, chart.Point{Label: at.Format("2 Jan"), Start: at, Value: values[i%12] * float64(1+i/12)})
	}
	return s
}

func TestRender(t *testing.T) {
	odd := series(12)
	odd.Title = "フィードバック 🎉 <b> Ψήφοι"
	odd.Points[3].Value, odd.Points[4].Value = math.NaN(), -3
	odd.Points[11].Partial = true
	odd.Marks[0].Label = strings.Repeat("long ", 60)
	tests := []struct {
		name string
		s    chart.Series
	}{
		{"weeks", series(12)}, {"year", series(52)}, {"one", series(1)}, {"two", series(2)}, {"none", series(0)}, {"odd", odd},
	}
	// CHART_DIR keeps the pictures, to be looked at.
	dir := os.Getenv("CHART_DIR")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b, err := Render(tt.s, chart.Mail)
			if err != nil {
				t.Fatal(err)
			}
			img, err := png.Decode(bytes.NewReader(b))
			if err != nil {
				t.Fatal(err)
			}
			if got, want := fmt.Sprint(img.Bounds().Size()), "(880,540)"; got != want {
				t.Errorf("size = %s, want %s", got, want)
			}
			if len(b) > 40<<10 {
				t.Errorf("%d bytes; a mail should stay light", len(b))
			}
			colours := map[string]bool{}
			for _, c := range img.ColorModel().(color.Palette) {
				r, g, b, _ := c.RGBA()
				colours[fmt.Sprintf("#%02x%02x%02x", r>>8, g>>8, b>>8)] = true
			}
			for _, role := range []chart.Role{chart.Paper, chart.Ink, chart.LastBar} {
				if !colours[chart.Light(role)] && (role != chart.LastBar || len(tt.s.Points) > 0) {
					t.Errorf("nothing has the colour of %s", role)
				}
			}
			if dir != "" {
				if err := os.WriteFile(filepath.Join(dir, tt.name+".png"), b, 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func TestRenderIsRepeatable(t *testing.T) {
	var wg sync.WaitGroup
	out := make([][]byte, 3)
	for i := range out {
		wg.Go(func() {
			b, err := Render(series(12), chart.Mail)
			if err != nil {
				t.Error(err)
			}
			out[i] = b
		})
	}
	wg.Wait()
	for _, b := range out[1:] {
		if !bytes.Equal(b, out[0]) {
			t.Error("the same series gives two pictures")
		}
	}
}

func TestRenderRefusesSizes(t *testing.T) {
	for _, size := range []chart.Size{{}, {W: 601, H: 100}, {W: 100, H: 1e9}, {W: math.NaN(), H: 10}} {
		if _, err := Render(series(1), size); err == nil {
			t.Errorf("%v is drawn", size)
		}
	}
}
