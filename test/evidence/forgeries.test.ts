import { spawnSync } from 'node:child_process'
import { createHash, generateKeyPairSync } from 'node:crypto'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { mutated, randomFrom } from '../../scripts/evidence/mutate.mjs'
import { parseStats } from '../../src/coverage/reconcile/stats.ts'
import { agreementOf, rootAt } from '../../src/evidence/agreement.ts'
import type { Part, PartResult } from '../../src/evidence/verify/findings.ts'
import { PAYLOAD_TYPE } from '../../src/evidence/verify/format.ts'
import { exitCodeOf, verdictLines } from '../../src/evidence/verify/print.ts'
import type { Known, Verification } from '../../src/evidence/verify/verify.ts'
import { formatCheckpoint, originOf } from '../../src/ledger/checkpoint.ts'
import { formatEnvelope, signEnvelope } from '../../src/ledger/dsse.ts'
import { ed25519Signer, publicKeyOf, sha256 } from '../../src/ledger/ed25519.ts'
import { leafHash, TreeHasher } from '../../src/ledger/merkle.ts'
import { signNote } from '../../src/ledger/note.ts'
import { fingerprintOf, spkiOf } from '../../src/ledger/public-key.ts'
import { writeSimulation } from '../../src/simulate/index.ts'
import { keysOf, type SigningKey } from '../../src/store/keys.ts'
import { closeAll } from '../support/days.ts'
import { inFolder } from '../support/folder.ts'
import { ingestInto } from '../support/store.ts'
import {
  bundleOf,
  type Files,
  failures,
  filesOf,
  memoryFiles,
  verifiedFiles,
  withSealedStore,
  writeBundle,
} from './support.ts'

const TRAFFIC = {
  hours: 0.1,
  ratePerSecond: 0.7,
  seed: 6,
  idShare: 0.6,
  retriesShare: 0.2,
  appErrorShare: 0.1,
} as const

const SUBJECTS = { aliases: [], rules: [{ match: 'CORP\\*', as: '*@staff.example' }] }

/** Of other hours than the traffic as well, and three calls too many. */
const STATS = {
  stats: parseStats(
    JSON.stringify({
      environments: [
        {
          name: 'prod',
          metrics: [
            {
              name: 'sum(message_count)',
              values: [7, 8, 30].map(hour => ({ timestamp: Date.UTC(2026, 2, 2, hour), value: '3' })),
            },
          ],
        },
      ],
    }),
    's',
  ),
  sha256: '5'.repeat(64),
}

/** A bundle by its owner, with his key, as a forger finds it who has broken in; and one by a forger's own store. */
interface World {
  readonly files: Files
  readonly owner: SigningKey
  /** Checkpoint of the bundle, kept elsewhere; and an older one. */
  readonly checkpoint: string
  readonly narrow: Files
  /** What the store says of the bundle, and of one that lacks requests. */
  readonly agreement: PartResult
  readonly shortAgreement: PartResult
  /** Roots of the store by number of entries. */
  readonly rootAt: (size: number) => Uint8Array | undefined
  readonly older: Files
  readonly forged: Files
}

let world: World

beforeAll(async () => {
  world = await makeWorld()
})

async function makeWorld(): Promise<World> {
  return inFolder(async folder => {
    const traffic = join(folder, 'traffic')
    await writeSimulation(TRAFFIC, traffic)
    const logs = [join(traffic, 'apigee'), join(traffic, 'iis')]
    const findings = async () => ({
      incidents: [{ rule: 'gateway-bypass', ruleTitle: '', incident: 'i-1', severity: 'high', status: 'OPEN', requestIds: [] }],
      notEvaluated: [],
    }) // biome-ignore format: one incident
    const own = await withSealedStore(folder, async store => {
      await ingestInto(store, logs, { config: { subjects: SUBJECTS } })
      const older = filesOf((await bundleOf(store, 'older')).folder)
      closeAll(store)
      const more = { findings, withAliases: true, stats: STATS }
      const files = filesOf((await bundleOf(store, 'bundle', {}, more)).folder)
      const narrow = filesOf((await bundleOf(store, 'narrow', { filter: 'not status:401' })).folder)
      const owner = keysOf(store.state, join(folder, 'keys')).signing
      if (!owner) throw new Error('no key')
      const { manifest, query } = await verifiedFiles(files)
      if (!manifest || !query) throw new Error('no manifest')
      const agreement = await agreementOf(store, memoryFiles(files), manifest, query)
      const shortAgreement = await agreementOf(store, memoryFiles(narrow), manifest, query)
      const size = store.state.head + 1
      const rootOf = new Map(
        [size, lines(older, 'proofs/entries.ndjson').length].map(n => [n, rootAt(store, n)]),
      )
      return {
        files,
        narrow,
        older,
        owner,
        agreement,
        shortAgreement,
        checkpoint: String(files.get('proofs/checkpoint')),
        rootAt: (n: number) => rootOf.get(n),
      }
    })
    // Another key, the same id of the store, and logs of which the forger has taken a line out.
    const other = join(folder, 'other')
    const forged = await withSealedStore(other, async store => {
      await ingestInto(store, [logs[0] ?? ''])
      closeAll(store)
      return filesOf((await bundleOf(store)).folder)
    })
    return { ...own, forged }
  })
}

