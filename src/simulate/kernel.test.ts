import { describe, expect, test } from 'vitest'
import type { SimulationOptions } from './options.ts'
import { collect, readGateway, readIis, readTruth } from './reading.fixture.ts'

const OPTIONS: SimulationOptions = {
  hours: 1,
  ratePerSecond: 3,
  seed: 7,
  refusedShare: 0.05,
  poolStops: 2,
  kernelNoisePerHour: 60,
}

interface Row {
  readonly file: string
  readonly lineNo: number
  readonly get: (name: string) => string
}

/** Rows of all HTTPERR files, each read by the #Fields in force. */
function readKernel(files: ReadonlyMap<string, string>): Row[] {
  return [...files].flatMap(([file, text]) => {
    if (!file.startsWith('httperr/')) return []
    let fields: string[] = []
    return text.split('\r\n').flatMap((line, index) => {
      if (line.startsWith('#Fields: ')) fields = line.slice('#Fields: '.length).split(' ')
      if (line.startsWith('#') || line === '') return []
      const values = line.split(' ')
      expect(values.length).toBe(fields.length)
      return [
        { file, lineNo: index + 1, get: (name: string) => values[fields.indexOf(name)] ?? 'no such column' },
      ]
    })
  })
}

test('without the knobs there is no HTTPERR log and no word of one', () => {
  const { files, summary } = collect({ hours: 0.2, ratePerSecond: 2 })
  expect([...files.keys()].filter(path => path.startsWith('httperr/'))).toEqual([])
  expect(files.get('truth.ndjson')).not.toContain('kernel')
  expect(summary.kernelLines).toBe(0)
})

describe('with them', () => {
  const { files, summary } = collect(OPTIONS)
  const rows = readKernel(files)
  const truth = readTruth(files) as (ReturnType<typeof readTruth>[number] & { kernel?: Line[] })[]
  interface Line {
    readonly file: string
    readonly line_no: number
    readonly recorded: boolean
    readonly reason: string
    readonly end_us: number
    readonly clock_offset_us: number
  }
  const lines = truth.flatMap(request => (request.kernel ?? []).map(line => ({ request, line })))

  test('every row but those of idle connections has its truth, in the second that its host logged', () => {
    const byPlace = new Map(rows.map(row => [`${row.file}:${row.lineNo}`, row]))
    const recorded = lines.filter(({ line }) => line.recorded)
    const idle = rows.filter(row => row.get('s-reason') === 'Timer_ConnectionIdle')
    expect(idle.length).toBeGreaterThan(50)
    expect(rows.length).toBe(recorded.length + idle.length)
    expect(rows.length).toBe(summary.kernelLines)
    for (const { line } of recorded) {
      const row = byPlace.get(`${line.file}:${line.line_no}`)
      expect(row?.get('s-reason')).toBe(line.reason)
      const second = new Date(Math.floor((line.end_us + line.clock_offset_us) / 1e6) * 1000).toISOString()
      expect(`${row?.get('date')}T${row?.get('time')}.000Z`).toBe(second)
    }
  })

  test('all three column sets occur', () => {
    const sets = new Set(
      [...files]
        .flatMap(([, text]) => text.match(/^#Fields: .*s-reason.*$/gm) ?? [])
        .map(f => f.split(' ').length - 1),
    )
    expect([...sets].sort()).toEqual([13, 14, 16])
  })

  test('the gateway has the status that HTTP.sys gave, or none, and IIS no line of it', () => {
    const gateway = new Map(readGateway(files).map(row => [row.gateway_flow_id, row]))
    const statuses: Record<string, string | undefined> = {
      AppOffline: '503',
      QueueFull: '503',
      BadRequest: '400',
    }
    let seen = 0
    for (const { request, line } of lines) {
      const row = gateway.get(request.gateway_flow_id ?? '')
      if (!row || request.kernel?.length !== 1 || request.app.length > 0) continue
      seen++
      expect(row.target_response_code).toBe(statuses[line.reason])
      expect(row.response_status_code).toBe(statuses[line.reason] ?? '502')
    }
    expect(seen).toBeGreaterThan(200)
    expect(readIis(files).length).toBe(truth.flatMap(t => t.app).filter(line => line.recorded).length)
  })

  test('every reason occurs, and a pool that stops shows on one host', () => {
    const reasons = new Set(rows.map(row => row.get('s-reason')))
    for (const reason of [
      'AppOffline',
      'QueueFull',
      'BadRequest',
      'Connection_Dropped',
      'Connection_Abandoned_By_ReqQueue',
    ])
      expect(reasons).toContain(reason)
    const stopped = new Set(rows.filter(row => row.get('s-reason') === 'AppOffline').map(row => row.file))
    expect(stopped.size).toBeLessThanOrEqual(2)
  })

  test('the same options give the same bytes', () => {
    expect([...collect(OPTIONS).files]).toEqual([...files])
  })
})
