/** Columns of hops that say who it was, or can: a disclosed hop may keep these to itself, an erased one has lost them. */
export const PERSONAL_COLUMNS: ReadonlySet<string> = new Set([
  'subject_issuer', 'subject_name', 'subject_raw', 'username', 'client_ip', 'peer_ip', 'user_agent', 'query', 'referer',
  'attributes', 'developer', 'developer_app', 'developer_email', 'client_id', 'access_token',
]) // biome-ignore format: a table
