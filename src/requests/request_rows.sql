-- Requests before subjects are compared: a gateway hop with the server hops (of IIS and of HTTP.sys) linked to it, or a server
-- hop that no gateway hop claims; app_hops and app_hop_ids count and list both. A kernel hop without method, path and status
-- is a connection that closed before anything was asked: it stays a fact and is no request.
-- Links below the reporting threshold of 0.9 do not join. Of several app hops (retries, handshakes) the last to end
-- that is neither a handshake nor a failed attempt decides; of
-- lines that an id joined, one with the status that the gateway got. Ends are compared on the gateway's clock.
-- A hop whose partner was pruned with its day says so: it is no request past the gateway, nor one without an answer.
-- Reads the views gateway_facts, server_facts, link_rows, border_rows (links kept of pruned days) and the tables day_states
-- and pruning (before: days before it are gone; NULL: none).
-- kernel_reason, kernel_queue: why HTTP.sys refused or dropped the request, or an attempt of it, and the application pool; NULL:
-- it did not.
-- gateway_*, app_* of the subject: what each side names. app_end_ts: when the app hop that decides ended.
-- grain: request_id
WITH links AS (
  SELECT gateway_hop_id, app_hop_id, app_day, method, posterior, how, coalesce(clock_low_us, 0) AS ahead_us FROM link_rows WHERE verdict = 'linked' AND posterior >= 0.9
), doubtful AS (
  -- Hops whose partner is in doubt: candidates that are likelier together than nobody, none of them likely enough.
  SELECT app_hop_id, gateway_hop_id FROM link_rows
  WHERE verdict = 'ambiguous' AND app_hop_id NOT IN (SELECT app_hop_id FROM links)
), callouts AS (
  SELECT DISTINCT app_hop_id FROM link_rows WHERE verdict = 'callout' AND app_hop_id NOT IN (SELECT app_hop_id FROM links)
), shared AS (
  SELECT gateway_hop_id FROM links GROUP BY gateway_hop_id HAVING count(*) > 1
), legs_one AS (
  -- Nearly all: nothing to choose from, and so nothing to group.
  SELECT l.gateway_hop_id, 1::BIGINT AS app_hops, l.posterior AS confidence, l.method AS link_method,
    [hex_id(a.hop_id)] AS app_hop_ids,
    struct_pack(hop_id := a.hop_id, start_ts := a.start_ts, end_ts := a.end_ts, duration_us := a.duration_us, host := a.host, site := a.site,
      server_ip := a.server_ip, host_header := a.host_header, path := a.path, status := a.status, substatus := a.substatus,
      win32_status := a.win32_status, subject_kind := a.subject_kind, subject_issuer := a.subject_issuer,
      subject_name := a.subject_name, correlation_id := a.correlation_id, traceparent := a.traceparent,
      username := a.username, kernel := a.kernel, reason := a.reason) AS last,
    CASE WHEN a.kernel THEN struct_pack(reason := coalesce(a.reason, '-'), queue := a.queue) END AS refusal
  FROM links AS l JOIN server_facts AS a ON a.hop_id = l.app_hop_id
  WHERE l.gateway_hop_id NOT IN (SELECT gateway_hop_id FROM shared)
), linked_app AS (
  SELECT l.gateway_hop_id, l.method AS link_method, l.posterior, a.*,
    NOT coalesce(a.handshake, FALSE) AND l.how NOT IN ('handshake', 'retry') AS is_answer,
    coalesce(a.status = g.target_status, FALSE) AS is_status,
    epoch_us(a.end_ts) - l.ahead_us AS ended_us
  FROM links AS l JOIN server_facts AS a ON a.hop_id = l.app_hop_id JOIN gateway_facts AS g ON g.hop_id = l.gateway_hop_id
  WHERE l.gateway_hop_id IN (SELECT gateway_hop_id FROM shared)
), legs AS (
  SELECT * FROM legs_one
  UNION ALL
  SELECT
    gateway_hop_id,
    count(*) AS app_hops,
    min(posterior) AS confidence,
    min(link_method) AS link_method,
    list(hex_id(hop_id) ORDER BY ended_us, start_ts, hop_id) AS app_hop_ids,
    arg_max(
      struct_pack(hop_id, start_ts, end_ts, duration_us, host, site, server_ip, host_header, path, status, substatus,
        win32_status, subject_kind, subject_issuer, subject_name, correlation_id, traceparent, username, kernel, reason),
      struct_pack(is_answer, is_status, ended_us, start_ts, hop_id)) AS last,
    arg_max(struct_pack(reason := coalesce(reason, '-'), queue), struct_pack(is_answer, ended_us, hop_id)) FILTER (WHERE kernel) AS refusal
  FROM linked_app GROUP BY gateway_hop_id
), through_gateway AS (
  SELECT
    hex_id(g.hop_id) AS request_id,
    g.application,
    CASE
      WHEN l.gateway_hop_id IS NOT NULL THEN 'joined'
      WHEN g.hop_id IN (SELECT gateway_hop_id FROM links WHERE app_day < (SELECT before FROM pruning)) THEN 'partner-pruned'
      WHEN g.target_called AND g.hop_id IN (SELECT gateway_hop_id FROM doubtful) THEN 'ambiguous'
      WHEN NOT g.target_called OR coalesce(d.closed, FALSE) THEN 'gateway-only'
      ELSE 'awaiting-app'
    END AS state,
    g.start_ts::DATE AS day,
    g.start_ts, g.end_ts,
    g.method, g.path, g.query,
    g.status, g.status AS gateway_status, g.target_status, l.last.status AS app_status, l.last.substatus AS app_substatus,
    l.last.win32_status AS app_win32_status,
    CASE
      WHEN g.cache_hit THEN 'gateway-cache'
      WHEN NOT g.target_called AND (g.fault_policy IS NOT NULL OR g.policy_error) THEN 'gateway-policy'
      WHEN NOT g.target_called AND (g.target_error OR contains(g.fault_code, 'ServiceUnavailable')) THEN 'target-unreachable'
      WHEN NOT g.target_called THEN 'gateway'
      WHEN g.target_status IS NULL AND (g.status = 504 OR contains(lower(g.fault_code), 'timeout')) THEN 'target-timeout'
      WHEN g.target_status IS NULL AND g.status >= 500 THEN 'target-unreachable'
      WHEN g.target_status IS NULL AND g.status IS NULL THEN NULL
      WHEN g.target_status = g.status AND l.last.kernel AND l.last.status = g.status THEN 'kernel'
      WHEN g.target_status = g.status OR g.target_status IS NULL THEN 'app'
      ELSE 'gateway-policy'
    END AS decided_by,
    CASE WHEN g.target_status = g.status AND l.last.status >= 400
      THEN l.last.status || CASE WHEN l.last.kernel THEN coalesce(' ' || l.last.reason, '') ELSE coalesce('.' || l.last.substatus, '') END
      ELSE coalesce(g.fault_policy, g.fault_code) END AS decided_detail,
    g.subject_kind AS gateway_kind, g.subject_issuer AS gateway_issuer, g.subject_name AS gateway_subject,
    l.last.subject_kind AS app_kind, l.last.subject_issuer AS app_issuer, l.last.subject_name AS app_subject, l.last.end_ts AS app_end_ts,
    g.client_id, g.developer_app, g.developer_email, g.product, g.proxy, g.organization, g.environment, g.message_id,
    g.target_host, l.last.host AS host, l.last.site AS site, l.last.server_ip AS server_ip, l.last.host_header AS host_header,
    coalesce(g.correlation_id, l.last.correlation_id) AS correlation_id,
    lower(substr(coalesce(g.traceparent, l.last.traceparent), 4, 32)) AS trace_id,
    g.client_ip, g.peer_ip, g.user_agent, g.cache_hit, g.fault_code, g.fault_policy,
    epoch_us(g.end_ts) - epoch_us(g.start_ts) AS duration_us,
    CASE WHEN g.target_called THEN epoch_us(g.target_received_end_ts) - epoch_us(g.target_sent_start_ts) END AS target_us,
    l.last.duration_us AS app_us,
    g.bytes_in, g.bytes_out,
    coalesce(l.app_hops, 0) AS app_hops,
    hex_id(g.hop_id) AS gateway_hop_id,
    coalesce(l.app_hop_ids, []) AS app_hop_ids,
    l.link_method, l.confidence,
    l.refusal.reason AS kernel_reason, l.refusal.queue AS kernel_queue
  FROM gateway_facts AS g
  LEFT JOIN legs AS l ON l.gateway_hop_id = g.hop_id
  LEFT JOIN day_states AS d ON d.application = g.application AND d.day = g.start_ts::DATE
), past_gateway AS (
  SELECT
    hex_id(a.hop_id),
    a.application,
    CASE
      WHEN a.hop_id IN (SELECT app_hop_id FROM border_rows WHERE verdict = 'linked' AND posterior >= 0.9) THEN 'partner-pruned'
      WHEN a.hop_id IN (SELECT app_hop_id FROM callouts) THEN 'callout'
      WHEN a.hop_id IN (SELECT app_hop_id FROM doubtful) THEN 'ambiguous'
      WHEN coalesce(d.closed, FALSE) THEN CASE WHEN a.kernel THEN 'kernel-only' ELSE 'app-only' END
      ELSE 'awaiting-gateway'
    END,
    a.end_ts::DATE,
    a.start_ts, a.end_ts,
    a.method, a.path, a.query,
    a.status, NULL, NULL, a.status, a.substatus, a.win32_status,
    CASE WHEN a.status IS NULL THEN NULL WHEN a.kernel THEN 'kernel' ELSE 'app' END,
    CASE WHEN a.status >= 400
      THEN a.status || CASE WHEN a.kernel THEN coalesce(' ' || a.reason, '') ELSE coalesce('.' || a.substatus, '') END END,
    NULL, NULL, NULL,
    a.subject_kind, a.subject_issuer, a.subject_name, a.end_ts,
    NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
    NULL, a.host, a.site, a.server_ip, a.host_header,
    a.correlation_id,
    lower(substr(a.traceparent, 4, 32)),
    a.client_ip, a.peer_ip, a.user_agent, FALSE, NULL, NULL,
    a.duration_us,
    NULL,
    a.duration_us,
    a.bytes_in, a.bytes_out,
    1,
    NULL,
    [hex_id(a.hop_id)],
    NULL, NULL,
    CASE WHEN a.kernel THEN coalesce(a.reason, '-') END, a.queue
  FROM server_facts AS a
  LEFT JOIN day_states AS d ON d.application = a.application AND d.day = a.end_ts::DATE
  WHERE NOT EXISTS (SELECT 1 FROM links AS l WHERE l.app_hop_id = a.hop_id)
    AND NOT (a.kernel AND a.method IS NULL AND a.path IS NULL AND a.status IS NULL)
)
SELECT * FROM through_gateway UNION ALL SELECT * FROM past_gateway
