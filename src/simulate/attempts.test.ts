import { expect, test } from 'vitest'
import type { SimulationOptions } from './index.ts'
import { collect, groupBy, type PlacedLine, readGateway, readPlaced } from './reading.fixture.ts'

const OPTIONS: SimulationOptions = {
  hours: 0.5,
  ratePerSecond: 3,
  handshakeShare: 0.4,
  ntlmShare: 0.5,
  retriesShare: 0.1,
  identity: 'windows',
  lostAppShare: 0,
  lostGatewayShare: 0,
  clockOffsetsMs: [0],
}
const last = collect(OPTIONS)
const all = collect({ ...OPTIONS, attemptStamps: 'all' })

const toUs = (text = '') => Date.parse(text.replace(' UTC', 'Z').replace(' ', 'T')) * 1000
const callsOf = ({ files }: typeof last) => {
  const lines = readPlaced(files).filter(({ request }) => request.cause === 'gateway')
  const rows = new Map(readGateway(files).map(row => [row.gateway_flow_id, row]))
  return [...groupBy(lines, ({ request }) => request.gateway_flow_id).values()].map(unordered => {
    const ordered = unordered.toSorted((one, other) => one.line.end_us - other.line.end_us)
    return { lines: ordered, row: rows.get(ordered[0]?.request.gateway_flow_id ?? '') }
  })
}
const kinds = (lines: readonly PlacedLine[]) => lines.map(({ line }) => line.attempt).join(' ')
const shape = ({ row }: PlacedLine) =>
  `${row.get('sc-status')}.${row.get('sc-substatus')}/${row.get('sc-win32-status')}`

test('the lines of a call end with the final one, after challenges and a failed attempt', () => {
  const shapes = new Set(callsOf(last).map(({ lines }) => kinds(lines)))
  expect(shapes).toEqual(
    new Set(
      ['', 'handshake ', 'handshake handshake '].flatMap(before => [
        `${before}final`,
        `${before}retry final`,
      ]),
    ),
  )
})

test('challenges are 401.2, for NTLM then 401.1, without a user, on the host and with the id of the request', () => {
  const shaken = callsOf(last).filter(({ lines }) => lines[0]?.line.attempt === 'handshake')
  expect(shaken.length / callsOf(last).length).toBeGreaterThan(0.35)
  for (const { lines } of shaken) {
    const challenges = lines.filter(({ line }) => line.attempt === 'handshake')
    const answered = lines[challenges.length]
    expect(['401.2/5', '401.2/5 401.1/2148074254']).toContain(challenges.map(shape).join(' '))
    for (const { row, line } of challenges) {
      expect(row.get('cs-username')).toBe('-')
      expect(line.host).toBe(answered?.line.host)
      for (const name of ['c-ip', 'X-Correlation-ID', 'cs-uri-stem', 'cs-method', 'X-Forwarded-For'])
        expect(row.get(name)).toBe(answered?.row.get(name))
    }
  }
})

test('a header identity is on the challenges as well', () => {
  const { files } = collect({ ...OPTIONS, identity: 'header' })
  const challenges = readPlaced(files).filter(
    ({ line, request }) => line.attempt === 'handshake' && request.cause === 'gateway',
  )
  expect(challenges.length).toBeGreaterThan(500)
  for (const { row, request } of challenges) expect(row.get('X-Forwarded-User')).toBe(request.subject)
})

test.each([
  { name: 'last', simulated: last, isCovering: false },
  { name: 'all', simulated: all, isCovering: true },
])('the target stamps cover the attempts: $name', ({ simulated, isCovering }) => {
  const several = callsOf(simulated).filter(({ lines, row }) => lines.length > 1 && row !== undefined)
  for (const { lines, row } of several) {
    const sentUs = toUs(row?.target_sent_start_timestamp)
    const [first, final] = [lines[0]?.line, lines.at(-1)?.line]
    const cutUs = 1000 // the stamp is cut to the millisecond
    if (isCovering) expect(sentUs).toBeLessThanOrEqual(first?.start_us ?? 0)
    else expect(sentUs + cutUs).toBeGreaterThan(first?.end_us ?? 0)
    expect(sentUs).toBeLessThanOrEqual(final?.start_us ?? 0)
  }
})

test('the stamps are all that the choice changes', () => {
  const iis = (files: ReadonlyMap<string, string>) => [...files].filter(([path]) => path.startsWith('iis/'))
  expect(iis(all.files)).toEqual(iis(last.files))
})
