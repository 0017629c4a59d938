import kafkajs, { type PartitionAssigner } from 'kafkajs'

const { MemberAssignment, MemberMetadata } = kafkajs.AssignerProtocol

const NAME = 'throughline-by-number'

/**
 * Gives partitions of the same number of all topics to the same worker: they share a store. The library's own
 * assigners deal the partitions of all topics out one by one.
 */
export const coAssigner: PartitionAssigner = ({ cluster }) => ({
  name: NAME,
  version: 1,
  async assign({ members, topics }) {
    const ids = members.map(m => m.memberId).sort()
    const assignments = ids.map((memberId, place) => ({
      memberId,
      memberAssignment: MemberAssignment.encode({
        version: 1,
        userData: Buffer.alloc(0),
        assignment: Object.fromEntries(
          topics.map(topic => [
            topic,
            cluster
              .findTopicPartitionMetadata(topic)
              .map(p => p.partitionId)
              .filter(partition => partition % ids.length === place),
          ]),
        ),
      }),
    }))
    return assignments
  },
  protocol: ({ topics }) => ({
    name: NAME,
    metadata: MemberMetadata.encode({ version: 1, topics, userData: Buffer.alloc(0) }),
  }),
})
