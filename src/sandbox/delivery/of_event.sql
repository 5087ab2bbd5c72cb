-- What belongs to an event, for the day it is forgotten.
CREATE INDEX deliveries_of_event ON deliveries (event);
