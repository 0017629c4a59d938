-- Which lines of IIS logs there are, by source and what they say of host and site.
-- Reads the table coverage_app_minutes.
-- grain: source_id, host, site
SELECT source_id, host, site, sum(hops)::VARCHAR AS lines
FROM coverage_app_minutes GROUP BY source_id, host, site ORDER BY source_id, host, site
