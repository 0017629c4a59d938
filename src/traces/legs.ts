/** A gateway hop as spans are made from it. Stamps are µs since 1970, sizes bytes; null: the record does not say. */
export interface GatewayLeg {
  readonly hop_id: string
  readonly start_us: number
  readonly end_us: number | null
  readonly received_us: number | null
  readonly sent_us: number | null
  readonly answered_us: number | null
  readonly responding_us: number | null
  readonly target_called: boolean | null
  readonly organization: string | null
  readonly environment: string | null
  readonly message_id: string | null
  readonly proxy: string | null
  readonly proxy_revision: string | null
  readonly product: string | null
  readonly developer_app: string | null
  readonly client_id: string | null
  readonly method: string | null
  readonly path: string | null
  readonly query: string | null
  readonly status: number | null
  readonly target_status: number | null
  readonly target: string | null
  readonly target_host: string | null
  readonly target_ip: string | null
  readonly target_url: string | null
  readonly cache_hit: boolean | null
  readonly fault_code: string | null
  readonly fault_policy: string | null
  readonly correlation_raw: string | null
  readonly traceparent: string | null
  readonly peer_ip: string | null
  readonly client_ip: string | null
  readonly user_agent: string | null
  readonly bytes_in: number | null
  readonly bytes_out: number | null
}

/**
 * An app hop, or a kernel hop, as spans are made from it, with the link that joined it; link fields are null where none did.
 */
export interface AppLeg {
  /** Among the app hops of its request, from 1. */
  readonly place: number
  readonly hop_id: string
  readonly source_id: number
  readonly line_no: number
  readonly byte_offset: number
  readonly end_us: number
  readonly duration_us: number | null
  readonly resolution_ms: number | null
  readonly host: string | null
  readonly site: string | null
  readonly server_ip: string | null
  readonly server_port: number | null
  readonly host_header: string | null
  readonly method: string | null
  readonly path: string | null
  readonly query: string | null
  readonly status: number | null
  readonly substatus: number | null
  readonly win32_status: number | null
  readonly handshake: boolean | null
  readonly correlation_raw: string | null
  readonly traceparent: string | null
  readonly username: string | null
  readonly subject_kind: string | null
  readonly subject_issuer: string | null
  readonly subject_name: string | null
  readonly peer_ip: string | null
  readonly client_ip: string | null
  readonly user_agent: string | null
  readonly referer: string | null
  readonly protocol: string | null
  readonly bytes_in: number | null
  readonly bytes_out: number | null
  /** JSON object of what has no column. */
  readonly attributes: string | null
  /** Whether HTTP.sys logged it; the next four are null where it did not. */
  readonly kernel: boolean
  readonly reason: string | null
  readonly queue: string | null
  readonly site_id: string | null
  readonly peer_port: number | null
  readonly link_method: string | null
  readonly link_how: string | null
  readonly posterior: number | null
  readonly clock_low_us: number | null
  readonly clock_high_us: number | null
  readonly calibrated: boolean | null
}

/** A request with its hops, and the trace it belongs to. Source: traced.sql, legs.sql. */
export interface Legs {
  readonly request_id: string
  readonly start_us: number
  readonly trace_id: string
  readonly trace_from: string
  /** The span that called the gateway, or the application where no gateway hop is known, by its traceparent. */
  readonly parent_id: string | null
  /** The request before it in its trace. */
  readonly previous_id: string | null
  readonly state: string
  readonly application: string
  readonly decided_by: string | null
  readonly decided_detail: string | null
  readonly subject: string | null
  readonly subject_kind: string | null
  readonly subject_issuer: string | null
  readonly correlation_id: string | null
  readonly gateway: GatewayLeg | null
  readonly apps: readonly AppLeg[]
}
