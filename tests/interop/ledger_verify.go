// SPDX-License-Identifier: Apache-2.0

// Verifies what ledger_sample prints with Go's own transparency-log packages, which share no code with Aplomb: every
// checkpoint, every inclusion and every consistency proof; and that a flipped bit is noticed.
package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type log struct {
	verifiers note.Verifiers
	stored    []tlog.Hash
	size      int64
	roots     map[int64]tlog.Hash
	counts    map[string]int
}

func (l *log) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var out []tlog.Hash
	for _, i := range indexes {
		out = append(out, l.stored[i])
	}
	return out, nil
}

func (l *log) leaf(i int64) tlog.Hash {
	return l.stored[tlog.StoredHashIndex(0, i)]
}

func hashes(text string) []tlog.Hash {
	raw, err := hex.DecodeString(text)
	must(err)
	var out []tlog.Hash
	for ; len(raw) > 0; raw = raw[tlog.HashSize:] {
		var h tlog.Hash
		copy(h[:], raw)
		out = append(out, h)
	}
	return out
}

func must(err error) {
	if err != nil {
		fmt.Println("FAILED:", err)
		os.Exit(1)
	}
}

func refuse(err error, what string) {
	if err == nil {
		must(fmt.Errorf("%s was accepted", what))
	}
}

func (l *log) entry(text string) {
	data, err := hex.DecodeString(text)
	must(err)
	more, err := tlog.StoredHashes(l.size, data, l)
	must(err)
	l.stored = append(l.stored, more...)
	l.size++
}

func (l *log) checkpoint(size int64, text string) {
	raw, err := hex.DecodeString(text)
	must(err)
	opened, err := note.Open(raw, l.verifiers)
	must(err)
	root, err := tlog.TreeHash(size, l)
	must(err)
	want := fmt.Sprintf("ledger.example/1\n%d\n%s\n", size, base64.StdEncoding.EncodeToString(root[:]))
	if opened.Text != want {
		must(fmt.Errorf("checkpoint %q, expected %q", opened.Text, want))
	}
	l.roots[size] = root
	damaged := bytes.Replace(raw, []byte("example"), []byte("exampla"), 1)
	_, err = note.Open(damaged, l.verifiers)
	refuse(err, "a damaged checkpoint")
}

func (l *log) inclusion(index, size int64, path []tlog.Hash) {
	must(tlog.CheckRecord(path, size, l.roots[size], index, l.leaf(index)))
	if len(path) > 0 {
		path[0][7] ^= 1
		refuse(tlog.CheckRecord(path, size, l.roots[size], index, l.leaf(index)), "a damaged inclusion proof")
	}
}

func (l *log) consistency(from, to int64, path []tlog.Hash) {
	must(tlog.CheckTree(path, to, l.roots[to], from, l.roots[from]))
	if len(path) > 0 {
		path[0][7] ^= 1
		refuse(tlog.CheckTree(path, to, l.roots[to], from, l.roots[from]), "a damaged consistency proof")
	}
}

func main() {
	l := &log{roots: map[int64]tlog.Hash{}, counts: map[string]int{}}
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		var a, b int64
		var text string
		kind, rest, _ := strings.Cut(in.Text(), " ")
		l.counts[kind]++
		switch kind {
		case "K":
			verifier, err := note.NewVerifier(rest)
			must(err)
			l.verifiers = note.VerifierList(verifier)
		case "E":
			l.entry(rest)
		case "C":
			fmt.Sscan(rest, &a, &text)
			l.checkpoint(a, text)
		case "I", "T":
			fmt.Sscan(rest, &a, &b, &text)
			if kind == "I" {
				l.inclusion(a, b, hashes(text))
			} else {
				l.consistency(a, b, hashes(text))
			}
		default:
			must(fmt.Errorf("unknown line %q", in.Text()))
		}
	}
	must(in.Err())
	if l.counts["E"] == 0 || l.counts["C"] != l.counts["E"] || l.counts["I"] == 0 || l.counts["I"] != l.counts["T"] {
		must(fmt.Errorf("incomplete input: %v", l.counts))
	}
	fmt.Printf("verified: %d entries, %d checkpoints, %d inclusion and %d consistency proofs\n",
		l.counts["E"], l.counts["C"], l.counts["I"], l.counts["T"])
}
