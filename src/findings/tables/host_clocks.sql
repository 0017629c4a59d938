-- How far ahead of the gateway's the clocks of a day's hosts were, by what its links read.
-- calibrated: read from pairs that an id joins; links: how many stand behind it.
-- Reads the views server_facts and link_rows.
-- grain: clock
SELECT
  coalesce(a.clock, a.server_ip, '') AS clock,
  min(l.clock_low_us) AS low_us,
  max(l.clock_high_us) AS high_us,
  median((l.clock_low_us + l.clock_high_us) // 2)::BIGINT AS middle_us,
  bool_or(l.calibrated) AS calibrated,
  count(*) AS links
FROM link_rows AS l
JOIN server_facts AS a ON a.hop_id = l.app_hop_id
WHERE l.verdict = 'linked' AND l.clock_low_us IS NOT NULL AND l.clock_high_us IS NOT NULL AND a.end_ts::DATE = $day::DATE
GROUP BY ALL
