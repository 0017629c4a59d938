import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import { inFolder, writeFiles } from '../support/folder.ts'
import { CALLS, type Portal, portalFiles } from '../support/portal.ts'
import { inProcess } from '../support/program.ts'

/** Runs init on logs and gives what it printed and wrote. */
async function drafted(portal: Portal, sources = ['logs'], leave: (path: string) => boolean = () => true) {
  return inFolder(async cwd => {
    const files = Object.entries(portalFiles(portal)).filter(([path]) => leave(path))
    writeFiles(join(cwd, 'logs'), Object.fromEntries(files))
    const ended = await inProcess(['init', ...sources], { cwd })
    const file = join(cwd, 'throughline.yaml')
    const check = await inProcess(['config', 'check'], { cwd })
    return { ...ended, check, left: readdirSync(cwd), text: readFileSync(file, 'utf8'), config: loadConfig(file).config }
  }) // biome-ignore format: one result
}

test('on logs with ids: fields, hosts, applications are set, and what is to be confirmed is a comment', async () => {
  const { code, stdout, stderr, check, config, text, left } = await drafted({ hasSubjects: true, direct: 5 })
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(check).toMatchObject({ code: 0, stdout: 'throughline.yaml: valid\n' })
  expect(left.sort()).toEqual(['logs', 'throughline.yaml'])
  expect(config.hosts).toEqual([
    { path: '**/WEB-PAY-01/W3SVC2/**', host: 'WEB-PAY-01', site: 'W3SVC2' },
    { path: '**/W3SVC3/**', site: 'W3SVC3' },
  ])
  expect(config.fields.gateway.correlation).toEqual(['dc_correlation_id'])
  expect(config.fields.app.correlation).toEqual(['x-correlation-id'])
  expect(config.applications).toEqual([
    { name: 'orders', gateway: { proxies: ['orders-v2'] }, app: { sites: ['w3svc3'] } },
    { name: 'payroll', gateway: { proxies: ['payroll-v1'] }, app: { sites: ['w3svc2'] } },
  ])
  expect(config.trustedProxies).toEqual([])
  expect(config.subjects.rules).toEqual([])
  for (const words of [
    `#   dc_correlation_id = x-correlation-id: ${2 * CALLS} links`,
    '# trustedProxies:\n#   - 10.30.0.11',
    '#     - match: CORP\\*\n#       as: "*@corp.example"',
    '#   web-app-01:',
    's-computername cs-host x-correlation-id',
  ])
    expect(text).toContain(words)
  expect(text).not.toContain('10.50.0.9')
  expect(stdout).toContain(`joined        ${2 * CALLS} of ${2 * CALLS} calls to a target, 100.0 %`)
  expect(stdout).toContain('throughline ingest logs\n')
})

test('the comments are valid when the # is taken out', async () => {
  const { text } = await drafted({ hasSubjects: true })
  const [, block = ''] = /\n(# trustedProxies:\n(?:# {3}.*\n)+)/.exec(text) ?? []
  const [, rules = ''] = /\n(# subjects:\n(?:# {3}.*\n)+)/.exec(text) ?? []
  await inFolder(cwd => {
    const file = join(cwd, 'c.yaml')
    writeFileSync(file, (block + rules).replace(/^# /gm, ''))
    expect(loadConfig(file).config).toMatchObject({
      trustedProxies: ['10.30.0.11'],
      subjects: { rules: [{ match: String.raw`CORP\*`, as: '*@corp.example' }] },
    })
  })
})

test('on logs without ids no fields are set, and it says where to go on', async () => {
  const { code, stdout, check, config, text } = await drafted({ ids: false })
  expect([code, check.code]).toEqual([0, 0])
  expect(stdout).toContain('none; no id of the gateway is in an IIS log')
  expect(stdout).toContain('throughline doctor')
  expect(text).toContain('# fields: no id of the gateway was found in an IIS log.')
  expect(config.fields.app.correlation.length).toBeGreaterThan(1)
})

test.each([
  { side: 'gateway', words: '# fields: no IIS log was among what was read', keep: 'exports/' },
  { side: 'app', words: '# fields: no Apigee export was among what was read', keep: 'iis/' },
])('with logs of the $side only, nothing is invented', async ({ words, keep }) => {
  const { code, check, config, text } = await drafted({}, ['logs'], path => path.startsWith(keep))
  expect([code, check.code]).toEqual([0, 0])
  expect(text).toContain(words)
  expect(config.applications).toEqual([])
  expect(text).toContain('# applications: none could be told apart')
})

test('an existing file is kept without --force', async () => {
  await inFolder(async cwd => {
    writeFiles(join(cwd, 'logs'), portalFiles())
    writeFileSync(join(cwd, 'throughline.yaml'), 'store: mine\n')
    const refused = await inProcess(['init', 'logs'], { cwd })
    expect(refused).toMatchObject({ code: 2, stdout: '' })
    expect(refused.stderr).toContain('init throughline.yaml: the file exists')
    expect(readFileSync(join(cwd, 'throughline.yaml'), 'utf8')).toBe('store: mine\n')
    expect((await inProcess(['init', 'logs', '--output', 'b.yaml'], { cwd })).code).toBe(0)
    expect((await inProcess(['init', 'logs', '--force'], { cwd })).code).toBe(0)
    expect(existsSync(join(cwd, 'throughline-store'))).toBe(false)
  })
})

test('a folder without logs gives a valid file that says so; standard input is wrong usage', async () => {
  await inFolder(async cwd => {
    writeFiles(join(cwd, 'logs'), { 'readme.txt': 'hello\n' })
    expect((await inProcess(['init', 'logs'], { cwd })).code).toBe(0)
    expect(readFileSync(join(cwd, 'throughline.yaml'), 'utf8')).toContain('nothing that is a log of requests')
    expect((await inProcess(['config', 'check'], { cwd })).code).toBe(0)
    expect((await inProcess(['init', '-'], { cwd })).code).toBe(2)
    expect((await inProcess(['init', 'logs', '--output', 'none/c.yaml'], { cwd })).code).toBe(3)
    expect((await inProcess(['init', 'none'], { cwd })).code).toBe(2)
  })
})
