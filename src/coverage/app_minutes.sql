-- Lines of IIS logs by minute, with what tells their log.
-- Reads the view coverage_app. hop_id stays out: what a minute holds is counted, not listed.
-- log: the one inside the source that the line is of, where a shipper wrapped it.
-- grain: source_id, log, host, site, application, minute
SELECT source_id, log, host, site, application, epoch_us(end_ts) // 60000000 AS minute, count(*) AS hops,
  min(epoch_us(end_ts)) AS first_us, max(epoch_us(end_ts)) AS last_us
FROM coverage_app GROUP BY ALL
