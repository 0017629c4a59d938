import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { throughline } from '../support/program.ts'
import { type Certificates, makeCertificates } from './support/certificates.ts'
import { type KafkaServer, startKafka } from './support/kafka.ts'
import { needs } from './support/tools.ts'

const PASSWORD = 'made-up'
const LOGIN = `org.apache.kafka.common.security.scram.ScramLoginModule required username="admin" password="${PASSWORD}";`
const LOG =
  '#Fields: date time s-computername cs-method cs-uri-stem sc-status\r\n2026-07-01 22:00:00 web01 GET /1 200\r\n'

needs(
  'java',
  'mvn',
  'openssl',
)('Kafka behind TLS, with SCRAM', () => {
  let cwd: string
  let certificates: Certificates
  let kafka: KafkaServer

  beforeAll(async () => {
    cwd = mkdtempSync(join(tmpdir(), 'tl-secure-'))
    certificates = makeCertificates(cwd)
    const pem = (path: string): string => readFileSync(path, 'utf8').trim().replaceAll('\n', '\\n')
    kafka = await startKafka({
      protocol: 'SASL_SSL',
      format: ['admin', 'alice'].flatMap(name => [
        '--add-scram',
        `SCRAM-SHA-512=[name=${name},password=${PASSWORD}]`,
      ]),
      settings: {
        'sasl.enabled.mechanisms': 'SCRAM-SHA-512',
        'sasl.mechanism.inter.broker.protocol': 'SCRAM-SHA-512',
        'listener.name.client.scram-sha-512.sasl.jaas.config': LOGIN,
        'ssl.keystore.type': 'PEM',
        'ssl.keystore.certificate.chain': pem(certificates.server.cert),
        'ssl.keystore.key': pem(certificates.server.key),
        'ssl.truststore.type': 'PEM',
        'ssl.truststore.certificates': pem(certificates.ca),
      },
    })
    mkdirSync(join(cwd, 'logs'))
    writeFileSync(join(cwd, 'logs', 'a.log'), LOG)
  })
  afterAll(async () => {
    await kafka.stop()
    rmSync(cwd, { recursive: true, force: true })
  })

  function run(args: readonly string[], more: object, password = PASSWORD) {
    const sasl = { mechanism: 'scram-sha-512', username: 'alice' }
    const config = { kafka: { brokers: [kafka.broker], partitions: 1, sasl, ...more } }
    writeFileSync(join(cwd, 'throughline.yaml'), stringify(config))
    return throughline(['--quiet', ...args], { cwd, env: { THROUGHLINE_KAFKA_PASSWORD: password } })
  }

  test('setup, collector and worker speak to it with a trusted certificate and the right password', async () => {
    const tls = { ca: certificates.ca }
    for (const args of [
      ['kafka', 'setup'],
      ['collect', '--once', 'logs'],
      ['work', '--drain'],
      ['kafka', 'status'],
    ]) {
      const ended = await run(args, { tls })
      expect([args, ended.code, ended.stderr]).toEqual([args, 0, ''])
    }
    const counted = await throughline(['--quiet', 'query', '--count', '--store', 'throughline-fleet'], {
      cwd,
    })
    expect(counted.stdout).toBe('1\n')
  })

  test.each([
    { name: 'a wrong password', more: () => ({ tls: { ca: certificates.ca } }), password: 'another' },
    { name: 'a certificate that nobody vouches for', more: () => ({ tls: {} }), password: PASSWORD },
  ])('$name is told as a refusal, with what to look at', async ({ more, password }) => {
    const refused = await run(['kafka', 'status'], more(), password)
    expect([refused.code, refused.stderr]).toEqual([
      2,
      expect.stringMatching(/refuses it: .*see kafka\.sasl, kafka\.tls/),
    ])
    expect(refused.stderr).not.toContain(password)
  })
})
