-- Pairs for reading a clock without ids, once it is roughly known: app hops with the gateway hops of equal method, path,
-- status and subject and like duration whose times are within five seconds of the rough reading.
-- At most 300 app hops of a host and quarter of an hour. line: equal for pairs of one app hop; slack_us: the gateway's
-- wait less time-taken.
-- grain: app hop, gateway hop
WITH any_subject AS (
  -- An app hop without a subject may belong to anybody's call.
  SELECT * FROM calls WHERE subject <> -1 UNION ALL SELECT * REPLACE (-1::DOUBLE AS subject) FROM calls
), chosen AS (
  SELECT a.*, r.rough_us
  FROM lines AS a JOIN rough_clocks AS r ON r.clock_host = a.clock_host AND r.chunk = a.end_us // 7200000000
  WHERE NOT isnan(a.took_us) AND NOT a.untrusted
  QUALIFY dense_rank() OVER (PARTITION BY a.clock_host, a.end_us // 900000000 ORDER BY a.took_us < 20000, a.hop_id) <= 300
)
SELECT
  a.clock_host,
  a.end_us::DOUBLE AS at_us,
  (a.end_us - c.at_us - 1000)::DOUBLE AS low_us,
  (a.end_us + a.resolution_us - c.sent_us - a.took_us + 1000)::DOUBLE AS high_us,
  (c.took_us - a.took_us)::DOUBLE AS slack_us,
  dense_rank() OVER (ORDER BY a.clock_host, a.end_us, a.hop_id)::DOUBLE AS line
FROM chosen AS a
JOIN any_subject AS c ON c.key = a.key AND c.status = a.status AND c.subject = a.subject
  AND c.at_us BETWEEN a.end_us - a.rough_us - 5000000 AND a.end_us - a.rough_us + 6000000
  AND (a.shared_id = -1 OR c.shared_id = a.shared_id)
WHERE c.took_us - a.took_us BETWEEN -20000 AND 60000
ORDER BY clock_host, at_us, a.hop_id, c.hop_id
