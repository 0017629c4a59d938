import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Store } from '../../src/store/store.ts'
import { fingerprint } from '../support/fingerprint.ts'
import { inFolder } from '../support/folder.ts'
import { following } from '../support/follow.ts'
import { runs } from '../support/runs.ts'
import { ingestInto, withStore } from '../support/store.ts'
import { calls, csv, type GatewayRow, gatewayRows, logFiles } from '../support/traffic.ts'

/** How one session of a follower ends. */
type End = 'stop' | 'crash'

/** Share of what is left of each file that is written while it runs, step by step; how it ends; NULs written ahead. */
const session = fc.record({
  steps: fc.array(
    fc.array(
      fc.integer({ min: 0, max: 100 }).map(percent => percent / 100),
      { minLength: 4, maxLength: 4 },
    ),
    {
      minLength: 1,
      maxLength: 3,
    },
  ),
  end: fc.constantFrom<End>('stop', 'crash', 'crash'),
  ahead: fc.constantFrom(0, 0, 64, 4096),
})

/** Every line of an app stands there twice, so that most cuts part equal lines. */
const allTwice = calls.map(list => list.map(call => ({ ...call, hasTwin: true })))

/** Records without an id of their own, each of them several times, some over two lines. */
function withoutIds(rows: readonly GatewayRow[]): string {
  const named = rows
    .slice(0, 6)
    .map(r => ({ ...r, gateway_flow_id: '', dc_note: '"one\ntwo"', organization: 'other' }))
  return csv([...named, ...named, ...named.slice(0, 2)])
}

/** Writes the next bytes of a file, and NULs behind them. */
function write(path: string, bytes: Buffer, from: number, to: number, ahead: number): void {
  const fd = openSync(path, 'r+')
  writeSync(fd, bytes.subarray(from, to), 0, to - from, from)
  if (to < bytes.length && ahead > 0) writeSync(fd, Buffer.alloc(ahead), 0, ahead, to)
  closeSync(fd)
}

test('logs that are followed, through restarts and crashes at any moment, end like logs that were read once', async () => {
  await fc.assert(
    fc.asyncProperty(allTwice, fc.array(session, { minLength: 1, maxLength: 4 }), async (list, sessions) => {
      const files = Object.entries({ ...logFiles(list), 'noid.csv': withoutIds(gatewayRows(list)) })
      const bytes = files.map(([name, text]) => ({ name, bytes: Buffer.from(text), at: 0 }))
      await inFolder(async folder => {
        const logs = join(folder, 'logs')
        mkdirSync(logs)
        for (const { name } of bytes) writeFileSync(join(logs, name), '')
        const step = (shares: readonly number[], ahead: number): void => {
          for (const [i, file] of bytes.entries()) {
            const to = Math.min(
              file.bytes.length,
              file.at + Math.ceil((shares[i] ?? 1) * (file.bytes.length - file.at)),
            )
            write(join(logs, file.name), file.bytes, file.at, to, ahead)
            file.at = to
          }
        }
        const store = join(folder, 'store')
        for (const { steps, end, ahead } of sessions) {
          let pauses = 0
          const most = end === 'crash' ? 1 + steps.length * 3 : Number.POSITIVE_INFINITY
          const pause = async (): Promise<void> => {
            await new Promise(resolve => setTimeout(resolve, 1))
            if (++pauses > most) throw new Error('crash')
          }
          const running = following(
            store,
            [logs],
            async ({ settled }) => {
              for (const shares of steps) {
                step(shares, ahead)
                await settled()
              }
            },
            end === 'crash' ? { pause } : {},
          )
          await running.catch(error => {
            if ((error as Error).message !== 'crash') throw error
          })
        }
        step([1, 1, 1, 1], 0)
        const want = await withStore(join(folder, 'once'), async it => {
          await ingestInto(it, [logs])
          return outcome(it)
        })
        await following(store, [logs], async ({ settled, until, hops }) => {
          await settled()
          await until('every hop is there', () => hops() >= want.hops)
        })
        const got = await withStore(store, async it => {
          expect((await ingestInto(it, [logs])).sources).toEqual([])
          return outcome(it)
        })
        expect(got).toEqual(want)
      })
    }),
    { ...runs(5), endOnFailure: true },
  )
})

/**
 * What must be equal: facts, links, requests, and what became of every line of each source. Not `duplicates`: a record
 * that was taken without its line feed is read again when its file grows, and the store has it then.
 */
async function outcome(store: Store) {
  const sources = [...store.state.sources.values()].map(({ path, accounting, rawBytes, sha256 }) => {
    const { lines, decoded, directives, rejected, bytes } = accounting
    return [path.split('/').at(-1), { lines, decoded, directives, rejected, bytes, rawBytes, sha256 }]
  })
  const hops = store.state.segments.reduce((sum, s) => sum + s.rows, 0)
  return { ...(await fingerprint(store)), hops, sources: Object.fromEntries(sources) }
}
