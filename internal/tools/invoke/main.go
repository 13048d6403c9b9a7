// Command invoke is make invoke: one built function, one event, its answer. The function gets the environment of whoever
// calls.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"time"

	"learningloop/internal/runtimeapi"
)

// limit is Lambda's own for an invocation.
const limit = 15 * time.Minute

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "invoke:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 2 {
		return errors.New("usage: invoke BOOTSTRAP EVENT.json")
	}
	body, err := os.ReadFile(args[1])
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	f, err := runtimeapi.Start(ctx, args[0], os.Environ(), os.Stderr)
	if err != nil {
		return err
	}
	defer f.Close() // the program ends with it
	answer, err := f.Invoke(ctx, body)
	if err != nil {
		return err
	}
	fmt.Println(string(answer.Body))
	if answer.Failed {
		return errors.New("the function answered with an error")
	}
	return nil
}
