-- End-to-end requests: rows of request_rows.sql, with the outcome and the subject that counts.
-- rules, incidents: NULL until findings are joined.
-- Reads the view request_rows.
-- grain: request_id
SELECT
  request_id, state, day, start_ts, end_ts, application,
  method, path, query,
  status, gateway_status, target_status, app_status, app_substatus, app_win32_status,
  CASE WHEN status >= 400 THEN 'failure' WHEN status >= 100 THEN 'success' ELSE 'unknown' END AS outcome,
  decided_by, decided_detail,
  -- A person named on either side before a client application or a machine.
  CASE WHEN app_kind = 'user' AND gateway_kind IS DISTINCT FROM 'user' THEN app_kind ELSE coalesce(gateway_kind, app_kind) END AS subject_kind,
  nullif(CASE WHEN app_kind = 'user' AND gateway_kind IS DISTINCT FROM 'user' THEN app_issuer
    WHEN gateway_kind IS NOT NULL THEN gateway_issuer ELSE app_issuer END, '') AS subject_issuer,
  lower(CASE WHEN app_kind = 'user' AND gateway_kind IS DISTINCT FROM 'user' THEN app_subject
    ELSE coalesce(gateway_subject, app_subject) END) AS subject,
  lower(app_subject) AS app_subject,
  client_id, developer_app, developer_email, product, proxy, organization, environment, message_id,
  target_host, host, site, server_ip, host_header, correlation_id, trace_id,
  client_ip, peer_ip, user_agent, cache_hit, fault_code, fault_policy,
  duration_us, target_us, app_us, duration_us - target_us AS gateway_us, bytes_in, bytes_out,
  app_hops::INTEGER AS app_hops, gateway_hop_id, app_hop_ids, link_method, confidence, kernel_reason, kernel_queue,
  NULL::VARCHAR[] AS rules, NULL::VARCHAR[] AS incidents
FROM request_rows
