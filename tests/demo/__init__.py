"""`./run demo`: the main journeys, played on an instance of their own in another process."""
