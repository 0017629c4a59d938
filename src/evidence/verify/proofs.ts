import { fromHex } from '../../ledger/bytes.ts'
import type { SegmentRecord } from '../../ledger/entry.ts'
import type { LedgerState } from '../../ledger/state.ts'
import type { Findings } from './findings.ts'
import { DisclosedLeaves, rootFromLeaves } from './leaves.ts'
import type { LineReader } from './lines.ts'
import type { Crypto } from './world.ts'

export const SEGMENTS_FILE = 'proofs/segments.ndjson'
export const LINKS_FILE = 'proofs/links.ndjson'

/** A file of the store of which rows are disclosed. */
export interface ProvenFile {
  readonly path: string
  /** 1 and more. */
  readonly rows: number
  /** Hex; undefined where the file was made before there were roots. */
  readonly root: string | undefined
  /** Kind of its hops; undefined: links. */
  readonly kind: SegmentRecord['kind'] | undefined
  readonly leaves: DisclosedLeaves
  readonly disclosed: number
  readonly hashes: Uint8Array
  readonly where: string
}

interface ProofLine {
  readonly segment?: number
  readonly generation?: number
  readonly path: string
  readonly disclosed: number
  readonly hashes: string | null
}

type InForce = Pick<ProvenFile, 'rows' | 'root' | 'kind'>

/** Files that are in force by the ledger, by path. */
function inForce(state: LedgerState, what: 'segments' | 'links'): Map<string, InForce> {
  if (what === 'segments') return new Map(state.segments.map(({ path, rows, root, kind }) => [path, { rows, root, kind }]))
  const found = new Map<string, InForce>()
  for (const { link } of state.days.values())
    if (link?.file) found.set(link.file.path, { rows: link.file.rows, root: link.root, kind: undefined })
  return found
} // biome-ignore format: one line each

/** Reads proofs/segments.ndjson or proofs/links.ndjson: files by the number that hops or links refer to. */
export async function readProofs(
  reader: LineReader,
  what: 'segments' | 'links',
  state: LedgerState,
  findings: Findings,
): Promise<ProvenFile[]> {
  const files: ProvenFile[] = []
  const known = inForce(state, what)
  const seen = new Set<string>()
  for (let line = await reader.next(); line; line = await reader.next()) {
    const where = `${reader.name} line ${line.no}`
    const proof = parse(line.text)
    const record = proof && known.get(proof.path)
    const number = proof?.[what === 'segments' ? 'segment' : 'generation']
    if (!proof || number !== files.length)
      findings.fail('integrity', where, 'it is not written as it must be')
    else if (!record) findings.fail('integrity', where, `the ledger has no such file in force: ${proof.path}`)
    else if (seen.has(proof.path)) findings.fail('integrity', where, `${proof.path} comes twice`)
    if (proof) seen.add(proof.path)
    files.push({
      path: proof?.path ?? '',
      rows: record?.rows ?? 0,
      root: record?.root,
      kind: record?.kind,
      leaves: new DisclosedLeaves(),
      disclosed: proof?.disclosed ?? 0,
      hashes: fromHex(proof?.hashes ?? '') ?? new Uint8Array(1),
      where,
    })
  }
  return files
}

function parse(text: string): ProofLine | undefined {
  try {
    const proof = JSON.parse(text) as ProofLine
    const isWritten = typeof proof.path === 'string' && Number.isSafeInteger(proof.disclosed)
    return isWritten && JSON.stringify(proof) === text ? proof : undefined
  } catch {
    return undefined
  }
}

/** Computes the roots again from what was disclosed, and compares them with those of the ledger. */
export function checkRoots(
  files: readonly ProvenFile[],
  crypto: Crypto,
  findings: Findings,
  rows: string,
): void {
  for (const { path, leaves, disclosed, hashes, rows: size, root, where, kind } of files) {
    if (leaves.count === 0) findings.fail('integrity', where, `nothing of ${path} is disclosed`)
    const sorted = leaves.sorted(kind === undefined)
    if ('problem' in sorted) findings.fail('integrity', where, sorted.problem)
    else if (sorted.indexes.length !== disclosed)
      findings.fail('integrity', where, `it says ${disclosed} ${rows}, ${sorted.indexes.length} are disclosed`)
    else if (root === undefined) {
      if (hashes.length > 0) findings.fail('integrity', where, 'it has hashes, and the ledger no root')
      findings.notChecked('integrity', `${rows} of files that were written before they were sealed: whether they are in the store`)
    } else if (rootFromLeaves(crypto, size, sorted, hashes) !== root)
      findings.fail('integrity', where, `what is disclosed of ${path} does not lead to the root in the ledger`)
  }
} // biome-ignore format: one line each
