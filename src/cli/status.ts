import type { Command } from 'commander'
import { type Coverage, openDayCoverage } from '../correlate/close-days.ts'
import { isInForce } from '../ledger/holds.ts'
import { type DayState, dayKey } from '../ledger/state.ts'
import { rfc3339 } from '../model/time.ts'
import { retainedFrom } from '../pipeline/retention.ts'
import {
  type FieldPair,
  fieldPairs,
  idFieldRows,
  joinShare,
  linksWithoutIds,
  storeBytes,
} from '../requests/overview.ts'
import { type StoreSize, storeSize } from '../requests/store-size.ts'
import { newestCheckpoint } from '../store/seal.ts'
import type { Store } from '../store/store.ts'
import { type Context, type StoreFlags, storeOptions } from './context.ts'
import { ledgerLine } from './ledger-line.ts'
import { withEachReader } from './opening.ts'
import { bytes, count, type Output, percent, safe, table } from './output.ts'
import { prunedNote } from './pruned.ts'
import { sizeLines } from './size-lines.ts'
import { explainWarning } from './warnings.ts'

interface Flags extends StoreFlags {
  readonly json?: boolean
  readonly sources?: boolean
}

/** Rows of the source and day tables shown without --sources. */
const MOST_ROWS = 20

export function statusCommand(program: Command, context: Context): void {
  storeOptions(program.command('status'), { several: true })
    .summary('show what the store holds, and what is missing')
    .description(
      'Shows sources with their accounting, how far the two sides were joined and by which fields, and which days are open and why.',
    )
    .option('--sources', 'list every source and day')
    .option('--json', 'as one JSON document')
    .addHelpText(
      'after',
      '\nExamples:\n  throughline status\n  throughline status --sources --store /data/evidence',
    )
    .action(async (flags: Flags) => {
      const documents: object[] = []
      let isFirst = true
      await withEachReader(context, flags, async (store, { config }) => {
        const { days } = config.retention
        const size = storeSize(store, days === undefined ? undefined : retainedFrom(days, context.now()))
        if (flags.json) return void documents.push(await statusDocument(store, size))
        if (!isFirst) context.out.line()
        isFirst = false
        await printStatus(context, store, size, flags.sources === true)
      })
      if (flags.json) printDocuments(context.out, documents)
    })
}

function printDocuments({ line }: Output, documents: readonly object[]): void {
  const [only] = documents
  line(JSON.stringify(documents.length === 1 ? only : { version: 1, stores: documents }, null, 2))
}

async function printStatus(
  { out, now }: Context,
  store: Store,
  size: StoreSize,
  everything: boolean,
): Promise<void> {
  const heading = (text: string): void => out.line(`\n${out.colors.bold(text)}`)
  const raw = [...store.state.sources.values()].reduce((sum, s) => sum + s.accounting.bytes, 0)
  out.line(`store     ${store.root}`)
  out.line(
    `holds     facts ${bytes(size.facts)}, links ${bytes(size.links)}, index ${bytes(size.index)}; ${percent(size.facts + size.links + size.index, raw)} of ${bytes(raw)} read`,
  )
  for (const line of sizeLines(size)) out.line(line)
  out.line(`ledger    ${ledgerLine(store.state, (await newestCheckpoint(store))?.size)}`)
  const pruned = prunedNote(store)
  if (pruned) out.line(`pruned    ${pruned}`)
  printKept(out, store, now())
  heading('Sources')
  printSources(out, store, everything)
  heading('Joined')
  await printJoined(out, store)
  heading('Days')
  printDays(out, [...store.state.days.values()], await openDayCoverage(store), everything)
}

/** Holds and erasures: why something stays, and why nobody is named. */
function printKept(out: Output, { state }: Store, nowMs: number): void {
  const holds = [...state.holds.values()].filter(hold => isInForce(hold, nowMs)).length
  const erased = state.erasures.names.size
  if (holds > 0) out.line(`holds     ${count(holds)} in force: throughline hold list`)
  if (erased > 0) out.line(`erased    ${count(erased)} ${erased === 1 ? 'subject' : 'subjects'}`)
}

