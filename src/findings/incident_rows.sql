-- Incidents of one rule and day, the first first. notes: what was seen most often, with how often.
-- Reads the table grouped.
-- grain: incident
WITH noted AS (
  SELECT incident, note, count(*) AS times FROM grouped WHERE note IS NOT NULL GROUP BY ALL
), most AS (
  SELECT incident, list(struct_pack(note := note, times := times) ORDER BY times DESC, note) AS notes
  FROM (SELECT * FROM noted QUALIFY row_number() OVER (PARTITION BY incident ORDER BY times DESC, note) <= 5)
  GROUP BY incident
)
SELECT
  g.incident, any_value(g.series) AS series, any_value(g.application) AS application, any_value(g.about) AS about,
  epoch_us(min(g.at_ts)) AS first_us, epoch_us(max(g.at_ts)) AS last_us,
  count(DISTINCT g.request_id) AS requests, max(g.total) AS total, to_json(any_value(m.notes))::VARCHAR AS notes
FROM grouped AS g LEFT JOIN most AS m ON m.incident = g.incident
GROUP BY g.incident
ORDER BY first_us, g.incident
