import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { W3cReader } from './iis-w3c/reader.ts'
import { NdjsonReader } from './apigee-export/ndjson.ts'
import { readBytes, StageBench } from './reading.fixture.ts'
let b: StageBench
beforeAll(async () => { b = await StageBench.open() })
afterAll(() => b.close())
const F = '#Fields: date time cs-method cs-uri-stem cs-uri-query s-port X-Correlation-ID cs-username sc-status X-Forwarded-User\n'
const nasty = fc.string({ unit: fc.constantFrom('a','"',"'",'\r','\0','\x1f','\x1e','\\','-','+','%','=','é','\u00a0','à','\ud83d\ude00',',','\x7f','\u2028','#','\b','\x1a'), maxLength: 6 })
test('w3c', async () => {
  await fc.assert(fc.asyncProperty(fc.array(fc.array(nasty, {minLength:6,maxLength:6}), {minLength:1,maxLength:30}), async rows => {
    const text = F + rows.map(([a,c,d,e,f,g]) => `2026-03-01 00:00:01 ${a} ${c} ${d} 80 ${e} ${f} 200 ${g}\n`).join('')
    const r = readBytes(c => new W3cReader(c), text)
    const n = (await b.rows(r)).length
    expect(n).toBe(r.accounting.decoded)
  }), { numRuns: 150 })
}, 60000)
test('ndjson', async () => {
  await fc.assert(fc.asyncProperty(fc.array(fc.array(nasty, {minLength:6,maxLength:6}), {minLength:1,maxLength:30}), async rows => {
    const text = rows.map(([a,c,d,e,f,g]) => JSON.stringify({client_received_start_timestamp: '2026-03-01 00:00:00 UTC', request_path:a, useragent:c, dc_request_id: d, dc_user_id: e, client_id: f, ['dc_'+g]: g, access_token: a, response_status_code: g})+'\n').join('')
    const r = readBytes(c => new NdjsonReader(c), text)
    expect(r.accounting.decoded).toBe(rows.length)
    const got = await b.rows(r)
    expect(got.length).toBe(r.accounting.decoded)
    const blank = (x: unknown) => x === '' || x === '\\N' || x==='null' || x===undefined ? null : x
    expect(got.map(g => g.user_agent)).toEqual(rows.map(x => blank(x[1])))
  }), { numRuns: 150 })
}, 60000)
test('edge', async () => {
  const q = await b.db.rows(`SELECT path_key('/a%20b/%2F/c%C3%A9/') AS a, path_key('/A+B/é') b, path_key('/x%FFy') c, path_key('/x%zz') d, path_key('///a//') e, path_key('/a%2541') f, path_key('/a%41') g, path_key('/%E9t%E9%20x') h, path_key('/100%') i, path_key('/a%00b') j, path_key('') k, path_key('/caf%C3%89') l`)
  console.log(q)
})
