import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { ThroughlineError } from '../errors.ts'
import { formatEnvelope, signEnvelope } from '../ledger/dsse.ts'
import { populationOf, sumOfRecords } from '../requests/population.ts'
import { splitApplications } from '../store/overlap.ts'
import type { Store } from '../store/store.ts'
import { BundleFolder } from './bundle-folder.ts'
import { type Created, type CreateOptions, createBundle } from './create.ts'
import { combinedReadme } from './readme.ts'
import { combinedPage } from './report/combined-page.ts'
import type { ExceptionKind, Query } from './schema.ts'
import type { Combined } from './schema-combined.ts'
import {
  COMBINED_FILE,
  COMBINED_TYPE,
  COMBINED_VERSION,
  MANIFEST_FILE,
  PAYLOAD_TYPE,
  STATEMENT_TYPE,
  STORES_FOLDER,
} from './verify/format.ts'

/** One of the stores of which bundles are made. */
export interface StoreOfMany {
  /** Folder of its bundle. */
  readonly name: string
  readonly store: Store
  /** How its bundle is made. */
  readonly options: Omit<CreateOptions, 'folder'>
}

export interface CombineOptions
  extends Pick<CreateOptions, 'folder' | 'question' | 'verifiers' | 'by' | 'findingsOfDays'> {
  readonly isRedacted: boolean
  readonly stores: readonly StoreOfMany[]
}

export interface CreatedAll {
  readonly stores: readonly (Created & { readonly name: string; readonly fingerprint: string })[]
  readonly requests: number
  /** Of the requests of all, in the order of request_id. */
  readonly populationHash: string
  readonly exceptions: ReadonlyMap<ExceptionKind, number>
}

/**
 * Writes a bundle for each of several stores, and beside them what they are together: a statement that each store's key
 * signs, so that no bundle can be left out or replaced.
 *
 * @param united the stores, read as one
 * @throws FILTER_SYNTAX, FILTER_FIELD, OUTPUT_EXISTS, OUTPUT_UNWRITABLE, STORES_OVERLAP
 */
export async function createCombined(united: Store, options: CombineOptions): Promise<CreatedAll> {
  const folder = new BundleFolder(options.folder, STORES_FOLDER)
  return folder.filled(() => write(united, folder, options))
}

async function write(united: Store, folder: BundleFolder, options: CombineOptions): Promise<CreatedAll> {
  const { question, findingsOfDays, stores } = options
  const { filter, range, nowMs } = question
  await checkSums(united, options)
  const made: CreatedAll['stores'][number][] = []
  for (const { name, store, options: own } of stores) {
    const created = await createBundle(store, { ...own, folder: folder.pathOf(`${STORES_FOLDER}${name}`) })
    made.push({ ...created, name, fingerprint: own.signing.fingerprint })
  }
  const population = await populationOf(united, { filter, range, nowMs, findings: findingsOfDays })
  const requests = made.reduce((sum, { counts }) => sum + counts.requests, 0)
  if (requests !== population.requests)
    throw new Error(`the bundles have ${requests} requests, the stores together ${population.requests}`)
  const all: CreatedAll = { stores: made, requests, populationHash: population.sha256, exceptions: exceptionsOf(made) }
  writeOwn(folder, options, all)
  return all
} // biome-ignore format: one line each

/**
 * What the stores say together must be what each says, request by request: else the statement about all of them would
 * be one that none of them signs.
 */
async function checkSums(united: Store, { question, findingsOfDays, stores }: CombineOptions): Promise<void> {
  const search = { ...question, findings: findingsOfDays }
  let apart = 0n
  for (const { store } of stores) apart += await sumOfRecords(store, search)
  if (apart === (await sumOfRecords(united, search))) return
  const [split] = splitApplications(united.state)
  const why = split ? `, as application ${split.application} has hops of one day in ${split.stores.join(' and ')}` : ''
  throw new ThroughlineError(
    'STORES_OVERLAP',
    `evidence create: some requests are others in the stores together than in each alone${why}; evidence of all of them would contradict itself. Make a bundle of each store, or read the logs of all into one store`,
    { stores: stores.map(it => it.name) },
  )
} // biome-ignore format: one line each

function exceptionsOf(made: readonly Created[]): Map<ExceptionKind, number> {
  const all = new Map<ExceptionKind, number>()
  for (const { exceptions } of made)
    for (const [kind, n] of exceptions) all.set(kind, (all.get(kind) ?? 0) + n)
  return all
}

/** What is about all of them: the question, a page, the programs, and the statement. */
function writeOwn(folder: BundleFolder, { stores, verifiers, by, isRedacted }: CombineOptions, all: CreatedAll): void {
  const inside = (name: string, file: string): Buffer => readFileSync(folder.pathOf(`${STORES_FOLDER}${name}/${file}`))
  const queryText = inside(stores[0]?.name ?? '', 'query.json')
  const query = JSON.parse(queryText.toString('utf8')) as Query
  folder.write('query.json', queryText)
  folder.write('report.html', combinedPage({ query, all, by, isRedacted }))
  folder.write('README.txt', combinedReadme(query, all.stores))
  folder.write('verify.mjs', verifiers.node)
  folder.write('verify.html', verifiers.page)
  const manifests = stores.map(({ name }) => [`${STORES_FOLDER}${name}/${MANIFEST_FILE}`, hash('sha256', inside(name, MANIFEST_FILE), 'hex')] as const)
  const combined: Combined = {
    _type: STATEMENT_TYPE,
    subject: [...folder.digests, ...manifests].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, digest]) => ({ name, digest: { sha256: digest } })),
    predicateType: COMBINED_TYPE,
    predicate: {
      version: COMBINED_VERSION,
      tool: by,
      redacted: isRedacted,
      stores: stores.map(({ name, store, options }, i) => ({
        name,
        storeId: store.state.storeId,
        fingerprint: options.signing.fingerprint,
        requests: all.stores[i]?.counts.requests ?? 0,
        populationHash: isRedacted ? null : (all.stores[i]?.populationHash ?? null),
      })),
      requests: all.requests,
      populationHash: isRedacted ? null : all.populationHash,
    },
  }
  const signers = stores.map(({ options: { signing } }) => ({ keyid: signing.fingerprint, sign: signing.sign }))
  folder.write(COMBINED_FILE, formatEnvelope(signEnvelope(PAYLOAD_TYPE, Buffer.from(JSON.stringify(combined)), signers)))
} // biome-ignore format: one line each
