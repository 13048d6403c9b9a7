package inbox

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
)

// errBroken is what appends answer after a sync failed: what the disk holds is unknown from then on.
var errBroken = errors.New("an earlier sync of the mail file has failed")

// storage is what a journal needs of a file.
type storage interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	Sync() error
	Truncate(size int64) error
}

// journal is an append-only file of lines. It keeps no index in memory, so that opening it costs the same however many
// mails it holds: a line is found by its offset, and the list is read from the end backwards.
type journal struct {
	f      storage
	mu     sync.Mutex   // orders writes
	size   atomic.Int64 // of whole lines; what readers may read
	syncMu sync.Mutex   // one sync at a time serves all who wrote before it began
	synced int64
	broken bool
}

// openJournal opens or makes the file in dir, or one in memory for dir "". A torn last line, of a mail never
// acknowledged, is cut off.
func openJournal(dir, name string) (*journal, error) {
	if dir == "" {
		return &journal{f: &memory{}}, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of mails: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, name), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the mail file: %w", err)
	}
	j, err := recoverJournal(f)
	if err == nil {
		err = syncDir(dir)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("recover the mail file: %w", err), f.Close())
	}
	return j, nil
}

func recoverJournal(f *os.File) (*journal, error) {
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	end, err := lastNewline(f, st.Size())
	if err != nil {
		return nil, err
	}
	if end+1 < st.Size() {
		if err := f.Truncate(end + 1); err != nil {
			return nil, err
		}
	}
	if err := f.Sync(); err != nil {
		return nil, err
	}
	j := &journal{f: f, synced: end + 1}
	j.size.Store(end + 1)
	return j, nil
}

// syncDir makes the file's name durable, not only its content.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// append adds a line, which holds no line end, and answers its offset once it is on the disk.
func (j *journal) append(line []byte) (int64, error) {
	off, end, err := j.write(append(line, '\n'))
	if err != nil {
		return 0, err
	}
	return off, j.sync(end)
}

func (j *journal) write(b []byte) (off, end int64, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	off = j.size.Load()
	if _, err := j.f.WriteAt(b, off); err != nil {
		// The next write goes to the same offset; cutting only spares readers of the file half a line.
		return 0, 0, errors.Join(fmt.Errorf("write to the mail file: %w", err), j.f.Truncate(off))
	}
	end = off + int64(len(b))
	j.size.Store(end)
	return off, end, nil
}

func (j *journal) sync(end int64) error {
	j.syncMu.Lock()
	defer j.syncMu.Unlock()
	if j.broken {
		return errBroken
	}
	if j.synced >= end {
		return nil
	}
	upTo := j.size.Load()
	if err := j.f.Sync(); err != nil {
		j.broken = true
		return fmt.Errorf("sync the mail file: %w", err)
	}
	j.synced = upTo
	return nil
}

// at gives the line that starts at off, or io.EOF where none starts.
func (j *journal) at(off int64) ([]byte, error) {
	size := j.size.Load()
	if off < 0 || off >= size {
		return nil, io.EOF
	}
	if off > 0 {
		var b [1]byte
		if _, err := j.f.ReadAt(b[:], off-1); err != nil {
			return nil, fmt.Errorf("read the mail file: %w", err)
		}
		if b[0] != '\n' {
			return nil, io.EOF
		}
	}
	var line []byte
	chunk := make([]byte, 32<<10)
	for pos := off; pos < size; {
		n, err := j.f.ReadAt(chunk[:min(int64(len(chunk)), size-pos)], pos)
		if i := bytes.IndexByte(chunk[:n], '\n'); i >= 0 {
			return append(line, chunk[:i]...), nil
		}
		if err != nil {
			return nil, fmt.Errorf("read the mail file: %w", err)
		}
		line = append(line, chunk[:n]...)
		pos += int64(n)
	}
	return line, nil
}

// before gives the line that ends at end, an offset just after a line end, and where it starts; io.EOF at the file's
// start.
func (j *journal) before(end int64) (off int64, line []byte, err error) {
	if end <= 0 {
		return 0, nil, io.EOF
	}
	nl, err := lastNewline(j.f, end-1)
	if err != nil {
		return 0, nil, err
	}
	line = make([]byte, end-1-(nl+1))
	if _, err := j.f.ReadAt(line, nl+1); err != nil && len(line) > 0 {
		return 0, nil, fmt.Errorf("read the mail file: %w", err)
	}
	return nl + 1, line, nil
}

func (j *journal) close() error { return j.f.Close() }

// lastNewline is the offset of the last line end before end, or -1.
func lastNewline(r io.ReaderAt, end int64) (int64, error) {
	chunk := make([]byte, 32<<10)
	for end > 0 {
		n := min(int64(len(chunk)), end)
		if _, err := r.ReadAt(chunk[:n], end-n); err != nil {
			return 0, fmt.Errorf("read the mail file: %w", err)
		}
		if i := bytes.LastIndexByte(chunk[:n], '\n'); i >= 0 {
			return end - n + int64(i), nil
		}
		end -= n
	}
	return -1, nil
}

// memory is a file that is gone with the process.
type memory struct {
	mu sync.RWMutex
	b  []byte
}

func (m *memory) ReadAt(p []byte, off int64) (int, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if off >= int64(len(m.b)) {
		return 0, io.EOF
	}
	n := copy(p, m.b[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (m *memory) WriteAt(p []byte, off int64) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.b = append(m.b[:off], p...)
	return len(p), nil
}

func (m *memory) Sync() error  { return nil }
func (m *memory) Close() error { return nil }

func (m *memory) Truncate(size int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.b = m.b[:size]
	return nil
}
