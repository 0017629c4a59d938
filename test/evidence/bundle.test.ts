import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { agreementOf } from '../../src/evidence/agreement.ts'
import { folderFiles } from '../../src/evidence/folder-files.ts'
import { coverageOfPeriod } from '../../src/evidence/inputs.ts'
import type { Completeness } from '../../src/evidence/schema.ts'
import { populationOf } from '../../src/requests/population.ts'
import { closeAll } from '../support/days.ts'
import { bundleOf, failures, filesOf, question, simulated, verified, verifiedFiles } from './support.ts'

const MIXED = {
  hours: 0.15,
  ratePerSecond: 1,
  seed: 3,
  retriesShare: 0.2,
  handshakeShare: 0.3,
  lostAppShare: 0.05,
  lostGatewayShare: 0.05,
  appErrorShare: 0.1,
} as const

test('a bundle passes with the population that a query finds, twice with the same bytes, and without people', async () => {
  await simulated(MIXED, async store => {
    closeAll(store)
    const { folder, counts, populationHash } = await bundleOf(store)
    const verification = await verified(folder)
    expect(failures(verification)).toEqual([])
    const { filter, range, nowMs } = question()
    expect(await populationOf(store, { filter, range, nowMs })).toEqual({ requests: counts.requests, sha256: populationHash })
    expect(counts.requests).toBeGreaterThan(400)
    expect(verification.anchors).toEqual([])
    expect((await verified(folder, { key: verification.fingerprint })).anchors).toHaveLength(1)

    const again = await bundleOf(store, 'again')
    const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(e => e.isFile()).map(e => join(e.parentPath, e.name))
    for (const name of names) expect(readFileSync(name).equals(readFileSync(name.replace(folder, again.folder)))).toBe(true)
    expect(names).toHaveLength(22)

    const hidden = await verified((await bundleOf(store, 'hidden', { filter: 'subject:* and status >= 400' }, { isRedacted: true })).folder)
    expect(failures(hidden)).toEqual([])
    expect(hidden.parts.soundness.verdict).toBe('NOT CHECKED')
    expect(hidden.parts.soundness.notChecked.join()).toContain('whom stand-ins stand for')
    expect(hidden.parts.integrity.verdict).toBe('PASS')

    await expect(bundleOf(store, 'none', { filter: 'status:200 or not incident:inc-1' })).rejects.toMatchObject({
      code: 'FILTER_FIELD',
      message: expect.stringContaining('findings are judged by the store, a verifier cannot'),
    })
  })
}) // biome-ignore format: few words

const REFUSED = {
  hours: 0.15,
  ratePerSecond: 1,
  seed: 11,
  refusedShare: 0.15,
  poolStops: 1,
  poolStopMinutes: 3,
  kernelNoisePerHour: 200,
  lostGatewayShare: 0.2,
} as const

test('a bundle with refusals of HTTP.sys passes, with people and without, and the store agrees', async () => {
  await simulated(REFUSED, async store => {
    closeAll(store)
    const { folder, counts } = await bundleOf(store, 'bundle', {}, { coverage: coverageOfPeriod })
    const verification = await verified(folder)
    expect(failures(verification)).toEqual([])
    const { manifest, query } = verification
    if (!manifest || !query) throw new Error('no manifest')
    expect((await agreementOf(store, folderFiles(folder), manifest, query)).verdict).toBe('PASS')

    const lines = readFileSync(join(folder, 'population.ndjson'), 'utf8')
    expect(lines).toContain('"state":"kernel-only"')
    expect(lines).toContain('"decided_by":"kernel"')
    const said = JSON.parse(readFileSync(join(folder, 'completeness.json'), 'utf8')) as Completeness
    const kernel = said.hops.filter(h => h.side === 'kernel')
    const sum = (key: 'rows' | 'links' | 'unasked') => kernel.reduce((n, h) => n + h[key], 0)
    const { rows } = await store.db.numbers(
      `SELECT count(*)::DOUBLE AS rows FROM read_parquet('${store.root}/facts/kernel/**/*.parquet')`,
      ['rows'],
    )
    expect(sum('rows')).toBe(rows[0])
    for (const key of ['links', 'unasked'] as const) expect(sum(key)).toBeGreaterThan(0)
    expect(counts.requests).toBeGreaterThan(400)
    expect(new Set(said.coverage?.map(row => row.side))).toEqual(new Set(['gateway', 'app']))

    // Lines that are counted as never asked are missed as requests.
    const [row] = kernel
    const hops = said.hops.map(h => (h === row ? { ...h, unasked: h.unasked + 1 } : h))
    const changed = Buffer.from(`${JSON.stringify({ ...said, hops }, null, 2)}\n`)
    const found = failures(await verifiedFiles(filesOf(folder).set('completeness.json', changed)))
    expect(found.some(f => /^completeness: .* requests, its hops/.test(f))).toBe(true)

    const redacted = await bundleOf(store, 'redacted', { filter: 'kernel_reason:*' }, { isRedacted: true })
    expect(failures(await verified(redacted.folder))).toEqual([])
    expect(redacted.counts.requests).toBeGreaterThan(0)
  })
})
