package emulator

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync"
)

const journalName = "opsitems.journal"

// journal keeps records on disk, one line each: the CRC-32 of the JSON in hex, a blank, the JSON. Records that come
// while one fsync runs share the next one. A nil journal keeps nothing.
type journal struct {
	mu      sync.Mutex
	changed sync.Cond
	file    disk
	buf     []byte // records not handed to the file yet
	written int64  // records appended
	durable int64  // records on disk
	err     error  // the first failure; nothing is acknowledged after it
	closed  bool
	done    chan struct{}
}

// disk is what a journal asks of its file.
type disk interface {
	io.WriteCloser
	Sync() error
}

// openJournal reads the records in dir into apply, rewrites the file where much of it is superseded, and opens it for
// more. A last line that is cut off or broken is what a crash leaves: that record was never acknowledged. It is put aside in
// a file of its own, whose name is returned. A broken line with sound ones behind it is no crash's, and what those say was
// acknowledged: the file is left as it is, and the error says where it is broken.
func openJournal(dir string, apply func(*record), dump func(func(*record) bool)) (j *journal, aside string, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, "", fmt.Errorf("make %s: %w", dir, err)
	}
	path := filepath.Join(dir, journalName)
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, "", fmt.Errorf("open journal: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, file.Close())
		}
	}()
	if err = lockFile(file); err != nil {
		return nil, "", fmt.Errorf("journal %s is in use by another process: %w", path, err)
	}
	lines, good, err := replay(file, apply)
	if err != nil {
		return nil, "", fmt.Errorf("read journal %s: %w", path, err)
	}
	if aside, err = setAside(file, good, path); err != nil {
		return nil, "", fmt.Errorf("put the broken end of %s aside: %w", path, err)
	}
	live := 0
	dump(func(*record) bool { live++; return true })
	if lines > 1000 && lines > 2*live {
		compacted, cerr := compact(dir, path, dump)
		if cerr != nil {
			err = fmt.Errorf("compact journal %s: %w", path, cerr)
			return nil, "", err
		}
		if cerr := file.Close(); cerr != nil {
			file = compacted
			return nil, "", fmt.Errorf("close the old journal: %w", cerr)
		}
		file = compacted
	}
	if _, err = file.Seek(0, io.SeekEnd); err != nil {
		return nil, "", fmt.Errorf("find the end of %s: %w", path, err)
	}
	if err = syncDir(dir); err != nil {
		return nil, "", err
	}
	j = &journal{file: file, done: make(chan struct{})}
	j.changed.L = &j.mu
	go j.run()
	return j, aside, nil
}

// replay applies every sound line and says how many there were and where they end.
func replay(r io.Reader, apply func(*record)) (lines int, good int64, err error) {
	br := bufio.NewReaderSize(r, 1<<20)
	broken, behind := false, 0 // a line was broken; how many behind it are sound
	for {
		line, err := br.ReadBytes('\n')
		if errors.Is(err, io.EOF) { // what stands behind the last line break was cut off
			if behind > 0 {
				return lines, good, fmt.Errorf("line %d, at byte %d, is broken, yet %d sound lines come after it, which no crash does; "+
					"put a copy of the file in its place, or take that line out to go on without it", lines+1, good, behind)
			}
			return lines, good, nil
		}
		if err != nil {
			return lines, good, err // the caller says which file
		}
		rec, ok := decodeLine(line)
		switch {
		case !ok:
			broken = true
		case broken:
			behind++
		default:
			apply(rec)
			lines++
			good += int64(len(line))
		}
	}
}

func decodeLine(line []byte) (*record, bool) {
	line = bytes.TrimSuffix(line, []byte("\n"))
	sum, data, ok := bytes.Cut(line, []byte(" "))
	if !ok {
		return nil, false
	}
	want, err := strconv.ParseUint(string(sum), 16, 32)
	if err != nil || uint32(want) != crc32.ChecksumIEEE(data) {
		return nil, false
	}
	rec := new(record)
	if json.Unmarshal(data, rec) != nil {
		return nil, false
	}
	return rec, true
}

