import { coverageReach } from '../coverage/block.ts'
import { ThroughlineError } from '../errors.ts'
import { incidentDocument } from '../findings/document.ts'
import type { Incident } from '../findings/finding.ts'
import { type FindingOptions, findingsByDay } from '../findings/findings.ts'
import { SentIncidents, webhookName } from '../findings/sent.ts'
import type { FindingSettings } from '../findings/settings.ts'
import { postDocument, shownWebhook, type WebhookOptions, webhookUrl } from '../findings/webhook.ts'
import { DAY_US, dayNumber } from '../model/time.ts'
import { dayChanges, daysWithHops } from '../requests/settled-days.ts'
import type { Range } from '../store/facts.ts'
import type { Store } from '../store/store.ts'
import type { Context } from './context.ts'
import { type FindingsFlags, isSevere } from './findings.ts'
import { secondText } from './findings-print.ts'
import { count, safe } from './output.ts'
import { pauseUntil, SIGNAL_CODES, stopOnSignal } from './signals.ts'
import { VERSION } from './version.ts'

/** How often it is looked for something new. */
const LOOK_MS = 5_000
const TIMEOUT_MS = 30_000
/** How long nothing may be taken before a run that does not follow gives up. */
const PATIENCE_MS = 5 * 60_000

export interface Following {
  readonly flags: FindingsFlags
  readonly settings: FindingSettings
  readonly options: FindingOptions
  readonly range: Range
  readonly webhook: string | undefined
}

/** Reports incidents that are new: to people, and once each to a webhook. */
export async function followFindings(context: Context, store: Store, following: Following): Promise<void> {
  const { flags, webhook } = following
  const url = webhook === undefined ? undefined : webhookUrl(webhook)
  const sent = url && SentIncidents.open(store, nameOf(flags.name) ?? webhookName(url), url)
  const { stop, by, release } = stopOnSignal(context.signals)
  if (url) context.out.note(`sending to ${safe(shownWebhook(url))}${flags.follow ? '; SIGINT or SIGTERM ends it' : ''}`)
  const reporter = new Reporter(context, store, following, stop, url, sent)
  try {
    do {
      await reporter.look()
      if (flags.follow) await pauseUntil(LOOK_MS, stop)
      if (flags.follow) store.refresh()
    } while (flags.follow && !stop.aborted)
  } catch (error) {
    if (!stop.aborted) throw error
  } finally {
    sent?.close()
    release()
  }
  if (!flags.follow) context.out.line(`sent       ${count(reporter.taken)} incidents, ${count(reporter.known)} known before`)
  const stoppedBy = by()
  if (stoppedBy && !flags.follow) process.exitCode = SIGNAL_CODES[stoppedBy]
} // biome-ignore format: one line each

/** A name that goes below the store's folder. */
function nameOf(name: string | undefined): string | undefined {
  if (name === undefined || /^\w[\w.-]{0,99}$/.test(name)) return name
  throw new ThroughlineError(
    'USAGE',
    `--name ${safe(name)}: expected letters, digits, dots, dashes and underscores`,
  )
}

export class Reporter {
  taken = 0
  known = 0
  readonly #context: Context
  readonly #store: Store
  readonly #following: Following
  readonly #stop: AbortSignal
  readonly #url: URL | undefined
  readonly #sent: SentIncidents | undefined
  /** What a day depended on when it was judged. */
  readonly #judged = new Map<string, string>()
  readonly #shown = new Set<string>()

  constructor(context: Context, store: Store, following: Following, stop: AbortSignal, url: URL | undefined, sent: SentIncidents | undefined) {
    this.#context = context
    this.#store = store
    this.#following = following
    this.#stop = stop
    this.#url = url
    this.#sent = sent
  } // biome-ignore format: one line

  /** Judges what has changed since the last look. */
  async look(): Promise<void> {
    const { settings, options, range } = this.#following
    const { state } = this.#store
    const nowMs = this.#context.now()
    const changed = dayChanges(state, coverageReach)
    const holding = [...state.suppressions.values()]
      .filter(it => Date.parse(it.until) > nowMs)
      .map(it => it.id)
    const rest = JSON.stringify([state.declared.length, holding])
    for (const day of daysWithHops(state)) {
      const start = dayNumber(day) * DAY_US
      if (start >= range.toUs || start + DAY_US <= range.fromUs) continue
      const key = `${changed(day).seq} ${rest}`
      if (this.#judged.get(day) === key) continue
      const own = { fromUs: Math.max(start, range.fromUs), toUs: Math.min(start + DAY_US, range.toUs) }
      for await (const found of findingsByDay(this.#store, own, settings, { ...options, nowMs }))
        for (const it of found.incidents) await this.#report(it)
      this.#judged.set(day, key)
      this.#stop.throwIfAborted()
    }
  }

  async #report(it: Incident): Promise<void> {
    const { flags } = this.#following
    if (it.status !== 'OPEN' || !isSevere(it, flags.severity)) return
    if (this.#sent?.has(it.incident)) {
      this.known += this.#shown.has(it.incident) ? 0 : 1
      this.#shown.add(it.incident)
      return
    }
    if (this.#url) await this.#send(it, this.#url)
    if (this.#shown.has(it.incident)) return
    this.#shown.add(it.incident)
    const { out } = this.#context
    if (flags.json) out.line(JSON.stringify(incidentDocument(it)))
    else out.line(`${secondText(it.firstUs)}  ${it.severity.padEnd(6)}  ${it.incident}  ${count(it.requests)} requests  ${safe(it.title)}${it.provisional ? '  (provisional)' : ''}`)
  } // biome-ignore format: one line

  async #send(it: Incident, url: URL): Promise<void> {
    const { storeId, pruning } = this.#store.state
    await postDocument({ version: 1, event: 'finding', store: storeId, ...incidentDocument(it) }, it.incident, this.#options(url))
    this.#sent?.note(it.incident, it.day, pruning?.before)
    this.taken++
  } // biome-ignore format: one line

  #options(url: URL): WebhookOptions {
    const { out, now } = this.#context
    return {
      url,
      timeoutMs: TIMEOUT_MS,
      patienceMs: this.#following.flags.follow ? Number.POSITIVE_INFINITY : PATIENCE_MS,
      userAgent: `throughline/${VERSION}`,
      nowMs: now,
      random: Math.random,
      sleep: pauseUntil,
      stop: this.#stop,
      onRetry: (why, waitMs) => out.warn(`${safe(why)}; next try in ${(waitMs / 1000).toFixed(1)} s; nothing is dropped`),
    }
  } // biome-ignore format: one member a line
}
