import { expect, test } from 'vitest'
import { redactor } from '../model/redact.ts'
import { redactLegs } from './redact-legs.ts'
import { legsOf, line, record } from './requests.fixture.ts'
import { spansOf } from './spans.ts'

const redact = redactor(Buffer.alloc(32, 1))

test('equal values have equal stand-ins, whatever their case; another key, another kind: others', () => {
  expect(redact('subject', 'Ann')).toBe(redact('subject', 'ann'))
  expect(redact('subject', 'ann')).toMatch(/^hmac:[0-9a-f]{16}$/)
  expect(redact('subject', '10.0.0.1')).not.toBe(redact('address', '10.0.0.1'))
  expect(redactor(Buffer.alloc(32, 2))('subject', 'ann')).not.toBe(redact('subject', 'ann'))
})

test('people and where they came from are gone, what happened stays', async () => {
  const [legs] = await legsOf([record()], [line({ user: 'CORP\\ann' })])
  if (!legs) throw new Error('no request')
  const hidden = redactLegs(legs, redact)
  expect(JSON.stringify(hidden)).not.toMatch(/ann|client7|198\.51\.100\.7|10\.9\.9\.9/i)
  const [gateway, , app] = spansOf(hidden)
  expect(gateway?.attributes).toMatchObject({
    'url.path': '/v1/a',
    'client.address': redact('address', '198.51.100.7'),
    'network.peer.address': redact('address', legs.gateway?.peer_ip ?? ''),
  })
  expect(app?.attributes).toMatchObject({
    'enduser.id': redact('subject', 'ann'),
    'network.local.address': '10.0.0.1',
    'throughline.link.method': 'id',
  })
})
