import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatCheckpoint, originOf, parseCheckpoint } from './checkpoint.ts'

// The example of C2SP tlog-checkpoint.
const EXAMPLE = 'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n'

test('the example of the specification is read, and written as it was', () => {
  const checkpoint = parseCheckpoint(EXAMPLE)
  expect(checkpoint).toMatchObject({ origin: 'example.com/behind-the-sofa', size: 20852163 })
  expect(checkpoint && formatCheckpoint(checkpoint)).toBe(EXAMPLE)
})

test('what is written is read', () => {
  fc.assert(
    fc.property(
      fc.uuid(),
      fc.maxSafeNat(),
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      (id, size, root) => {
        const checkpoint = { origin: originOf(id), size, root }
        expect(parseCheckpoint(formatCheckpoint(checkpoint))).toEqual(checkpoint)
      },
    ),
  )
})

test.each([
  { name: 'a size with a leading zero', text: EXAMPLE.replace('2085', '02085') },
  { name: 'a size beyond what counts exactly', text: EXAMPLE.replace('20852163', '9007199254740993') },
  { name: 'a negative size', text: EXAMPLE.replace('20852163', '-1') },
  { name: 'a root that is too short', text: EXAMPLE.replace('CsUY', '') },
  { name: 'a root with other bits at its end', text: EXAMPLE.replace('2I=', '2J=') },
  { name: 'a further line', text: `${EXAMPLE}more\n` },
  { name: 'no origin', text: EXAMPLE.slice(EXAMPLE.indexOf('\n')) },
  { name: 'no line feed', text: EXAMPLE.slice(0, -1) },
])('$name is no checkpoint of ours', ({ text }) => expect(parseCheckpoint(text)).toBe(undefined))
