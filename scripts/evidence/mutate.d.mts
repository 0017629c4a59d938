export type Files = Map<string, Buffer>

export interface Mutation {
  readonly what: string
  readonly name: string
  readonly kind: string
  readonly files: Files
}

export declare function randomFrom(seed: number): () => number
export declare function mutated(files: ReadonlyMap<string, Buffer>, random: () => number, n: number): Mutation
