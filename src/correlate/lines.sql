-- App hops around a day as linking without an id reads them, with the log each stands in and its place there.
-- A stream is one host's log of one site, or a burst of rows in its log of HTTP.sys, which has few: the order of rows minutes
-- apart says nothing. Its lines were written one after the other. Within a second the place in the
-- file decides; where several sources, or logs that a shipper wrapped, hold lines of one second of a stream (a log handed over in pieces), the piece
-- that goes on from the second before comes first, then the one that goes on into the next.
-- Codes are hashes as numbers; only equality counts. NaN: not logged. A line of HTTP.sys never says who the first client was,
-- and seldom the agent: what it does not log is no value of it, while its URI tells that there was no query.
-- grain: hop_id
WITH gaps AS (
  SELECT hop_id, clock_host, end_us, (end_us - lag(end_us) OVER (PARTITION BY clock_host ORDER BY end_us, hop_id) > 2000000)::INTEGER AS apart
  FROM app_window WHERE kernel
), bursts AS (
  SELECT hop_id, sum(coalesce(apart, 0)) OVER (PARTITION BY clock_host ORDER BY end_us, hop_id) AS burst FROM gaps
), hops AS (
  SELECT a.*, CASE WHEN a.kernel THEN concat_ws('|', a.clock_host, 'HTTPERR', b.burst) ELSE concat_ws('|', a.clock_host, a.site, a.server_port) END AS log
  FROM app_window AS a LEFT JOIN bursts AS b ON b.hop_id = a.hop_id WHERE a.same_application AND a.end_ts >= make_timestamp($from_us::BIGINT) AND a.end_ts < make_timestamp($to_us::BIGINT)
), logs AS (
  SELECT log, row_number() OVER (ORDER BY log) - 1 AS stream FROM (SELECT DISTINCT log FROM hops)
), shares AS (
  SELECT log, piece_of, end_ts,
    end_ts - lag(end_ts) OVER (PARTITION BY log, piece_of ORDER BY end_ts) AS since,
    lead(end_ts) OVER (PARTITION BY log, piece_of ORDER BY end_ts) - end_ts AS until
  FROM (SELECT DISTINCT log, piece_of, end_ts FROM hops
    WHERE log IN (SELECT log FROM hops GROUP BY log HAVING min(piece_of) < max(piece_of)))
), places AS (
  SELECT log, piece_of, end_ts,
    row_number() OVER (PARTITION BY log, end_ts ORDER BY since NULLS LAST, until DESC NULLS FIRST, piece_of) AS piece
  FROM shares
)
SELECT
  h.hop_id,
  h.clock_host,
  s.stream,
  h.end_us,
  h.resolution_us,
  coalesce(p.piece, 1) AS piece,
  h.line_no,
  coalesce(h.took_us, 'NaN'::DOUBLE)::DOUBLE AS took_us,
  text_code(upper(h.method) || ' ' || h.path_key) AS key,
  text_code(upper(h.method)) AS loose_key,
  coalesce(h.status, -1)::DOUBLE AS status,
  coalesce(h.handshake, FALSE) AS handshake,
  CASE WHEN h.subject_name IS NULL THEN -1 ELSE text_code(subject_text(h.subject_kind, h.subject_issuer, h.subject_name)) END AS subject,
  subject_shape(h.subject_kind, h.subject_issuer, h.subject_name) AS shape,
  CASE WHEN h.kernel THEN -1 ELSE coalesce(text_code(h.client_ip), -1) END AS client,
  CASE WHEN h.kernel AND h.user_agent IS NULL THEN -1 ELSE coalesce(text_code(replace(h.user_agent, ' ', '+')), -1) END AS agent,
  coalesce(text_code(h.query), -1) AS query,
  coalesce(text_code(h.peer_ip), -1) AS peer,
  coalesce(h.bytes_out, 'NaN'::DOUBLE)::DOUBLE AS bytes,
  CASE WHEN h.correlation_id IN (SELECT id FROM reused_ids) AND h.correlation_id NOT IN (SELECT id FROM hot_ids)
    THEN text_code(h.correlation_id) ELSE -1 END AS shared_id,
  h.correlation_id IS NOT NULL AND h.correlation_id NOT IN (SELECT id FROM hot_ids) AS has_id,
  coalesce(u.untrusted, FALSE) AS untrusted,
  h.kernel,
  CASE WHEN h.server_ip IS NULL THEN -1 ELSE text_code(h.server_ip) END AS server
FROM hops AS h
JOIN logs AS s ON s.log = h.log
LEFT JOIN places AS p ON p.log = h.log AND p.piece_of = h.piece_of AND p.end_ts = h.end_ts
LEFT JOIN untrusted_peers AS u ON u.peer_ip = coalesce(h.peer_ip, '')
