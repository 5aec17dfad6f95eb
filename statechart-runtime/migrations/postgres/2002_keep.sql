-- How long trades are kept, by this server's clock; without a value for ever.
ALTER TABLE refreshed ADD COLUMN keep interval;
