-- Lines of links.ndjson: links with the canonical texts and the salts of their leaves; of pruned days, with the text alone.
-- Reads link_texts (generation, gateway_hop_id, app_hop_id, text), border_texts and the tables placed_links, link_wanted and
-- link_keys.
-- grain: n, is_border, generation, leaf_index
SELECT p.n, FALSE AS is_border, p.generation, p.leaf_index,
  '{"request":' || p.n || ',"generation":' || p.generation || ',"index":' || p.leaf_index || ',"salt":"'
    || sha256(unhex(k.link_key) || encode(concat('link', hex_id(p.gateway_hop_id), ':', hex_id(p.app_hop_id))))[:32]
    || '","link":' || to_json(t.text) || '}' || chr(10) AS line
FROM placed_links AS p
JOIN link_texts AS t USING (generation, gateway_hop_id, app_hop_id)
JOIN link_keys AS k USING (generation)
UNION ALL
SELECT w.n, TRUE, 0, 0, '{"request":' || w.n || ',"border":true,"link":' || to_json(b.text) || '}' || chr(10)
FROM (SELECT * FROM link_wanted WHERE is_border) AS w
JOIN (SELECT DISTINCT * FROM border_texts) AS b USING (gateway_hop_id, app_hop_id)
