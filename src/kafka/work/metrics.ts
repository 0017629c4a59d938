import { observe } from '../../telemetry/record.ts'
import type { PartitionStatus, Worker } from './worker.ts'

/** Lets those who read metrics see how a worker stands, partition by partition; asked for only then. */
export function watchWorker(worker: Worker): void {
  const each = (value: (status: PartitionStatus) => number | undefined) => (): Record<string, number> =>
    Object.fromEntries(
      worker.status().flatMap(status => {
        const found = value(status)
        return found === undefined ? [] : [[String(status.partition), found]]
      }),
    )
  observe(
    'throughline.kafka.lag',
    'worker',
    each(s => s.lag),
  )
  observe(
    'throughline.kafka.lag.duration',
    'worker',
    each(s => s.lagSeconds),
  )
  observe('throughline.kafka.days.open', 'worker', each(openDays))
  observe(
    'throughline.kafka.rows.replayed',
    'worker',
    each(s => s.replayed),
  )
  observe(
    'throughline.kafka.rows.late',
    'worker',
    each(s => s.late),
  )
  observe(
    'throughline.kafka.links.provisional',
    'worker',
    each(s => linksOf(s, 'open')),
  )
  observe(
    'throughline.kafka.links.final',
    'worker',
    each(s => linksOf(s, 'closed')),
  )
}

function openDays({ store }: PartitionStatus): number {
  return [...store.state.days.values()].filter(day => day.state === 'open').length
}

function linksOf({ store }: PartitionStatus, state: 'open' | 'closed'): number {
  const days = [...store.state.days.values()].filter(day => day.state === state)
  return days.reduce((sum, { link }) => sum + (link?.file?.rows ?? 0), 0)
}
