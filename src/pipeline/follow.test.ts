import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { facts } from '../../test/support/fingerprint.ts'
import { inFolder } from '../../test/support/folder.ts'
import { type Following, type FollowSetting, following } from '../../test/support/follow.ts'
import { ingestInto, NOON, withStore } from '../../test/support/store.ts'
import { SHAPES, type ShippedLine, shipped, wrapped } from '../formats/envelope/shapes.fixture.ts'
import { exportSelect } from '../requests/export.ts'

const FIELDS = '#Fields: date time s-computername cs-method cs-uri-stem sc-status\r\n'
const row = (n: number): string =>
  `2026-07-01 22:${String(Math.floor(n / 60) % 60).padStart(2, '0')}:${String(n % 60).padStart(2, '0')} web01 GET /${n} 200\r\n`
const rows = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, i) => row(from + i)).join('')

interface Scene extends Following {
  readonly folder: string
  /** Path of a log below the followed folder. */
  log(name: string): string
}

/** Follows the folder `logs` of a folder of its own. */
async function scene(action: (scene: Scene) => Promise<void>, setting: FollowSetting = {}): Promise<void> {
  await inFolder(async folder => {
    const logs = join(folder, 'logs')
    mkdirSync(logs)
    const log = (name: string): string => join(logs, name)
    await following(join(folder, 'store'), [logs], it => action({ ...it, folder, log }), setting)
  })
}

test('a log that grows becomes hops line by line; a line without its line feed waits', async () => {
  await scene(async ({ log, hops, until, settled, store }) => {
    writeFileSync(log('a.log'), FIELDS)
    appendFileSync(log('a.log'), row(1))
    await until('the first row is there', () => hops() === 1)
    appendFileSync(log('a.log'), row(2).slice(0, -4))
    await settled()
    expect(hops()).toBe(1)
    appendFileSync(log('a.log'), row(2).slice(-4) + row(3))
    await until('all rows are there', () => hops() === 3)
    const [source] = [...store.state.sources.values()]
    expect(source).toMatchObject({ status: 'complete', rawBytes: (FIELDS + rows(1, 4)).length })
    expect(source?.accounting).toMatchObject({ lines: 4, decoded: 3, bytes: (FIELDS + rows(1, 4)).length })
  })
})

test('NULs ahead of the rows are not read, and the rows that overwrite them are', async () => {
  await scene(async ({ log, hops, until, settled }) => {
    const fd = openSync(log('a.log'), 'w')
    writeSync(fd, Buffer.concat([Buffer.from(FIELDS + row(1)), Buffer.alloc(65_536)]))
    await until('the first row is there', () => hops() === 1)
    const at = (FIELDS + row(1)).length
    writeSync(fd, row(2) + row(3).slice(0, 20), at)
    await until('the second row is there', () => hops() === 2)
    await settled()
    writeSync(fd, row(3).slice(20), at + row(2).length + 20)
    await until('the third row is there', () => hops() === 3)
  })
})

test('NULs that data follows are waited for, and passed over once they have stayed', async () => {
  await scene(async ({ log, hops, until, settled, pass }) => {
    const gap = Buffer.alloc(512)
    writeFileSync(
      log('a.log'),
      Buffer.concat([Buffer.from(FIELDS + row(1)), gap, Buffer.from(row(2) + row(3))]),
    )
    await until('the row before them is there', () => hops() === 1)
    await settled()
    expect(hops()).toBe(1)
    pass(120_000)
    await until('the rows behind them are there', () => hops() === 3)
  })
})

test('a log that is rotated by renaming is one source; a last line without a line feed is rejected once it is over', async () => {
  await scene(async ({ log, hops, rejected, until, settled, pass, sources }) => {
    writeFileSync(log('app.log'), FIELDS + rows(1, 4))
    await until('three rows are there', () => hops() === 3)
    appendFileSync(log('app.log'), row(4) + row(5).slice(0, -2))
    renameSync(log('app.log'), log('app.log.1'))
    writeFileSync(log('app.log'), FIELDS + row(6))
    await until('the new log is there', () => hops() === 5)
    await settled()
    expect(hops()).toBe(5)
    pass(120_000)
    await until('the line without a line feed is accounted for', () => rejected() === 1)
    expect(hops()).toBe(5)
    expect(sources().sort()).toEqual([
      [log('app.log'), 1, 0],
      [log('app.log.1'), 4, 0],
    ])
  })
})

