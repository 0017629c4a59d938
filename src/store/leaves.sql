-- Leaves of the rows of a segment. leaf_texts has hop_id, source_id, line_no and the two canonical texts.
-- salts  = SHA-256(day_key || "leaf" || hop_id || ":" || source_id || ":" || line_no), 16 bytes for each part
-- leaf   = SHA-256(0x00 || SHA-256(salt_p || personal) || SHA-256(salt_r || rest))
-- sha256 takes bytes and gives hex digits.
-- params: day_key VARCHAR
-- returns: hop_id UUID, source_id INTEGER, line_no BIGINT, leaf VARCHAR
WITH salted AS (
  SELECT hop_id, source_id, line_no, personal, rest,
    sha256(unhex($day_key) || encode(concat('leaf', hex_id(hop_id), ':', source_id, ':', line_no))) AS salts
  FROM leaf_texts
)
SELECT hop_id, source_id, line_no,
  sha256(unhex(concat('00',
    sha256(unhex(salts[:32]) || encode(personal)),
    sha256(unhex(salts[33:]) || encode(rest))))) AS leaf
FROM salted
