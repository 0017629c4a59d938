import { z } from 'zod'

/** Values that occur in several files of a bundle. */
export const digest = z.string().regex(/^[0-9a-f]{64}$/)
export const count = z.number().int().min(0)
export const id128 = z.string().regex(/^[0-9a-f]{32}$/)
export const stamp = z.string().describe('RFC 3339 in UTC, six digits of a second.')
export const hour = z.string().regex(/^\d{4}-\d\d-\d\dT\d\dZ$/)
export const side = z.enum(['gateway', 'app', 'kernel'])
