package emulator

import "net/http"

// ConsoleHandler serves the console page under prefix.
func (e *Emulator) ConsoleHandler(prefix string) http.Handler {
	return http.NotFoundHandler()
}
