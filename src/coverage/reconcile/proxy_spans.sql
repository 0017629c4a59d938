-- Records of the gateway by environment, proxy and span of their first stamp, the one that Apigee counts calls by.
-- Reads the view reconcile_gateway.
-- params: length_us BIGINT, offset_us BIGINT
-- grain: environment, proxy, at_us
SELECT environment, coalesce(proxy, '(not set)') AS proxy,
  (((epoch_us(start_ts) - $offset_us::BIGINT) // $length_us::BIGINT) * $length_us::BIGINT + $offset_us::BIGINT)::DOUBLE AS at_us,
  count(*)::DOUBLE AS calls
FROM reconcile_gateway GROUP BY ALL ORDER BY ALL
