-- App hops of a day by what became of them: the method that linked them, else the verdict that comes nearest to a link.
-- none: no gateway hop claims it, by whatever verdict.
-- grain: outcome
WITH judged AS (
  SELECT app_hop_id, arg_min(CASE verdict WHEN 'linked' THEN method ELSE verdict END, list_position(['linked', 'ambiguous', 'contradicted', 'callout'], verdict)) AS outcome
  FROM outcome_links WHERE verdict <> 'lost' GROUP BY app_hop_id
)
SELECT coalesce(j.outcome, 'none') AS outcome, count(*)::VARCHAR AS hops
FROM outcome_hops AS a LEFT JOIN judged AS j ON j.app_hop_id = a.hop_id
GROUP BY ALL ORDER BY ALL
