-- Pairs for reading a clock without ids, far and wide: app hops whose method, path, status, subject and duration few
-- gateway hops share, with each of those. At most 200 app hops of a host and two hours, the rarest first.
-- weight: one over the number of gateway hops that fit.
-- grain: app hop, gateway hop
WITH answered AS (
  SELECT *, floor(took_us / 64000) AS cell FROM calls WHERE NOT isnan(took_us)
), any_subject AS (
  -- An app hop without a subject may belong to anybody's call.
  SELECT * FROM answered WHERE subject <> -1 UNION ALL SELECT * REPLACE (-1::DOUBLE AS subject) FROM answered
), gateway_cells AS (
  SELECT key, status, subject, cell, count(*) AS hops FROM any_subject GROUP BY ALL
), app_cells AS (
  SELECT a.hop_id, a.clock_host, a.end_us, a.resolution_us, a.took_us, a.key, a.status, a.subject, a.shared_id,
    unnest([floor(a.took_us / 64000), floor(a.took_us / 64000) + 1]) AS cell
  FROM lines AS a WHERE NOT isnan(a.took_us) AND NOT a.untrusted AND a.took_us >= 1000
), found AS (
  SELECT a.*, g.hops, sum(g.hops) OVER (PARTITION BY a.hop_id) AS all_hops
  FROM app_cells AS a JOIN gateway_cells AS g ON g.key = a.key AND g.status = a.status AND g.subject = a.subject AND g.cell = a.cell
), chosen AS (
  SELECT *, dense_rank() OVER (PARTITION BY clock_host, end_us // 7200000000 ORDER BY all_hops, hop_id) AS place
  FROM found WHERE all_hops <= 2000
)
SELECT
  a.clock_host,
  a.end_us::DOUBLE AS at_us,
  (a.end_us - c.at_us - 1000)::DOUBLE AS low_us,
  (a.end_us + a.resolution_us - c.sent_us - a.took_us + 1000)::DOUBLE AS high_us,
  1.0 / count(*) OVER (PARTITION BY a.hop_id) AS weight
FROM chosen AS a
JOIN any_subject AS c ON c.key = a.key AND c.status = a.status AND c.subject = a.subject AND c.cell = a.cell
  AND (a.shared_id = -1 OR c.shared_id = a.shared_id)
WHERE a.place <= 200 AND c.took_us - a.took_us BETWEEN -5000 AND 60000
ORDER BY clock_host, at_us, a.hop_id, c.hop_id
