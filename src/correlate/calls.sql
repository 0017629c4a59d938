-- Gateway hops around a day that called their target, as linking without an id reads them. at_us: when the target had
-- answered, by the best stamp there is. took_us: the wait for it, NaN where no answer came.
-- Codes are hashes as numbers; only equality counts.
-- grain: hop_id
SELECT
  c.hop_id, c.in_day, c.start_us, c.sent_us, c.at_us,
  coalesce(c.took_us, 'NaN'::DOUBLE)::DOUBLE AS took_us,
  coalesce(c.proxy, '') AS proxy,
  CASE WHEN c.path_key IS NULL OR coalesce(w.no_paths, FALSE) THEN text_code(upper(c.method))
    ELSE text_code(upper(c.method) || ' ' || c.path_key) END AS key,
  text_code(upper(c.method)) AS loose_key,
  coalesce(c.target_status, -1)::DOUBLE AS status,
  CASE WHEN c.subject_name IS NULL THEN -1 ELSE text_code(subject_text(c.subject_kind, c.subject_issuer, c.subject_name)) END AS subject,
  subject_shape(c.subject_kind, c.subject_issuer, c.subject_name) AS shape,
  coalesce(text_code(c.client_ip), -1) AS client,
  coalesce(text_code(replace(c.user_agent, ' ', '+')), -1) AS agent,
  coalesce(text_code(c.query), -1) AS query,
  coalesce(c.bytes_out, 'NaN'::DOUBLE)::DOUBLE AS bytes,
  CASE WHEN c.correlation_id IN (SELECT id FROM reused_ids) AND c.correlation_id NOT IN (SELECT id FROM hot_ids)
    THEN text_code(c.correlation_id) ELSE -1 END AS shared_id,
  c.correlation_id IS NOT NULL AND c.correlation_id NOT IN (SELECT id FROM hot_ids) AS has_id,
  CASE WHEN c.target_ip IS NULL THEN -1 ELSE text_code(c.target_ip) END AS server
FROM gateway_window AS c
LEFT JOIN weak_evidence AS w ON w.proxy = coalesce(c.proxy, '')
WHERE c.near AND (c.target_called OR coalesce(w.no_targets, FALSE))
