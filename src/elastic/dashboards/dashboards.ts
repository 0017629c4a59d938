import { COVERAGE } from './coverage.ts'
import type { Dashboard } from './description.ts'
import { FAILURES } from './failures.ts'
import { IDENTITY } from './identity.ts'
import { OVERVIEW } from './overview.ts'
import { TRACE } from './trace.ts'

/** All dashboards, in the order in which they name each other. */
export const DASHBOARDS: readonly Dashboard[] = [OVERVIEW, TRACE, IDENTITY, FAILURES, COVERAGE]
