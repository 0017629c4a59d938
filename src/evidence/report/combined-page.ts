import type { CreatedAll } from '../combine.ts'
import { EXCEPTIONS, type ExceptionKind, type Query } from '../schema.ts'
import { STORES_FOLDER } from '../verify/format.ts'
import { grouped, type Html, html, moment, table } from './html.ts'
import { STYLE } from './style.ts'

export interface CombinedInput {
  readonly query: Query
  readonly all: CreatedAll
  readonly isRedacted: boolean
  readonly by: string
}

const STYLE_TEXT = html([STYLE] as unknown as TemplateStringsArray)

/** report.html of several stores: what was asked, how many answers each gave, and where to read them. */
export function combinedPage({ query, all, by, isRedacted }: CombinedInput): string {
  const isAll = query.filter === '' || query.filter === '*'
  const page = html`<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Evidence: ${query.purpose}</title>
<style>${STYLE_TEXT}</style>
<h1>Evidence about requests</h1>
<p class="lead">${query.purpose}</p>
<h2>What was asked</h2>
<dl>
<dt>Requests</dt><dd>${isAll ? 'every request' : html`<code>${query.filter}</code>`}</dd>
<dt>Period</dt><dd>${moment(query.from)} up to ${moment(query.to)} (UTC)</dd>
<dt>Asked by</dt><dd>${query.requester}, ${query.requestedAt}</dd>
<dt>Answered by</dt><dd>${grouped(all.stores.length)} stores, each with a bundle of its own</dd>
</dl>
<h2>What was found</h2>
<p>${grouped(all.requests)} requests in all. Each store's report says how complete its logs are, what was found, and what it does not prove: read them all.</p>
${storesTable(all)}
${isRedacted ? html`<p class="note">People are withheld: names and addresses are stand-ins.</p>` : html`<p>Hash of all requests, as <code>throughline query --hash</code> prints it for these stores together: <code>${all.populationHash}</code></p>`}
<h2>What to know besides</h2>
${exceptionsTable(all)}
<h2>How to check it</h2>
<p>On any computer, without Throughline and without a network: open <code>verify.html</code> in a browser, or run <code>node verify.mjs</code>, with the fingerprint of each store's key. Ask the owner of the stores for these; do not take them from this folder. Every store's key has signed which bundles belong together: one that is left out, replaced or added fails.</p>
<footer>Made by ${by} for ${query.requester}, ${query.requestedAt}. Times are UTC.</footer>
</html>
`
  return page.text
}

function storesTable({ stores }: CreatedAll): Html {
  return table(
    [{ title: 'store' }, { title: 'requests', isNumber: true }, { title: 'log lines', isNumber: true }, { title: 'exceptions', isNumber: true }, { title: 'findings', isNumber: true }, { title: 'signed with', isCode: true }],
    stores.map(({ name, counts, fingerprint }) => [html`<a href="${STORES_FOLDER}${name}/report.html">${name}</a>`, counts.requests, counts.hops, counts.exceptions, counts.findings, fingerprint]),
  )
} // biome-ignore format: one line each

function exceptionsTable({ exceptions }: CreatedAll): Html {
  if (exceptions.size === 0) return html`<p class="note good">No exceptions in any of them.</p>`
  const kinds = Object.keys(EXCEPTIONS).filter((kind): kind is ExceptionKind => exceptions.has(kind as ExceptionKind))
  return table(
    [{ title: 'exception', isCode: true }, { title: 'times', isNumber: true }, { title: 'meaning' }],
    kinds.map(kind => [kind, exceptions.get(kind) ?? 0, EXCEPTIONS[kind]]),
  )
} // biome-ignore format: one line each
