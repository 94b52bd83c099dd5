-- One operator watching one camera. The record that counts is audit's and is older than the first
-- frame; this table is how owners read it with its end.
CREATE TABLE viewing (
    id             TEXT PRIMARY KEY,
    camera_id      TEXT NOT NULL,
    camera_name    TEXT NOT NULL,
    premises_id    TEXT NOT NULL,
    person_id      TEXT NOT NULL,
    badge          TEXT NOT NULL,
    agency_id      TEXT NOT NULL,
    agency_name    TEXT NOT NULL,
    reason         TEXT NOT NULL,
    incident_id    TEXT,
    receipt_id     TEXT NOT NULL,        -- the audit record that made it possible
    started_at     BIGINT NOT NULL,
    first_frame_at BIGINT,
    ended_at       BIGINT
);
CREATE INDEX viewing_premises ON viewing (premises_id, started_at, id);
