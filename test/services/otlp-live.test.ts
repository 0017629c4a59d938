import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { throughline } from '../support/program.ts'
import { type Collector, startCollector } from './support/collector.ts'
import { FaultyProxy } from './support/faulty-proxy.ts'
import { needs } from './support/tools.ts'

/** Pieces in which the logs grow. */
const PIECES = 8

needs('go')('logs that grow, and a Collector that gets their traces', () => {
  let folder = ''
  let collector: Collector
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tl-live-'))
    collector = await startCollector()
  })
  afterEach(async () => {
    await collector.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  test('requests are sent as they settle, each span once; what is left goes with the day as it stands', async () => {
    await throughline(['simulate', 'source', '--hours', '1', '--rate-per-second', '0.5'], { cwd: folder })
    mkdirSync(join(folder, 'logs'))
    const files = filesBelow(join(folder, 'source')).filter(f => !f.endsWith('truth.ndjson'))
    const stop = new AbortController()
    const running = (args: readonly string[]) =>
      throughline(args, {
        cwd: folder,
        during: child => stop.signal.addEventListener('abort', () => child.kill('SIGTERM')),
      })
    const ingest = running(['ingest', '--follow', 'logs'])
    await grow(files, 0)
    // The store is there once the first lines are in it.
    while (!readdirSync(folder).includes('throughline-store')) await sleep(50)
    await sleep(2_000)
    const target = ['--endpoint', collector.endpoint]
    const live = running(['export', 'otlp', '--follow', '--settle', '2', ...target])
    for (let piece = 1; piece < PIECES; piece++) {
      await grow(files, piece)
      await sleep(1_500)
    }
    for (let before = -1, now = 0; now === 0 || now > before; ) {
      before = now
      await sleep(20_000)
      now = collector.received().spans.length
    }
    stop.abort()
    expect([(await ingest).code, (await live).code]).toEqual([0, 0])

    const settled = collector.received().spans
    expect(settled.length).toBeGreaterThan(1000)
    expect(new Set(settled.map(s => s.spanId)).size).toBe(settled.length)
    const rest = await throughline(['export', 'otlp', '--open-days', ...target], { cwd: folder })
    expect(rest.code).toBe(0)
    const all = collector.received().spans
    expect(new Set(all.map(s => s.spanId)).size).toBe(all.length)
    expect(all.length).toBe(await hops('gateway', true) + await hops('gateway') + await hops('app'))
    // No span lacks its parent.
    const ids = new Set(all.map(s => s.spanId))
    expect(all.filter(s => s.parentSpanId !== '' && !ids.has(s.parentSpanId))).toEqual([])
  })

  test.each(['SIGINT', 'SIGTERM'] as const)('%s ends an export of history with what was taken noted, and the next run sends the rest', async signal => {
    await throughline(['simulate', 'source', '--hours', '2', '--rate-per-second', '1'], { cwd: folder })
    await throughline(['ingest', 'source'], { cwd: folder })
    const proxy = await FaultyProxy.start(collector.port, () => ({ kind: 'slow', delayMs: 100 }))
    try {
      const args = ['export', 'otlp', '--open-days', '--endpoint', proxy.endpoint, '--batch', '100', '--concurrency', '1']
      const { code, stdout, stderr } = await throughline(args, {
        cwd: folder,
        during: child => {
          const timer = setInterval(() => {
            if (proxy.requests.length >= 5) child.kill(signal)
            if (proxy.requests.length >= 5 || child.exitCode !== null) clearInterval(timer)
          }, 10)
        },
      })
      expect({ code, stderr }).toMatchObject({ code: signal === 'SIGINT' ? 130 : 143 })
      expect(stderr).not.toMatch(/bug|Error/)
      const taken = Number(/^spans +([\d,]+) taken/m.exec(stdout)?.[1]?.replaceAll(',', ''))
      expect(taken).toBeGreaterThan(0)
      proxy.set([])
      expect((await throughline(args, { cwd: folder })).code).toBe(0)
      const all = await hops('gateway', true) + await hops('gateway') + await hops('app')
      const { spans } = collector.received()
      expect(new Set(spans.map(s => s.spanId)).size).toBe(all)
      // A request that was under way is sent again, nothing else.
      expect(spans.length - all).toBeLessThanOrEqual(103)
    } finally {
      await proxy.close()
    }
  })

  async function hops(kind: string, called = false): Promise<number> {
    const { stdout } = await throughline(['export', 'facts', '--kind', kind], { cwd: folder })
    const rows = stdout.split('\n').filter(line => line !== '')
    return called ? rows.filter(row => row.includes('"target_called":true')).length : rows.length
  }

  /** Adds one of the pieces of each file, cut anywhere. */
  async function grow(files: readonly string[], piece: number): Promise<void> {
    for (const [n, file] of files.entries()) {
      const bytes = readFileSync(file)
      const cut = (i: number): number => Math.floor((bytes.length * i) / PIECES)
      appendFileSync(join(folder, 'logs', `${n}-${file.split('/').at(-1)}`), bytes.subarray(cut(piece), cut(piece + 1)))
    }
  }
}) // biome-ignore format: long calls

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))
}
