import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { builtOnce } from './built-once.ts'
import { spawnGuarded } from './guard.ts'

const VERSION = '0.159.0'
/** Version of the stable modules that belong to it. */
const STABLE_VERSION = '1.65.0'
const CORE = 'go.opentelemetry.io/collector'
const CONTRIB = 'github.com/open-telemetry/opentelemetry-collector-contrib'

/** A Collector with no more than the tests use. It does not start without the provider for the environment. */
const PARTS = {
  dist: { name: 'otelcol', output_path: './out', version: VERSION },
  receivers: [{ gomod: `${CORE}/receiver/otlpreceiver v${VERSION}` }],
  exporters: [
    { gomod: `${CORE}/exporter/debugexporter v${VERSION}` },
    { gomod: `${CORE}/exporter/nopexporter v${VERSION}` },
    { gomod: `${CONTRIB}/exporter/fileexporter v${VERSION}` },
  ],
  providers: [
    { gomod: `${CORE}/confmap/provider/fileprovider v${STABLE_VERSION}` },
    { gomod: `${CORE}/confmap/provider/envprovider v${STABLE_VERSION}` },
  ],
}

/**
 * The OpenTelemetry Collector's program in the user's cache folder; built there by Go when it is missing, which takes
 * some minutes once.
 */
export async function collectorProgram(): Promise<string> {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache')
  const program = join(cache, 'throughline', `otelcol-${VERSION}`, 'otelcol')
  await builtOnce(program, async temporary => {
    console.error(
      `building the OpenTelemetry Collector ${VERSION} for ${dirname(program)}: once, some minutes …`,
    )
    await build(temporary)
    return join(temporary, 'out', 'otelcol')
  })
  return program
}

async function build(folder: string): Promise<void> {
  const bin = join(folder, 'bin')
  mkdirSync(bin)
  // JSON is YAML, too.
  writeFileSync(join(folder, 'builder.yaml'), JSON.stringify(PARTS))
  const env = {
    ...process.env,
    GOBIN: bin,
    // The user's flags and workspace are for other modules; a home folder under version control is none of ours.
    GOFLAGS: '-mod=mod -buildvcs=false',
    GOWORK: 'off',
    GOTOOLCHAIN: 'local',
    // Works without a C compiler.
    CGO_ENABLED: '0',
  }
  await succeed('go', ['install', `${CORE}/cmd/builder@v${VERSION}`], folder, env)
  await succeed(join(bin, 'builder'), ['--config', 'builder.yaml'], folder, env)
}

async function succeed(program: string, args: string[], cwd: string, env: NodeJS.ProcessEnv): Promise<void> {
  const log = join(cwd, 'build.log')
  const result = await (await spawnGuarded(program, args, { cwd, env, log })).ended
  if (result === 0) return
  const said = readFileSync(log, 'utf8').trimEnd().split('\n').slice(-20).join('\n')
  throw new Error(
    `cannot build the OpenTelemetry Collector: ${program} ${args.join(' ')} ended with ${result}:\n${said}`,
  )
}