test('a last line without a line feed waits for it for ever; an ingest rejects it as cut, and the next takes it whole', async () => {
  await inFolder(async folder => {
    const logs = join(folder, 'logs')
    mkdirSync(logs)
    writeFileSync(join(logs, 'a.log'), FIELDS + row(1) + row(2).trimEnd())
    const store = join(folder, 'store')
    await following(store, [logs], async ({ hops, until, settled, pass }) => {
      await until('the first row is there', () => hops() === 1)
      pass(600_000)
      await settled()
      expect(hops()).toBe(1)
    })
    const read = () =>
      withStore(store, async it => {
        const { sources } = await ingestInto(it, [logs])
        const { select } = await exportSelect(it, 'rejects', {
          kind: 'app',
          filter: '',
          nowMs: NOON,
          range: undefined,
        })
        const rejects = await it.db.rows<{ reason: string }>(select)
        expect(await facts(it, 'app')).toHaveLength(sources[0]?.accounting.decoded ?? 0)
        return [...sources.map(s => [s.id, s.accounting.decoded, s.torn]), ...rejects.map(r => r.reason)]
      })
    expect(await read()).toEqual([[0, 1, 'truncated'], 'truncated'])
    appendFileSync(join(logs, 'a.log'), '0\r\n')
    expect(await read()).toEqual([[0, 2, undefined]])
  })
})

test('a log that is copied and truncated, the copy included, gives each row once', async () => {
  await scene(async ({ log, hops, until, settled, sources }) => {
    writeFileSync(log('app.log'), FIELDS + rows(1, 30))
    await until('the rows are there', () => hops() === 29)
    copyFileSync(log('app.log'), log('app.log.1'))
    truncateSync(log('app.log'))
    appendFileSync(log('app.log'), FIELDS + rows(30, 33))
    await until('the rows after it are there', () => hops() === 32)
    await settled()
    expect(hops()).toBe(32)
    expect(sources().map(([path, decoded]) => [path, decoded])).toContainEqual([log('app.log'), 3])
  })
})

test('a log that is written anew, longer than before, between two looks is noticed by its bytes', async () => {
  await scene(async ({ log, hops, until }) => {
    writeFileSync(log('app.log'), FIELDS + rows(1, 4))
    await until('the rows are there', () => hops() === 3)
    writeFileSync(log('app.log'), FIELDS + rows(10, 20))
    await until('the others are there', () => hops() === 13)
  })
})

test('a log that is replaced by another of the same name and size is a source of its own', async () => {
  await scene(async ({ log, hops, until, sources }) => {
    writeFileSync(log('app.log'), FIELDS + rows(10, 13))
    await until('the rows are there', () => hops() === 3)
    rmSync(log('app.log'))
    writeFileSync(log('app.log'), FIELDS + rows(20, 23))
    await until('the others are there', () => hops() === 6)
    expect(sources()).toEqual([
      [log('app.log'), 3, 0],
      [log('app.log'), 3, 0],
    ])
  })
})

test('a log that is packed away goes on inside its archive: what was not read of it is, nothing twice', async () => {
  await scene(async ({ log, hops, rejected, until, settled, pass, store }) => {
    writeFileSync(log('a.log'), FIELDS + rows(1, 100) + row(100).trimEnd())
    await until('the whole lines are there', () => hops() === 99)
    writeFileSync(log('a.log.gz'), gzipSync(readFileSync(log('a.log'))))
    rmSync(log('a.log'))
    pass(3_000)
    await until('its last line is accounted for', () => rejected() === 1)
    await settled()
    expect(hops()).toBe(99)
    const found = [...store.state.sources.values()].map(s => [
      s.id,
      s.path,
      s.gzip,
      s.accounting.decoded,
      s.accounting.duplicates,
    ])
    expect(found).toEqual([[0, log('a.log.gz'), true, 99, 0]])
  })
})

