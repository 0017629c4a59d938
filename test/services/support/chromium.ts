import { type Browser, chromium, type Page } from 'playwright-core'

const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
] // biome-ignore format: a list

/** Runs an action on a page of a browser that has no network. */
export async function withPage<T>(action: (page: Page) => Promise<T>): Promise<T> {
  const browser: Browser = await chromium.launch({ executablePath: await programPath(), headless: true, args: FLAGS })
  try {
    const context = await browser.newContext({ offline: true })
    return await action(await context.newPage())
  } finally {
    await browser.close()
  }
} // biome-ignore format: one line

async function programPath(): Promise<string> {
  const named = process.env.CHROMIUM ?? 'chromium'
  if (named.includes('/')) return named
  const { execFileSync } = await import('node:child_process')
  return execFileSync('which', [named], { encoding: 'utf8' }).trim()
}
