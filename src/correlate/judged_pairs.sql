-- Pairs with what contradicts them. reasons: words separated by spaces, NULL where nothing does (plausible).
-- A column that is NULL on either side is no evidence; neither are paths or target stamps where weak_evidence says so.
-- grain: app_hop_id, gateway_hop_id, rank
SELECT
  p.*,
  nullif(concat_ws(' ',
    CASE WHEN NOT p.same_method THEN 'method' END,
    CASE WHEN NOT coalesce(p.same_path, TRUE) AND NOT coalesce(w.no_paths, FALSE) THEN 'path' END,
    CASE WHEN NOT p.target_called AND NOT coalesce(w.no_targets, FALSE) THEN 'target-not-called' END,
    CASE WHEN coalesce(u.untrusted, FALSE) THEN 'untrusted-peer' END), '') AS reasons
FROM pairs AS p
LEFT JOIN weak_evidence AS w ON w.proxy = coalesce(p.proxy, '')
LEFT JOIN untrusted_peers AS u ON u.peer_ip = coalesce(p.peer_ip, '')
