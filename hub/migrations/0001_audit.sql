-- The audit log: append only, one row an event, written before an opening takes effect and after a
-- closing. Rows are inserted by src/audit.rs and by nothing else; nothing updates or deletes them.
-- Times in all tables are milliseconds since 1970 (UTC); ids are UUIDs as text; yes and no are 1 and 0.
CREATE TABLE audit_event (
    id         TEXT   NOT NULL PRIMARY KEY,  -- chosen before the first attempt, so that a repeat is the same event
    at         BIGINT NOT NULL,              -- when it happened, which for spooled events is before it was written here
    class      TEXT   NOT NULL,
    actor_kind TEXT   NOT NULL,              -- person, device, source, hub
    actor_id   TEXT,
    premises   TEXT,
    camera     TEXT,
    agency     TEXT,
    outcome    TEXT   NOT NULL,
    detail     TEXT   NOT NULL               -- JSON; no names, no addresses, no secrets
);
CREATE INDEX audit_event_by_premises ON audit_event (premises, at);
CREATE INDEX audit_event_by_time ON audit_event (at);
