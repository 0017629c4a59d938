import type { ChildProcess } from 'node:child_process'
import { appendFileSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Ended } from '../../support/program.ts'
import { Fleet, simulated } from './fleet.ts'
import type { KafkaServer } from './kafka.ts'

export interface FaultPlan {
  readonly seed: number
  /** SIGKILLs of collectors, workers and the broker. */
  readonly kills: number
  /** Workers that are frozen for longer than their session, and revived. */
  readonly frozen: number
  readonly traffic: readonly string[]
  /** Further options of workers. */
  readonly work?: readonly string[]
  readonly config?: Readonly<Record<string, unknown>>
  /** Called once before anything runs. */
  readonly prepare?: (fleet: Fleet) => Promise<void>
  /** Called between kills with how many there were. */
  readonly between?: (kills: number) => Promise<void>
}

export interface FaultCounts {
  collectors: number
  workers: number
  broker: number
  /** Of these, in the middle of a write: at a point before or after a step that changes a file. */
  duringWrite: number
  frozen: number
  /** Times that workers got other partitions. */
  rebalances: number
  /** Workers that had lost a partition and noticed at its ledger. */
  fenced: number
}

const WORKERS = 3
const SESSION_MS = 6_000

/** A generator of numbers below 1 (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

/**
 * Writes logs bit by bit while collectors follow them and workers take them, and kills one after the other. At the end
 * everything is sent and drained without further faults.
 */
export async function runWithFaults(
  cwd: string,
  kafka: KafkaServer,
  plan: FaultPlan,
): Promise<{ fleet: Fleet; counts: FaultCounts; live: string }> {
  const fleet = await Fleet.open(cwd, kafka, { topics: `faults-${plan.seed}`, ...plan.config })
  const { hosts, gateway } = await simulated(cwd, plan.traffic)
  await plan.prepare?.(fleet)
  const run = new FaultRun(fleet, plan, [...hosts, gateway])
  try {
    await run.start()
    await run.strike()
    await run.finish()
  } finally {
    await run.close()
  }
  return { fleet, counts: run.counts, live: run.live }
}

interface Role {
  readonly kind: 'collector' | 'worker'
  readonly args: readonly string[]
  child?: ChildProcess
  ended?: Promise<void>
  isArmed: boolean
}

class FaultRun {
  readonly counts: FaultCounts = {
    collectors: 0,
    workers: 0,
    broker: 0,
    duringWrite: 0,
    frozen: 0,
    rebalances: 0,
    fenced: 0,
  }
  readonly live: string
  readonly #fleet: Fleet
  readonly #plan: FaultPlan
  readonly #random: () => number
  readonly #roles: Role[] = []
  readonly #feeder: Feeder
  readonly #problems: string[] = []
  #isOver = false

  constructor(fleet: Fleet, plan: FaultPlan, places: readonly string[]) {
    this.#fleet = fleet
    this.#plan = plan
    this.#random = randomOf(plan.seed)
    this.live = join(fleet.cwd, 'live')
    const logs = join(fleet.cwd, 'logs')
    this.#feeder = new Feeder(places, logs, this.live)
    for (const [n, place] of places.entries()) {
      const followed = join(this.live, relative(logs, place))
      mkdirSync(followed, { recursive: true })
      const args = [
        'collect',
        followed,
        '--name',
        `host-${n}`,
        '--state',
        join('state', `host-${n}`),
        '--json',
      ]
      this.#roles.push({ kind: 'collector', args, isArmed: false })
    }
    const args = ['work', '--json', ...(plan.work ?? [])]
    for (let n = 0; n < WORKERS; n++) this.#roles.push({ kind: 'worker', args, isArmed: false })
  }

