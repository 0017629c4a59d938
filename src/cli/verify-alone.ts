/**
 * verify.mjs, which lies in every bundle: checks it on a bare Node.js, without packages and without a network. Bundled into
 * one file by scripts/build.mjs.
 */
import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { isMainThread, parentPort, workerData } from 'node:worker_threads'
import { folderFiles, NODE_CRYPTO } from '../evidence/folder-files.ts'
import { serveParts, threads } from '../evidence/threads.ts'
import { verifyAny } from '../evidence/verify/any.ts'
import { exitCodeOf, verdictLines } from '../evidence/verify/print.ts'

const USAGE = `Usage: node verify.mjs [folder] [--key FINGERPRINT] [--known-checkpoint FILE] [--json]

Checks a bundle of evidence; without a folder, the one that this file lies in. Of a bundle of several stores, --key and
--known-checkpoint may be repeated, one for each store.
Exit codes: 0 nothing is wrong, 1 something is, 2 wrong usage, 3 it cannot be read.`

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      key: { type: 'string', multiple: true },
      'known-checkpoint': { type: 'string', multiple: true },
      json: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  })
  if (values.help || positionals.length > 1) {
    process.stdout.write(`${USAGE}\n`)
    return values.help ? 0 : 2
  }
  const checkpoints = (values['known-checkpoint'] ?? []).map(file => readFileSync(file, 'utf8'))
  const folder = positionals[0] ?? dirname(fileURLToPath(import.meta.url))
  const verification = await verifyAny(folderFiles(folder), NODE_CRYPTO, { keys: values.key ?? [], checkpoints }, threads(new URL(import.meta.url)))
  const lines = values.json ? [JSON.stringify({ version: 1, ...verification }, null, 2)] : verdictLines(verification)
  process.stdout.write(`${lines.join('\n')}\n`)
  return exitCodeOf(verification)
} // biome-ignore format: one line each

if (!isMainThread && parentPort) serveParts(parentPort, workerData)
else
  try {
    process.exitCode = await main()
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    const isUsage = (error as NodeJS.ErrnoException).code?.startsWith('ERR_PARSE_ARGS') === true
    process.stderr.write(isUsage ? `${message}\n\n${USAGE}\n` : `cannot be read: ${message}\n`)
    process.exitCode = isUsage ? 2 : 3
  }
