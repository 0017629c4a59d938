// Opens a log of Throughline and an envelope with implementations that know nothing of it, and says what they found.
//
//	interop log FOLDER VERIFIER OLDER-CHECKPOINT   golang.org/x/mod/sumdb and github.com/transparency-dev/formats
//	interop dsse ENVELOPE KEYID PUBLIC-KEY         github.com/secure-systems-lab/go-securesystemslib
package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"
	"github.com/transparency-dev/formats/log"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	if len(os.Args) != 5 {
		fail(errors.New("usage: interop log|dsse …"))
	}
	run := map[string]func(a, b, c string) error{"log": readLog, "dsse": openEnvelope}[os.Args[1]]
	if run == nil {
		fail(errors.New("unknown command"))
	}
	if err := run(os.Args[2], os.Args[3], os.Args[4]); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

const height = 8

// tiles reads tiles as C2SP tlog-tiles lays them out: as sumdb does, without the height in the path.
type tiles struct{ folder string }

func (t tiles) Height() int                         { return height }
func (t tiles) SaveTiles(_ []tlog.Tile, _ [][]byte) {}

func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range wanted {
		path := strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/", height), "tile/", 1)
		data, err := os.ReadFile(filepath.Join(t.folder, path))
		if err != nil {
			// "Clients MAY fetch the full tile as a fallback"
			full, _, _ := strings.Cut(path, ".p/")
			if data, err = os.ReadFile(filepath.Join(t.folder, full)); err != nil {
				return nil, err
			}
			data = data[:tile.W*tlog.HashSize]
		}
		all = append(all, data)
	}
	return all, nil
}

// record reads an entry from its bundle: big-endian uint16 length, then the entry.
func (t tiles) record(n, size int64) ([]byte, error) {
	tile := tlog.Tile{H: height, L: 0, N: n >> height, W: 1 << height}
	if width := size - tile.N<<height; width < 1<<height {
		tile.W = int(width)
	}
	path := strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/0/", height), "tile/entries/", 1)
	bundle, err := os.ReadFile(filepath.Join(t.folder, path))
	if err != nil {
		return nil, err
	}
	for i := int64(0); ; i++ {
		if len(bundle) < 2 {
			return nil, fmt.Errorf("bundle %s ends before entry %d", path, n)
		}
		length := int(bundle[0])<<8 | int(bundle[1])
		if len(bundle) < 2+length {
			return nil, fmt.Errorf("bundle %s is cut", path)
		}
		if i == n&(1<<height-1) {
			return bundle[2 : 2+length], nil
		}
		bundle = bundle[2+length:]
	}
}

// openCheckpoint opens it twice: as a note of sumdb, and as a checkpoint of transparency-dev.
func openCheckpoint(path, vkey string) (tlog.Tree, error) {
	var tree tlog.Tree
	text, err := os.ReadFile(path)
	if err != nil {
		return tree, err
	}
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return tree, err
	}
	opened, err := note.Open(text, note.VerifierList(verifier))
	if err != nil {
		return tree, err
	}
	checkpoint, rest, _, err := log.ParseCheckpoint(text, verifier.Name(), verifier)
	if err != nil {
		return tree, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(rest) != 0 || lines[0] != verifier.Name() {
		return tree, fmt.Errorf("%q: more than origin, size and root", opened.Text)
	}
	tree.N = int64(checkpoint.Size)
	copy(tree.Hash[:], checkpoint.Hash)
	return tree, nil
}

func readLog(folder, vkey, older string) error {
	tree, err := openCheckpoint(filepath.Join(folder, "checkpoint"), vkey)
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	from := tiles{folder}
	hashes := tlog.TileHashReader(tree, from)
	var records []string
	for n := int64(0); n < tree.N; n++ {
		record, err := from.record(n, tree.N)
		if err != nil {
			return err
		}
		proof, err := tlog.ProveRecord(tree.N, n, hashes)
		if err != nil {
			return fmt.Errorf("entry %d: %w", n, err)
		}
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, n, tlog.RecordHash(record)); err != nil {
			return fmt.Errorf("entry %d: %w", n, err)
		}
		records = append(records, fmt.Sprintf("%x", record))
	}
	before, err := openCheckpoint(older, vkey)
	if err != nil {
		return fmt.Errorf("older checkpoint: %w", err)
	}
	proof, err := tlog.ProveTree(tree.N, before.N, hashes)
	if err != nil {
		return fmt.Errorf("consistency: %w", err)
	}
	if err := tlog.CheckTree(proof, tree.N, tree.Hash, before.N, before.Hash); err != nil {
		return fmt.Errorf("consistency: %w", err)
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]any{"size": tree.N, "older": before.N, "records": records})
}

type key struct {
	id     string
	public ed25519.PublicKey
}

func (k key) KeyID() (string, error)   { return k.id, nil }
func (k key) Public() crypto.PublicKey { return k.public }
func (k key) Verify(_ context.Context, data, signature []byte) error {
	if !ed25519.Verify(k.public, data, signature) {
		return errors.New("wrong signature")
	}
	return nil
}

func openEnvelope(path, id, public string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var envelope dsse.Envelope
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&envelope); err != nil {
		return err
	}
	raw, err := base64.StdEncoding.DecodeString(public)
	if err != nil {
		return err
	}
	verifier, err := dsse.NewEnvelopeVerifier(key{id, raw})
	if err != nil {
		return err
	}
	accepted, err := verifier.Verify(context.Background(), &envelope)
	if err != nil {
		return err
	}
	payload, err := envelope.DecodeB64Payload()
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]any{
		"payloadType": envelope.PayloadType, "payload": string(payload), "keys": len(accepted),
	})
}