  get #kills(): number {
    return this.counts.collectors + this.counts.workers + this.counts.broker
  }

  async start(): Promise<void> {
    for (const role of this.#roles) this.#launch(role)
  }

  /** Starts a process; every second one has a point armed at which it kills itself in the middle of a write. */
  #launch(role: Role): void {
    role.isArmed = this.#kills < this.#plan.kills && this.#random() < 0.6
    const most = role.kind === 'worker' ? 150 : 30
    const point = `*:${1 + Math.floor(this.#random() * most)}:kill`
    const env: Record<string, string> = role.isArmed ? { THROUGHLINE_FAILPOINT: point } : {}
    const options = { env, patienceMs: 3_600_000, during: (child: ChildProcess) => { role.child = child } } // biome-ignore format: one line
    role.ended = this.#fleet.run(role.args, options).then(ended => this.#ended(role, ended))
  }

  #ended(role: Role, { code, stdout, stderr }: Ended): void {
    const events = stdout.split('\n').filter(line => line.startsWith('{')).map(line => JSON.parse(line) as { event: string })
    this.counts.rebalances += events.filter(e => e.event === 'joined').length
    this.counts.fenced += events.filter(e => e.event === 'fenced').length
    if (role.child?.signalCode === 'SIGKILL') {
      this.counts[role.kind === 'worker' ? 'workers' : 'collectors']++
      if (role.isArmed) this.counts.duringWrite++
    } else if (!this.#isOver) this.#problems.push(`${role.args.join(' ')}: ${code} ${role.child?.signalCode} ${stderr}`)
    if (!this.#isOver) this.#launch(role)
  } // biome-ignore format: one step a line

  /** Feeds logs, and kills, until there were enough kills. */
  async strike(): Promise<void> {
    let frozen = 0
    while (this.#kills < this.#plan.kills || frozen < this.#plan.frozen) {
      this.#feeder.feed(this.#random, this.#kills / this.#plan.kills)
      await sleep(200 + this.#random() * 600)
      if (this.#problems.length > 0) throw new Error(this.#problems.join('\n'))
      await this.#plan.between?.(this.#kills)
      const dice = this.#random()
      if (dice < 0.03) await this.#killBroker()
      else if (dice < 0.13) this.#kill('collector')
      else if (dice < 0.4) this.#kill('worker')
      else if (
        frozen < this.#plan.frozen &&
        this.#kills > ((frozen + 0.5) * this.#plan.kills) / this.#plan.frozen
      ) {
        frozen++
        await this.#freeze()
      }
    }
  }

  async #killBroker(): Promise<void> {
    await this.#fleet.kafka.kill()
    this.counts.broker++
    await sleep(this.#random() * 3_000)
    await this.#fleet.kafka.start()
  }

  #kill(kind: Role['kind']): void {
    const roles = this.#roles.filter(r => r.kind === kind && !r.isArmed)
    roles[Math.floor(this.#random() * roles.length)]?.child?.kill('SIGKILL')
  }

  /** The others take over what a frozen worker owned, and it must lose what it goes on to write. */
  async #freeze(): Promise<void> {
    const worker = this.#roles.find(r => r.kind === 'worker' && r.child?.exitCode === null && r.child.signalCode === null)
    const child = worker?.child
    if (!child) return
    child.kill('SIGSTOP')
    await sleep(SESSION_MS * 2)
    child.kill('SIGCONT')
    this.counts.frozen++
  } // biome-ignore format: one line

  /** Ends whatever still runs. */
  async close(): Promise<void> {
    this.#isOver = true
    for (const { child } of this.#roles) child?.kill('SIGKILL')
    await Promise.all(this.#roles.map(r => r.ended))
  }

  /** Writes the rest, sends and drains it, without faults. */
  async finish(): Promise<void> {
    this.#feeder.finish()
    this.#isOver = true
    for (const { child } of this.#roles) child?.kill(child.signalCode === null ? 'SIGTERM' : 0)
    const late = setTimeout(() => {
      for (const { child } of this.#roles) child?.kill('SIGKILL')
    }, 30_000)
    await Promise.all(this.#roles.map(r => r.ended))
    clearTimeout(late)
    for (const { kind, args } of this.#roles) {
      if (kind !== 'collector') continue
      const [, place = ''] = args
      const sent = await this.#fleet.run(['collect', '--once', place, ...args.slice(2, 6)])
      if (sent.code !== 0) throw new Error(`collect ${place}: ${sent.stderr}`)
    }
    const drained = await this.#fleet.drain({}, this.#plan.work)
    if (drained.code !== 0) throw new Error(`work --drain: ${drained.stderr}\n${drained.stdout}`)
  }
}

interface Fed {
  readonly from: string
  readonly to: string
  readonly size: number
  at: number
}

/** Writes logs as their programs do: each file from its beginning, some lines at a time. */
class Feeder {
  readonly #files: readonly Fed[]

  constructor(places: readonly string[], logs: string, live: string) {
    this.#files = places.flatMap(place =>
      readdirSync(place, { recursive: true, withFileTypes: true })
        .filter(entry => entry.isFile())
        .map(entry => {
          const from = join(entry.parentPath, entry.name)
          return { from, to: join(live, relative(logs, from)), size: statSync(from).size, at: 0 }
        }),
    )
  }

  /** @param share how much of each file is to be there at least */
  feed(random: () => number, share: number): void {
    for (const file of this.#files)
      if (random() < 0.7)
        this.#write(
          file,
          Math.min(file.size, Math.max(file.at, Math.floor(file.size * share * random() ** 0.3))),
        )
  }

  finish(): void {
    for (const file of this.#files) this.#write(file, file.size)
  }

  #write(file: Fed, to: number): void {
    if (to <= file.at && file.at > 0) return
    mkdirSync(dirname(file.to), { recursive: true })
    appendFileSync(file.to, readFileSync(file.from).subarray(file.at, to))
    file.at = to
  }
}
