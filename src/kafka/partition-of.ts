import kafkajs from 'kafkajs'

const choose = kafkajs.Partitioners.DefaultPartitioner()

/** The partition of an application: murmur2 of its name, as Kafka's own clients choose it by the key. */
export function partitionOf(application: string, partitions: number): number {
  const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({
    partitionId, partitionErrorCode: 0, leader: 1, replicas: [], isr: [],
  })) // biome-ignore format: one record
  return choose({ topic: '', partitionMetadata, message: { key: application, value: null } })
}
