import { createHash } from 'node:crypto'
import { appendFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { inFolder } from '../../test/support/folder.ts'
import { runs } from '../../test/support/runs.ts'
import { GrowingFile } from './growing.ts'
import { PrefixDigest } from './prefix.ts'

/** Everything that can be read by now, and what waits. */
async function drain(file: GrowingFile, passGap = false) {
  const blocks: Buffer[] = []
  for (;;) {
    const ahead = await file.next(passGap)
    if (ahead.is !== 'lines') return { read: Buffer.concat(blocks).toString('latin1'), ahead }
    blocks.push(ahead.block)
  }
}

test('whole lines come once each, however the file grows, and NULs ahead of them never', async () => {
  const chunk = fc.record({ text: fc.stringMatching(/^[a-c\n]{0,12}$/), ahead: fc.nat(5) })
  await fc.assert(
    fc.asyncProperty(fc.array(chunk, { maxLength: 12 }), chunks =>
      inFolder(async folder => {
        const path = join(folder, 'a.log')
        writeFileSync(path, '')
        const file = await GrowingFile.open(path, 0)
        let all = ''
        let got = ''
        for (const { text, ahead } of chunks) {
          all += text
          writeFileSync(path, all + '\0'.repeat(ahead))
          const found = await drain(file)
          got += found.read
          const whole = all.slice(0, all.lastIndexOf('\n') + 1)
          expect(got).toBe(whole)
          expect(found.ahead).toEqual({
            is: 'rest',
            torn: all.length - whole.length,
            padding: ahead,
            hasGap: false,
          })
        }
        await file.close()
      }),
    ),
    runs(60),
  )
})

test('a line of several blocks is handed over in pieces once it is whole, and looked through once', async () => {
  await inFolder(async folder => {
    const path = join(folder, 'a.log')
    writeFileSync(path, `one\n${'x'.repeat(3_000_000)}`)
    const file = await GrowingFile.open(path, 0)
    expect(await drain(file)).toEqual({
      read: 'one\n',
      ahead: { is: 'rest', torn: 3_000_000, padding: 0, hasGap: false },
    })
    appendFileSync(path, 'y\ntwo\nthr')
    const { read, ahead } = await drain(file)
    expect(read === `${'x'.repeat(3_000_000)}y\ntwo\n`).toBe(true)
    expect(ahead).toMatchObject({ is: 'rest', torn: 3 })
    await file.close()
  })
})

test('NULs that data follows end what is read, unless they are taken for what stays', async () => {
  await inFolder(async folder => {
    const path = join(folder, 'a.log')
    writeFileSync(path, 'one\ntw\0\0\0\nthree\n\0\0')
    const file = await GrowingFile.open(path, 0)
    expect(await drain(file)).toEqual({
      read: 'one\n',
      ahead: { is: 'rest', torn: 2, padding: 0, hasGap: true },
    })
    expect(await drain(file, true)).toEqual({
      read: 'tw\0\0\0\nthree\n',
      ahead: { is: 'rest', torn: 0, padding: 2, hasGap: false },
    })
    await file.close()
  })
})

test.each([
  { name: 'shorter', content: 'a\n' },
  { name: 'longer, with other bytes', content: 'other\nbytes\nthan before\n' },
])('a file that is $name than what was read of it has been replaced', async ({ content }) => {
  await inFolder(async folder => {
    const path = join(folder, 'a.log')
    writeFileSync(path, 'one\ntwo\n')
    const file = await GrowingFile.open(path, 4)
    expect((await drain(file)).read).toBe('two\n')
    truncateSync(path)
    writeFileSync(path, content)
    expect((await file.next(false)).is).toBe('replaced')
    await file.close()
  })
})

test('the digest of a prefix moves on with what is settled, in whatever steps', () => {
  const pieces = fc.array(fc.tuple(fc.string({ maxLength: 9 }), fc.double({ min: 0, max: 1, noNaN: true })))
  fc.assert(
    fc.property(pieces, list => {
      const prefix = new PrefixDigest(3, createHash('sha256').update('abc'))
      let all = 'abc'
      let settled = 3
      for (const [piece, share] of list) {
        const block = Buffer.from(piece, 'latin1')
        all += block.toString('latin1')
        settled += Math.round(share * (all.length - settled))
        prefix.push(block, settled)
        const want = createHash('sha256')
          .update(Buffer.from(all.slice(0, settled), 'latin1'))
          .digest('hex')
        expect([prefix.at, prefix.sha256]).toEqual([settled, want])
      }
    }),
    runs(200),
  )
})
