-- What wanted rows of a segment need to prove themselves, with the places of their leaves in its tree.
-- leaf_rows are its rows, leaf_texts as in leaves.sql; wanted has hop_id.
-- params: day_key VARCHAR
-- returns: leaf_index BIGINT, hop_id VARCHAR, personal VARCHAR, rest VARCHAR, salt_personal VARCHAR, salt_rest VARCHAR
WITH placed AS (
  SELECT hop_id, source_id, line_no, row_number() OVER (ORDER BY hop_id, source_id, line_no) - 1 AS leaf_index
  FROM leaf_rows
), salted AS (
  SELECT hop_id, source_id, line_no, personal, rest,
    sha256(unhex($day_key) || encode(concat('leaf', hex_id(hop_id), ':', source_id, ':', line_no))) AS salts
  FROM leaf_texts SEMI JOIN wanted USING (hop_id)
)
SELECT leaf_index, hex_id(hop_id) AS hop_id, personal, rest,
  salts[:32] AS salt_personal, salts[33:] AS salt_rest
FROM salted JOIN placed USING (hop_id, source_id, line_no)
