"""Plain HTTP beside Teams: health and metrics."""
