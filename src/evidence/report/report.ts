import {
  type BundleFinding,
  type Completeness,
  EXCEPTIONS,
  type ExceptionKind,
  type Manifest,
  type Query,
  type Redaction,
  type Sources,
} from '../schema.ts'
import { completenessPart } from './completeness-part.ts'
import { findingsPart } from './findings-part.ts'
import { grouped, type Html, html, moment, percent, table } from './html.ts'
import { STYLE } from './style.ts'
import { ranked, type Tallies } from './tallies.ts'

export interface ReportInput {
  readonly query: Query
  readonly redaction: Redaction
  readonly completeness: Completeness
  readonly sources: Sources
  readonly findings: readonly BundleFinding[]
  readonly counts: Manifest['predicate']['counts']
  readonly checkpoint: { readonly size: number; readonly root: string }
  readonly populationHash: string
  readonly exceptions: ReadonlyMap<ExceptionKind, number>
  readonly tallies: Tallies
  /** Of the key that signs. */
  readonly fingerprint: string
  readonly storeId: string
  readonly by: string
}

/** report.html: what was asked, how complete it is, what was found, how to check it, for people who do not know the program. */
export function reportPage(input: ReportInput): string {
  const { query, by } = input
  const page = html`<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Evidence: ${query.purpose}</title>
<style>${STYLE_TEXT}</style>
<h1>Evidence about requests</h1>
<p class="lead">${query.purpose}</p>
${asked(input)}
${summary(input)}
${completenessPart(input)}
${found(input)}
${exceptions(input)}
${checking(input)}
${limits(input)}
<footer>Made by ${by} for ${query.requester}, ${query.requestedAt}. Times are UTC. The files beside this page hold every request and every log line behind it.</footer>
</html>
`
  return page.text
}

const STYLE_TEXT = html([STYLE] as unknown as TemplateStringsArray)

function asked({ query, storeId }: ReportInput): Html {
  const isAll = query.filter === '' || query.filter === '*'
  return html`<h2>1 What was asked</h2>
<dl>
<dt>Question</dt><dd>${isAll ? 'Every request of the period.' : html`Requests that fulfil <code>${query.filter}</code>`}</dd>
<dt>Period</dt><dd>${moment(query.from)} up to, and not including, ${moment(query.to)} (UTC), by the start of the request</dd>
<dt>Asked by</dt><dd>${query.requester}</dd>
<dt>Asked on</dt><dd>${query.requestedAt}</dd>
<dt>Purpose</dt><dd>${query.purpose}</dd>
<dt>People</dt><dd>${query.role === 'analyst' ? 'withheld: names and addresses are stand-ins (section 7)' : 'named'}</dd>
<dt>Taken from</dt><dd>store <code>${storeId}</code></dd>
</dl>`
} // biome-ignore format: one template

function summary({ counts, completeness, tallies }: ReportInput): Html {
  const { days } = completeness.ledger
  const closed = days.filter(d => d.state === 'closed' && d.isLinked).length
  const failed = tallies.outcome.get('failure') ?? 0
  return html`<h2>2 In short</h2>
<div class="cards">
<div><b>${grouped(counts.requests)}</b><span>requests found</span></div>
<div><b>${grouped(failed)}</b><span>of them failed (${percent(failed, counts.requests)})</span></div>
<div><b>${grouped(counts.exceptions)}</b><span>exceptions to know (section 5)</span></div>
<div><b>${closed} of ${days.length}</b><span>days closed: only these are evidence</span></div>
</div>
${verdict(days.length, closed)}`
} // biome-ignore format: one template

function verdict(days: number, closed: number): Html {
  if (days === 0)
    return html`<p class="note bad">The store holds nothing of this period. That nothing was found says nothing about what happened.</p>`
  return closed === days
    ? html`<p class="note good">Both sides of every day were taken in whole, or the day was closed by its deadline or by a person; section 3 says which.</p>`
    : html`<p class="note">Some days are still open: requests of them may lack a record that has not come yet, and may change.</p>`
} // biome-ignore format: one line each

