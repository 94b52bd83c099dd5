-- Signed words on their way: what the hub carries for owners and cannot make. Nothing here opens anything.

-- Whose word a device obeys, as it last said; so that a hub that starts again asks the page to sign.
ALTER TABLE device ADD COLUMN paired BIGINT NOT NULL DEFAULT 0;
ALTER TABLE device ADD COLUMN epoch  BIGINT NOT NULL DEFAULT 0;

-- The newest words that a device has accepted, for the household's other phones, which check them.
CREATE TABLE word (
    device_id    TEXT NOT NULL,
    kind         TEXT NOT NULL,          -- the envelope's type without its version: owner-set, policy, ceiling
    epoch        BIGINT NOT NULL,
    version      BIGINT NOT NULL,
    envelope     BYTEA NOT NULL,         -- as it was signed
    accepted_at  BIGINT NOT NULL,
    PRIMARY KEY (device_id, kind)
);

-- An agency's own set of keys, as its supervisors signed it, and the name that it has in signed words.
CREATE TABLE agency_set (
    agency_id    TEXT PRIMARY KEY,
    name         TEXT NOT NULL,          -- hash of its first set, hex
    version      BIGINT NOT NULL,
    envelope     BYTEA NOT NULL
);

-- Who pressed, or said yes, with a key: the envelopes that are given to devices, again after a restart.
ALTER TABLE press ADD COLUMN envelopes TEXT;   -- JSON: device -> base64
ALTER TABLE ask   ADD COLUMN envelopes TEXT;   -- JSON: device -> base64
ALTER TABLE ask   ADD COLUMN place     TEXT;   -- JSON: where it happened, if somebody knows
