import type { OtlpConfig } from '../config/otlp.ts'
import { ThroughlineError } from '../errors.ts'
import type { OtlpFlags } from './export-otlp.ts'

/** What is in force of the configuration, the environment and the flags. */
export type OtlpSettings = OtlpConfig

export function otlpSettings(env: NodeJS.ProcessEnv, config: OtlpConfig, flags: OtlpFlags): OtlpSettings {
  const { endpoint, protocol, compression, ca, clientCert, clientKey, sample, logs, redact } = flags
  const given = { endpoint, protocol, compression, ca, clientCert, clientKey, sample, logs, redact }
  const flagged = {
    ...given,
    timeoutSeconds: flags.timeout,
    concurrency: flags.concurrency,
    batchSpans: flags.batch,
  }
  const named = Object.fromEntries(Object.entries(flagged).filter(([, value]) => value !== undefined))
  const settings: OtlpSettings = { ...config, ...named, headers: headersOf(env, config, flags) }
  check('--sample', settings.sample, { above: 0, most: 1 })
  check('--concurrency', settings.concurrency, { above: 0, most: 64 })
  check('--batch', settings.batchSpans, { above: 0, most: 100_000 })
  check('--timeout', settings.timeoutSeconds, { above: 0, most: 600 })
  return settings
}

function check(flag: string, value: number, { above, most }: { above: number; most: number }): void {
  if (value > above && value <= most) return
  throw new ThroughlineError('USAGE', `${flag} ${value}: expected more than ${above} and ${most} at most`)
}

/** Headers of the configuration, then of the environment, then of the flags; later ones count. Values are never shown. */
function headersOf(
  env: NodeJS.ProcessEnv,
  { headers }: OtlpConfig,
  flags: OtlpFlags,
): Record<string, string> {
  const all: Record<string, string> = { ...headers }
  for (const pair of (env.THROUGHLINE_OTLP_HEADERS ?? '').split(',').filter(p => p.trim() !== '')) {
    const [name, value] = split(pair, '=', 'THROUGHLINE_OTLP_HEADERS')
    all[name] = decodeURIComponent(value)
  }
  for (const header of flags.header) {
    const [name, value] = split(header, ':', '--header')
    all[name] = value
  }
  return all
}

function split(text: string, by: string, where: string): [string, string] {
  const cut = text.indexOf(by)
  if (cut > 0) return [text.slice(0, cut).trim().toLowerCase(), text.slice(cut + 1).trim()]
  throw new ThroughlineError(
    'USAGE',
    `${where}: a header without a value; expected ${by === ':' ? '"name: value"' : 'name=value,name=value'}`,
  )
}
