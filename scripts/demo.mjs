// The main job on made-up traffic: installs and builds what is missing, then runs the program as a user would.
import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { installMissing, root, script } from './install.mjs'

installMissing()
script('build.mjs')

const folder = 'demo-data'
const store = `${folder}/store`
const bold = text => (process.stdout.isTTY ? `\x1b[1m${text}\x1b[0m` : text)

/** Shows a command as a user would type it, and runs it. */
function step(title, args) {
  console.log(`\n${bold(`▶ ${title}`)}\n$ throughline ${args.map(quoted).join(' ')}\n`)
  const { status } = spawnSync(process.execPath, ['dist/cli/main.js', ...args], {
    cwd: root,
    stdio: 'inherit',
  })
  if (status !== 0) process.exit(status ?? 3)
}

const quoted = text => (/[^\w./:=@+-]/.test(text) ? `'${text}'` : text)

/** The line of the truth file that makes a good story: a person, refused by the application behind the gateway. */
function story() {
  const lines = readFileSync(`${root}/${folder}/traffic/truth.ndjson`, 'utf8')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
  const told = lines.filter(
    t =>
      t.gateway_recorded &&
      t.usable_id &&
      t.subject?.includes('@') &&
      t.proxy === 'payroll-v1' &&
      t.app?.some(a => a.recorded),
  )
  const refused = told.find(t => t.outcome === 'token' && t.app?.length) ?? told[0]
  return { id: refused.gateway_flow_id, subject: refused.subject }
}

rmSync(`${root}/${folder}`, { recursive: true, force: true })
step('A few hours of traffic of a made-up company: gateway exports and IIS logs', [
  'simulate',
  `${folder}/traffic`,
])
step('Read both into a store, every line accounted for, and join them', [
  'ingest',
  `${folder}/traffic/apigee`,
  `${folder}/traffic/iis`,
  '--store',
  store,
])
step('What is there, how far it was joined, what is missing', ['status', '--store', store])
const { id, subject } = story()
step('One request from gateway to app: who said no?', ['trace', id, '--store', store])
const question = `subject:"${subject}" and path:/payroll/*`
const period = ['--from', '2026-03-02T08:00:00Z', '--to', '2026-03-02T10:00:00Z']
step('A compliance question: everything this person did under /payroll in two hours', [
  'query',
  question,
  ...period,
  '--limit',
  '15',
  '--store',
  store,
])
const cli = 'node dist/cli/main.js'
console.log(`
${bold('Try next, on the same data:')}
  ${cli} query 'status >= 400 and not decided_by:app' --store ${store}
  ${cli} query 'state:awaiting-gateway and not path:*health*' --store ${store}
  ${cli} export links --format csv --output links.csv --store ${store}`)
