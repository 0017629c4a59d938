// Kills, refused writes and full disks: `npm run faults` tries every point of every step, `-- --random 200` random
// moments; `--every 10` takes each tenth, `--only link` those with it in their names. `--quick` is what `npm test`
// runs. Needs a build. Counts are appended to bench/results.md.
import { appendFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { heading } from '../bench/heading.mjs'
import { fullDisk } from './faults/full-disk.mjs'
import { Place } from './faults/place.mjs'
import { killAtRandom, pointTrials, strike } from './faults/trials.mjs'
import { root } from './install.mjs'

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    random: { type: 'string' },
    seed: { type: 'string', default: '1' },
    jobs: { type: 'string', default: '2' },
    only: { type: 'string', default: '' },
    every: { type: 'string', default: '1' },
    keep: { type: 'boolean', default: false },
  },
})

const note = text => process.stderr.write(`${text}\n`)
const wrong = []
const fail = text => {
  wrong.push(text)
  note(`wrong: ${text}`)
}
const place = await Place.make(values.quick ? () => {} : note)
const rows = values.random ? await randomKills(Number(values.random)) : await everyPoint()
if (!values.quick) appendResults(rows)
for (const text of wrong) console.log(`wrong      ${text}`)
console.log(rows.map(row => row.join('  ')).join('\n'))
if (!values.keep && wrong.length === 0) place.close()
process.exitCode = wrong.length > 0 ? 1 : 0

async function everyPoint() {
  const all = pointTrials(place, values.quick).filter(t => t.name.includes(values.only))
  const trials = all.filter((_, i) => i % Number(values.every) === 0)
  await each(trials, async trial => {
    const { step, name, nth, action } = trial
    const found = await strike(place, trial)
    if (found) fail(`${step.name}, ${name}:${nth}:${action}: ${found}`)
  })
  const of = actions => trials.filter(t => actions.includes(t.action)).length
  const rows = [
    ['points', new Set(trials.map(t => t.name)).size, placesOf(trials)],
    ['trials there are', all.length],
    ['kills', of(['kill', 'half'])],
    ['refused writes', of(['ENOSPC', 'EIO', 'EACCES'])],
  ]
  if (!values.quick) rows.push(['full disks', await fullDisk(place, fail, note)])
  return [...rows, ['wrong', wrong.length]]
}

async function randomKills(count) {
  const random = mulberry(Number(values.seed))
  const steps = place.steps.filter(s => s.name.includes(values.only))
  const trials = Array.from({ length: count }, (_, i) => steps[i % steps.length])
  const tally = new Map(steps.map(s => [s.name, { kills: 0, during: 0 }]))
  await each(trials, async step => {
    const { wasKilled, isDuringWrite, wrong: found } = await killAtRandom(place, step, random)
    const own = tally.get(step.name)
    own.kills += wasKilled ? 1 : 0
    own.during += wasKilled && isDuringWrite ? 1 : 0
    if (found) fail(`${step.name}, killed at random: ${found}`)
  })
  const all = [...tally.values()]
  const sum = key => all.reduce((total, t) => total + t[key], 0)
  return [
    ...[...tally].map(([name, { kills, during }]) => [`kills of ${name}`, kills, `${during} during a write`]),
    ['kills', sum('kills'), `${sum('during')} during a write`],
    ['wrong', wrong.length],
  ]
}

/** Where the points of trials are: first parts of their names. */
function placesOf(trials) {
  return [...new Set(trials.map(t => t.name.split('.')[0]))].sort().join(' ')
}

/** Trials, a few at a time. */
async function each(trials, trial) {
  let next = 0
  let done = 0
  const work = async () => {
    while (next < trials.length) {
      const at = trials[next++]
      await trial(at).catch(error => fail(`${at.name}: ${error.stack}`))
      if (++done % 50 === 0 && !values.quick) note(`${done} of ${trials.length}, ${wrong.length} wrong`)
    }
  }
  await Promise.all(Array.from({ length: Number(values.jobs) }, work))
}

/** Random numbers that a seed repeats. */
function mulberry(seed) {
  let a = seed
  return () => {
    a = (a + 0x6d2b79f5) | 0
    let t = Math.imul(a ^ (a >>> 15), 1 | a)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

function appendResults(lines) {
  const command = `npm run faults -- ${process.argv.slice(2).join(' ')}`.replace(/ --\s*$/, '')
  const text = lines.map(([what, n, more = '']) => `| ${what} | ${n} | ${more} |`).join('\n')
  appendFileSync(
    `${root}/bench/results.md`,
    `\n${heading(command)}\n\n| what | count | |\n|---|---:|---|\n${text}\n`,
  )
}
