import { z } from 'zod'

/** Kinds of knobs, so that the tables of options stay readable. */

export const share = (value: number, text: string) => z.number().min(0).max(1).default(value).describe(text)

export const count = (value: number, text: string) => z.number().int().min(1).default(value).describe(text)

/** A whole number that may be 0 for none. */
export const howMany = (value: number, text: string) => z.number().int().min(0).default(value).describe(text)

export const positive = (value: number, text: string) => z.number().positive().default(value).describe(text)

/** Not negative. */
export const amount = (value: number, text: string) => z.number().min(0).default(value).describe(text)

export const signed = (value: number, text: string) => z.number().default(value).describe(text)

/** A number for each host, in host order. */
export const perHost = (values: readonly number[], text: string) =>
  z
    .array(z.number())
    .default([...values])
    .describe(text)

/** Numbers of things counted from 1. */
export const positions = (text: string) => z.array(z.number().int().min(1)).default([]).describe(text)

export const flag = (value: boolean, text: string) => z.boolean().default(value).describe(text)
