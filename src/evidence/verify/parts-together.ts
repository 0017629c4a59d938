import { MOST_LISTED, type Part, type PartResult, type Verdict } from './findings.ts'

interface NamedParts {
  readonly name: string
  readonly parts: Readonly<Record<Part, PartResult>>
}

/** One answer of several bundles: wrong where one is, and checked where all are. */
export function partsTogether(part: Part, stores: readonly NamedParts[], own: PartResult): PartResult {
  const results = stores.map(store => store.parts[part])
  const failures = stores.flatMap(({ name, parts }) =>
    parts[part].failures.map(({ where, what }) => ({ where: `stores/${name}/${where}`, what })),
  )
  return {
    verdict: worstOf([own, ...results].map(result => result.verdict)),
    failed: [own, ...results].reduce((sum, result) => sum + result.failed, 0),
    failures: [...own.failures, ...failures].slice(0, MOST_LISTED),
    notChecked: [...own.notChecked, ...notCheckedOf(part, stores)],
  }
}

function worstOf(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes('FAIL')) return 'FAIL'
  return verdicts.includes('NOT CHECKED') ? 'NOT CHECKED' : 'PASS'
}

/** What is the same of all is said once. */
function notCheckedOf(part: Part, stores: readonly NamedParts[]): string[] {
  const texts = [...new Set(stores.flatMap(store => store.parts[part].notChecked))]
  return texts.map(text => {
    const names = stores.filter(store => store.parts[part].notChecked.includes(text)).map(store => store.name)
    return names.length === stores.length ? text : `${names.join(', ')}: ${text}`
  })
}