func encodeLine(dst []byte, r *record) ([]byte, error) {
	data, err := json.Marshal(r)
	if err != nil {
		return dst, fmt.Errorf("encode journal record: %w", err)
	}
	dst = fmt.Appendf(dst, "%08x ", crc32.ChecksumIEEE(data))
	dst = append(dst, data...)
	return append(dst, '\n'), nil
}

// setAside cuts the file after its sound part and keeps what it cuts.
func setAside(file *os.File, good int64, path string) (string, error) {
	info, err := file.Stat()
	if err != nil || info.Size() <= good {
		return "", err // the caller says which file
	}
	tail := make([]byte, info.Size()-good)
	if _, err := file.ReadAt(tail, good); err != nil {
		return "", err // the caller says which file
	}
	name := fmt.Sprintf("%s.broken-%d", path, good)
	if err := os.WriteFile(name, tail, 0o600); err != nil {
		return "", err // the caller says which file
	}
	if err := file.Truncate(good); err != nil {
		return "", err // the caller says which file
	}
	return name, file.Sync() // the caller says which file
}

// compact writes the state to a new file and puts it in the old one's place.
func compact(dir, path string, dump func(func(*record) bool)) (*os.File, error) {
	tmp, err := os.OpenFile(path+".new", os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err // the caller says which file
	}
	w := bufio.NewWriterSize(tmp, 1<<20)
	var line []byte
	dump(func(r *record) bool {
		if line, err = encodeLine(line[:0], r); err == nil {
			_, err = w.Write(line)
		}
		return err == nil
	})
	err = errors.Join(err, w.Flush(), lockFile(tmp), tmp.Sync())
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err == nil {
		err = syncDir(dir)
	}
	if err != nil {
		return nil, errors.Join(err, tmp.Close())
	}
	return tmp, nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("open %s: %w", dir, err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("sync %s: %w", dir, err)
	}
	return nil
}

// append takes a record in the order of the calls and says which one it is, for wait.
func (j *journal) append(r *record) (int64, error) {
	if j == nil {
		return 0, nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return 0, os.ErrClosed
	}
	if j.err != nil {
		return 0, j.err
	}
	buf, err := encodeLine(j.buf, r)
	if err != nil {
		return 0, err
	}
	j.buf = buf
	j.written++
	j.changed.Broadcast()
	return j.written, nil
}

// end is the number of the last record appended.
func (j *journal) end() int64 {
	if j == nil {
		return 0
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.written
}

// wait returns when record n is on disk, or will never be.
func (j *journal) wait(n int64) error {
	if j == nil {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	for j.durable < n && j.err == nil {
		j.changed.Wait()
	}
	if j.durable < n {
		return j.err
	}
	return nil
}

func (j *journal) run() {
	defer close(j.done)
	var spare []byte
	j.mu.Lock()
	defer j.mu.Unlock()
	for {
		for len(j.buf) == 0 && !j.closed {
			j.changed.Wait()
		}
		if len(j.buf) == 0 || j.err != nil {
			return
		}
		batch, upTo := j.buf, j.written
		j.buf = spare[:0]
		j.mu.Unlock()
		_, err := j.file.Write(batch)
		if err == nil {
			err = j.file.Sync()
		}
		spare = batch
		j.mu.Lock()
		if err != nil {
			j.err = fmt.Errorf("write journal: %w", err)
		} else {
			j.durable = upTo
		}
		j.changed.Broadcast()
	}
}

// close writes what was appended and closes the file.
func (j *journal) close() error {
	if j == nil {
		return nil
	}
	j.mu.Lock()
	if j.closed {
		j.mu.Unlock()
		return nil
	}
	j.closed = true
	j.changed.Broadcast()
	j.mu.Unlock()
	<-j.done
	return errors.Join(j.err, j.file.Close())
}
