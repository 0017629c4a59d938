export const KERNEL_FIELDS =
  '#Fields: date time c-ip c-port s-ip s-port cs-version cs-method cs-uri sc-status s-siteid s-reason s-queuename'
const IIS_FIELDS =
  '#Fields: date time s-ip cs-method cs-uri-stem c-ip sc-status sc-substatus time-taken X-Correlation-ID'

/** A call a second from 12:00:00 on; every fifth was refused by HTTP.sys (503) and every seventh dropped. */
export const CALLS = Array.from({ length: 60 }, (_, n) => ({
  n,
  end: n % 5 === 4 ? 'refused' : n % 7 === 6 ? 'dropped' : 'answered',
}))
const second = (n: number): string => `${n < 10 ? '0' : ''}${n}`
const FATE = { answered: ['200', '200'], refused: ['503', '503'], dropped: ['', '502'] } as const

const RECORDS = CALLS.map(({ n, end }) => {
  const [targetStatus, status] = FATE[end as keyof typeof FATE]
  const at = (ms: number): string => `2026-07-01 12:00:${second(n)}.${ms} UTC`
  return JSON.stringify({
    organization: 'o', environment: 'e', apiproxy: 'p', gateway_flow_id: `rrt-${n}`, request_verb: 'GET', request_uri: `/v1/${n}?x=${n}`,
    request_path: `/v1/${n}`, proxy_basepath: '/v1', proxy_pathsuffix: `/${n}`, target_host: 't', target_url: 'https://t', target_ip: '10.0.0.5',
    response_status_code: status, target_response_code: targetStatus, client_received_start_timestamp: at(300),
    target_sent_start_timestamp: at(310), target_received_end_timestamp: end === 'dropped' ? '' : at(330),
    client_sent_start_timestamp: at(335), client_sent_end_timestamp: at(340), dc_correlation_id: `id-number-${n}`,
  }) // biome-ignore format: a record
})
export const IIS = CALLS.filter(c => c.end === 'answered').map(
  ({ n }) => `2026-07-01 12:00:${second(n)} 10.0.0.5 GET /${n} 10.9.9.9 200 0 15 id-number-${n}`,
)
export const KERNEL = CALLS.filter(c => c.end !== 'answered').map(
  ({ n, end }) =>
    `2026-07-01 12:00:${second(n)} 10.9.9.9 5${n} 10.0.0.5 443 HTTP/1.1 GET /${n}?x=${n} ${end === 'refused' ? '503 1 QueueFull pool' : '- 1 Connection_Dropped pool'}`,
)
export const ODD = [
  '2026-07-01 12:00:30 10.9.9.9 5 10.0.0.5 443 - - - - - Timer_ConnectionIdle -',
  '2026-07-01 12:00:31 198.51.100.7 5 10.0.0.5 443 - - - - - Timer_MinBytesPerSecond -',
  '2026-07-01 12:00:32 198.51.100.7 6 10.0.0.5 443 HTTP/1.1 GET /scan 400 - Hostname -',
]

export const log = (...lines: string[]): string => lines.map(line => `${line}\r\n`).join('')
export const LOGS = {
  'gateway.json': `${RECORDS.join('\n')}\n`,
  'iis.log': log(IIS_FIELDS, ...IIS),
  'httperr1.log': log(KERNEL_FIELDS, ...KERNEL, ...ODD),
}
