package main

import (
	"fmt"
	"os"

	"github.com/aws/jsii-runtime-go"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "infra:", err)
		os.Exit(1)
	}
}

func run() error {
	defer jsii.Close()
	app := newApp(nil)
	p, err := ParamsFrom(app.Node())
	if err != nil {
		return err
	}
	if err := p.CheckBuild(); err != nil {
		return err
	}
	NewStack(app, p)
	app.Synth(nil)
	return nil
}
