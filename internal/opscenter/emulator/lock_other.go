//go:build !unix

package emulator

import "os"

// lockFile does nothing where there is no flock: keep a data directory to one process.
func lockFile(*os.File) error { return nil }
