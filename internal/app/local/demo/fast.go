package demo

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// memory is where Linux has a file system that lives in memory. Every write of a World waits for the disk, which a
// history that is made anew when lost has no need for.
const memory = "/dev/shm"

// workshop is a directory to play in: in memory where there is such a thing, else beside the one to fill.
func workshop(beside string) (string, error) {
	if dir, err := os.MkdirTemp(memory, "learningloop-demo-"); err == nil {
		return dir, nil
	}
	if err := os.MkdirAll(filepath.Dir(beside), 0o700); err != nil {
		return "", err
	}
	return os.MkdirTemp(filepath.Dir(beside), filepath.Base(beside)+"-")
}

// carry copies a directory to another place, to the disk, with its permissions.
func carry(from, to string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		dst := filepath.Join(to, rel)
		if d.IsDir() {
			return os.MkdirAll(dst, info.Mode().Perm()|0o700)
		}
		b, err := os.ReadFile(path) //nolint:gosec // made by ourselves a moment ago
		if err != nil {
			return err
		}
		return keep(dst, b, info.Mode().Perm())
	})
}

// keep writes a file and returns when the disk has it.
func keep(name string, b []byte, mode fs.FileMode) error {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, mode) //nolint:gosec // within the demo's own directory
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	for _, do := range []func() error{f.Sync, f.Close} {
		if e := do(); err == nil {
			err = e
		}
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}
