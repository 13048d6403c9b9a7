package oidclocal

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/go-jose/go-jose/v4"
)

// loadKey reads the key of the file, or makes one and keeps it there. Two processes that start at once agree on one: the
// first to link its file wins, and the other reads that.
func loadKey(file string, random io.Reader) (jose.JSONWebKey, error) {
	key, err := readKey(file)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	key, err = newKey(random)
	if err != nil {
		return key, err
	}
	data, err := json.Marshal(key)
	if err != nil {
		return key, fmt.Errorf("write key: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return key, err
	}
	if err := writeOnce(file, data); err != nil {
		return key, err
	}
	return readKey(file)
}

func readKey(file string) (jose.JSONWebKey, error) {
	var key jose.JSONWebKey
	info, err := os.Stat(file)
	if err != nil {
		return key, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return key, errors.New("others may read or write the file: chmod 600 it, or remove it and sign in anew")
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return key, err
	}
	if err := json.Unmarshal(data, &key); err != nil {
		return key, fmt.Errorf("read key: %w", err)
	}
	if _, ok := key.Key.(*ecdsa.PrivateKey); !ok || !key.Valid() {
		return key, errors.New("the file holds no ECDSA private key")
	}
	return key, nil
}

func newKey(random io.Reader) (jose.JSONWebKey, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), random)
	if err != nil {
		return jose.JSONWebKey{}, fmt.Errorf("generate key: %w", err)
	}
	key := jose.JSONWebKey{Key: private, Algorithm: string(jose.ES256), Use: "sig"}
	thumb, err := key.Thumbprint(crypto.SHA256)
	if err != nil {
		return key, fmt.Errorf("name key: %w", err)
	}
	key.KeyID = base64.RawURLEncoding.EncodeToString(thumb)
	return key, nil
}

// writeOnce writes the file whole or not at all, and leaves one that is there already. CreateTemp gives 0600.
func writeOnce(file string, data []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(file), ".key-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(data)
	if err := errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	if err := os.Link(tmp.Name(), file); err == nil || errors.Is(err, fs.ErrExist) {
		return nil
	}
	return os.Rename(tmp.Name(), file) // a file system without hard links
}
