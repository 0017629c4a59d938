import { expect, test } from 'vitest'
import { type BurstCounts, hintOf } from './causes.ts'

/** A burst in which nothing divides refused from accepted calls. */
const BURST: BurstCounts = {
  refused: 40, accepted: 60, refused_named: 40, accepted_named: 60, refused_off: 20, accepted_off: 30, accepted_right: 30,
  refused_tokens: 10, accepted_tokens: 15, refused_from_us: 0, accepted_to_us: 50 * 60e6, client: 'a', client_refused: 20,
  client_accepted: 20, clients_accepted: 0,
} // biome-ignore format: a record

const LIFETIME = { refused_from_us: 31 * 60e6, accepted_to_us: 29 * 60e6 }
const AUDIENCE = { client_refused: 40, client_accepted: 0, clients_accepted: 2 }

test.each<{ name: string; counts: Partial<BurstCounts>; want: RegExp | undefined }>([
  { name: 'nothing divides them', counts: {}, want: undefined },
  { name: 'refused tokens are older than all accepted ones', counts: LIFETIME, want: /^token lifetime/ },
  { name: 'the same with tokens of two devices', counts: { ...LIFETIME, refused_tokens: 2 }, want: undefined },
  { name: 'one client is always refused', counts: AUDIENCE, want: /^audience/ },
  { name: 'one client, and no other is accepted', counts: { ...AUDIENCE, clients_accepted: 0 }, want: undefined },
  { name: 'hosts that are off refuse, others accept', counts: { refused_off: 40, accepted_off: 0, accepted_right: 60 }, want: /^clock offset/ },
  { name: 'hosts that are off accept as well', counts: { refused_off: 40, accepted_off: 10, accepted_right: 50 }, want: undefined },
  { name: 'refused calls lack the header', counts: { refused_named: 0 }, want: /^header missing or renamed: 40 of 40/ },
  { name: 'nobody has the header', counts: { refused_named: 0, accepted_named: 0 }, want: undefined },
  { name: 'two things divide them', counts: { ...LIFETIME, ...AUDIENCE }, want: undefined },
  { name: 'too few were accepted to compare', counts: { ...LIFETIME, accepted: 4 }, want: undefined },
])('$name', ({ counts, want }) => {
  const hint = hintOf({ ...BURST, ...counts })
  if (want === undefined) expect(hint).toBeUndefined()
  else expect(hint).toMatch(want)
}) // biome-ignore format: a table
