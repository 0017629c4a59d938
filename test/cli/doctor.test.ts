import { join } from 'node:path'
import { expect, test } from 'vitest'
import { inFolder, writeFiles } from '../support/folder.ts'
import { CALLS, type Portal, portalFiles } from '../support/portal.ts'
import { inProcess } from '../support/program.ts'

interface Finding {
  readonly code: string
  readonly what: string
  readonly lines: number
  readonly where: readonly { name: string; lines: number }[]
  readonly fix: readonly { text: string; code: string | null }[]
}

/** Findings about logs, by code, and what people see. */
async function examined(portal: Portal, keep: (path: string) => boolean = () => true, config = '') {
  return inFolder(async cwd => {
    const files = Object.entries(portalFiles(portal)).filter(([path]) => keep(path))
    writeFiles(cwd, { 'throughline.yaml': config })
    writeFiles(join(cwd, 'logs'), Object.fromEntries(files))
    expect((await inProcess(['ingest', 'logs', '--quiet'], { cwd })).code).toBe(0)
    const json = await inProcess(['doctor', '--json'], { cwd })
    const text = await inProcess(['doctor'], { cwd })
    expect([json.code, text.code, text.stderr]).toEqual([0, 0, ''])
    const { version, findings } = JSON.parse(json.stdout) as { version: number; findings: Finding[] }
    expect(version).toBe(1)
    const codes = findings.map(f => f.code)
    const of = (code: string): Finding | undefined => findings.find(f => f.code === code)
    const settings = (code: string): string => (of(code)?.fix ?? []).map(s => `${s.text}\n${s.code ?? ''}`).join('\n')
    return { codes, of, settings, findings, text: text.stdout }
  }) // biome-ignore format: one result
}

test('without ids: exact settings for IIS and Apigee, before what helps fewer lines', async () => {
  const { codes, of, settings, findings, text } = await examined({ ids: false })
  expect(codes.slice(0, 2)).toEqual(['id-not-logged', 'id-not-captured'])
  expect(findings.map(f => f.lines)).toEqual(findings.map(f => f.lines).sort((a, b) => b - a))
  expect(of('id-not-logged')).toMatchObject({
    lines: 2 * CALLS,
    where: [
      { name: 'web-app-01 (site w3svc3)', lines: CALLS },
      { name: '10.20.1.11 (site w3svc2)', lines: CALLS },
    ],
  })
  const iis = settings('id-not-logged')
  for (const words of [
    'appcmd.exe list site /id:2 /text:name',
    `appcmd.exe set config -section:system.applicationHost/sites /+"[name='NAME OF SITE 2'].logFile.customFields.[logFieldName='X-Correlation-ID',sourceName='X-Correlation-ID',sourceType='RequestHeader']" /commit:apphost`,
    `Add-WebConfigurationProperty -PSPath 'MACHINE/WEBROOT/APPHOST' -Filter "system.applicationHost/sites/site[@id='3']/logFile/customFields" -Name "." -Value @{logFieldName='X-Correlation-ID';sourceName='X-Correlation-ID';sourceType='RequestHeader'}`,
    '<add logFieldName="X-Correlation-ID" sourceName="X-Correlation-ID" sourceType="RequestHeader" />',
    '_x',
  ])
    expect(iis).toContain(words)
  const apigee = settings('id-not-captured')
  for (const words of [
    'https://apigee.googleapis.com/v1/organizations/corp/datacollectors',
    '"name": "dc_correlation_id", "type": "STRING"',
    '<Header name="X-Correlation-ID">{messageid}</Header>',
    '<DataCollector>dc_correlation_id</DataCollector>',
    '<Collect ref="request.header.X-Correlation-ID" default="Not set"/>',
  ])
    expect(apigee).toContain(words)
  expect(text).toContain('1. IIS does not log a correlation id\n   helps  80 lines  [id-not-logged]\n')
  expect(text).toContain('            <AssignMessage name="AM-CorrelationId"')
})

test('a column that is always empty is told from one that is not logged', async () => {
  const { codes, settings, of } = await examined({ ids: '-' })
  expect(codes).not.toContain('id-not-logged')
  expect(of('field-always-empty')?.what).toBe('x-correlation-id (correlation id) is logged but always "-"')
  expect(settings('field-always-empty')).toContain('curl.exe -H "x-correlation-id: doctor-test-1"')
})

test('missing columns: the list of flags names those in force too', async () => {
  const { findings } = await examined({})
  const [finding] = findings.filter(f => f.code === 'fields-missing')
  expect(finding?.what).toBe('IIS does not log s-computername')
  const settings = finding?.fix.map(step => step.code).join('\n')
  expect(settings).toContain(
    `/[name='NAME OF SITE 2'].logFile.logExtFileFlags:Date,Time,ComputerName,ServerIP,Method,UriStem,UriQuery,ServerPort,UserName,ClientIP,HttpStatus,HttpSubStatus,Win32Status,TimeTaken" /commit:apphost`,
  )
  expect(settings).toContain('path: "**/WEB-PAY-01/W3SVC2/**"\n    host: WEB-PAY-01')
})

test('clocks, names and the addresses of the gateway', async () => {
  const { of, settings } = await examined({ hasSubjects: true, aheadSeconds: 30, direct: 3 })
  expect(of('clock')?.where).toEqual([
    { name: expect.stringMatching(/^web-app-01: (?:29\.\d|30\.\d) s ahead of the gateway$/), lines: CALLS },
  ])
  expect(settings('clock')).toContain('w32tm /resync')
  expect(of('subjects-differ')?.lines).toBe(2 * CALLS)
  expect(settings('subjects-differ')).toContain('match: CORP\\*\n      as: "*@corp.example"')
  expect(of('trusted-proxies-missing')?.lines).toBe(3)
  expect(settings('trusted-proxies-missing')).toContain('trustedProxies:\n  - 10.30.0.11')
})

test('what is configured is not advised again', async () => {
  const config = [
    'trustedProxies: [10.30.0.11]',
    'hosts: [{ path: "**/WEB-PAY-01/**", host: WEB-PAY-01 }]',
    String.raw`subjects: { rules: [{ match: 'CORP\*', as: '*@corp.example' }] }`,
  ].join('\n')
  const { text, codes } = await examined({ hasSubjects: true }, undefined, config)
  expect(codes).toEqual([])
  expect(text).toContain('nothing to improve was found')
})

test.each([
  { keep: 'exports/', code: 'app-missing', words: 'netsh http flush logbuffer' },
  { keep: 'iis/', code: 'gateway-missing', words: '/analytics/exports' },
])('one side only: $code', async ({ keep, code, words }) => {
  const { of, settings } = await examined({}, path => path.startsWith(keep))
  expect(of(code)?.where[0]).toEqual({ name: '2026-07-01', lines: 2 * CALLS })
  expect(settings(code)).toContain(words)
})

test('an empty store is told what to do first, and no store is an error', async () => {
  await inFolder(async cwd => {
    expect(await inProcess(['doctor'], { cwd })).toMatchObject({ code: 2, stdout: '' })
    writeFiles(cwd, { 'logs/readme.txt': 'hello\n' })
    await inProcess(['ingest', 'logs'], { cwd })
    const { code, stdout } = await inProcess(['doctor'], { cwd })
    expect([code, stdout]).toEqual([0, 'nothing in the store yet; add logs with: throughline ingest LOGS\n'])
    expect(JSON.parse((await inProcess(['doctor', '--json'], { cwd })).stdout)).toMatchObject({
      version: 1,
      findings: [],
    })
  })
})
