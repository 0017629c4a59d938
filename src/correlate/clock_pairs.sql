-- What pairs that an id joins say about each host's clock: between low_us and high_us ahead of the gateway's. The
-- request ended before the gateway had the answer and began after the call was sent, give or take what both sides
-- cut off (gateway stamps 1 ms, the app's second, 1 ms of time-taken).
-- At most 300 pairs of a host and quarter of an hour, chosen by hop id.
-- grain: app_hop_id, gateway_hop_id
SELECT
  clock_host,
  end_us::DOUBLE AS at_us,
  (end_us - at_us - 1000)::DOUBLE AS low_us,
  (end_us - at_us + resolution_us + gateway_took_us - took_us + 1000)::DOUBLE AS high_us
FROM judged_pairs
WHERE near AND crowd = 1 AND reasons IS NULL AND gateway_took_us >= took_us
QUALIFY row_number() OVER (PARTITION BY clock_host, end_us // 900000000 ORDER BY app_hop_id, gateway_hop_id) <= 300
ORDER BY clock_host, at_us, app_hop_id, gateway_hop_id
