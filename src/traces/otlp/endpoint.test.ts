import { expect, test } from 'vitest'
import { ThroughlineError } from '../../errors.ts'
import { otlpEndpoint, portHint, shownUrl } from './endpoint.ts'

test.each([
  { name: 'a host and port', text: 'http://h:4318', want: 'http://h:4318/v1/traces' },
  { name: 'a trailing slash', text: 'http://h:4318/', want: 'http://h:4318/v1/traces' },
  { name: 'a base path', text: 'https://h/otlp', want: 'https://h/otlp/v1/traces' },
  { name: 'a base path with a slash', text: 'https://h/otlp/', want: 'https://h/otlp/v1/traces' },
  { name: 'the whole path', text: 'https://h/a/v1/traces', want: 'https://h/a/v1/traces' },
  { name: 'the whole path with a slash', text: 'https://h/v1/traces/', want: 'https://h/v1/traces/' },
  { name: 'the path of the other signal', text: 'https://h/v1/logs', want: 'https://h/v1/traces' },
  { name: 'a query', text: 'https://h/in?key=1', want: 'https://h/in/v1/traces?key=1' },
  { name: 'a fragment is dropped', text: 'https://h/in#x', want: 'https://h/in/v1/traces' },
  { name: 'an IPv6 address', text: 'http://[::1]:4318', want: 'http://[::1]:4318/v1/traces' },
  { name: 'spaces around it', text: ' http://h ', want: 'http://h/v1/traces' },
])('$name', ({ text, want }) => {
  const { traces, logs } = otlpEndpoint(text)
  expect(traces.href).toBe(want)
  expect(logs.href).toBe(want.replace('traces', 'logs'))
})

test.each([
  { name: 'no scheme', text: 'collector:4318', says: 'has no scheme' },
  { name: 'only a host', text: 'collector', says: 'write http://collector' },
  { name: 'nothing', text: '', says: 'has no scheme' },
  { name: 'another scheme', text: 'grpc://collector:4317', says: 'has the scheme grpc://' },
  { name: 'no URL', text: 'http://:4318', says: 'is not a URL' },
  { name: 'a port that is none', text: 'http://h:99999', says: 'is not a URL' },
  { name: 'a password', text: 'http://me:hunter2@h', says: 'give them in a header' },
  { name: 'a password and no scheme', text: 'me:hunter2@h', says: 'has no scheme' },
  { name: 'a key and no scheme', text: 'h/in?key=hunter2', says: 'has no scheme' },
])('refused, without showing a secret: $name', ({ text, says }) => {
  const failure = thrown(() => otlpEndpoint(text))
  expect(failure).toBeInstanceOf(ThroughlineError)
  expect(failure).toMatchObject({ code: 'USAGE' })
  expect(String(failure)).toContain(says)
  expect(JSON.stringify([String(failure), failure])).not.toContain('hunter2')
})

test('a URL is shown without its query', () => {
  expect(shownUrl(new URL('https://h:8443/v1/traces?key=1'))).toBe('https://h:8443/v1/traces')
})

test('only the port of gRPC gets a hint', () => {
  expect(portHint(new URL('http://h:4317/v1/traces'))).toContain('4318')
  expect(portHint(new URL('http://h:4318/v1/traces'))).toBe('')
})

function thrown(act: () => unknown): unknown {
  try {
    act()
  } catch (error) {
    return error
  }
  return undefined
}
