-- What id links say about the clocks of hosts for which no link carries a reading: the request ended before the gateway
-- had the answer and began after the call was sent, give or take what both sides cut off.
-- Reads the views clock_hops and clock_links.
-- grain: app hop, gateway hop
SELECT
  h.host,
  epoch_us(h.end_ts)::VARCHAR AS at_us,
  (l.ahead_us - 1000)::VARCHAR AS low_us,
  (l.ahead_us + h.resolution_ms * 1000 + l.duration_residual_us + 1000)::VARCHAR AS high_us
FROM clock_links AS l
JOIN clock_hops AS h ON h.hop_id = l.app_hop_id
WHERE l.verdict = 'linked' AND l.method = 'id' AND l.duration_residual_us >= 0
  AND h.host NOT IN (
    SELECT r.host FROM clock_links AS k JOIN clock_hops AS r ON r.hop_id = k.app_hop_id
    WHERE k.verdict = 'linked' AND k.clock_low_us IS NOT NULL)
ORDER BY h.host, epoch_us(h.end_ts), l.app_hop_id, l.gateway_hop_id
