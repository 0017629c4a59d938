import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { mutated, randomFrom } from '../../scripts/evidence/mutate.mjs'
import { exitCodeOf } from '../../src/evidence/verify/print.ts'
import { closeAll } from '../support/days.ts'
import { bundleOf, failures, filesOf, simulated, verifiedFiles, writeBundle } from './support.ts'

const SEED = Number(process.env.TEST_SEED ?? 20260710)

/** Traffic of which some is lost and in doubt, so that every file of a bundle has something in it. */
const TRAFFIC = {
  hours: 0.1,
  ratePerSecond: 0.7,
  seed: 6,
  idShare: 0.5,
  retriesShare: 0.1,
  lostAppShare: 0.1,
  lostGatewayShare: 0.1,
} as const

/** How a bundle that was changed is found out is the same in a program of its own: some are tried there, too. */
const IN_PROGRAM = 12

test('no random change of a bundle passes, and the bundle itself does', async () => {
  const rules = { aliases: [], rules: [{ match: 'CORP\\*', as: '*@corp.example' }] }
  await simulated(TRAFFIC, async (store, folder) => {
    closeAll(store)
    const findings = async () => ({ incidents: [{ rule: 'r', ruleTitle: 'r', incident: 'i', severity: 'high', status: 'OPEN', requestIds: ['0'.repeat(32)] }], notEvaluated: [] })
    const made = await bundleOf(store, 'bundle', {}, { findings })
    const files = filesOf(made.folder)
    const clean = await verifiedFiles(files)
    expect(failures(clean)).toEqual([])
    const known = { key: clean.fingerprint }
    expect(made.counts.requests).toBeGreaterThan(150)
    const random = randomFrom(SEED)
    const missed: string[] = []
    for (let n = 0; n < 300; n++) {
      const mutation = mutated(files, random, n)
      const verification = await verifiedFiles(mutation.files, known)
      if (exitCodeOf(verification) === 0) missed.push(mutation.what)
      if (n % 25 === 0 && n / 25 < IN_PROGRAM) {
        const changed = writeBundle(mutation.files, join(folder, `changed-${n}`))
        const { status, stdout } = spawnSync(process.execPath, [join(made.folder, 'verify.mjs'), changed, '--key', String(known.key), '--json'], { encoding: 'utf8' })
        expect([mutation.what, status]).toEqual([mutation.what, exitCodeOf(verification)])
        expect(JSON.parse(stdout).parts).toEqual(JSON.parse(JSON.stringify(verification.parts)))
      }
    }
    expect(missed).toEqual([])
  }, { config: { subjects: rules } })
}, 600_000) // biome-ignore format: few words
