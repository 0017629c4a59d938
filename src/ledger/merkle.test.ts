import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { concatBytes, fromHex, toHex } from './bytes.ts'
import { consistencyProof, isConsistent } from './consistency.ts'
import { rootInPlace, sha256 } from './ed25519.ts'
import {
  hashAt,
  inclusionProof,
  leafHash,
  multiProof,
  nodeHash,
  rootFromInclusion,
  rootFromMultiProof,
  rootOf,
  TreeHasher,
} from './merkle.ts'

// The reference leaves, roots and proofs of Certificate Transparency (github.com/transparency-dev/merkle, testonly).
const DATA = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
]
const ROOTS = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
]
const REFERENCE = concatBytes(...DATA.map(hex => leafHash(sha256, bytes(hex))))

function bytes(hex: string): Uint8Array {
  return fromHex(hex) ?? new Uint8Array()
}

const firstLeaves = (leaves: Uint8Array, size: number) => leaves.subarray(0, size * 32)

describe('the reference tree', () => {
  test.each(ROOTS.map((root, size) => ({ size, root })))('has its root at size $size', ({ size, root }) => {
    expect(toHex(rootOf(sha256, firstLeaves(REFERENCE, size)))).toBe(root)
  })

  test.each([
    { index: 0, size: 1, proof: [] },
    {
      index: 0,
      size: 8,
      proof: [
        '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
        '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
        '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
      ],
    },
    {
      index: 5,
      size: 8,
      proof: [
        'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
        'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
        'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
      ],
    },
    { index: 2, size: 3, proof: ['fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125'] },
  ])('includes leaf $index of $size', ({ index, size, proof }) => {
    const leaves = firstLeaves(REFERENCE, size)
    expect(inclusionProof(sha256, leaves, index).map(toHex)).toEqual(proof)
    const leaf = hashAt(REFERENCE, index)
    const root = rootFromInclusion(sha256, { index, size, leaf }, proof.map(bytes))
    expect(root && toHex(root)).toBe(ROOTS[size])
  })

  test.each([
    { older: 1, newer: 1, proof: [] },
    {
      older: 1,
      newer: 8,
      proof: [
        '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
        '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
        '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
      ],
    },
    {
      older: 6,
      newer: 8,
      proof: [
        '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
        'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
        'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
      ],
    },
    {
      older: 2,
      newer: 5,
      proof: [
        '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
        'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
      ],
    },
  ])('of $newer leaves continues that of $older', ({ older, newer, proof }) => {
    expect(consistencyProof(sha256, firstLeaves(REFERENCE, newer), older).map(toHex)).toEqual(proof)
    const head = (size: number) => ({ size, root: bytes(ROOTS[size] ?? '') })
    expect(isConsistent(sha256, head(older), head(newer), proof.map(bytes))).toBe(true)
  })
})

/** The tree as RFC 6962, section 2.1, defines it, without any economy. */
function slowRoot(leaves: readonly Uint8Array[]): Uint8Array {
  const [only = new Uint8Array()] = leaves
  if (leaves.length === 0) return sha256(only)
  if (leaves.length === 1) return only
  const split = 2 ** Math.ceil(Math.log2(leaves.length) - 1)
  return nodeHash(sha256, slowRoot(leaves.slice(0, split)), slowRoot(leaves.slice(split)))
}

const trees = fc
  .array(fc.integer({ min: 0, max: 255 }), { maxLength: 70 })
  .map(data => data.map(byte => leafHash(sha256, Uint8Array.of(byte))))

const treesWithLeaves = trees.chain(leaves => {
  const indexes = leaves.map((_, index) => index)
  return fc.tuple(fc.constant(leaves), fc.subarray(indexes))
})

/** Every way to spoil a list of hashes: one changed, dropped, twice, or one more. */
function spoilt(hashes: readonly Uint8Array[]): Uint8Array[][] {
  const other = new Uint8Array(32).fill(0xab)
  return [
    [...hashes, other],
    ...hashes.flatMap((hash, at) => [
      hashes.with(at, other),
      hashes.toSpliced(at, 1),
      hashes.toSpliced(at, 0, hash),
      hashes.with(at, hash.subarray(1)),
    ]),
  ]
}

