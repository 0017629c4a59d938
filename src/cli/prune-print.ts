import type { PrunedFile } from '../ledger/entry.ts'
import type { RetentionPlan } from '../pipeline/retention.ts'
import type { Swept } from '../store/sweep.ts'
import { bytes, count, type Output } from './output.ts'

const WHAT: readonly PrunedFile['what'][] = ['facts', 'links', 'index', 'rejects']

/** What a plan of one kind of file is about. */
const FILES = { rejects: 'rejects', generations: 'earlier links', reads: 'records of reads' }

/** What is dropped or would be, and what holds keep. */
export function printPlans(out: Output, plans: readonly RetentionPlan[], verb: string): void {
  for (const plan of plans) {
    if (plan.kind === 'requests') printDays(out, plan, verb)
    else printFiles(out, { ...plan, what: FILES[plan.kind] }, verb)
    for (const { hold, requests, day } of plan.keepers)
      out.line(`kept       days from ${plan.before} on: hold ${hold} keeps ${count(requests)} ${requests === 1 ? 'request' : 'requests'} before ${plan.wanted}, the first on ${day}`) // biome-ignore format: one line
  }
}

function printDays(out: Output, { before, days, files }: RetentionPlan, verb: string): void {
  if (files.length === 0) return out.line(`nothing    there is nothing of days before ${before}`)
  const span = days.length > 1 ? `${days[0]} to ${days.at(-1)}` : (days[0] ?? 'no day')
  out.line(`${verb.padEnd(11)}${count(days.length)} ${days.length === 1 ? 'day' : 'days'}: ${span}`)
  for (const what of WHAT) {
    const own = files.filter(f => f.what === what)
    if (own.length > 0) out.line(`${what.padEnd(11)}${sizeOf(own)}`)
  }
}

function printFiles(
  out: Output,
  { what, before, files }: RetentionPlan & { readonly what: string },
  verb: string,
): void {
  if (files.length === 0) return out.line(`nothing    there are no ${what} of days before ${before}`)
  out.line(`${verb.padEnd(11)}${what} before ${before}: ${sizeOf(files)}`)
}

function sizeOf(files: readonly PrunedFile[]): string {
  const rows = files.reduce((sum, f) => sum + f.rows, 0)
  const size = files.reduce((sum, f) => sum + f.bytes, 0)
  return `${count(files.length)} ${files.length === 1 ? 'file' : 'files'}, ${count(rows)} rows, ${bytes(size)}`
}

/** What was deleted, and what readers may still need. */
export function printSwept(out: Output, swept: Swept): void {
  out.line(`deleted    ${count(swept.files)} files, ${bytes(swept.bytes)}`)
  if (swept.left > 0)
    out.line(`on disk    ${bytes(swept.left)}, which readers may still need; the next command that writes deletes what is ten minutes old`) // biome-ignore format: one line
}