function found(input: ReportInput): Html {
  const { tallies, counts } = input
  if (counts.requests === 0) return html`<h2>4 What was found</h2><p>No request of the period fulfils the question.</p>${findingsPart(input)}`
  const share = ([name, n]: [string, number]): (string | number)[] => [name, n, percent(n, counts.requests)]
  const three = (title: string) => [{ title }, { title: 'requests', isNumber: true }, { title: 'share', isNumber: true }]
  const subjects = ranked(tallies.subject)
  return html`<h2>4 What was found</h2>
<div class="two">
<div><h3>How they ended</h3>${table(three('outcome'), ranked(tallies.outcome).map(share))}</div>
<div><h3>Who decided the answer</h3>${table(three('layer'), ranked(tallies.decidedBy).map(share))}</div>
<div><h3>Status that the client got</h3>${table(three('status'), ranked(tallies.status).slice(0, 12).map(share))}</div>
<div><h3>Which records there are</h3>${table(three('records'), ranked(tallies.state).map(([state, n]) => share([STATES[state] ?? state, n])))}</div>
</div>
<h3>Who asked</h3>
<p>${grouped(subjects.filter(([name]) => name !== '').length)}${tallies.otherSubjects > 0 ? ' and more' : ''} different subjects${subjects.length > MOST_SUBJECTS ? `; the ${MOST_SUBJECTS} with most requests` : ''}.</p>
${table(three('subject'), subjects.slice(0, MOST_SUBJECTS).map(([name, n]) => share([name === '' ? '(nobody is named)' : name, n])))}
${tallies.application.size > 1 ? html`<h3>Which application</h3>${table(three('application'), ranked(tallies.application).map(share))}` : html``}
${findingsPart(input)}`
} // biome-ignore format: one template

const MOST_SUBJECTS = 20

const STATES: Readonly<Record<string, string>> = {
  joined: 'gateway and application, or HTTP.sys in its place',
  'gateway-only': 'gateway alone',
  'app-only': 'application alone: it did not come through the gateway, or its record is missing',
  'kernel-only': 'HTTP.sys alone: it refused or dropped it, and no gateway record claims it',
  'awaiting-app': 'gateway; the application may still come',
  'awaiting-gateway': 'application or HTTP.sys; the gateway may still come',
  ambiguous: 'in doubt which belong together',
  'partner-pruned': 'one; the other was dropped with its day',
  callout: 'application, called on the way to another target',
}

function exceptions({ exceptions, counts }: ReportInput): Html {
  const rows = (Object.keys(EXCEPTIONS) as ExceptionKind[]).flatMap(kind => {
    const n = exceptions.get(kind)
    return n === undefined ? [] : [[kind, n, EXCEPTIONS[kind]]]
  })
  return html`<h2>5 What to know besides</h2>
<p>${counts.exceptions === 0 ? 'There is no exception: every day is closed, every link is sure, every line could be read.' : 'Each is a line of exceptions.ndjson, with the request, day or source that it is about.'}</p>
${rows.length > 0 ? table([{ title: 'exception', isShort: true }, { title: 'how many', isNumber: true }, { title: 'what it means' }], rows) : html``}`
} // biome-ignore format: one template

function checking({ fingerprint, checkpoint, populationHash, redaction }: ReportInput): Html {
  return html`<h2>6 How to check this</h2>
<p>Every log line behind a request carries a proof that leads to the store's signed ledger. Anybody can check it, on any computer, without Throughline and without a network.</p>
<h3>In a browser</h3><p>Open verify.html beside this page, enter the fingerprint, and choose the folder.</p>
<h3>With Node.js 20 or later</h3><pre>node verify.mjs --key FINGERPRINT</pre>
<h3>With Throughline, and against the store that it came from</h3><pre>throughline evidence verify FOLDER --key FINGERPRINT
throughline evidence verify FOLDER --key FINGERPRINT --store STORE</pre>
<p><strong>Ask the owner of the store for the fingerprint</strong>, on paper or by a call, and compare it with this one. A forger would print his own here:</p>
<pre>${fingerprint}</pre>
<dl>
<dt>INTEGRITY</dt><dd>nothing was altered since the store signed it</dd>
<dt>SOUNDNESS</dt><dd>every request follows from its log lines and fulfils the question</dd>
<dt>COMPLETENESS</dt><dd>requests and exceptions add up to what the store took in</dd>
<dt>AGREEMENT</dt><dd>the store gives the same requests again; needs the store</dd>
</dl>
<dl>
<dt>Ledger</dt><dd>${grouped(checkpoint.size)} entries, root <code>${checkpoint.root}</code></dd>
${redaction.redacted ? html`` : html`<dt>Requests</dt><dd>hash <code>${populationHash}</code>, as <code>throughline query --hash</code> prints it</dd>`}
</dl>`
} // biome-ignore format: one template

function limits({ redaction }: ReportInput): Html {
  return html`<h2>7 What this does not prove</h2>
<ul>
<li>That a line was logged truly: only that it was taken in as it is shown. The original files are named in sources.json with their SHA-256; sample.json names lines to look up in them.</li>
<li>That no further request fulfils the question: lines that were not found are not disclosed. The store's signature stands for it, and checking against the store shows it.</li>
<li>That lines belong together where no id says so. Such links have a probability, and those below 0.99 are exceptions.</li>
<li>Findings, which hours of logs are whole, and this page itself: they are signed with the rest, but whoever checks does not make them again.</li>
${redaction.redacted ? html`<li>Who it was: names and addresses are stand-ins, equal for equal values, made with a key that stays with the store. Withheld: ${redaction.withheld.join(', ')}. Conditions on people cannot be checked from this folder.</li>` : html``}
</ul>`
} // biome-ignore format: one template