describe('any tree', () => {
  test('adds up leaf by leaf to the root of the definition', () => {
    fc.assert(
      fc.property(trees, leaves => {
        const hasher = new TreeHasher(sha256)
        for (const leaf of leaves) hasher.add(leaf)
        expect(toHex(hasher.root())).toBe(toHex(slowRoot(leaves)))
        expect(hasher.size).toBe(leaves.length)
        expect(toHex(rootInPlace(Buffer.concat(leaves)))).toBe(toHex(slowRoot(leaves)))
      }),
    )
  })

  test('proves each of its leaves, and no other at their places', () => {
    fc.assert(
      fc.property(trees, fc.nat(), (leaves, number) => {
        if (leaves.length === 0) return
        const index = number % leaves.length
        const [size, root] = [leaves.length, toHex(slowRoot(leaves))]
        const leaf = leaves[index] ?? new Uint8Array()
        const proof = inclusionProof(sha256, concatBytes(...leaves), index)
        const found = (claim: Parameters<typeof rootFromInclusion>[1], hashes: readonly Uint8Array[]) => {
          const other = rootFromInclusion(sha256, claim, hashes)
          return other && toHex(other)
        }
        expect(found({ index, size, leaf }, proof)).toBe(root)
        expect(found({ index, size, leaf: new Uint8Array(32) }, proof)).not.toBe(root)
        for (const hashes of spoilt(proof)) expect(found({ index, size, leaf }, hashes)).not.toBe(root)
        expect(found({ index: size, size, leaf }, proof)).toBe(undefined)
        expect(found({ index: -1, size, leaf }, proof)).toBe(undefined)
      }),
    )
  })

  test('continues each of its beginnings, and nothing else', () => {
    fc.assert(
      fc.property(trees, fc.nat(), (leaves, number) => {
        const size = number % (leaves.length + 1)
        const older = { size, root: slowRoot(leaves.slice(0, size)) }
        const newer = { size: leaves.length, root: slowRoot(leaves) }
        const proof = consistencyProof(sha256, concatBytes(...leaves), size)
        expect(isConsistent(sha256, older, newer, proof)).toBe(true)
        for (const hashes of spoilt(proof)) expect(isConsistent(sha256, older, newer, hashes)).toBe(false)
        const forged = new Uint8Array(32).fill(1)
        expect(isConsistent(sha256, { ...older, root: forged }, newer, proof)).toBe(false)
        // Any tree continues an empty one.
        if (size > 0) expect(isConsistent(sha256, older, { ...newer, root: forged }, proof)).toBe(false)
        if (older.size < newer.size) expect(isConsistent(sha256, newer, older, proof)).toBe(false)
      }),
    )
  })

  test('proves many leaves at once, and none that are others, elsewhere, missing or more', () => {
    fc.assert(
      fc.property(treesWithLeaves, fc.nat(), ([leaves, wanted], number) => {
        const [size, root] = [leaves.length, toHex(slowRoot(leaves))]
        const shown = wanted.map(index => ({ index, leaf: leaves[index] ?? new Uint8Array() }))
        const proof = multiProof(sha256, concatBytes(...leaves), wanted)
        const found = (claimed: typeof shown, hashes: readonly Uint8Array[], of = size) => {
          const other = rootFromMultiProof(sha256, of, claimed, hashes)
          return other && toHex(other)
        }
        expect(found(shown, proof)).toBe(root)
        for (const hashes of spoilt(proof)) expect(found(shown, hashes)).not.toBe(root)
        if (shown.length === 0) return
        const at = number % shown.length
        const one = shown[at] ?? { index: 0, leaf: new Uint8Array() }
        expect(found(shown.with(at, { ...one, leaf: new Uint8Array(32) }), proof)).not.toBe(root)
        expect(found(shown.toSpliced(at, 1), proof)).not.toBe(root)
        expect(found(shown.toSpliced(at, 0, one), proof)).toBe(undefined)
        expect(found(shown.with(at, { ...one, index: size }), proof)).toBe(undefined)
      }),
    )
  })

  test('needs no hashes beside all of its leaves, and one for none of them', () => {
    const leaves = concatBytes(...Array.from({ length: 9 }, (_, i) => leafHash(sha256, Uint8Array.of(i))))
    expect(multiProof(sha256, leaves, [0, 1, 2, 3, 4, 5, 6, 7, 8])).toEqual([])
    expect(multiProof(sha256, leaves, []).map(toHex)).toEqual([toHex(rootOf(sha256, leaves))])
  })
})

test.each([
  { name: 'an inclusion beyond the tree', run: () => inclusionProof(sha256, REFERENCE, 8) },
  { name: 'a tree larger than its continuation', run: () => consistencyProof(sha256, REFERENCE, 9) },
  { name: 'wanted leaves in another order', run: () => multiProof(sha256, REFERENCE, [1, 0]) },
])('$name is refused', ({ run }) => expect(run).toThrow(RangeError))
