-- Kernel hops of one chunk of HTTPERR rows, in the order of the chunk.
-- NULL: the column is not logged or was '-'.
-- grain: hop_id, until the store has dropped lines it already has
WITH parts AS (
  SELECT *,
    CASE WHEN contains(uri, '?') THEN nullif(substr(uri, 1, instr(uri, '?') - 1), '') ELSE uri END AS path,
    CASE WHEN contains(uri, '?') THEN nullif(substr(uri, instr(uri, '?') + 1), '') END AS query,
    -- As IIS names a site by its number where it logs s-sitename.
    CASE WHEN regexp_full_match(site_id, '[0-9]+') THEN 'w3svc' || site_id ELSE lower(site_id) END AS site
  FROM chunk_rows
)
SELECT
  hop_id,
  source_id,
  line_no,
  byte_offset,
  make_timestamp(end_s * 1000000) AS end_ts,
  1000::INTEGER AS resolution_ms,
  host AS clock,
  host,
  site,
  site_id,
  server_ip,
  server_port::INTEGER AS server_port,
  host_header,
  queue,
  app_application(site, host_header, server_ip, host) AS application,
  method,
  path,
  path_key(path) AS path_key,
  query,
  status::INTEGER AS status,
  reason,
  peer_ip,
  peer_port::INTEGER AS peer_port,
  user_agent,
  protocol,
  attributes
FROM parts
