"""Pure: service-level time. Nothing here asks for the time, reads a file or sends."""
