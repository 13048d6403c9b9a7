// Command probe is a function that does what the test of the executor asks of it.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
)

type request struct {
	Do string `json:"do"`
	N  int    `json:"n"`
}

func main() {
	lambda.Start(func(ctx context.Context, r request) (int, error) {
		fmt.Println("probe was asked to", r.Do)
		switch r.Do {
		case "fail":
			return 0, errors.New("asked to fail")
		case "hang":
			time.Sleep(time.Minute)
		case "exit":
			os.Exit(3)
		case "chatter":
			for i := range r.N {
				fmt.Println("line", i)
			}
		}
		return r.N, ctx.Err()
	})
}
