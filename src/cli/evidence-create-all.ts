import { createCombined, type StoreOfMany } from '../evidence/combine.ts'
import type { CreateOptions } from '../evidence/create.ts'
import type { FindingSettings } from '../findings/settings.ts'
import type { LedgerState } from '../ledger/state.ts'
import type { FindingsOfDays } from '../requests/findings-source.ts'
import type { Salts, SigningKey } from '../store/keys.ts'
import type { Given } from '../store/reads.ts'
import type { Store } from '../store/store.ts'
import type { Context } from './context.ts'
import { coverageOfPart, findingsOfPart, knownOfParts } from './evidence-parts.ts'
import { count, type Output, safe, table } from './output.ts'

/** What is the same for the bundle of one store and for those of several. */
export type AskedOfStores = Omit<CreateOptions, 'signing' | 'saltsOf' | 'coverage' | 'findings' | 'stats'>

interface Surroundings {
  readonly settings: FindingSettings
  /** @throws KEY_REFUSED */
  readonly signingOf: (state: LedgerState) => SigningKey
  readonly saltsOf: (state: LedgerState) => (id: string) => Salts | undefined
}

/** Writes a bundle for each of several stores, and what they are together. */
export async function createOfAll(
  { out }: Context,
  united: Store,
  asked: AskedOfStores,
  { settings, signingOf, saltsOf }: Surroundings,
): Promise<Given> {
  const { parts = [] } = united.state
  const { range, nowMs } = asked.question
  const names = folderNames(parts.map(part => part.name))
  // Of all stores: what rules say of a day can rest on logs that lie in several.
  const findingsOfDays: FindingsOfDays = async (_, days) => asked.findingsOfDays?.(united, days)
  // Keys first: where one is missing, nothing is read for long.
  const signings = parts.map(part => signingOf(part.state))
  const known = await knownOfParts(united, range, settings, nowMs)
  const stores = united.each.flatMap((store, i): StoreOfMany[] => {
    const [part, signing, name] = [parts[i], signings[i], names[i]]
    if (!part || !signing || name === undefined) return []
    const options = {
      ...asked,
      signing,
      saltsOf: saltsOf(part.state),
      coverage: async () => coverageOfPart(known, part),
      findings: () => findingsOfPart(united, known, part, range),
      findingsOfDays,
    }
    return [{ name, store, options }]
  })
  const created = await createCombined(united, { ...asked, isRedacted: asked.redactor !== undefined, stores })
  print(out, asked.folder, created)
  return { rows: created.requests, population: created.populationHash }
}

/** Names of stores as names of folders, each once. */
function folderNames(names: readonly string[]): string[] {
  const taken = new Set<string>()
  return names.map(name => {
    const plain = name.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[.-]+/, '').slice(-100) || 'store'
    let own = plain
    for (let n = 2; taken.has(own.toLowerCase()); n++) own = `${plain}-${n}`
    taken.add(own.toLowerCase())
    return own
  })
} // biome-ignore format: one line

type CreatedAll = Awaited<ReturnType<typeof createCombined>>

function print(out: Output, output: string, { stores, requests, populationHash, exceptions }: CreatedAll): void {
  out.line(`requests    ${count(requests)} of ${count(stores.length)} stores`)
  const rows = stores.map(({ name, counts, fingerprint }) => [`  ${name}`, count(counts.requests), count(counts.hops), count(counts.exceptions), fingerprint])
  const right = (title: string) => ({ title, align: 'right' as const })
  for (const line of table([{ title: '  store' }, right('requests'), right('log lines'), right('exceptions'), { title: 'signed by' }], rows, out)) out.line(line)
  out.line(`population  ${populationHash}`)
  out.line(`exceptions  ${count(stores.reduce((sum, { counts }) => sum + counts.exceptions, 0))}`)
  printExceptions(out, exceptions)
  out.line()
  out.line(`written to ${safe(output)}: open report.html first`)
  out.line(`check it with: throughline evidence verify ${safe(output)} ${stores.map(({ fingerprint }) => `--key ${fingerprint}`).join(' ')}`)
} // biome-ignore format: one line each

/** How many exceptions there are of each kind. */
export function printExceptions(out: Output, exceptions: ReadonlyMap<string, number>): void {
  const rows = [...exceptions].sort().map(([kind, n]) => [`  ${kind}`, count(n)])
  for (const line of table([{ title: '' }, { title: '', align: 'right' }], rows, out).slice(1)) out.line(line)
} // biome-ignore format: one line