function printSources(out: Output, store: Store, everything: boolean): void {
  const sources = [...store.state.sources.values()]
  if (sources.length === 0 && store.state.refused.size === 0)
    return out.line('none yet; add some with: throughline ingest LOGS')
  const shown = everything ? sources : sources.slice(0, MOST_ROWS)
  const rows = shown.map(({ path, format, status, accounting: a }) => [
    safe(path), format, count(a.lines), count(a.decoded), count(a.directives), count(a.rejected), count(a.duplicates), count(a.scrubbed),
    a.firstUs === undefined ? '-' : rfc3339(a.firstUs).slice(0, 19), a.lastUs === undefined ? '-' : rfc3339(a.lastUs).slice(0, 19),
    status === 'complete' ? '' : status,
  ]) // biome-ignore format: one row
  const right = (title: string) => ({ title, align: 'right' as const })
  const columns = [
    { title: 'source' },
    { title: 'format' },
    right('lines'),
    right('decoded'),
    right('directives'),
    right('rejected'),
    right('duplicates'),
    right('scrubbed'),
    { title: 'first (UTC)' },
    { title: 'last (UTC)' },
    { title: '' },
  ]
  for (const line of table(columns, rows, out)) out.line(line)
  if (shown.length < sources.length)
    out.line(`and ${count(sources.length - shown.length)} more; --sources lists them`)
  for (const refused of store.state.refused.values())
    out.line(`refused   ${safe(refused.path)}: ${refused.name}`)
  printWarnings(out, store)
}

function printWarnings(out: Output, store: Store): void {
  const byCode = new Map<string, string[]>()
  for (const { path, accounting } of store.state.sources.values()) {
    for (const code of accounting.warnings) byCode.set(code, [...(byCode.get(code) ?? []), path])
    if (accounting.possibleDuplicates > 0)
      byCode.set('possible-duplicate', [...(byCode.get('possible-duplicate') ?? []), path])
  }
  for (const [code, paths] of byCode) out.line(`note      ${explainWarning(code, paths)}`)
}

async function printJoined(out: Output, store: Store): Promise<void> {
  const share = await joinShare(store)
  const width = Math.max(count(share.gatewayHops).length, count(share.appHops).length)
  const n = (value: number): string => count(value).padStart(width)
  out.line(
    `gateway   ${n(share.gatewayJoined)} of ${n(share.targetCalled)} calls to a target have their app hop  ${percent(share.gatewayJoined, share.targetCalled)}  (${count(share.gatewayHops)} gateway hops in all)`,
  )
  out.line(
    `app       ${n(share.appJoined)} of ${n(share.appHops)} app hops have their gateway hop         ${percent(share.appJoined, share.appHops)}`,
  )
  if (share.kernelHops > 0) {
    const connections =
      share.kernelConnections > 0
        ? `  (besides ${count(share.kernelConnections)} connections without a request)`
        : ''
    const asked = share.kernelHops - share.kernelConnections
    out.line(
      `http.sys  ${n(share.kernelJoined)} of ${n(asked)} rows of HTTPERR have their gateway hop  ${percent(share.kernelJoined, asked)}${connections}`,
    )
  }
  const pairs = await fieldPairs(store)
  const fields = idFieldRows(store)
  if (pairs.length === 0) out.line('by id     no pair of id fields has matched yet')
  else printPairs(out, pairs, fields)
  await printWithoutIds(out, store)
}

function printPairs(out: Output, pairs: readonly FieldPair[], fields: ReturnType<typeof idFieldRows>): void {
  const had = (side: string, field: string): string => {
    const found = fields.find(f => f.side === side && f.field.toLowerCase() === field.toLowerCase())
    return found ? `${count(found.rows)} of ${count(found.of)} rows` : ''
  }
  const rows = pairs.map(p => [
    safe(p.gatewayField),
    had('gateway', p.gatewayField),
    safe(p.appField),
    had('app', p.appField),
    p.how,
    count(p.links),
  ])
  const columns = [
    { title: 'gateway field' },
    { title: 'present in', align: 'right' as const },
    { title: 'app field' },
    { title: 'present in', align: 'right' as const },
    { title: 'compared' },
    { title: 'links', align: 'right' as const },
  ]
  for (const line of table(columns, rows, out)) out.line(line)
}

