import type { LineReader } from './lines.ts'
import { type Helper, type Helpers, type Part, type PartAnswer, type PartSums, setupOf } from './parts.ts'
import { CSV_FIRST, type RequestCheck, type RequestFiles, type RequestRules } from './requests.ts'

const UTF8 = new TextDecoder()

/**
 * Checks all requests by helpers.
 *
 * @param expected texts that exceptions.ndjson begins with
 * @returns whether all is well; then `check` has their sums, and the files of the rules their leaves
 */
export async function checkedTogether(check: RequestCheck, files: RequestFiles, rules: RequestRules, expected: readonly string[], helpers: Helpers): Promise<boolean> {
  let started: Helper[] = []
  try {
    started = helpers.start(setupOf(rules))
    const sums = await allSums(files, expected, started, helpers.requests)
    return sums !== undefined && take(check, rules, sums, expected.length)
  } catch {
    // Whatever it is: the check line by line says it.
    return false
  } finally {
    for (const helper of started) helper.stop()
  }
} // biome-ignore format: one line each

/** Deals parts out to helpers as they become idle; undefined where anything is wrong. */
async function allSums(files: RequestFiles, expected: readonly string[], helpers: readonly Helper[], requests: number): Promise<PartSums[] | undefined> {
  const { csv, exceptions } = files
  if (helpers.length === 0 || (await csv.next())?.text !== CSV_FIRST) return undefined
  if ((await textOf(exceptions, expected.length)) !== expected.map(text => `${text}\n`).join('')) return undefined
  const idle = [...helpers]
  const busy = new Set<Promise<void>>()
  const answers: Promise<PartAnswer | undefined>[] = []
  let [isWell, compared] = [true, 0]
  let last: PartAnswer['last'] = [Number.NEGATIVE_INFINITY, '']
  const compare = async (answer: PartAnswer | undefined): Promise<boolean> => {
    if (!answer || !isBehind(answer.first, last)) return false
    last = answer.last
    return answer.exceptions === '' || (await textOf(exceptions, linesIn(answer.exceptions))) === answer.exceptions
  }
  for await (const part of partsOf(files, requests)) {
    if (idle.length === 0) await Promise.race(busy)
    const helper = idle.pop()
    if (!helper) return undefined
    const answer = helper.check(part)
    answers.push(answer)
    const done = answer.then(
      () => {
        idle.push(helper)
        busy.delete(done)
      },
      () => {
        isWell = false
        idle.push(helper)
        busy.delete(done)
      },
    )
    busy.add(done)
    while (isWell && answers.length - compared > helpers.length) isWell = await compare(await answers[compared++])
    if (!isWell) break
  }
  await Promise.all(busy)
  for (; isWell && compared < answers.length; compared++) isWell = await compare(await answers[compared])
  if (!isWell || !(await areAtEnd(files))) return undefined
  return Promise.all(helpers.map(helper => helper.sums()))
} // biome-ignore format: long calls

function isBehind([startUs, id]: PartAnswer['first'], [lastUs, lastId]: PartAnswer['last']): boolean {
  return startUs > lastUs || (startUs === lastUs && id > lastId)
}

async function areAtEnd({ population, csv, facts, links, exceptions }: RequestFiles): Promise<boolean> {
  for (const reader of [population, csv, facts, links, exceptions]) if (await reader.next()) return false
  return true
}

/** Cuts the files so that the lines of a request stay together, as far as they are what they must be. */
async function* partsOf(
  { population, csv, facts, links }: RequestFiles,
  requests: number,
): AsyncGenerator<Part> {
  for (let request = 0; ; ) {
    let [count, hops] = [0, 0]
    const lines = await population.cut((bytes, from, end) => {
      if (count === requests) return false
      count++
      hops += hopsIn(bytes, from, end)
      return true
    })
    if (count === 0) return
    const to = request + count
    yield {
      request,
      population: lines,
      csv: await csv.cut(() => count-- > 0),
      facts: await facts.cut(() => hops-- > 0),
      links: await links.cut((bytes, from, end) => requestIn(bytes, from, end) < to),
    }
    request = to
  }
}

/** How many hops a line of population.ndjson names: the brackets behind the last colon, but for one. */
function hopsIn(bytes: Uint8Array, from: number, end: number): number {
  let brackets = 0
  for (let at = end - 1; at >= from && bytes[at] !== 58; at--) if (bytes[at] === 91) brackets++
  return brackets - 1
}

const HEAD = '{"request":'.length

/** The number of the request that a line of links.ndjson belongs to. */
function requestIn(bytes: Uint8Array, from: number, end: number): number {
  let number = 0
  for (let at = from + HEAD; at < end; at++) {
    const digit = (bytes[at] ?? 0) - 48
    if (digit < 0 || digit > 9) break
    number = number * 10 + digit
  }
  return number
}

async function textOf(reader: LineReader, lines: number): Promise<string> {
  let left = lines
  return UTF8.decode(await reader.cut(() => left-- > 0))
}

function linesIn(text: string): number {
  return text.split('\n').length - 1
}

/** Adds the sums up; false where an alias was of no use to anybody. */
function take({ totals }: RequestCheck, { segments, generations, aliases }: RequestRules, all: readonly PartSums[], exceptions: number): boolean {
  const unused = all.map(sums => new Set(sums.unusedAliases.map(row => JSON.stringify(row))))
  if (aliases.unused().some(row => unused.every(rows => rows.has(JSON.stringify(row))))) return false
  totals.exceptions += exceptions
  for (const sums of all) {
    for (const name of ['requests', 'hops', 'links', 'exceptions', 'unknown', 'borders'] as const) totals[name] += sums.totals[name]
    for (const [hour, n] of sums.totals.hours) totals.hours.set(hour, (totals.hours.get(hour) ?? 0) + n)
    for (const [source, n] of sums.totals.sources) totals.sources.set(source, (totals.sources.get(source) ?? 0) + n)
    for (const [id, entry] of sums.totals.sampled) totals.sampled.set(id, entry)
    for (const id of sums.totals.met) totals.met.add(id)
    totals.sample.addChosen(sums.sample)
    if (sums.hash) totals.hash?.addAll(sums.hash)
    for (const [n, leaves] of sums.segments.entries()) segments[n]?.leaves.addAll(leaves)
    for (const [n, leaves] of sums.generations.entries()) generations[n]?.leaves.addAll(leaves)
  }
  return true
} // biome-ignore format: one line each
