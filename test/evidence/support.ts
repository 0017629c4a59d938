import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { expect } from 'vitest'
import { type Created, type CreateOptions, createBundle, type Question } from '../../src/evidence/create.ts'
import { folderFiles, NODE_CRYPTO } from '../../src/evidence/folder-files.ts'
import { PARTS } from '../../src/evidence/verify/findings.ts'
import { type Helpers, PartCheck, type Setup } from '../../src/evidence/verify/parts.ts'
import { type Known, type Verification, verifyBundle } from '../../src/evidence/verify/verify.ts'
import type { BundleFiles } from '../../src/evidence/verify/world.ts'
import { redactor } from '../../src/model/redact.ts'
import { type SimulationOptions, writeSimulation } from '../../src/simulate/index.ts'
import { keysOf, saltsOf } from '../../src/store/keys.ts'
import { Store } from '../../src/store/store.ts'
import { inFolder } from '../support/folder.ts'
import { httperrOf } from '../support/httperr.ts'
import { type IngestSetting, ingestInto, NOON } from '../support/store.ts'

/** Runs an action on an empty store that signs and salts what it takes in; keys lie in the folder `keys` beside it. */
export async function withSealedStore<T>(folder: string, action: (store: Store) => Promise<T>, { nowMs = NOON, keys = 'keys' } = {}): Promise<T> {
  const store = await Store.write(
    { path: join(folder, 'store'), memoryMiB: 512 },
    { now: () => nowMs, newId: () => '00000000-0000-4000-8000-000000000000', by: 'test', keyFolder: join(folder, keys) },
  )
  try {
    return await action(store)
  } finally {
    store.close()
  }
} // biome-ignore format: one line each

/** Traffic of a made-up company in a sealed store. */
export async function simulated<T>(options: SimulationOptions, action: (store: Store, folder: string) => Promise<T>, setting?: IngestSetting): Promise<T> {
  return inFolder(async folder => {
    await writeSimulation(options, join(folder, 'traffic'))
    return withSealedStore(folder, async store => {
      await ingestInto(store, [join(folder, 'traffic/apigee'), join(folder, 'traffic/iis'), ...httperrOf(join(folder, 'traffic'))], setting)
      return action(store, folder)
    })
  })
} // biome-ignore format: one line each

/** 2026-03-02, on which `simulate` begins. */
export const MARCH_2 = { fromUs: Date.UTC(2026, 2, 2) * 1000, toUs: Date.UTC(2026, 2, 3) * 1000 }

export const question = (changes: Partial<Question> = {}): Question => ({
  filter: '*',
  range: MARCH_2,
  purpose: 'Quarterly review of access',
  requester: 'Ada Auditor',
  requestedAt: '2026-07-10T12:00:00Z',
  nowMs: NOON,
  ...changes,
})

const built = (name: string): Buffer =>
  readFileSync(resolve(process.env.THROUGHLINE_DIST ?? 'dist', 'evidence', name))

/** Writes a bundle of a store beside it. */
export async function bundleOf(store: Store, name = 'bundle', changes: Partial<Question> = {}, more: Partial<CreateOptions> & { readonly isRedacted?: boolean } = {}): Promise<Created & { folder: string }> {
  const folder = join(store.root, '..', name)
  const keys = join(store.root, '../keys')
  const { signing } = keysOf(store.state, keys)
  if (!signing) throw new Error('no key')
  const created = await createBundle(store, {
    folder,
    question: question(changes),
    redactor: more.isRedacted ? redactor(Buffer.alloc(32, 5)) : undefined,
    signing,
    saltsOf: id => saltsOf(store.state, keys, id),
    verifiers: { node: built('verify.mjs'), page: built('verify.html') },
    by: 'throughline test',
    ...more,
  })
  return { ...created, folder }
} // biome-ignore format: one line each

export const verified = (folder: string, known: Known = {}): Promise<Verification> =>
  verifyBundle(folderFiles(folder), NODE_CRYPTO, known)

/** Failures of all parts, a line each. */
export const failures = ({ parts, unreadable }: Verification): string[] => [
  ...(unreadable === undefined ? [] : [unreadable]),
  ...PARTS.flatMap(part => parts[part].failures.map(f => `${part}: ${f.where}: ${f.what}`)),
]

export type Files = Map<string, Buffer>

/** A bundle in memory. */
export function filesOf(folder: string): Files {
  return new Map(folderFiles(folder).names.map(name => [name, readFileSync(join(folder, name))]))
}

export function memoryFiles(files: ReadonlyMap<string, Buffer>): BundleFiles {
  return {
    names: [...files.keys()],
    async *read(name) {
      const bytes = files.get(name)
      if (bytes && bytes.length > 0) yield bytes
    },
  }
}

/** Helpers without threads, and how many parts they found well. */
export function here(answered = { well: 0, other: 0 }): Helpers {
  const start = (setup: Setup) =>
    [0, 1].map(() => {
      const check = new PartCheck(structuredClone(setup), NODE_CRYPTO)
      return {
        check: async (part: Parameters<PartCheck['check']>[0]) => {
          const answer = await check.check(part)
          answered[answer ? 'well' : 'other']++
          return answer
        },
        sums: async () => check.sums(),
        stop: () => undefined,
      }
    })
  return { least: 0, start, requests: 32 }
}

/** What is found of a bundle by one alone, and by helpers as well. */
export async function verifiedFiles(files: ReadonlyMap<string, Buffer>, known: Known = {}): Promise<Verification> {
  const alone = await verifyBundle(memoryFiles(files), NODE_CRYPTO, known)
  expect((await verifyBundle(memoryFiles(files), NODE_CRYPTO, known, here())).parts).toEqual(alone.parts)
  return alone
} // biome-ignore format: one line each

/** Writes a bundle that was changed. */
export function writeBundle(files: ReadonlyMap<string, Buffer>, folder: string): string {
  for (const [name, bytes] of files) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), bytes)
  }
  return folder
}
