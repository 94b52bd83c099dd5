-- CORE devices and the codes with which they enrol.

-- One enrolled device. Its id is SHA-256 of its public key (SubjectPublicKeyInfo), in hex.
CREATE TABLE device (
    id           TEXT PRIMARY KEY,
    premises_id  TEXT NOT NULL REFERENCES premises (id),
    name         TEXT NOT NULL,
    enrolled_at  BIGINT NOT NULL,
    last_seen_at BIGINT,                 -- last time a line came up or went down
    policy       BYTEA,                  -- the StandingPolicy it last reported, canonical bytes
    revoked_at   BIGINT                  -- set: its certificate is refused from now on
);

-- A claim code, kept only as SHA-256. It is used at most once, by one key.
CREATE TABLE claim (
    code_hash    TEXT PRIMARY KEY,
    premises_id  TEXT NOT NULL REFERENCES premises (id),
    made_at      BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    used_by      TEXT,                   -- id of the device that used it
    used_at      BIGINT
);
