-- For the hub that starts: which views of a time on record have a row, and which are the newest.
CREATE INDEX viewing_started ON viewing (started_at, id);
