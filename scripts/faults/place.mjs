// A folder with the inputs and, for each step, the store before and after it.
import { spawn } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createProgram } from '../../dist/cli/program.js'
import { armFailpoints } from '../../dist/failpoint.js'
import { root } from '../install.mjs'
import { look } from './look.mjs'
import { STEPS, writeInputs } from './scenario.mjs'

const MAIN = join(process.env.THROUGHLINE_DIST ?? join(root, 'dist'), 'cli/main.js')

export class Place {
  folder = mkdtempSync(join(tmpdir(), 'tl-faults-'))
  /** Steps with `from` (store before), `before` and `after` (what it shows), `hits` (names of points in order). */
  steps = []
  #serial = 0

  /** Runs every step once, undisturbed. */
  static async make(report) {
    const place = new Place()
    process.chdir(place.folder)
    await writeInputs(place.folder, args => place.runHere(args))
    for (const step of STEPS) {
      place.steps.push(await place.#learn(step))
      const { ms, hits } = place.steps.at(-1)
      report(`undisturbed: ${step.name}, ${Math.round(ms)} ms, ${hits.length} points passed`)
    }
    return place
  }

  async #learn(step) {
    const number = this.steps.length
    const from = this.path(`before-${number}`)
    const store = this.path(`after-${number}`)
    if (number > 0) cpSync(this.path(`after-${number - 1}`), from, { recursive: true })
    step.before?.(from)
    if (existsSync(from)) cpSync(from, store, { recursive: true })
    const log = this.path(`log-${number}`)
    const startedMs = performance.now()
    armFailpoints(undefined, log)
    await this.runHere([...step.args, '--store', store])
    armFailpoints(undefined, undefined)
    return {
      ...step,
      from,
      ms: performance.now() - startedMs,
      before: step.before || number === 0 ? undefined : await look(from),
      after: await look(store),
      hits: hitsOf(log),
    }
  }

  path(name) {
    return join(this.folder, name)
  }

  /** A copy of the store before a step, for one trial. */
  copyFor(step) {
    const store = this.path(`trial-${this.#serial++}`)
    if (existsSync(step.from)) cpSync(step.from, store, { recursive: true })
    return store
  }

  /** Runs the program to its end. `during` gets the child. */
  run(args, store, env = {}, during = () => {}) {
    return new Promise(resolve => {
      const child = spawn(process.execPath, [MAIN, ...args, '--store', store], this.#options(env))
      let stderr = ''
      child.stderr.on('data', text => {
        stderr += text
      })
      child.on('close', (code, signal) => resolve({ code, signal, stderr }))
      during(child)
    })
  }

  /** The same in this process, which spares its start. Throws where the command fails. */
  async runHere(args) {
    process.exitCode = 0
    const none = () => {}
    const out = { line: none, write: none, note: none, warn: none }
    const env = { HOME: this.folder, XDG_CONFIG_HOME: this.path('config') }
    const signals = { handle: () => none }
    const telemetry = { start: none, stop: none }
    const program = await createProgram({ out, env, now: Date.now, signals, telemetry })
    await program.parseAsync(['node', 'throughline', ...args])
    if (process.exitCode) throw new Error(`${args.join(' ')}: exit code ${process.exitCode}`)
  }

  #options(env) {
    const own = { PATH: process.env.PATH, HOME: this.folder, XDG_CONFIG_HOME: this.path('config') }
    return { cwd: this.folder, env: { ...own, ...env }, stdio: ['ignore', 'ignore', 'pipe'] }
  }

  /**
   * Runs a step again, undisturbed, and says what is otherwise than after an undisturbed run.
   *
   * @returns undefined where all is the same
   */
  async heal(step, store) {
    try {
      await this.runHere([...step.args, '--store', store])
    } catch (error) {
      return `the next run failed: ${error.message.slice(0, 300)}`
    }
    const now = await look(store)
    if (now.problems.length > 0) return `store check after the next run: ${now.problems.join('; ')}`
    if (now.same !== step.after.same) return `other content: ${difference(now.same, step.after.same)}`
    rmSync(store, { recursive: true })
    return undefined
  }

  close() {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

export function hitsOf(log) {
  return existsSync(log) ? readFileSync(log, 'utf8').split('\n').filter(Boolean) : []
}

function difference(found, expected) {
  const at = [...expected].findIndex((c, i) => found[i] !== c)
  return `…${found.slice(Math.max(0, at - 40), at + 80)}… instead of …${expected.slice(Math.max(0, at - 40), at + 80)}…`
}