const METHODS: Readonly<Record<string, string>> = {
  'id-time': 'an id that several calls share, and time',
  subject: 'subject and time',
  time: 'time alone',
}

async function printWithoutIds(out: Output, store: Store): Promise<void> {
  const methods = await linksWithoutIds(store)
  if (methods.length === 0) return
  const rows = methods.map(m => [
    METHODS[m.method] ?? m.method,
    m.how,
    count(m.links),
    m.method === 'time' && m.evidence > 0 ? `${count(m.evidence)} on request` : count(m.evidence),
  ])
  const columns = [
    { title: 'without an id of its own, by' },
    { title: 'app hop' },
    { title: 'links', align: 'right' as const },
    { title: 'as evidence', align: 'right' as const },
  ]
  for (const line of table(columns, rows, out)) out.line(line)
}

function printDays(
  out: Output,
  days: readonly DayState[],
  coverage: ReadonlyMap<string, Coverage>,
  everything: boolean,
): void {
  const several = new Set(days.map(d => d.application)).size > 1
  const sorted = [...days].sort((a, b) => (a.day < b.day ? 1 : -1))
  if (sorted.length === 0) return out.line('none yet')
  const open = sorted.filter(d => d.state === 'open').length
  out.line(`${count(sorted.length - open)} closed, ${count(open)} open; only closed days are evidence`)
  const shown = everything ? sorted : sorted.slice(0, MOST_ROWS)
  const rows = shown.map(day => {
    const counts = day.link?.counts ?? {}
    const n = (verdict: string): string => count(counts[verdict] ?? 0)
    return [
      ...(several ? [day.application] : []),
      day.day,
      day.state,
      n('linked'),
      n('ambiguous'),
      n('contradicted'),
      day.state === 'closed' ? day.reason : whyOpen(coverage.get(dayKey(day))),
    ]
  })
  const right = (title: string) => ({ title, align: 'right' as const })
  for (const line of table(
    [
      ...(several ? [{ title: 'application' }] : []),
      { title: 'day' },
      { title: 'state' },
      right('linked'),
      right('ambiguous'),
      right('contradicted'),
      { title: 'why' },
    ],
    rows,
    out,
  ))
    out.line(line)
  if (shown.length < sorted.length)
    out.line(`and ${count(sorted.length - shown.length)} more; --sources lists them`)
}

function whyOpen(coverage: Coverage | undefined): string {
  if (!coverage) return ''
  const missing = [
    coverage.gateway ? '' : 'no gateway hop later than 00:15 of the next day',
    coverage.app
      ? ''
      : coverage.hostsMissing.length
        ? `no later line from ${hostList(coverage.hostsMissing)}`
        : 'no app hop later than 00:15 of the next day',
  ].filter(text => text !== '')
  return missing.length ? `waits: ${missing.join('; ')}` : 'covered; closes at the next ingest or link'
}

function hostList(hosts: readonly string[]): string {
  const names = hosts.map(host => safe(host || '(unnamed host)'))
  return names.length > 3 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ')
}

async function statusDocument(store: Store, size: StoreSize): Promise<Record<string, unknown>> {
  const coverage = await openDayCoverage(store)
  const { keys, anchored } = store.state
  return {
    version: 1,
    store: store.root,
    storeId: store.state.storeId,
    ledgerHead: store.state.head,
    key: keys.at(-1)?.fingerprint ?? null,
    signedEntries: (await newestCheckpoint(store))?.size ?? 0,
    anchored: anchored ? { entries: anchored.size, where: anchored.where, at: anchored.at } : null,
    sources: [...store.state.sources.values()].map(({ state: _, ...source }) => source),
    refused: [...store.state.refused.values()],
    joined: await joinShare(store),
    fieldPairs: await fieldPairs(store),
    linksWithoutIds: await linksWithoutIds(store),
    idFields: idFieldRows(store),
    days: [...store.state.days.values()].map(({ link, ...day }) => ({
      ...day,
      counts: link?.counts ?? {},
      generation: link?.generation ?? 0,
      contentHash: link?.contentHash ?? null,
      coverage: coverage.get(dayKey(day)) ?? null,
    })),
    bytes: storeBytes(store),
    size,
    pruned: store.state.pruning ? { before: store.state.pruning.before, at: store.state.pruning.at } : null,
  }
}