const stranger = (): SigningKey => {
  const { privateKey } = generateKeyPairSync('ed25519')
  const publicKey = publicKeyOf(privateKey)
  return { publicKey, fingerprint: fingerprintOf(sha256, publicKey), sign: ed25519Signer(privateKey) }
}

interface Predicate {
  populationHash: string | null
  checkpoint: { origin: string; size: number; root: string }
  version: number
  filterSha256: string | null
  readonly counts: { findings: number }
}

/** A bundle with other files, digests and counts made right again, signed by somebody. */
function resealed(
  files: Files,
  { fingerprint, sign }: SigningKey,
  changePredicate: (predicate: Predicate) => void = () => {},
): Files {
  const envelope = JSON.parse(String(files.get('manifest.json')))
  const manifest = JSON.parse(Buffer.from(envelope.payload, 'base64').toString())
  manifest.subject = [...files]
    .filter(([name]) => name !== 'manifest.json')
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, bytes]) => ({ name, digest: { sha256: createHash('sha256').update(bytes).digest('hex') } }))
  changePredicate(manifest.predicate)
  const signed = signEnvelope(PAYLOAD_TYPE, Buffer.from(JSON.stringify(manifest)), [
    { keyid: fingerprint, sign },
  ])
  return new Map(files).set('manifest.json', Buffer.from(formatEnvelope(signed)))
}

const lines = (files: Files, name: string): string[] => String(files.get(name)).split('\n').slice(0, -1)
const withLines = (files: Files, name: string, list: readonly string[]): Files =>
  new Map(files).set(name, Buffer.from(list.map(line => `${line}\n`).join('')))
const edited = (files: Files, name: string, change: (text: string) => string): Files => {
  const text = String(files.get(name))
  const changed = change(text)
  expect(changed).not.toBe(text)
  return new Map(files).set(name, Buffer.from(changed))
}

/** The bundle without the request at a place, its line items gone from every file. */
function withoutRequest(files: Files, n: number): Files {
  const population = lines(files, 'population.ndjson')
  const hops = population.map(line => (JSON.parse(line).hops as unknown[]).length)
  const before = hops.slice(0, n).reduce((a, b) => a + b, 0)
  const id = JSON.parse(population[n] ?? '').request_id
  let changed = withLines(
    files,
    'population.ndjson',
    population.filter((_, i) => i !== n),
  )
  changed = withLines(
    changed,
    'population.csv',
    lines(files, 'population.csv').filter((_, i) => i !== n + 1),
  )
  changed = withLines(
    changed,
    'facts.ndjson',
    lines(files, 'facts.ndjson').filter((_, i) => i < before || i >= before + (hops[n] ?? 0)),
  )
  changed = withLines(
    changed,
    'exceptions.ndjson',
    lines(files, 'exceptions.ndjson').filter(line => !line.includes(id)),
  )
  const links = lines(files, 'links.ndjson')
    .map(line => JSON.parse(line))
    .filter(l => l.request !== n)
  return withLines(
    changed,
    'links.ndjson',
    links.map(l => JSON.stringify({ ...l, request: l.request > n ? l.request - 1 : l.request })),
  )
}

const failedParts = ({ parts }: Verification): Part[] =>
  (Object.keys(parts) as Part[]).filter(p => parts[p].verdict === 'FAIL')

