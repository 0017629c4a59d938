-- Records of the gateway by minute of their first stamp.
-- Reads the view coverage_gateway.
-- grain: source_id, organization, environment, application, minute
SELECT source_id, organization, environment, application, epoch_us(start_ts) // 60000000 AS minute, count(*) AS hops,
  min(epoch_us(start_ts)) AS first_us, max(epoch_us(start_ts)) AS last_us
FROM coverage_gateway GROUP BY ALL
