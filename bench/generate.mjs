// Lean traffic for speed: one IIS log and one CSV export a day, the columns that joining needs and a few more.
// 98 of 100 calls have their app line and share a unique id with it. Seeded: the same arguments give the same bytes.
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs'

const HEADER =
  '#Software: Microsoft Internet Information Services 10.0\r\n#Version: 1.0\r\n#Date: 2026-03-02 00:00:00\r\n' +
  '#Fields: date time s-computername s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status sc-substatus sc-win32-status sc-bytes time-taken X-Correlation-ID\r\n'
const COLUMNS =
  'organization,environment,gateway_flow_id,apiproxy,request_verb,request_path,proxy_basepath,proxy_pathsuffix,target_host,target_basepath,' +
  'response_status_code,target_response_code,client_received_start_timestamp,target_sent_start_timestamp,target_received_end_timestamp,' +
  'client_sent_end_timestamp,client_id,developer_app,client_ip,dc_correlation_id,dc_subject\n'
const BLOCK = 1 << 20

/** xorshift32 (Marsaglia 2003, "Xorshift RNGs"). */
function random(seed) {
  let x = seed | 1
  return () => {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    return x >>> 0
  }
}

const hex = n => n.toString(16).padStart(8, '0')
const two = n => (n < 10 ? `0${n}` : String(n))

/** Appends text to a file in large blocks. */
function appender(path) {
  const fd = openSync(path, 'w')
  let text = ''
  return {
    add(line) {
      text += line
      if (text.length >= BLOCK) {
        writeSync(fd, text)
        text = ''
      }
    },
    end() {
      writeSync(fd, text)
      closeSync(fd)
    },
  }
}

/** Writes `events` hops (half gateway, half app) over 24 hours of one day into `folder`, all of one application. */
export function generate(folder, events, name = 'payroll') {
  mkdirSync(folder, { recursive: true })
  const iis = appender(`${folder}/u_ex260302.log`)
  const apigee = appender(`${folder}/export.csv`)
  iis.add(HEADER)
  apigee.add(COLUMNS)
  const next = random(events)
  const [host, message] =
    name === 'payroll' ? ['WEB01', 'rrt-0a1b2c3d-b'] : [name.toUpperCase(), `rrt-${name}-b`]
  const calls = events / 2
  const day = '2026-03-02'
  for (let i = 0; i < calls; i++) {
    const ms = Math.floor((i / calls) * 86_390_000)
    const took = 5 + (next() % 400)
    const a = next()
    const id = `${hex(a)}-${hex(next()).slice(0, 4)}-4${hex(next()).slice(0, 3)}-a${hex(next()).slice(0, 3)}-${hex(i)}${hex((a ^ i) >>> 0).slice(0, 4)}`
    const path = `/employees/${a % 9973}/payslips/${next() % 12}`
    const status = a % 50 === 0 ? 404 : 200
    const stamp = at => {
      const s = Math.floor(at / 1000)
      return `${day} ${two(Math.floor(s / 3600))}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}.${String(at % 1000).padStart(3, '0')} UTC`
    }
    apigee.add(
      `corp,prod,${message}-${i}-1,${name}-v1,GET,/${name}/v1${path},/${name}/v1,${path},${name}.corp.example,/${name},${status},${status},${stamp(ms)},${stamp(ms + 2)},${stamp(ms + 3 + took)},${stamp(ms + 5 + took)},client-${a % 40},hr-portal,198.51.100.${a % 250},${i % 50 === 0 ? '' : id},user${a % 2000}@corp.example\n`,
    )
    const end = Math.floor((ms + 3 + took) / 1000)
    iis.add(
      `${day} ${two(Math.floor(end / 3600))}:${two(Math.floor(end / 60) % 60)}:${two(end % 60)} ${host} 10.20.1.11 GET /${name}${path} - 443 - 10.30.0.11 Apigee/1.0 ${status} 0 0 ${1000 + (a % 9000)} ${took} ${id}\r\n`,
    )
  }
  iis.end()
  apigee.end()
}
