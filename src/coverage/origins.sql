-- Which lines of IIS logs there are, by source and what they say of host and site.
-- Reads the table coverage_app_minutes.
-- grain: source_id, log, host, site
SELECT source_id, log, host, site, sum(hops)::VARCHAR AS lines
FROM coverage_app_minutes GROUP BY ALL ORDER BY source_id, log, host, site
