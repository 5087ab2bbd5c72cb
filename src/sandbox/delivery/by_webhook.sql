-- Each webhook's own queue, so that none waits behind another's.
DROP INDEX deliveries_of_webhook;
CREATE INDEX deliveries_of_webhook ON deliveries (webhook, next) WHERE next IS NOT NULL;
