-- Premises, their agency and their cameras. Times are milliseconds since 1970 UTC, flags 0 or 1.

-- A police department (or another body) whose operators may be shared with.
CREATE TABLE agency (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    made_at    BIGINT NOT NULL
);

-- A shop, school, home or piece of street. Its owners are persons in identity's own tables.
CREATE TABLE premises (
    id         TEXT PRIMARY KEY,
    agency_id  TEXT NOT NULL REFERENCES agency (id),
    kind       TEXT NOT NULL,            -- business, school, home, agency
    name       TEXT NOT NULL,
    address    TEXT NOT NULL,
    call_back  TEXT,                     -- number an operator calls back during a press
    keyholder  TEXT,                     -- who has a key, in the owner's words
    lat        DOUBLE PRECISION,
    lon        DOUBLE PRECISION,
    made_at    BIGINT NOT NULL
);

-- A camera that is known: registered only (no device), or connected through camera number n of a device.
CREATE TABLE camera (
    id          TEXT PRIMARY KEY,
    premises_id TEXT NOT NULL REFERENCES premises (id),
    device_id   TEXT,
    number      BIGINT,
    name        TEXT NOT NULL,
    has_sub     BIGINT NOT NULL,
    has_audio   BIGINT NOT NULL,
    masked      BIGINT NOT NULL,
    made_at     BIGINT NOT NULL,
    UNIQUE (device_id, number)
);
