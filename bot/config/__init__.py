"""The desk's files: read, proved together, watched. Every fault is listed at once with its place."""
