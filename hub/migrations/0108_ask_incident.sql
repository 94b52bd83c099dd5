-- Which incident a question belongs to: what a yes opens ends with it, and a question that is open when it
-- is cleared is over. `answer` is then 'cleared', beside 'yes' and 'no'.
ALTER TABLE ask ADD COLUMN incident_id TEXT;