describe('who has the key of the store, and changes a bundle so that every digest is right', () => {
  const forge: readonly { name: string; change: (w: World) => Files; part: Part }[] = [
    { name: 'a request dropped', change: w => withoutRequest(w.files, 5), part: 'integrity' },
    {
      name: 'a status in the table for people',
      change: w => edited(w.files, 'population.csv', t => t.replace(/,(200|401|500),/, ',204,')),
      part: 'soundness',
    },
    {
      name: 'a status in a record',
      change: w => edited(w.files, 'population.ndjson', t => t.replace(/"status":\d+/, '"status":204')),
      part: 'soundness',
    },
    {
      name: 'a subject in a record',
      change: w =>
        edited(w.files, 'population.ndjson', t => t.replace(/"subject":"[^"]+"/, '"subject":"mallory"')),
      part: 'soundness',
    },
    {
      name: 'a log line',
      change: w => edited(w.files, 'facts.ndjson', t => t.replace('"rest":"', '"rest":"0')),
      part: 'integrity',
    },
    {
      name: 'a salt',
      change: w =>
        edited(w.files, 'facts.ndjson', t =>
          t.replace(/"salts":"(.)/, (_, c) => `"salts":"${c === '0' ? '1' : '0'}`),
        ),
      part: 'integrity',
    },
    {
      name: 'salts of two rows exchanged',
      change: w => {
        const [a = '', b = '', ...rest] = lines(w.files, 'facts.ndjson')
        const salts = (line: string): string => /"salts":"([0-9a-f]+)"/.exec(line)?.[1] ?? ''
        return withLines(w.files, 'facts.ndjson', [
          a.replace(salts(a), salts(b)),
          b.replace(salts(b), salts(a)),
          ...rest,
        ])
      },
      part: 'integrity',
    },
    {
      name: "the store's table of aliases",
      change: w =>
        edited(w.files, 'proofs/subjects.json', t => t.replace('*@staff.example', '*@evil.example')),
      part: 'integrity',
    },
    {
      name: 'an alias taken away',
      change: w => withLines(w.files, 'aliases.ndjson', lines(w.files, 'aliases.ndjson').slice(1)),
      part: 'soundness',
    },
    {
      name: 'a control total made to fit',
      change: w =>
        edited(w.files, 'completeness.json', t =>
          t.replace(/"calls": 3,\n(\s+)"records": (\d+)/, '"calls": $2,\n$1"records": $2'),
        ),
      part: 'completeness',
    },
    {
      name: 'records of a control total',
      change: w =>
        edited(w.files, 'completeness.json', t =>
          t
            .replace(/"calls": 3,\n(\s+)"records": \d+/, '"calls": 3,\n$1"records": 3')
            .replace('"verdict": "more"', '"verdict": "equal"'),
        ),
      part: 'completeness',
    },
    {
      name: 'control totals that say that they cover less',
      change: w =>
        edited(w.files, 'completeness.json', t =>
          t.replace(/"from": "2026-03-02T07:00/, '"from": "2026-03-02T08:00'),
        ),
      part: 'completeness',
    },
    {
      name: 'a span of the sample',
      change: w => edited(w.files, 'sample.json', t => t.replace(/"layer": "target"/, '"layer": "app"')),
      part: 'soundness',
    },
    {
      name: 'the seed of the sample',
      change: w =>
        edited(w.files, 'sample.json', t =>
          t.replace(/"seed": "(.)/, (_, c) => `"seed": "${c === '0' ? '1' : '0'}`),
        ),
      part: 'soundness',
    },
    {
      name: 'the hidden hashes of a proof',
      change: w =>
        edited(w.narrow, 'proofs/segments.ndjson', t =>
          t.replace(/"hashes":"(.)/, (_, c) => `"hashes":"${c === '0' ? '1' : '0'}`),
        ),
      part: 'integrity',
    },
    {
      name: 'how sure a link is',
      change: w => edited(w.files, 'links.ndjson', t => t.replace('linked\\t', 'linkedx\\t')),
      part: 'integrity',
    },
    {
      name: 'a link taken away',
      change: w => withLines(w.files, 'links.ndjson', lines(w.files, 'links.ndjson').slice(1)),
      part: 'soundness',
    },
    {
      name: 'what was read, by source',
      change: w => edited(w.files, 'completeness.json', t => t.replace(/"lines": \d+/, '"lines": 7')),
      part: 'completeness',
    },
    {
      name: 'rejected lines hidden in directives',
      change: w =>
        edited(w.files, 'completeness.json', t =>
          t.replace(/"directives": (\d+)/, (_, n) => `"directives": ${Number(n) + 1}`),
        ),
      part: 'completeness',
    },
    {
      name: 'rows of an hour',
      change: w => edited(w.files, 'completeness.json', t => t.replace(/"rows": \d+/, '"rows": 1')),
      part: 'completeness',
    },
    {
      name: 'requests of an hour',
      change: w =>
        edited(w.files, 'completeness.json', t =>
          t.replace(/"requests": (\d+)/, (_, n) => `"requests": ${Number(n) + 1}`),
        ),
      part: 'completeness',
    },
    {
      name: 'an open day shown as closed',
      change: w =>
        edited(w.older, 'completeness.json', t => t.replace('"state": "open"', '"state": "closed"')),
      part: 'completeness',
    },
    {
      name: 'an exception removed',
      change: w => withLines(w.files, 'exceptions.ndjson', lines(w.files, 'exceptions.ndjson').slice(1)),
      part: 'completeness',
    },
    {
      name: 'a source renamed',
      change: w => edited(w.files, 'sources.json', t => t.replace('.log', '.lag')),
      part: 'completeness',
    },
    {
      name: 'another sample',
      change: w =>
        edited(w.files, 'sample.json', t => t.replace(/"line": (\d+)/, (_, n) => `"line": ${Number(n) + 1}`)),
      part: 'soundness',
    },
    {
      name: 'a filter that rows do not fulfil',
      change: w => edited(w.files, 'query.json', t => t.replace('"filter": "*"', '"filter": "status:200"')),
      part: 'soundness',
    },
    {
      name: 'a shorter period',
      change: w =>
        edited(w.files, 'query.json', t => t.replace(/"to": "[^"]+"/, '"to": "2026-03-02T08:01:00.000000Z"')),
      part: 'soundness',
    },
    {
      name: 'a request named in a finding that is not there',
      change: w =>
        edited(w.files, 'findings.ndjson', t =>
          t.replace('"requests":[]', `"requests":["${'0'.repeat(32)}"]`),
        ),
      part: 'completeness',
    },
    {
      name: 'a finding removed, its number left',
      change: w => withLines(w.files, 'findings.ndjson', []),
      part: 'completeness',
    },
    {
      name: 'an entry of the ledger',
      change: w => edited(w.files, 'proofs/entries.ndjson', t => t.replace('"by":"test"', '"by":"tset"')),
      part: 'integrity',
    },
    {
      name: 'the last entry cut off',
      change: w =>
        withLines(w.files, 'proofs/entries.ndjson', lines(w.files, 'proofs/entries.ndjson').slice(0, -1)),
      part: 'integrity',
    },
    {
      name: 'the checkpoint of an older state',
      change: w =>
        new Map(w.files).set('proofs/checkpoint', w.older.get('proofs/checkpoint') ?? Buffer.alloc(0)),
      part: 'integrity',
    },
  ]
  test.each(forge)('$name: $part', async ({ change, part }) => {
    const changed = resealed(change(world), world.owner, predicate => {
      // The filter's digest is put right, too.
      const { filter } = JSON.parse(String(change(world).get('query.json')))
      predicate.filterSha256 = createHash('sha256').update(filter).digest('hex')
    })
    const verification = await verifiedFiles(changed, { key: world.owner.fingerprint })
    expect(failedParts(verification)).toContain(part)
    expect(exitCodeOf(verification)).toBe(1)
  })

  test('a newer manifest is not taken for a wrong one', async () => {
    const newer = resealed(world.files, world.owner, predicate => {
      predicate.version = 2
    })
    const verification = await verifiedFiles(newer)
    expect(verification.unreadable).toContain('format version 2')
    expect(exitCodeOf(verification)).toBe(3)
  })
})

describe('who lacks the key of the store', () => {
  test('cannot sign a changed bundle with another one', async () => {
    for (const files of [
      world.files,
      withoutRequest(world.files, 3),
      withLines(world.files, 'findings.ndjson', []),
    ]) {
      const verification = await verifiedFiles(
        resealed(files, stranger(), p => {
          p.counts.findings = 0
        }),
      )
      expect(failures(verification).join('\n')).toContain('signed by a key that is not known')
    }
  })

  const known: readonly { name: string; known: (w: World) => Known; exit: number; anchors: number }[] = [
    { name: 'nothing is known: it passes, and says UNANCHORED', known: () => ({}), exit: 0, anchors: 0 },
    { name: 'the fingerprint', known: w => ({ key: w.owner.fingerprint }), exit: 1, anchors: 0 },
    { name: 'a checkpoint', known: w => ({ checkpoint: w.checkpoint }), exit: 1, anchors: 0 },
  ]
  test.each(known)(
    'can make a bundle of a store of his own; when $name',
    async ({ known, exit, anchors }) => {
      const verification = await verifiedFiles(world.forged, known(world))
      expect([exitCodeOf(verification), verification.anchors.length]).toEqual([exit, anchors])
    },
  )

  test('cannot pass an older state off as the newest to who kept a checkpoint', async () => {
    expect(failures(await verifiedFiles(world.older, { checkpoint: world.checkpoint })).join('\n')).toContain(
      'older state',
    )
    const olderKnown = { checkpoint: String(world.older.get('proofs/checkpoint')) }
    expect((await verifiedFiles(world.files, olderKnown)).anchors).toHaveLength(1)
    expect((await verifiedFiles(world.files, { checkpoint: 'no checkpoint' })).anchors).toEqual([])
    expect(exitCodeOf(await verifiedFiles(world.files, { checkpoint: 'no checkpoint' }))).toBe(1)
  })
})

/** A bundle whose ledger names another key from its beginning, everything hashed and signed again with that. */
function rekeyed(files: Files, key: SigningKey): Files {
  const tree = new TreeHasher(sha256)
  let [prev, storeId] = ['0'.repeat(64), '']
  const entries = lines(files, 'proofs/entries.ndjson').map(text => {
    const entry = JSON.parse(text)
    if (entry.kind === 'created') storeId = entry.storeId
    const own = entry.kind === 'key' ? { publicKey: Buffer.from(spkiOf(key.publicKey)).toString('base64'), fingerprint: key.fingerprint } : {}
    const line = JSON.stringify({ ...entry, ...own, prev })
    const digest = sha256(Buffer.from(`${line}\n`))
    tree.add(leafHash(sha256, digest))
    prev = Buffer.from(digest).toString('hex')
    return line
  })
  const [origin, size, root] = [originOf(storeId), tree.size, tree.root()]
  const note = signNote(sha256, formatCheckpoint({ origin, size, root }), [{ ...key, name: origin }])
  const changed = withLines(files, 'proofs/entries.ndjson', entries).set('proofs/checkpoint', Buffer.from(note))
  return resealed(changed, key, predicate => {
    predicate.checkpoint = { origin, size, root: Buffer.from(root).toString('hex') }
  })
} // biome-ignore format: one line each

describe('what only an anchor can show', () => {
  test('everything hashed and signed again with another key: UNANCHORED, and a failure with any anchor', async () => {
    const forged = rekeyed(world.files, stranger())
    const alone = await verifiedFiles(forged)
    expect([failures(alone), alone.anchors, exitCodeOf(alone)]).toEqual([[], [], 0])
    expect(verdictLines(alone).join('\n')).toContain('PASS, but UNANCHORED')
    for (const known of [{ key: world.owner.fingerprint }, { checkpoint: world.checkpoint }]) {
      const verification = await verifiedFiles(forged, known)
      expect([exitCodeOf(verification), verification.anchors]).toEqual([1, []])
      expect(verdictLines(verification).join('\n')).toContain('FAIL: do not rely on this bundle (UNANCHORED)')
    }
  })

  test('a checkpoint newer than the bundle fails alone, and is an anchor where the store leads to it', async () => {
    const known = { checkpoint: world.checkpoint }
    const alone = await verifiedFiles(world.older, known)
    expect(failures(alone)).toEqual([expect.stringMatching(/made before this checkpoint, or somebody shows an older state.*Check with --store/)])
    const withStore = await verifiedFiles(world.older, { ...known, rootAt: world.rootAt })
    expect([failures(withStore), withStore.anchors]).toEqual([[], [expect.stringContaining('to which the store leads')]])
    const other = await verifiedFiles(rekeyed(world.older, stranger()), { ...known, rootAt: world.rootAt })
    expect([exitCodeOf(other), other.anchors]).toEqual([1, []])
    const shorter = await verifiedFiles(world.older, { ...known, rootAt: () => undefined })
    expect([exitCodeOf(shorter), shorter.anchors]).toEqual([1, []])
  })
}) // biome-ignore format: one line each

describe('what the owner of the key alone can change is said to be not checked', () => {
  const notChecked = ({ parts }: Verification): string => Object.values(parts).flatMap(p => p.notChecked).join('\n')
  const known = (w: World): Known => ({ key: w.owner.fingerprint })

  test('the report, and findings that are left out', async () => {
    const changed = resealed(withLines(edited(world.files, 'report.html', t => t.replace('requests found', 'requests lost')), 'findings.ndjson', []), world.owner, p => {
      p.counts.findings = 0
    })
    const verification = await verifiedFiles(changed, known(world))
    expect(failures(verification)).toEqual([])
    expect(notChecked(verification)).toContain('report.html and README.txt say what the other files say')
    expect(notChecked(verification)).toContain('which findings there are')
  })

  test('whom a name means: seen where the table is disclosed, not checked where it is not', async () => {
    const forged = async (files: Files): Promise<Verification> => {
      const name = JSON.parse(lines(files, 'aliases.ndjson')[0] ?? '').subject_name as string
      const names = ['aliases.ndjson', 'population.ndjson', 'population.csv']
      const changed = names.reduce((all, file) => edited(all, file, t => t.replaceAll(name, 'mallory')), files)
      const hash = (text: string): string => /the records have ([0-9a-f]{64})/.exec(text)?.[1] ?? ''
      const first = await verifiedFiles(resealed(changed, world.owner))
      return verifiedFiles(resealed(changed, world.owner, p => {
        p.populationHash = hash(failures(first).join('\n'))
      }), known(world))
    }
    expect(failures(await forged(world.files))).toEqual([expect.stringContaining("aliases.ndjson: the store's table (proofs/subjects.json) says otherwise")])
    const hidden = await forged(world.narrow)
    expect(failures(hidden)).toEqual([])
    expect(notChecked(hidden)).toMatch(/aliases: that \d+ names? of these hops and no more mean another subject/)
    expect(notChecked(await verifiedFiles(world.files))).not.toContain('aliases')
  })
}) // biome-ignore format: one line each

test('a request left out by who has the key, and all made right again, is found by the store', () => {
  expect(world.agreement.verdict).toBe('PASS')
  expect(world.shortAgreement.verdict).toBe('FAIL')
  expect(world.shortAgreement.failures[0]?.what).toContain('missing: the store finds it')
})

/** Changes; how a bundle that was changed is found out is the same in a program of its own: some are tried there, too. */
const [CHANGES, EVERY] = [132, 33]

test('no random change of a bundle passes, and the bundle itself does', async () => {
  const known = { key: world.owner.fingerprint }
  expect(failures(await verifiedFiles(world.files, known))).toEqual([])
  const random = randomFrom(Number(process.env.TEST_SEED ?? 20260710))
  const missed: string[] = []
  await inFolder(async folder => {
    for (let n = 0; n < CHANGES; n++) {
      const mutation = mutated(world.files, random, n)
      const verification = await verifiedFiles(mutation.files, known)
      if (exitCodeOf(verification) === 0) missed.push(mutation.what)
      if (n % EVERY !== 0) continue
      const changed = writeBundle(mutation.files, join(folder, `changed-${n}`))
      const program = writeBundle(world.files, join(folder, `bundle-${n}`))
      const { status, stdout } = spawnSync(process.execPath, [join(program, 'verify.mjs'), changed, '--key', known.key, '--json'], { encoding: 'utf8' })
      expect([mutation.what, status]).toEqual([mutation.what, exitCodeOf(verification)])
      expect(JSON.parse(stdout).parts).toEqual(JSON.parse(JSON.stringify(verification.parts)))
    }
  })
  expect(missed).toEqual([])
}) // biome-ignore format: few words
