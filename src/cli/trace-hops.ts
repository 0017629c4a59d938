import type { SourceRecord } from '../ledger/entry.ts'
import { FACT_COLUMNS } from '../model/hop.ts'
import type { Found } from '../requests/lookup.ts'
import { originalLine } from '../sources/original.ts'
import type { Store } from '../store/store.ts'
import { isKernel } from './kernel-words.ts'
import type { Output } from './output.ts'
import { findingObjects, type ShownFindings } from './request-findings.ts'
import { jsonRow } from './rows.ts'

type Row = Readonly<Record<string, unknown>>

/** Original lines by hop id, or why one is not shown. */
export async function originalsOf(store: Store, found: Found): Promise<Map<string, string>> {
  const originals = new Map<string, string>()
  for (const hop of [...found.gatewayHops, ...found.appHops]) {
    const source = store.state.sources.get(Number(hop.source_id))
    originals.set(
      String(hop.hop_id),
      source ? await original(source, Number(hop.byte_offset)) : '(its source is not in the ledger)',
    )
  }
  return originals
}

async function original(source: SourceRecord, byteOffset: number): Promise<string> {
  const line = await originalLine(source, byteOffset)
  return 'text' in line ? line.text : `(original not shown: ${line.problem})`
}

const pick = (row: Row, kind: 'app' | 'kernel'): Row =>
  Object.fromEntries(FACT_COLUMNS[kind].map(({ name }) => [name, row[name] ?? null]))
const appColumns = (row: Row): Row => pick(row, 'app')
const kernelColumns = (row: Row): Row => pick(row, 'kernel')

/** Requests, hops and links as one document for programs. */
export function printHops(
  out: Output,
  found: Found,
  {
    originals,
    findings,
  }: { readonly originals: ReadonlyMap<string, string>; readonly findings: ShownFindings },
): void {
  const hop = (row: Row): Row => ({
    ...jsonRow(row),
    ...(originals.size ? { original: originals.get(String(row.hop_id)) ?? null } : {}),
  })
  out.line(
    JSON.stringify(
      {
        version: 1,
        requests: found.requests.map(jsonRow),
        gateway_hops: found.gatewayHops.map(hop),
        app_hops: found.appHops.filter(row => !isKernel(row)).map(row => hop(appColumns(row))),
        ...(found.appHops.some(isKernel)
          ? { kernel_hops: found.appHops.filter(isKernel).map(row => hop(kernelColumns(row))) }
          : {}),
        links: found.links,
        findings: found.requests.map(r => ({
          request_id: r.request_id,
          findings: findingObjects(findings, r),
        })),
      },
      null,
      2,
    ),
  )
}
