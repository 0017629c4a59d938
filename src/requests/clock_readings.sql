-- Readings of host clocks that links carry, by host and quarter of an hour: several where the clock was set within it,
-- or where an id link carries the hull of the quarter and others their part.
-- Reads the views clock_hops and clock_links. A reading holds from the first line that carries it to the last.
-- grain: host, quarter, low_us, high_us, calibrated
SELECT
  h.host,
  h.end_ts::DATE::VARCHAR AS day,
  min(epoch_us(h.end_ts))::VARCHAR AS from_us,
  max(epoch_us(h.end_ts) + h.resolution_ms * 1000)::VARCHAR AS to_us,
  l.clock_low_us::VARCHAR AS low_us,
  l.clock_high_us::VARCHAR AS high_us,
  count(DISTINCT h.hop_id)::VARCHAR AS links,
  (count(DISTINCT h.hop_id) FILTER (WHERE l.method = 'id'))::VARCHAR AS id_links,
  l.calibrated
FROM clock_links AS l
JOIN clock_hops AS h ON h.hop_id = l.app_hop_id
WHERE l.verdict = 'linked' AND l.clock_low_us IS NOT NULL AND l.clock_high_us IS NOT NULL
GROUP BY h.host, day, epoch_us(h.end_ts) // 900000000, l.clock_low_us, l.clock_high_us, l.calibrated
ORDER BY h.host, min(epoch_us(h.end_ts)), l.clock_low_us, l.clock_high_us, l.calibrated