test('an archive that is still being written is waited for and said once, then read', async () => {
  await scene(async ({ log, hops, until, settled, pass, events }) => {
    const bytes = gzipSync(FIELDS + rows(1, 2000))
    writeFileSync(log('a.log.gz'), bytes.subarray(0, bytes.length / 2))
    await settled()
    pass(3_000)
    await until('it was said', () => events.length > 0)
    await settled()
    expect(events).toMatchObject([
      { event: 'problem', problem: expect.stringMatching(/tried again when its size changes/) },
    ])
    writeFileSync(log('a.log.gz'), bytes)
    await until('it was read', () => hops() === 1999)
    expect(events).toHaveLength(1)
  })
})

test('an export is read by whole records, and a JSON array is waited for until it is closed', async () => {
  const record = (n: number): string =>
    JSON.stringify({
      organization: 'corp', environment: 'prod', apiproxy: 'one', gateway_flow_id: `flow-${n}`, request_verb: 'GET',
      client_received_start_timestamp: String(Date.UTC(2026, 6, 1, 8) + n), response_status_code: '200',
    }) // biome-ignore format: a record
  await scene(async ({ log, hops, until, settled, events }) => {
    writeFileSync(log('export.json'), `${record(1)}\n${record(2).slice(0, 60)}`)
    await until('the first record is there', () => hops() === 1)
    await settled()
    appendFileSync(log('export.json'), `${record(2).slice(60)}\n`)
    await until('the second is there', () => hops() === 2)
    appendFileSync(log('export.json'), record(9))
    writeFileSync(log('single.json'), record(10))
    await until('whole records without a line feed are there, too', () => hops() === 4)
    appendFileSync(log('export.json'), `\n${record(11)}\n`)
    await until('a further one is there', () => hops() === 5)
    writeFileSync(log('array.json'), `[${record(3)},`)
    await until('it is said to be open', () => events.length === 1)
    expect(events).toMatchObject([{ event: 'problem', problem: expect.stringMatching(/not closed/) }])
    appendFileSync(log('array.json'), `${record(4)}]\n`)
    await until('it was judged as a whole', () => events.length === 2)
    expect(events[1]).toMatchObject({ event: 'refused', path: log('array.json') })
  })
})

test('envelopes of several logs are followed, each log with its columns; a last one without a line feed is taken', async () => {
  await scene(async ({ log, hops, until, pass, store }) => {
    const own = (host: string): ShippedLine[] => shipped(FIELDS + rows(1, 4).replaceAll('web01', host), host)
    const [a, b] = [own('web01'), own('web02')]
    const text = (lines: readonly ShippedLine[]): string => wrapped(SHAPES.filebeat, lines)
    writeFileSync(log('a.json'), text([...a.slice(0, 2), ...b.slice(0, 2)]))
    await until('the first rows are there', () => hops() === 2)
    appendFileSync(log('a.json'), text([...b.slice(1, 3), ...a.slice(2)]))
    await until('the next rows are there, and what was sent twice once', () => hops() === 5)
    appendFileSync(log('a.json'), text(b.slice(3)).trimEnd())
    pass(5_000)
    await until('the last one is there', () => hops() === 6)
    const [source] = [...store.state.sources.values()]
    expect(source?.accounting).toMatchObject({
      lines: 9,
      decoded: 7,
      directives: 2,
      duplicates: 1,
      rejected: 0,
    })
  })
})

