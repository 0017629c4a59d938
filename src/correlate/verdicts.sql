-- What ids say about each app hop around a day: its one plausible partner, or the candidates that are no links.
-- callout: a call that the gateway or the application made on the way, with the same id to another application or path,
-- from a trusted proxy. Only where trusted proxies are configured ($callouts).
-- verdict: linked; ambiguous (several are plausible, or the id is not one request's); contradicted (ids agree, the rest
-- does not). posterior: of this pair; runner_up: of the next best; candidates: how many are plausible.
-- grain: app_hop_id, gateway_hop_id
WITH alone AS (
  SELECT *,
    CASE WHEN reasons IS NOT NULL THEN 'contradicted' WHEN crowd > 1 THEN 'ambiguous' ELSE 'linked' END AS verdict,
    crowd AS rivals
  FROM judged_pairs WHERE near AND app_hop_id NOT IN (SELECT app_hop_id FROM contested)
), ranked AS (
  SELECT
    *,
    min(rank) FILTER (WHERE reasons IS NULL) OVER (PARTITION BY app_hop_id) AS best_rank,
    greatest(crowd, count(*) FILTER (WHERE reasons IS NULL) OVER (PARTITION BY app_hop_id, rank)) AS rivals
  FROM judged_pairs WHERE app_hop_id IN (SELECT app_hop_id FROM contested)
), several AS (
  SELECT
    * EXCLUDE (best_rank, rivals),
    CASE
      WHEN reasons IS NULL AND rank = best_rank AND rivals = 1 THEN 'linked'
      WHEN reasons IS NULL AND rank = best_rank THEN 'ambiguous'
      WHEN best_rank IS NULL THEN 'contradicted'
    END AS verdict,
    rivals
  FROM ranked WHERE near
)
SELECT
  app_hop_id, gateway_hop_id, in_day, app_day, FALSE AS near_midnight,
  CASE WHEN verdict = 'contradicted' AND $callouts AND regexp_full_match(reasons, '((application|method|path) ?)+') THEN 'callout'
    ELSE verdict END AS verdict,
  'id' AS method,
  CASE verdict WHEN 'linked' THEN 1.0 WHEN 'ambiguous' THEN round(1.0 / rivals, 6) ELSE 0.0 END::DOUBLE AS posterior,
  CASE verdict WHEN 'ambiguous' THEN round(1.0 / rivals, 6) ELSE 0.0 END::DOUBLE AS runner_up,
  CASE verdict WHEN 'contradicted' THEN 0 ELSE rivals END::INTEGER AS candidates,
  id, gateway_field, app_field, how, reasons,
  (gateway_took_us - took_us)::BIGINT AS duration_residual_us,
  (end_us - at_us)::BIGINT AS ahead_us,
  clock_low_us, clock_high_us
FROM (SELECT * FROM alone UNION ALL SELECT * FROM several)
-- The same id in another application says nothing unless it is a callout: that application has its own gateway hops.
WHERE verdict IS NOT NULL AND ($callouts OR same_application) AND (same_application OR NOT regexp_matches(reasons, 'time|untrusted'))
