// Kills and refusals, one at a time. Each trial answers with what went wrong, or undefined.
import { existsSync, rmSync } from 'node:fs'
import { look } from './look.mjs'
import { hitsOf } from './place.mjs'

/** A follower that has passed all its points is killed then. */
const LONGEST_MS = 15_000
/** Steps that can end in the middle of their bytes. */
const HALVES = /\.(?:write|append)$|\.copy\.done$/
const REFUSALS = ['ENOSPC', 'EIO', 'EACCES']
const SAYS =
  /^throughline: store \S+: .*; (?:free some space|check the disk|let this user write there) and run the command again\. What was there before is unharmed$/m

/**
 * The trials of a place: kills at every point and refusals before every step. Equal points are tried at their first,
 * middle and last hit of a command.
 *
 * @param isQuick every name once, where it first occurs, and no `.done`: nothing happens from there to the next point
 */
export function pointTrials(place, isQuick) {
  const seen = new Set()
  return place.steps
    .filter(step => !step.killed)
    .flatMap(step => {
      const counts = new Map()
      for (const name of step.hits) counts.set(name, (counts.get(name) ?? 0) + 1)
      return [...counts].flatMap(([name, count]) => {
        if (isQuick && (seen.has(name) || (name.endsWith('.done') && !HALVES.test(name)))) return []
        seen.add(name)
        const nths = isQuick ? [1] : [...new Set([1, (count + 1) >> 1, count])]
        return nths.flatMap((nth, i) => trialsAt({ step, name, nth }, isQuick, seen.size + i))
      })
    })
}

function trialsAt(point, isQuick, turn) {
  const halves = HALVES.test(point.name) ? [{ ...point, action: 'half' }] : []
  if (isQuick) return halves.length > 0 ? halves : [{ ...point, action: 'kill' }]
  const refusal = { ...point, action: REFUSALS[turn % REFUSALS.length] }
  return [{ ...point, action: 'kill' }, ...halves, ...(point.name.endsWith('.done') ? [] : [refusal])]
}

export async function strike(place, { step, name, nth, action }) {
  const store = place.copyFor(step)
  const env = { THROUGHLINE_FAILPOINT: `${name}:${nth}:${action}` }
  const ended = await place.run(step.args, store, env)
  const wrong = REFUSALS.includes(action)
    ? await refused(step, store, ended)
    : ended.signal === 'SIGKILL'
      ? undefined
      : `it was not killed but ended with ${ended.code}`
  return wrong ?? (await place.heal(step, store))
}

/** A refused write ends the command with a message, and the store is what it was or what some entries more make it. */
async function refused(step, store, { code, stderr }) {
  if (code === 0) return undefined
  if (code !== 3) return `exit code ${code}: ${stderr.slice(0, 300)}`
  if (!SAYS.test(stderr)) return `it said: ${stderr.slice(0, 300)}`
  // Without a look at it before there was no store, or one that the step is to repair.
  if (!step.before || !existsSync(`${store}/ledger/000/000000.json`)) return undefined
  const now = await look(store)
  const damaged = now.problems.filter(p => p.startsWith('damaged'))
  if (damaged.length > 0) return damaged.join('; ')
  if (now.head === step.before.head && now.same !== step.before.same) return 'other content than before'
  return undefined
}

/** Whether more than so many points were passed, and a write has begun and not ended. */
function isInWrite(log, least = 0) {
  const hits = hitsOf(log)
  const ended = hits.filter(name => name.endsWith('.done')).length
  return hits.length > least && hits.length > 2 * ended
}

/**
 * Kills a step at a random moment: at any time, or in the middle of a write after a random number of points.
 *
 * @returns whether it was in the middle of a write: one had begun and not ended
 */
export async function killAtRandom(place, step, random) {
  const store = place.copyFor(step)
  const log = `${store}.log`
  const hitsBefore = Math.floor(random() * step.hits.length)
  const [isByTime, afterMs] = [random() < 0.3, random() * step.ms]
  const ended = await place.run(
    step.killed ?? step.args,
    store,
    { THROUGHLINE_FAILPOINT_LOG: log },
    child => {
      const kill = () => child.kill('SIGKILL')
      const last = step.killed && setTimeout(kill, LONGEST_MS)
      const timer = isByTime
        ? setTimeout(kill, afterMs)
        : setInterval(() => isInWrite(log, hitsBefore) && kill(), 1)
      child.on('exit', () => {
        clearTimeout(last)
        clearTimeout(timer)
        clearInterval(timer)
      })
    },
  )
  const isDuringWrite = isInWrite(log)
  rmSync(log, { force: true })
  return { wasKilled: ended.signal === 'SIGKILL', isDuringWrite, wrong: await place.heal(step, store) }
}
