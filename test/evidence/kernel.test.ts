import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { agreementOf } from '../../src/evidence/agreement.ts'
import { folderFiles } from '../../src/evidence/folder-files.ts'
import { coverageOfPeriod } from '../../src/evidence/inputs.ts'
import type { Completeness } from '../../src/evidence/schema.ts'
import { closeAll } from '../support/days.ts'
import { bundleOf, failures, filesOf, simulated, verified, verifiedFiles } from './support.ts'

const REFUSED = {
  hours: 0.2,
  ratePerSecond: 1,
  seed: 11,
  refusedShare: 0.15,
  poolStops: 1,
  poolStopMinutes: 3,
  kernelNoisePerHour: 200,
  lostGatewayShare: 0.2,
} as const

const completenessOf = (folder: string): Completeness =>
  JSON.parse(readFileSync(join(folder, 'completeness.json'), 'utf8'))

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
    const { hops, coverage } = completenessOf(folder)
    const kernel = hops.filter(h => h.side === 'kernel')
    const sum = (key: 'rows' | 'links' | 'unasked') => kernel.reduce((n, h) => n + h[key], 0)
    const { rows } = await store.db.numbers(
      `SELECT count(*)::DOUBLE AS rows FROM read_parquet('${store.root}/facts/kernel/**/*.parquet')`,
      ['rows'],
    )
    expect(sum('rows')).toBe(rows[0])
    for (const key of ['links', 'unasked'] as const) expect(sum(key)).toBeGreaterThan(0)
    expect(counts.requests).toBeGreaterThan(500)
    expect(new Set(coverage?.map(row => row.side))).toEqual(new Set(['gateway', 'app']))

    const redacted = await bundleOf(store, 'redacted', { filter: 'kernel_reason:*' }, { isRedacted: true })
    expect(failures(await verified(redacted.folder))).toEqual([])
    expect(redacted.counts.requests).toBeGreaterThan(0)
  })
})

test('lines of HTTP.sys that are counted as never asked are missed as requests', async () => {
  await simulated(REFUSED, async store => {
    const files = filesOf((await bundleOf(store)).folder)
    const said = JSON.parse(String(files.get('completeness.json'))) as {
      hops: { side: string; unasked: number }[]
    }
    const row = said.hops.find(h => h.side === 'kernel')
    if (row) row.unasked++
    files.set('completeness.json', Buffer.from(`${JSON.stringify(said, null, 2)}\n`))
    expect(
      failures(await verifiedFiles(files)).some(f => /^completeness: .* requests, its hops/.test(f)),
    ).toBe(true)
  })
})

test('conditions on findings are refused where nobody answers them', async () => {
  await simulated({ hours: 0.02 }, async store => {
    await expect(
      bundleOf(store, 'bundle', { filter: 'status:200 or not incident:inc-1' }),
    ).rejects.toMatchObject({
      code: 'FILTER_FIELD',
      message: expect.stringContaining('findings are judged by the store, a verifier cannot'),
    })
  })
})