test('a folder that disappears and comes back is followed on', async () => {
  await scene(async ({ folder, log, hops, until, settled }) => {
    writeFileSync(log('a.log'), FIELDS + row(1))
    await until('the first row is there', () => hops() === 1)
    renameSync(join(folder, 'logs'), join(folder, 'aside'))
    await settled()
    appendFileSync(join(folder, 'aside/a.log'), row(2))
    renameSync(join(folder, 'aside'), join(folder, 'logs'))
    await until('the second row is there', () => hops() === 2)
    appendFileSync(log('a.log'), row(3))
    await until('the third row is there', () => hops() === 3)
  })
})

test('links that lead back, and further names of a file, are followed once', async () => {
  await scene(async ({ log, hops, until, settled, sources }) => {
    mkdirSync(log('below'))
    symlinkSync('..', log('below/up'))
    writeFileSync(log('below/a.log'), FIELDS + row(1))
    symlinkSync('below/a.log', log('current.log'))
    await until('the row is there', () => hops() === 1)
    appendFileSync(log('below/a.log'), row(2))
    await until('the second row is there', () => hops() === 2)
    await settled()
    expect(sources().map(([, decoded, duplicates]) => [decoded, duplicates])).toEqual([[2, 0]])
  })
})

test('what is no log is refused once it has settled, and looked at again when it changes', async () => {
  await scene(async ({ log, hops, until, settled, events, pass }) => {
    writeFileSync(log('a.log'), '#Softw')
    await settled()
    expect(events).toEqual([])
    writeFileSync(log('a.log'), 'some notes\nof a person\n')
    await settled()
    pass(3_000)
    await until('it is refused', () => events.length === 1)
    await settled()
    expect(events).toMatchObject([{ event: 'refused', path: log('a.log') }])
    writeFileSync(log('a.log'), FIELDS + row(1))
    await until('the row is there', () => hops() === 1)
  })
})

test('a source that cannot be read does not stop the others, and is read once it can be', async () => {
  await scene(async ({ log, hops, until, settled, events }) => {
    const damaged = gzipSync(FIELDS + rows(10, 12))
    damaged.writeUInt32LE(1, damaged.length - 8)
    writeFileSync(log('bad.gz'), damaged)
    writeFileSync(log('a.log'), FIELDS + row(1))
    await until('the good one is there', () => hops() === 1)
    await until('the other is told of', () => events.length === 1)
    await settled()
    expect(events).toHaveLength(1)
    writeFileSync(log('bad.gz'), gzipSync(FIELDS + rows(10, 12)))
    await until('it is read', () => hops() === 3)
  })
})

test('a log that was followed goes on where it was left, by a follower and by an ingest', async () => {
  await inFolder(async folder => {
    const logs = join(folder, 'logs')
    mkdirSync(logs)
    const path = join(logs, 'a.log')
    const store = join(folder, 'store')
    writeFileSync(path, FIELDS + row(1) + row(1))
    await following(store, [logs], async ({ until, hops }) => until('both are there', () => hops() === 2))
    appendFileSync(path, row(1) + row(2))
    await following(store, [logs], async ({ until, hops, sources }) => {
      // The third equal line of a second is a hop of its own.
      await until('all are there', () => hops() === 4)
      expect(sources()).toEqual([[path, 4, 0]])
    })
    appendFileSync(path, row(3))
    await withStore(store, async it => {
      const { sources } = await ingestInto(it, [logs])
      expect(sources.map(s => [s.id, s.accounting.decoded, s.accounting.duplicates])).toEqual([[0, 5, 0]])
      expect(await facts(it, 'app')).toHaveLength(5)
    })
  })
})

test('of more files than may be open each is read once, and on when it grows', async () => {
  await scene(async ({ log, hops, until, sources }) => {
    for (let i = 0; i < 400; i++) writeFileSync(log(`${i}.log`), FIELDS + row(i) + row(i))
    await until('all rows are there', () => hops() === 800)
    for (const i of [0, 200, 399]) appendFileSync(log(`${i}.log`), row(i) + row(1000 + i))
    await until('the others are there, too', () => hops() === 806)
    expect(sources()).toHaveLength(400)
    expect(sources().filter(([, , duplicates]) => duplicates > 0)).toEqual([])
  })
})
