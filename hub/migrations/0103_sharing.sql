-- Presses, grants and revokes, written behind the rules in memory and read back at start.

-- An owner's press, from a phone or the button. `state` as the page shows it.
CREATE TABLE press (
    id           TEXT PRIMARY KEY,
    premises_id  TEXT NOT NULL,
    level        TEXT NOT NULL,          -- staffAlert, panic
    silent       BIGINT NOT NULL,
    drill        BIGINT NOT NULL,
    at           TEXT NOT NULL,          -- phone, button
    by_id        TEXT,                   -- person; none for a bare button
    by_name      TEXT,
    note         TEXT,
    cameras      TEXT NOT NULL,          -- JSON list of camera ids; empty: what the rules name
    state        TEXT NOT NULL,          -- received, opened, message, refused, cancelled
    refusal      TEXT,                   -- number of link.proto's Refusal
    received_at  BIGINT NOT NULL,
    opened_at    BIGINT,
    on_wall_at   BIGINT,
    ack_badge    TEXT,
    ack_at       BIGINT
);
CREATE INDEX press_recent ON press (received_at);

-- A grant: asked, live, ended. One a device and rule; several may follow from one trigger.
CREATE TABLE grants (
    id           TEXT PRIMARY KEY,
    device_id    TEXT NOT NULL,
    premises_id  TEXT NOT NULL,
    trigger_id   TEXT NOT NULL,
    cause        TEXT NOT NULL,          -- press, button, alert, standing
    terms        BYTEA NOT NULL,         -- canonical Terms payload
    state        TEXT NOT NULL,          -- asked, live, ended, refused
    asked_at     BIGINT NOT NULL,
    live_at      BIGINT,
    ends_at      BIGINT,
    ended_at     BIGINT,
    end_cause    TEXT,                   -- number of link.proto's EndCause, or of its Refusal when refused
    confirmed    BIGINT NOT NULL,        -- 1: the device itself has said that it ended
    receipt      BIGINT,                 -- number of the device's own receipt of the opening
    bytes_left   BIGINT,                 -- media bytes that left the premises, as the device counted them
    incident_id  TEXT
);
CREATE INDEX grants_state ON grants (state, ended_at);

-- A stop. It took effect before it was written here.
CREATE TABLE revoke (
    id           TEXT PRIMARY KEY,
    premises_id  TEXT NOT NULL,
    by_id        TEXT,
    reason       TEXT NOT NULL,          -- owner, cancelled, cleared, operatorSignedOut
    told         TEXT NOT NULL,          -- JSON: which device was told what, and whether it has confirmed
    grants       TEXT NOT NULL,          -- JSON list of grant ids it stopped
    received_at  BIGINT NOT NULL,
    confirmed_at BIGINT
);

-- What an alert asked of the owner, and the answer. A question that is open when the hub stops is over.
CREATE TABLE ask (
    alert_id     TEXT PRIMARY KEY,
    premises_id  TEXT NOT NULL,
    kind         TEXT NOT NULL,
    raised_at    BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    answer       TEXT,                   -- yes, no
    answered_by  TEXT,
    answered_at  BIGINT
);
