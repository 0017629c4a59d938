-- The lines of a day's surroundings on the gateway's clock: the request ended between from_us and to_us. Lines of hosts
-- whose clock is not known are left out: nothing says when they happened.
-- open: may be linked without an id, or inside an id that many share. anchor_us: when the gateway hop that an id
-- joined it to was answered; partner: the rowid of that gateway hop, -1 for none.
-- grain: hop_id
SELECT
  l.*,
  l.end_us - p.high_us AS from_us,
  l.end_us + l.resolution_us - p.low_us AS to_us,
  p.low_us AS clock_low_us,
  p.high_us AS clock_high_us,
  p.calibrated,
  (v.app_hop_id IS NULL AND NOT l.untrusted)::INTEGER AS open,
  CASE WHEN c.hop_id IS NOT NULL AND NOT l.handshake AND (c.status = l.status OR c.status = -1 OR l.status = -1)
    THEN c.at_us ELSE 'NaN'::DOUBLE END AS anchor_us,
  coalesce(c.rowid, -1) AS partner
FROM lines AS l
JOIN (SELECT *, lead(start_us, 1, 9223372036854775807) OVER (PARTITION BY clock_host ORDER BY start_us) AS until_us FROM clock_pieces) AS p
  ON p.clock_host = l.clock_host AND l.end_us >= p.start_us AND l.end_us < p.until_us
LEFT JOIN (SELECT app_hop_id, any_value(gateway_hop_id) FILTER (WHERE verdict = 'linked') AS gateway_hop_id
  FROM verdicts WHERE verdict IN ('linked', 'contradicted', 'callout') GROUP BY app_hop_id) AS v ON v.app_hop_id = l.hop_id
LEFT JOIN calls AS c ON c.hop_id = v.gateway_hop_id
