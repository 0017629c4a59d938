-- Functions that decoding and linking share. Created once a connection.

-- The comparable form of a path, lossy in the way IIS decodes: percent escapes and '+' are resolved, case is folded,
-- repeated and trailing slashes go. IIS logs what is left after decoding once, which may hold escapes again, so both
-- sides are decoded twice. A path with escapes that are not UTF-8 stays as it is.
CREATE OR REPLACE MACRO decoded_path_key(p) AS
  coalesce(
    nullif(
      rtrim(
        lower(replace(replace(replace(
          CASE WHEN contains(p, '%')
            THEN coalesce(TRY(url_decode(TRY(url_decode(p)))), TRY(url_decode(p)), p) ELSE p END,
          '+', ' '), '///', '/'), '//', '/')),
        '/'),
      ''),
    '/');

-- The same, cheaper: most paths are their own comparable form, which one look tells; most others need no decoding.
CREATE OR REPLACE MACRO path_key(p) AS
  CASE
    WHEN regexp_full_match(p, '(?:/[^/%+A-Z\x80-\x{10FFFF}]+)+') THEN p
    WHEN p IS NULL THEN NULL
    WHEN NOT regexp_matches(p, '[%+]|//') THEN coalesce(nullif(rtrim(lower(p), '/'), ''), '/')
    ELSE decoded_path_key(p)
  END;

-- An id as a 64-bit key of a sorted index, and as the 32-bit key of the id index. MD5 only spreads the keys; answers are
-- compared by the id itself.
CREATE OR REPLACE MACRO id_key(id) AS (md5_number(id) >> 64)::UBIGINT;
CREATE OR REPLACE MACRO id_key32(id) AS (md5_number(id) >> 96)::UINTEGER;

-- The 32 hex digits of a hop id.
CREATE OR REPLACE MACRO hex_id(id) AS replace(id::VARCHAR, '-', '');

-- The raw id of a hop from what the facts hold: NULL where it equals the comparable form, 'uuid' where it has the dashes
-- of a UUID besides.
CREATE OR REPLACE MACRO raw_id(stored, id) AS
  CASE
    WHEN stored IS NULL THEN id
    WHEN stored = 'uuid' AND length(id) = 32
    THEN concat_ws('-', substr(id, 1, 8), substr(id, 9, 4), substr(id, 13, 4), substr(id, 17, 4), substr(id, 21))
    ELSE stored
  END;

-- A text as a number that is equal where the text is. Only equality counts; 52 bits keep it exact as a double.
CREATE OR REPLACE MACRO text_code(t) AS (hash(t) % 4503599627370496)::DOUBLE;

-- A subject as one text.
CREATE OR REPLACE MACRO subject_text(kind, issuer, name) AS lower(concat_ws('|', kind, coalesce(issuer, ''), name));

-- How a subject is written: kind, issuer, and what stands behind an @. Names of one shape can be compared.
CREATE OR REPLACE MACRO subject_shape(kind, issuer, name) AS
  lower(concat_ws('|', kind, coalesce(issuer, ''), CASE WHEN contains(name, '@') THEN substr(name, instr(name, '@') + 1) ELSE '' END));

-- The application of a hop. These hold until applications are configured.
CREATE OR REPLACE MACRO gateway_application(environment, proxy, target_host) AS 'default';
CREATE OR REPLACE MACRO app_application(site, host_header, server_ip, host) AS 'default';

-- The trace that a correlation id stands for: itself where it has the form of a trace id, else 128 bits of SHA-256.
CREATE OR REPLACE MACRO trace_of_id(id) AS
  CASE WHEN regexp_full_match(id, '[0-9a-f]{32}') AND id <> repeat('0', 32) THEN id ELSE substr(sha256('trace ' || id), 1, 32) END;

-- Values in the canonical text of a row (src/model/leaf-text.ts): chr(27) is ESC, chr(9) is TAB.
CREATE OR REPLACE MACRO leaf_value(v) AS
  CASE
    WHEN v = '' THEN chr(27) || '0'
    WHEN contains(v, chr(9)) OR contains(v, chr(27))
    THEN replace(replace(v, chr(27), chr(27) || 'e'), chr(9), chr(27) || 't')
    ELSE v
  END;
CREATE OR REPLACE MACRO leaf_list(l) AS
  CASE
    WHEN l IS NULL THEN NULL
    WHEN len(l) = 0 THEN chr(27) || 'n'
    ELSE array_to_string(list_transform(l, lambda v: leaf_value(v)), chr(27) || ',')
  END;

-- DuckDB writes the shortest digits, and exponents of two digits and more, with a plus sign.
CREATE OR REPLACE MACRO leaf_double(d) AS
  CASE WHEN contains(d::VARCHAR, 'e') THEN regexp_replace(d::VARCHAR, 'e[+]?(-?)0*', 'e\1') ELSE d::VARCHAR END;
