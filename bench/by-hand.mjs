// The peer: the same parse and the same id join in DuckDB by hand, without accounting, ids, scrubbing or a ledger.
import { mkdirSync, statSync } from 'node:fs'
import { DuckDBInstance } from '@duckdb/node-api'

const [folder, out] = process.argv.slice(2)
mkdirSync(out, { recursive: true })
const started = process.hrtime.bigint()
const instance = await DuckDBInstance.create(':memory:', { memory_limit: '640MiB', temp_directory: out })
const db = await instance.connect()
const iis = [
  'date',
  'time',
  'host',
  's_ip',
  'method',
  'stem',
  'query',
  'port',
  'username',
  'c_ip',
  'agent',
  'status',
  'substatus',
  'win32',
  'bytes',
  'taken',
  'correlation_id',
]
await db.run(`COPY (
  SELECT (date || ' ' || time)::TIMESTAMP AS end_ts, taken::BIGINT AS taken, host, method, stem, status::INTEGER AS status, c_ip, username, correlation_id
  FROM read_csv('${folder}/u_ex260302.log', auto_detect = false, header = false, skip = 4, delim = ' ', quote = '', escape = '', nullstr = '-', new_line = '\\r\\n',
    columns = {${iis.map(c => `'${c}': 'VARCHAR'`).join(', ')}}))
  TO '${out}/app.parquet' (FORMAT parquet, COMPRESSION zstd)`)
await db.run(`COPY (
  SELECT * REPLACE (replace(client_received_start_timestamp, ' UTC', '')::TIMESTAMP AS client_received_start_timestamp)
  FROM read_csv('${folder}/export.csv', header = true, all_varchar = true))
  TO '${out}/gateway.parquet' (FORMAT parquet, COMPRESSION zstd)`)
await db.run(`COPY (
  SELECT g.gateway_flow_id, g.client_received_start_timestamp, a.end_ts, a.host, a.status
  FROM '${out}/app.parquet' AS a JOIN '${out}/gateway.parquet' AS g ON a.correlation_id = g.dc_correlation_id)
  TO '${out}/links.parquet' (FORMAT parquet, COMPRESSION zstd)`)
const seconds = Number(process.hrtime.bigint() - started) / 1e9
const count = async sql => Number((await db.runAndReadAll(sql)).getRows()[0][0])
const hops =
  (await count(`SELECT count(*) FROM '${out}/app.parquet'`)) +
  (await count(`SELECT count(*) FROM '${out}/gateway.parquet'`))
const links = await count(`SELECT count(*) FROM '${out}/links.parquet'`)
const storeBytes = ['app', 'gateway', 'links'].reduce(
  (sum, name) => sum + statSync(`${out}/${name}.parquet`).size,
  0,
)
const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage()
console.log(
  JSON.stringify({
    seconds,
    hops,
    links,
    storeBytes,
    peakMiB: maxRSS / 1024,
    cpuSeconds: (userCPUTime + systemCPUTime) / 1e6,
  }),
)
