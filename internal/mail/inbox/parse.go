package inbox

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/textproto"
	"strings"
)

// maxDepth bounds parts within parts; mails of people have two or three.
const maxDepth = 8

// Header is one header line of a mail, unfolded and decoded, its name spelt as sent.
type Header struct{ Name, Value string }

// Picture is an image that the HTML part shows.
type Picture struct {
	Type  string
	Bytes []byte
}

// content is a mail read from its raw form.
type content struct {
	headers    []Header
	text, html string
	pictures   map[string]Picture // by content id, without brackets
}

func (c *content) header(name string) string {
	for _, h := range c.headers {
		if strings.EqualFold(h.Name, name) {
			return h.Value
		}
	}
	return ""
}

// parse reads an RFC 5322 message with its MIME parts.
func parse(raw []byte) (*content, error) {
	head, body, ok := bytes.Cut(raw, []byte("\r\n\r\n"))
	if !ok {
		if head, body, ok = bytes.Cut(raw, []byte("\n\n")); !ok {
			return nil, errors.New("no empty line after the headers")
		}
	}
	c := &content{pictures: map[string]Picture{}}
	if err := c.readHeaders(head); err != nil {
		return nil, err
	}
	part := textproto.MIMEHeader{}
	for _, name := range []string{"Content-Type", "Content-Transfer-Encoding", "Content-Id"} {
		part.Set(name, c.header(name))
	}
	if err := c.walk(part, bytes.NewReader(body), 0); err != nil {
		return nil, err
	}
	return c, nil
}

func (c *content) readHeaders(head []byte) error {
	dec := new(mime.WordDecoder)
	for line := range strings.SplitSeq(strings.ReplaceAll(string(head), "\r\n", "\n"), "\n") {
		if line != "" && (line[0] == ' ' || line[0] == '\t') && len(c.headers) > 0 {
			c.headers[len(c.headers)-1].Value += " " + strings.TrimLeft(line, " \t")
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok || name == "" || strings.ContainsAny(name, " \t") {
			return fmt.Errorf("header line %d is none", len(c.headers)+1)
		}
		c.headers = append(c.headers, Header{Name: valid(name), Value: strings.TrimSpace(value)})
	}
	for i, h := range c.headers {
		if d, err := dec.DecodeHeader(h.Value); err == nil {
			h.Value = d
		}
		c.headers[i].Value = strings.TrimSpace(valid(h.Value)) // a fold may come before the first word
	}
	return nil
}

func (c *content) walk(h textproto.MIMEHeader, r io.Reader, depth int) error {
	if depth > maxDepth {
		return errors.New("parts lie too deep within parts")
	}
	typ := h.Get("Content-Type")
	if typ == "" {
		typ = "text/plain"
	}
	mt, params, err := mime.ParseMediaType(typ)
	if err != nil {
		return fmt.Errorf("content type: %w", err)
	}
	if strings.HasPrefix(mt, "multipart/") {
		mr := multipart.NewReader(r, params["boundary"])
		for {
			p, err := mr.NextRawPart()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return fmt.Errorf("part: %w", err)
			}
			if err := c.walk(p.Header, p, depth+1); err != nil {
				return err
			}
		}
	}
	return c.leaf(h, mt, r)
}

func (c *content) leaf(h textproto.MIMEHeader, mt string, r io.Reader) error {
	switch strings.ToLower(h.Get("Content-Transfer-Encoding")) {
	case "quoted-printable":
		r = quotedprintable.NewReader(r)
	case "base64":
		r = base64.NewDecoder(base64.StdEncoding, r)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		return fmt.Errorf("%s part: %w", mt, err)
	}
	cid := strings.Trim(h.Get("Content-Id"), "<> ")
	switch {
	case mt == "text/plain" && c.text == "":
		c.text = valid(strings.ReplaceAll(string(b), "\r\n", "\n"))
	case mt == "text/html" && c.html == "":
		c.html = valid(string(b))
	case strings.HasPrefix(mt, "image/") && cid != "":
		c.pictures[cid] = Picture{Type: mt, Bytes: b}
	}
	return nil
}

func valid(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
