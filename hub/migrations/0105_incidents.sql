-- What operators work on: incidents and the alerts attached to them.
CREATE TABLE incident (
    id          TEXT PRIMARY KEY,
    premises_id TEXT NOT NULL,
    level       TEXT NOT NULL,           -- panic, staffAlert, alert
    drill       BIGINT NOT NULL,
    silent      BIGINT NOT NULL,
    opened_at   BIGINT NOT NULL,
    cleared_at  BIGINT,
    cleared_by  TEXT,
    clear_note  TEXT
);
CREATE INDEX incident_recent ON incident (cleared_at, opened_at);

CREATE TABLE alert (
    id          TEXT PRIMARY KEY,
    incident_id TEXT NOT NULL REFERENCES incident (id),
    kind        TEXT NOT NULL,           -- press, button, stoppedAtPremises, unplugged, rebooted, message, or a webhook's kind
    raised_at   BIGINT NOT NULL,
    age_ms      BIGINT NOT NULL,         -- how old it was when it arrived
    by_name     TEXT,
    note        TEXT,
    lat         DOUBLE PRECISION,
    lon         DOUBLE PRECISION,
    answer      TEXT NOT NULL,           -- opened, asked, nothing
    ack_badge   TEXT,
    ack_by      TEXT,
    ack_at      BIGINT
);
CREATE INDEX alert_incident ON alert (incident_id);
