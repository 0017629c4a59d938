import type { Command } from 'commander'
import { advise } from '../doctor/advice.ts'
import type { Finding, Step } from '../doctor/finding.ts'
import { surveyStore } from '../doctor/survey.ts'
import type { Store } from '../store/store.ts'
import { type Context, type StoreFlags, storeOptions } from './context.ts'
import { withReader } from './opening.ts'
import { count, type Output, percent } from './output.ts'
import { prunedNote } from './pruned.ts'

interface Flags extends StoreFlags {
  readonly json?: boolean
}

/** Places of a finding that are shown to people. */
const MOST_PLACES = 8

export function doctorCommand(program: Command, context: Context): void {
  storeOptions(program.command('doctor'))
    .summary('say what to log in addition, with exact settings')
    .description(
      'Says what is missing in the logs and what is wrong with them, what helps most lines first, with the exact settings for IIS, Apigee and the configuration. Changes nothing.',
    )
    .option('--json', 'as one JSON document')
    .addHelpText(
      'after',
      '\nExamples:\n  throughline doctor\n  throughline doctor --json --store /data/evidence',
    )
    .action(async (flags: Flags) => {
      await withReader(flags, async (store, { config }) => {
        const survey = await surveyStore(store, config)
        const findings = advise(survey, store.state, config)
        if (flags.json) return context.out.line(JSON.stringify(toDocument(store, findings), null, 2))
        const pruned = prunedNote(store)
        if (pruned) context.out.warn(pruned)
        const { gatewayHops, appHops, gatewayJoined, targetCalled } = survey.share
        if (gatewayHops + appHops === 0)
          return context.out.line('nothing in the store yet; add logs with: throughline ingest LOGS')
        context.out.line(
          `looked at ${count(gatewayHops)} gateway hops and ${count(appHops)} app hops; ${count(gatewayJoined)} of ${count(targetCalled)} calls to a target are joined (${percent(gatewayJoined, targetCalled)})`,
        )
        printFindings(context.out, findings)
      })
    })
}

function toDocument(store: Store, findings: readonly Finding[]): Record<string, unknown> {
  return {
    version: 1,
    store: store.root,
    storeId: store.state.storeId,
    ledgerHead: store.state.head,
    findings: findings.map(({ code, what, lines, where, why, fix }) => ({
      code,
      what,
      lines,
      where: where.map(place => ({ name: place.name, lines: place.lines })),
      why,
      fix: fix.map(step => ({ text: step.text, code: step.code ?? null })),
    })),
  }
}

function printFindings(out: Output, findings: readonly Finding[]): void {
  if (findings.length === 0) return out.line('nothing to improve was found')
  out.line(
    `${count(findings.length)} ${findings.length === 1 ? 'thing' : 'things'} to do, what helps most lines first`,
  )
  for (const [index, finding] of findings.entries()) {
    out.line(`\n${out.colors.bold(`${index + 1}. ${finding.what}`)}`)
    out.line(`   helps  ${linesText(finding.lines)}  [${finding.code}]`)
    for (const [place, { name, lines }] of finding.where.slice(0, MOST_PLACES).entries())
      out.line(`   ${place === 0 ? 'where' : '     '}  ${name}, ${linesText(lines)}`)
    if (finding.where.length > MOST_PLACES)
      out.line(`          and ${count(finding.where.length - MOST_PLACES)} more; --json lists them`)
    for (const [line, text] of wrapped(finding.why, (out.width ?? 110) - 10).entries())
      out.line(`   ${line === 0 ? 'why  ' : '     '}  ${text}`)
    printFix(out, finding.fix)
  }
}

function linesText(n: number): string {
  return `${count(n)} ${n === 1 ? 'line' : 'lines'}`
}

function printFix(out: Output, steps: readonly Step[]): void {
  for (const [index, { text, code }] of steps.entries()) {
    for (const [line, part] of wrapped(code ? `${text}:` : text, (out.width ?? 110) - 10).entries())
      out.line(`   ${index === 0 && line === 0 ? 'fix  ' : '     '}  ${part}`)
    // Whole lines, so that they can be copied.
    for (const line of code?.split('\n') ?? []) out.line(`            ${line}`)
  }
}

/** A text in lines of at most so many characters, cut at blanks. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}
