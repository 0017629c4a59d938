-- App hops of one chunk of IIS rows, in the order of the chunk.
-- NULL: the column is not logged or was '-'. start_ts = end_ts where time-taken is not logged.
-- grain: hop_id, until the store has dropped lines it already has
SELECT
  hop_id,
  source_id,
  line_no,
  byte_offset,
  make_timestamp(end_s * 1000000 - coalesce(duration_us, 0)) AS start_ts,
  make_timestamp(end_s * 1000000) AS end_ts,
  duration_us,
  1000::INTEGER AS resolution_ms,
  host AS clock,
  host,
  site,
  server_ip,
  server_port::INTEGER AS server_port,
  host_header,
  app_application(site, host_header, server_ip, host) AS application,
  method,
  stem AS path,
  path_key(stem) AS path_key,
  -- The front end appends its own parameters, as the only ones where the client sent none.
  CASE
    WHEN contains(query_raw, 'X-ARR-LOG-ID=') OR contains(query_raw, 'SERVER-STATUS=')
    THEN nullif(regexp_replace(
      regexp_replace(query_raw, '&(X-ARR-LOG-ID=[0-9a-fA-F-]*|SERVER-STATUS=[0-9]*)', '', 'g'),
      '^(X-ARR-LOG-ID=[0-9a-fA-F-]*|SERVER-STATUS=[0-9]*)(&|$)', ''), '')
    ELSE query_raw
  END AS query,
  CASE WHEN contains(query_raw, 'X-ARR-LOG-ID=')
    THEN nullif(regexp_extract(query_raw, '(?:^|&)X-ARR-LOG-ID=([0-9a-fA-F-]*)', 1), '') END AS arr_log_id,
  status::INTEGER AS status,
  substatus::INTEGER AS substatus,
  win32_status,
  -- IIS answers integrated authentication with 401.2 and 401.1 before the request itself.
  coalesce(status = 401 AND substatus IN (1, 2) AND username IS NULL, FALSE) AS handshake,
  correlation_id,
  correlation_raw,
  correlation_field,
  from_json(other_ids, '["VARCHAR"]') AS other_ids,
  traceparent,
  username,
  subject_kind,
  subject_issuer,
  subject_name,
  subject_raw,
  peer_ip,
  -- X-Forwarded-For lists the client first; IIS writes its ", " as ",+" and proxies may add a port.
  nullif(regexp_replace(trim(split_part(forwarded_for, ',', 1), '+ '),
    '^(?:\[([0-9A-Fa-f:.%]+)\]|(\d+\.\d+\.\d+\.\d+))(?::\d+)?$', '\1\2'), '') AS client_ip,
  user_agent,
  referer,
  protocol,
  bytes_in,
  bytes_out,
  attributes
FROM chunk_rows
