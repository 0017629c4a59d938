-- Leaves of the rows of a file of links. link_texts has the columns named below and the canonical text of the row.
-- salt = the first 16 bytes of SHA-256(link_key || "link" || gateway_hop_id || ":" || app_hop_id)
-- leaf = SHA-256(0x00 || salt || text)
-- params: link_key VARCHAR
-- returns: gateway_hop_id UUID, app_hop_id UUID, text VARCHAR, salt VARCHAR, leaf VARCHAR
WITH salted AS (
  SELECT gateway_hop_id, app_hop_id, text,
    sha256(unhex($link_key) || encode(concat('link', hex_id(gateway_hop_id), ':', hex_id(app_hop_id))))[:32] AS salt
  FROM link_texts
)
SELECT gateway_hop_id, app_hop_id, text, salt,
  sha256(unhex(concat('00', salt)) || encode(text)) AS leaf
FROM salted
