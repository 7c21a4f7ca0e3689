package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// maxFile bounds what is read into memory: tokens, bodies, keys. A message may
// not be longer than the library's limit anyway.
const maxFile = 4 << 20

// readFile reads a file that flag names, or standard input for "-".
func (u *ui) readFile(flag, name string) ([]byte, error) {
	f := u.in
	if name != "-" {
		var err error
		if f, err = os.Open(name); err != nil {
			return nil, unreadable(flag, err)
		}
		defer f.Close()
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, unreadable(flag, err)
	}
	if len(data) > maxFile {
		return nil, usage("is it the right file?", "%s: %s has more than %d MiB", flag, name, maxFile>>20)
	}
	return data, nil
}

func unreadable(flag string, err error) error {
	next := "check the name"
	if errors.Is(err, fs.ErrPermission) {
		next = "check who may read the file"
	}
	return &failure{exitUsage, fmt.Errorf("%s: %w", flag, err), next}
}

// print writes a result to standard output.
func (u *ui) print(data []byte) error {
	if _, err := u.out.Write(data); err != nil {
		return fail(exitOther, "check where standard output goes", "standard output: %w", err)
	}
	return nil
}

// write puts a result into the file name, or on standard output for "" and
// "-". The file appears complete or not at all, and only its owner can read it:
// a token is as good as a password, and there may be a key beside it.
func (u *ui) write(name string, data []byte) error {
	if name == "" || name == "-" {
		err := u.print(data)
		if err == nil && u.outTTY && u.errTTY {
			fmt.Fprintln(u.err) // the result has no newline of its own
		}
		return err
	}
	if err := replaceFile(name, data); err != nil {
		return fail(exitOther, "nothing was written; check the folder and the space in it", "--out: %w", err)
	}
	return nil
}

func replaceFile(name string, data []byte) error {
	if real, err := filepath.EvalSymlinks(name); err == nil {
		name = real
	}
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		if info.IsDir() {
			return fmt.Errorf("%s is a folder", name)
		}
		return os.WriteFile(name, data, 0o600) // a pipe or a device
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".wst-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // does nothing after the rename
	_, err = f.Write(data)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	return err
}

// writable finds out before anything is asked for whether the result can be
// kept: a token that is issued and then lost may not be issued again.
func writable(flag, name string) error {
	if name == "" || name == "-" {
		return nil
	}
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		return nil
	}
	dir := filepath.Dir(name)
	if real, err := filepath.EvalSymlinks(name); err == nil {
		dir = filepath.Dir(real)
		if info, err := os.Stat(real); err == nil && info.IsDir() {
			return usage("name a file in it", "%s: %s is a folder", flag, name)
		}
	}
	f, err := os.CreateTemp(dir, ".wst-*")
	if err != nil {
		return &failure{exitUsage, fmt.Errorf("%s: %w", flag, err), "choose a folder that you can write to"}
	}
	f.Close()
	return os.Remove(f.Name())
}
