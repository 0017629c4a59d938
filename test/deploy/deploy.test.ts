import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { parseConfig } from '../../src/config/load.ts'
import { inFolder } from '../support/folder.ts'
import { throughline } from '../support/program.ts'

interface Service {
  readonly profiles?: readonly string[]
  readonly command?: readonly string[]
  readonly depends_on?: Readonly<Record<string, unknown>>
  readonly volumes?: readonly string[]
  readonly read_only?: boolean
  readonly cap_drop?: readonly string[]
}

const compose = parse(readFileSync('docker-compose.yml', 'utf8'), { merge: true }) as {
  services: Record<string, Service>
  volumes: Record<string, unknown>
}
const ours = Object.entries(compose.services).filter(([, { profiles }]) => profiles?.includes('fleet'))
const unit = readFileSync('deploy/throughline-collector.service', 'utf8')

test('every service waits for services that are there, and mounts what is there', () => {
  const missing = Object.values(compose.services).flatMap(({ depends_on = {}, volumes = [] }) => [
    ...Object.keys(depends_on).filter(name => !(name in compose.services)),
    ...volumes
      .map(volume => volume.split(':')[0] ?? '')
      // Logs are the user's.
      .filter(from => from !== './logs')
      .filter(from => (from.startsWith('.') ? !existsSync(from) : !(from in compose.volumes))),
  ])
  expect(missing).toEqual([])
})

test('services of the fleet may write to their volumes only, and are started by commands that there are', () =>
  inFolder(async cwd => {
    expect(ours.map(([name]) => name)).toEqual(['topics', 'indices', 'collector', 'worker'])
    for (const [name, { read_only, cap_drop, command = [] }] of ours) {
      expect([read_only, cap_drop], name).toEqual([true, ['ALL']])
      // Options that are not known are told before anything is done.
      const { stderr } = await throughline([...command, '--help'], { cwd })
      expect(stderr, command.join(' ')).toBe('')
      expect(await unknownOptions(cwd, command)).toEqual([])
    }
  }))

test('the configuration of the fleet is one, and writes to the volumes of its services', () => {
  const text = readFileSync('deploy/throughline.yaml', 'utf8')
  const { kafka, ledger, elastic } = parseConfig(text, 'deploy/throughline.yaml')
  const mounted = (service: string) =>
    (compose.services[service]?.volumes ?? []).map(volume => volume.split(':')[1] ?? '')
  expect(mounted('worker')).toContain(kafka.stores)
  expect(mounted('collector')).toContain(kafka.collectorState)
  expect(mounted('worker').some(path => ledger.keys?.startsWith(`${path}/`))).toBe(true)
  expect(elastic.deployment).toBeTypeOf('string')
})

test('the unit runs a command that there is, with options that there are', () =>
  inFolder(async cwd => {
    const start = /^ExecStart=\/usr\/bin\/node \/opt\/throughline\/dist\/cli\/main\.js (.+)$/m.exec(unit)?.[1]
    expect(start).toBeTypeOf('string')
    expect(await unknownOptions(cwd, (start ?? '').split(' '))).toEqual([])
  }))

/** Options of a command line that the help of its command does not have. */
async function unknownOptions(cwd: string, line: readonly string[]): Promise<string[]> {
  const words = line.filter(word => /^[a-z]+$/.test(word))
  const { stdout } = await throughline([...words.slice(0, 2), '--help'], { cwd })
  return line.filter(word => word.startsWith('--') && !stdout.includes(`  ${word}`))
}

test('what the image is made from is in the context', () => {
  const [, ...kept] = readFileSync('.dockerignore', 'utf8')
    .split('\n')
    .filter(line => line !== '' && !line.startsWith('#') && !line.startsWith('**'))
  const copied = [...readFileSync('Containerfile', 'utf8').matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(
    ([, from = '']) => from.split(' '),
  )
  expect(copied.filter(path => !kept.includes(`!${path}`))).toEqual([])
  expect(copied.filter(path => !existsSync(join(process.cwd(), path)))).toEqual([])
})
