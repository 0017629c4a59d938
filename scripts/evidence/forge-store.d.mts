export declare const LEVELS: Readonly<Record<'hashed' | 'signed' | 'sealed', string>>

export declare function dropRow(
  root: string,
  db: unknown,
  how: {
    readonly level: keyof typeof LEVELS
    readonly pick: (below: number) => number
    readonly code: Readonly<Record<string, unknown>>
    readonly saltsOf: (id: string) => unknown
  },
): Promise<string>
