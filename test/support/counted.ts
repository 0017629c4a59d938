import type { Meter, Tracer } from '@opentelemetry/api'
import { recordWith } from '../../src/telemetry/record.ts'

/** Records into numbers: the sum of each counter, by name and by name and attribute value. No SDK takes part. */
export async function counted<T>(action: (sums: ReadonlyMap<string, number>) => T | Promise<T>): Promise<T> {
  const sums = new Map<string, number>()
  const nothing = { addCallback: () => undefined, record: () => undefined }
  const meter = {
    createCounter: (name: string) => ({
      add(n: number, attributes: Record<string, string> = {}) {
        if (n < 0) throw new Error(`${name}: a counter only grows, got ${n}`)
        for (const key of [name, ...Object.values(attributes).map(value => `${name} ${value}`)])
          sums.set(key, (sums.get(key) ?? 0) + n)
      },
    }),
    createHistogram: () => nothing,
    createGauge: () => nothing,
    createObservableUpDownCounter: () => nothing,
    createObservableCounter: () => nothing,
  }
  recordWith({ meter: meter as unknown as Meter, tracer: {} as Tracer, clockMs: () => 0 })
  try {
    return await action(sums)
  } finally {
    recordWith(undefined)
  }
}
