import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { mutated, randomFrom } from '../../scripts/evidence/mutate.mjs'
import { exitCodeOf } from '../../src/evidence/verify/print.ts'
import type { Verification } from '../../src/evidence/verify/verify.ts'
import { bundleOf, filesOf, question, simulated, verifiedFiles } from '../evidence/support.ts'
import { closeAll } from '../support/days.ts'
import { withPage } from './support/chromium.ts'
import { needs } from './support/tools.ts'

const TRAFFIC = {
  hours: 0.1,
  ratePerSecond: 0.7,
  seed: 6,
  idShare: 0.5,
  lostAppShare: 0.1,
  lostGatewayShare: 0.1,
} as const

/** What page scripts see: this file is compiled without a browser's types. */
declare global {
  var verification: (Verification & { readonly exitCode: number }) | undefined
  var checkFiles: (
    files: readonly (readonly [string, Uint8Array])[],
    key?: string,
  ) => Promise<Verification & { readonly exitCode: number }>
  var files: Map<string, string>
}

needs('chromium')('verify.html in a browser without a network', () => {
  test('a chosen folder passes, and the page asks for nothing outside', async () => {
    await simulated(TRAFFIC, async store => {
      closeAll(store)
      const { folder } = await bundleOf(store)
      await withPage(async page => {
        const asked: string[] = []
        page.on('request', request => void asked.push(request.url()))
        await page.goto(pathToFileURL(join(folder, 'verify.html')).href)
        await page.setInputFiles('#folder', folder)
        await page.waitForFunction(() => globalThis.verification)
        const found = await page.evaluate(() => globalThis.verification)
        expect(found).toEqual({ ...JSON.parse(JSON.stringify(await verifiedFiles(filesOf(folder)))), exitCode: 0 })
        expect(await page.isVisible('#anchor')).toBe(true)
        await page.fill('#key', String(found?.fingerprint))
        await page.evaluate(() => { globalThis.verification = undefined })
        await page.setInputFiles('#folder', folder)
        await page.waitForFunction(() => globalThis.verification)
        expect(await page.isVisible('#anchor')).toBe(false)
        expect(asked.filter(url => !url.startsWith('file:'))).toEqual([])
      })
    })
  })

  test('finds what the other programs find, whatever is changed', async () => {
    await simulated(TRAFFIC, async store => {
      closeAll(store)
      const { folder } = await bundleOf(store)
      const files = filesOf(folder)
      const key = (await verifiedFiles(files)).fingerprint ?? ''
      const random = randomFrom(7)
      await withPage(async page => {
        await page.goto(pathToFileURL(join(folder, 'verify.html')).href)
        for (let n = 0; n < 60; n++) {
          const { what, files: changed } = mutated(files, random, n)
          const plain = [...changed].map(([name, bytes]) => [name, bytes.toString('base64')] as const)
          const found = await page.evaluate(
            ([list, known]) =>
              globalThis.checkFiles(list.map(([name, text]) => [name, Uint8Array.from(atob(text), c => c.charCodeAt(0))] as const), known),
            [plain, key] as const,
          )
          const own = await verifiedFiles(changed, { key })
          expect([what, found.exitCode]).toEqual([what, exitCodeOf(own)])
          expect(found.exitCode).not.toBe(0)
          expect(found.parts).toEqual(JSON.parse(JSON.stringify(own.parts)))
        }
      })
    })
  })

  test('the report shows log text as text, whatever is in it', async () => {
    await simulated(TRAFFIC, async store => {
      const { folder } = await bundleOf(store, 'bundle', { ...question(), purpose: '<img src=x onerror="document.title=1">\u202e' })
      await withPage(async page => {
        await page.goto(pathToFileURL(join(folder, 'report.html')).href)
        expect(await page.locator('img').count()).toBe(0)
        expect(await page.locator('.lead').textContent()).toBe('<img src=x onerror="document.title=1">\\u202e')
        expect((await page.pdf({ preferCSSPageSize: true })).length).toBeGreaterThan(10_000)
      })
    })
  })
}) // biome-ignore format: few words
