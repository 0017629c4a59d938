-- Requests with their hops, as spans are made from them, each as one JSON object: DuckDB writes it and V8 reads it in a
-- fraction of the time that handing over value by value takes. Stamps are µs since 1970; all numbers are exact as doubles.
-- Reads the tables span_requests and leg_requests (rows of traced.sql) and the views gateway_facts, server_facts and link_rows.
-- params: first_us, last_us BIGINT (stamps of the gateway hops), from_us, to_us BIGINT (half-open period of the ends of app
-- hops): nothing else is looked at
-- gateway: NULL where no gateway hop is known. apps: with the link that joined each and its place among app_hop_ids, in no
-- order; made of JSON, as lists of such structs take many times as long.
-- grain: request_id
WITH places AS (
  SELECT request_id, gateway_hop_id, app_hop_id, place
  FROM (
    SELECT r.request_id, r.gateway_hop_id, unnest(r.app_hop_ids) AS app_hop_id, generate_subscripts(r.app_hop_ids, 1) AS place
    FROM span_requests AS r WHERE r.request_id IN (SELECT request_id FROM leg_requests))
), apps AS (
  SELECT
    p.request_id,
    string_agg(to_json(struct_pack(
      place := p.place, hop_id := hex_id(a.hop_id),
      source_id := a.source_id, line_no := a.line_no, byte_offset := a.byte_offset,
      end_us := epoch_us(a.end_ts), duration_us := a.duration_us, resolution_ms := a.resolution_ms,
      host := a.host, site := a.site, server_ip := a.server_ip, server_port := a.server_port, host_header := a.host_header,
      method := a.method, path := a.path, query := a.query, status := a.status, substatus := a.substatus,
      win32_status := a.win32_status, handshake := a.handshake,
      correlation_raw := a.correlation_raw, traceparent := a.traceparent,
      username := a.username, subject_kind := a.subject_kind, subject_issuer := a.subject_issuer, subject_name := a.subject_name,
      peer_ip := a.peer_ip, client_ip := a.client_ip, user_agent := a.user_agent, referer := a.referer, protocol := a.protocol,
      bytes_in := a.bytes_in, bytes_out := a.bytes_out, attributes := a.attributes,
      kernel := a.kernel, reason := a.reason, queue := a.queue, site_id := a.site_id, peer_port := a.peer_port,
      link_method := l.method, link_how := l.how, posterior := l.posterior,
      clock_low_us := l.clock_low_us, clock_high_us := l.clock_high_us, calibrated := l.calibrated
    ))::VARCHAR, ',') AS apps
  FROM places AS p
  JOIN server_facts AS a ON a.hop_id = p.app_hop_id::UUID
  LEFT JOIN link_rows AS l ON l.app_hop_id = a.hop_id AND l.gateway_hop_id = p.gateway_hop_id::UUID AND l.verdict = 'linked'
  WHERE a.end_ts >= make_timestamp($from_us::BIGINT) AND a.end_ts < make_timestamp($to_us::BIGINT)
  GROUP BY p.request_id
), legs AS (
  SELECT
    t.*,
    r.state, r.application, r.decided_by, r.decided_detail, r.subject, r.subject_kind, r.subject_issuer, r.correlation_id,
    CASE WHEN g.hop_id IS NOT NULL THEN struct_pack(
      hop_id := hex_id(g.hop_id),
      start_us := epoch_us(g.start_ts), end_us := epoch_us(g.end_ts),
      received_us := epoch_us(g.client_received_end_ts),
      sent_us := epoch_us(g.target_sent_start_ts), answered_us := epoch_us(g.target_received_end_ts),
      responding_us := epoch_us(g.client_sent_start_ts),
      target_called := g.target_called, organization := g.organization, environment := g.environment,
      message_id := g.message_id, proxy := g.proxy, proxy_revision := g.proxy_revision, product := g.product,
      developer_app := g.developer_app, client_id := g.client_id,
      method := g.method, path := g.path, query := g.query, status := g.status, target_status := g.target_status,
      target := g.target, target_host := g.target_host, target_ip := g.target_ip, target_url := g.target_url,
      cache_hit := g.cache_hit, fault_code := g.fault_code, fault_policy := g.fault_policy,
      correlation_raw := g.correlation_raw, traceparent := g.traceparent,
      peer_ip := g.peer_ip, client_ip := g.client_ip, user_agent := g.user_agent,
      bytes_in := g.bytes_in, bytes_out := g.bytes_out
    ) END AS gateway
  FROM leg_requests AS t
  JOIN span_requests AS r ON r.request_id = t.request_id
  LEFT JOIN gateway_facts AS g ON g.hop_id = r.gateway_hop_id::UUID
    AND g.start_ts >= make_timestamp($first_us::BIGINT) AND g.start_ts <= make_timestamp($last_us::BIGINT)
)
SELECT left(to_json(l)::VARCHAR, -1) || ',"apps":[' || coalesce(a.apps, '') || ']}' AS legs
FROM legs AS l
LEFT JOIN apps AS a ON a.request_id = l.request_id
ORDER BY l.start_us, l.request_id
