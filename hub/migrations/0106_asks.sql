-- What is asked of an owner outlives the hub's programme: a question that was open when the hub ended is
-- asked again by the next one until it expires. Rows from before have neither and are history.
ALTER TABLE ask ADD COLUMN alert BYTEA;     -- the alert as a trigger, canonical bytes
ALTER TABLE ask ADD COLUMN terms TEXT;      -- JSON: what a yes opens, device by device
