-- Gateway hops of one chunk of Apigee export records, in the order of the chunk.
-- NULL: the record has no such column, or it held no value. path_key is the path the target should have seen:
-- the target's base path and the proxy path suffix; NULL where they are hashed or the target is not named.
-- grain: source_id, line_no
WITH paths AS (
  SELECT
    *,
    coalesce(request_path, regexp_extract(request_uri, '^(?:[A-Za-z]+://[^/?#]+)?([^?#]*)', 1),
      proxy_basepath || coalesce(proxy_pathsuffix, '')) AS path
  FROM chunk_rows
), targets AS (
  SELECT
    *,
    coalesce(
      target_basepath,
      regexp_extract(target_url, '^[A-Za-z]+://[^/?#]+([^?#]*)', 1),
      CASE WHEN target_host IS NOT NULL THEN '' END
    ) AS base_path,
    coalesce(
      proxy_pathsuffix,
      CASE WHEN starts_with(path, proxy_basepath) THEN substr(path, length(proxy_basepath) + 1) END,
      ''
    ) AS path_suffix,
    coalesce(ax_resolved_client_ip, trim(split_part(client_ip, ',', 1))) AS first_ip
  FROM paths
), target_paths AS (
  SELECT
    *,
    CASE WHEN obfuscated = 1 AND (length(base_path) = 128 OR length(path_suffix) = 128 OR length(path) = 128
        OR length(target_url) = 128 AND target_basepath IS NULL)
      THEN NULL ELSE base_path || path_suffix END AS target_path
  FROM targets
)
SELECT
  hop_id,
  field_count,
  source_id,
  line_no,
  byte_offset,
  make_timestamp(client_received_start_us) AS start_ts,
  make_timestamp(greatest(coalesce(client_sent_end_us, client_sent_start_us, client_received_start_us + total_response_time * 1000,
    client_received_end_us, client_received_start_us), client_received_start_us)) AS end_ts,
  make_timestamp(client_received_start_us) AS client_received_start_ts,
  make_timestamp(client_received_end_us) AS client_received_end_ts,
  make_timestamp(target_sent_start_us) AS target_sent_start_ts,
  make_timestamp(target_sent_end_us) AS target_sent_end_ts,
  make_timestamp(target_received_start_us) AS target_received_start_ts,
  make_timestamp(target_received_end_us) AS target_received_end_ts,
  make_timestamp(client_sent_start_us) AS client_sent_start_ts,
  make_timestamp(client_sent_end_us) AS client_sent_end_ts,
  stamp_rule,
  -- Whole epoch seconds; seconds with a fraction are as fine as any other stamp.
  CASE WHEN stamp_rule = 's' AND client_received_start_us % 1000000 = 0 THEN 1000 ELSE 1 END::INTEGER AS resolution_ms,
  'gateway' AS clock,
  target_called = 1 AS target_called,
  obfuscated = 1 AS obfuscated,
  organization,
  environment,
  gateway_source,
  gateway_flow_id AS message_id,
  apiproxy AS proxy,
  apiproxy_revision AS proxy_revision,
  api_product AS product,
  developer,
  developer_app,
  developer_email,
  client_id,
  access_token,
  gateway_application(environment, apiproxy, target_host) AS application,
  request_verb AS method,
  path,
  path_key(target_path) AS path_key,
  CASE WHEN contains(request_uri, '?') THEN nullif(substr(request_uri, instr(request_uri, '?') + 1), '') END AS query,
  proxy_basepath,
  proxy_pathsuffix,
  response_status_code::INTEGER AS status,
  target_response_code::INTEGER AS target_status,
  target,
  target_host,
  target_ip,
  target_url,
  target_basepath,
  coalesce(lower(cache_hit) IN ('1', 'true'), FALSE) AS cache_hit,
  ax_edge_execution_fault_code AS fault_code,
  ax_execution_fault_policy_name AS fault_policy,
  lower(is_error) IN ('1', 'true') AS is_error,
  lower(policy_error) IN ('1', 'true') AS policy_error,
  lower(target_error) IN ('1', 'true') AS target_error,
  total_response_time AS total_ms,
  target_response_time AS target_ms,
  correlation_id,
  correlation_raw,
  correlation_field,
  from_json(other_ids, '["VARCHAR"]') AS other_ids,
  traceparent,
  subject_kind,
  subject_issuer,
  subject_name,
  subject_raw,
  client_ip AS peer_ip,
  -- An address may carry a port: a.b.c.d:port or [v6]:port.
  nullif(regexp_replace(first_ip, '^(?:\[([0-9A-Fa-f:.%]+)\]|(\d+\.\d+\.\d+\.\d+))(?::\d+)?$', '\1\2'), '') AS client_ip,
  useragent AS user_agent,
  request_size AS bytes_in,
  response_size AS bytes_out,
  attributes
FROM target_paths
